# SPDX-License-Identifier: GPL-2.0
"""stat where a copy stands in for the module's file: what it does about its command, signals and
descendants. Whether the sums are equal is for the tests in a guest."""
import json
import os
import signal
import subprocess
import time

from tap import PLAIN, SCRATCH, STANDIN, Text, check, equal, run


def environment():
    path = Text().row("sh", 1, 1, "live", "[anon]", 3).save("standin")
    return dict(os.environ, LC_ALL="C.UTF-8", LD_PRELOAD=STANDIN, FAULTSTAT_COPY=path)


def stat(*words, stdin=b""):
    return run("stat", *words, program=PLAIN, env=environment(), stdin=stdin)


def test_what_it_passes_on():
    equal("exit status", 7, stat("sh", "-c", "exit 7").returncode)
    equal("a signal", 128 + 9, stat("--", "sh", "-c", "kill -9 $$").returncode)
    done = stat("/no/such/program")
    equal("nothing there", (127, "kfaultstat: /no/such/program: No such file or directory\n"),
          (done.returncode, done.stderr))
    done = stat(os.devnull)
    equal("nothing to run", (126, "kfaultstat: %s: Permission denied\n" % os.devnull),
          (done.returncode, done.stderr))
    done = stat("cat", stdin=b"hello\n")
    equal("input and output are the command's", "hello\n", done.stdout, done.stderr)
    check("a report", "maximum RSS" in done.stderr, done.stderr)
    # As it would be without us.
    for handled in ("INT", "TERM", "HUP", "QUIT", "CHLD", "PIPE"):
        equal("SIG%s" % handled, 128 + getattr(signal, "SIG" + handled) if handled != "CHLD" else 3,
              stat("sh", "-c", "kill -%s $$; exit 3" % handled).returncode)


def report(*words):
    path = os.path.join(SCRATCH, "report")
    done = stat("-J", "--report", path, *words)
    equal("exit status", 0, done.returncode, done.stderr)
    with open(path, encoding="utf-8") as file:
        return json.load(file)["stat"]


def test_descendants_that_run_on_are_said():
    found = report("sh", "-c", "(sleep 1.5; :) & :")
    equal("verdict", "incomplete", found["verdict"])
    equal("reason", ["descendants without rows still run: --wait waits for them"], found["reasons"])
    begin = time.monotonic()
    found = report("--wait", "sh", "-c", "(sleep 1.5; :) & :")
    check("waited for", time.monotonic() - begin > 1.4)
    equal("verdict, for the copy has nothing of them", ("different", []), (found["verdict"], found["reasons"]))
    check("its own time", found["elapsed"] < 1)


def interrupted(number, command, *options, group=True):
    """How stat ends when a signal comes as soon as the command is up, and after how long."""
    up = os.path.join(SCRATCH, "up")
    if os.path.exists(up):
        os.unlink(up)

    def begin():
        # Whatever we were started with.
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
            signal.signal(one, signal.SIG_DFL)
        os.setpgid(0, 0)
    process = subprocess.Popen([PLAIN, "stat", *options, "--", "sh", "-c", command.replace("UP", up)],
                               env=environment(), stderr=subprocess.PIPE, preexec_fn=begin)
    while not os.path.exists(up):
        time.sleep(0.02)
    time.sleep(0.2)
    begun = time.monotonic()
    (os.killpg if group else os.kill)(process.pid, number)
    try:
        _, text = process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        raise AssertionError("it hangs") from None
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return process.returncode, time.monotonic() - begun, text.decode()


def test_an_interrupt_is_the_commands_then_ours():
    code, _, text = interrupted(signal.SIGINT, ": >UP; exec sleep 60")
    equal("by the signal", -signal.SIGINT, code)
    check("with a report", "elapsed" in text, text)
    # One that has something to do before it ends is not cut short.
    code, seconds, text = interrupted(signal.SIGINT, "trap 'sleep 1; exit 3' INT; : >UP; while :; do sleep 0.1; done")
    equal("by the signal", -signal.SIGINT, code)
    check("not before the command: %.1f s" % seconds, seconds > 0.9)
    code, _, text = interrupted(signal.SIGTERM, ": >UP; exec sleep 60", group=False)
    equal("by the signal, handed on", -signal.SIGTERM, code)
    check("with a report", "elapsed" in text, text)


def test_an_interrupt_ends_the_waiting():
    # Before the command has ended, and after.
    quiet = "(trap '' INT; exec sleep 60 >/dev/null 2>&1) & "
    for command in (quiet + ": >UP; exec sleep 60", quiet + ": >UP"):
        code, seconds, text = interrupted(signal.SIGINT, command, "--wait")
        equal("by the signal", -signal.SIGINT, code)
        check("at once: %.1f s" % seconds, seconds < 5)
        check("what still runs is said", "still run" in text, text)
