# SPDX-License-Identifier: GPL-2.0
"""The tarball for hosts whose userland is too old, unpacked and run."""
import os
import pty
import subprocess

from tap import CAPTURED, HERE, PLAIN, SCRATCH, check, equal

TERMINALS = ["linux", "rxvt", "screen", "screen-256color", "tmux", "tmux-256color", "vt100", "vt220",
             "xterm", "xterm-256color"]


def unpacked():
    folder = os.path.join(SCRATCH, "kfaultstat-bundle")
    if not os.path.exists(folder):
        subprocess.run([os.path.join(HERE, "..", "..", "userspace", "bundle"), PLAIN, folder + ".tar.gz"],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["tar", "-C", SCRATCH, "-xzf", folder + ".tar.gz"], check=True)
    return folder


def test_it_runs_with_its_own_libraries():
    program = os.path.join(unpacked(), "kfaultstat")
    link = os.path.join(SCRATCH, "link")
    os.symlink(program, link)
    wanted = subprocess.run([PLAIN, "-i", CAPTURED, "--by", "dir"], capture_output=True, check=True).stdout
    for one in (program, link):
        done = subprocess.run([one, "-i", CAPTURED, "--by", "dir"], capture_output=True, check=False)
        equal("output", (0, wanted, b""), (done.returncode, done.stdout, done.stderr))
    libraries = os.listdir(os.path.join(unpacked(), "lib"))
    for name in ("libc.so", "libsmartcols.so", "libncurses", "ld-linux"):
        check("%s is in it" % name, any(one.startswith(name) for one in libraries), libraries)


def test_top_knows_terminals_that_the_host_does_not():
    folder = unpacked()
    for name in TERMINALS:
        check("%s is in it" % name, os.path.exists(os.path.join(folder, "terminfo", name[0], name)))
    # One that is nowhere else.
    text = subprocess.run(["infocmp", "xterm"], capture_output=True, check=True).stdout
    text = b"\n".join(line for line in text.splitlines() if not line.startswith(b"#"))
    subprocess.run(["tic", "-o", os.path.join(folder, "terminfo"), "-"], check=True,
                   input=b"nowhere-else|" + text.split(b"|", 1)[1] + b"\n")
    pid, master = pty.fork()
    if not pid:
        os.execve(os.path.join(folder, "kfaultstat"), ["kfaultstat", "top", "-i", CAPTURED],
                  dict(os.environ, TERM="nowhere-else", LC_ALL="C"))
    out = b""
    try:
        while b"keys" not in out:
            out += os.read(master, 65536)
        os.write(master, b"q")
        while os.read(master, 65536):
            pass
    except OSError:
        pass
    _, status = os.waitpid(pid, 0)
    equal("status", 0, status, out)
    os.close(master)


def test_the_environment_of_a_command_is_its_own():
    with open(os.path.join(unpacked(), "kfaultstat"), encoding="utf-8") as file:
        launcher = file.read()
    # Without the program itself: what it would see.
    launcher = launcher[:launcher.index("exec ")] + "env\n"
    for words, there in ((["stat", "true"], False), (["top"], True), ([], False)):
        done = subprocess.run(["sh", "-c", launcher, os.path.join(unpacked(), "kfaultstat"), *words],
                              capture_output=True, check=True, env={"PATH": os.environ["PATH"]})
        equal("TERMINFO_DIRS with %s" % words, there, b"TERMINFO_DIRS=" in done.stdout, done.stdout)
