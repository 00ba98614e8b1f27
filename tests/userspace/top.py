# SPDX-License-Identifier: GPL-2.0
"""top in tmux, at two sizes, with and without colour: what stands on the screen, key by key."""
import os
import pty
import re
import resource
import select
import signal
import subprocess
import sys
import time

from tap import HERE, PLAIN, PROGRAM, SCRATCH, Text, check, equal

SESSION = "top"


def tmux(*words):
    return subprocess.run(["tmux", "-L", "faultstat-%d" % os.getpid(), "-f", "/dev/null", *words],
                          capture_output=True, check=True, timeout=30,
                          env=dict(os.environ, TMUX_TMPDIR=SCRATCH, LC_ALL="C.UTF-8")).stdout.decode()


def table(now, step, load="aad7276e"):
    """Rows whose counts grow with each step, more for the later ones."""
    text = Text(load=load, at=10.0, now=now)
    for number in range(70):
        text.row("worker%d" % number, 100 + number, number + 1, "live",
                 "/data/nodes/0/indices/with/a/rather/long/path/of/a/segment/%d/_%d.cfs" % (number % 3, number),
                 100 + step * (number + 1), 5 + number + step * (number // 10), dev="8:1", inode=number + 1)
    text.row("worker0", 100, 1, "live", "[anon]", 1000 + 7 * step)
    text.row("evil\x1b[31m", 300, 300, "live", b"/evil\x1b[2J\xff\xe2\x80\xae/x", 10 * step, 1 + step)
    return text


class Top:
    """A session of tmux with top in it."""

    def __init__(self, columns, lines, *options, term="screen-256color", interval="0.5"):
        self.path = table(20, 0).save("watched")
        self.columns, self.lines = columns, lines
        self.kill()
        tmux("new-session", "-d", "-s", SESSION, "-x", str(columns), "-y", str(lines),
             "env TERM=%s %s top -i %s %s %s; echo ended $?; sleep 100" % (
                 term, PROGRAM, self.path, interval, " ".join(options)))

    def kill(self):
        try:
            tmux("kill-server")
        except subprocess.CalledProcessError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def screen(self):
        return tmux("capture-pane", "-p", "-t", SESSION).splitlines()

    def keys(self, *keys):
        tmux("send-keys", "-t", SESSION, *keys)

    def until(self, what, condition):
        """Waits for a screen that is right, and returns it; shows the last one if none comes."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            screen = self.screen()
            if condition(screen):
                return screen
            time.sleep(0.1)
        raise AssertionError("no screen with %s:\n%s" % (what, "\n".join(screen)))

    def all(self):
        """What was counted since the load, which stays, other than what was in an interval."""
        return self.all_of("_69.cfs")

    def all_of(self, words):
        self.until("a screen", lambda screen: screen and screen[0].startswith("kfaultstat"))
        self.keys("t")
        return self.until("rows", has(words))

    def step(self, now, step, load="aad7276e"):
        """The next text, put there at once as the module's is read at once."""
        os.rename(table(now, step, load).save("next"), self.path)


def has(words):
    return lambda screen: any(words in line for line in screen)


def look(screen, columns, lines):
    """What holds for every screen."""
    check("no more lines than there are", len(screen) <= lines, "\n".join(screen))
    check("no line is wider", all(len(line) <= columns for line in screen), "\n".join(screen))
    check("the first line", screen[0].startswith("kfaultstat "), "\n".join(screen))
    check("the last line", re.match(r"\d+ of \d+   q end   \? keys"[:columns], screen[lines - 1]), "\n".join(screen))


def both_sizes(columns, lines, names):
    with Top(columns, lines, interval="3") as top:
        screen = top.all()
        look(screen, columns, lines)
        equal("names", names, screen[5].split())
        top.keys("t")
        # The most majors first: those of the first tens are equal, and more minors decide.
        top.step(21, 1)
        screen = top.until("the interval", lambda s: "in the interval" in s[0] and "69" in s[6])
        look(screen, columns, lines)
        rows = screen[6:lines - 1]
        check("every line is used", all(row.strip() for row in rows[:min(lines - 7, 72)]), "\n".join(screen))
        first = screen[6].split()
        equal("first row", ["169", "worker69", "6", "70", "76"], first[:5])
        check("the end of the path", screen[6].endswith("segment/0/_69.cfs"), screen[6])
        equal("order", [69, 68, 67], [int(row.split()[1][6:]) for row in rows[:3]])


def test_80x24():
    both_sizes(80, 24, ["PID", "COMM", "MAJOR", "MINOR", "CALLS", "OBJECT"])


def test_200x60():
    both_sizes(200, 60, ["PID", "COMM", "MAJOR", "MINOR", "CALLS", "MAJOR_S", "MINOR_S", "OBJECT"])


def test_small_screens_show_what_matters_most():
    for columns, lines, names, rows in ((40, 12, ["PID", "COMM", "MAJOR", "MINOR", "OBJECT"], 8),
                                        (20, 8, ["MAJOR", "OBJECT"], 4)):
        for options in ([], ["--no-color"]):
            with Top(columns, lines, *options) as top:
                screen = top.all_of("69.cfs")
                check("no line is wider", all(len(line) <= columns for line in screen), "\n".join(screen))
                equal("lines", lines, len(screen))
                equal("names", names, screen[2].split(), *screen)
                check("the last line", re.match(r"1 of 72   q end", screen[-1]), *screen)
                for row in screen[3:-1]:
                    equal("cells of %r" % row, len(names), len(row.split()), *screen)
                    check("its path's end", row.rstrip().endswith(".cfs"), *screen)
                equal("rows", rows, len(screen[3:-1]))
                top.keys("?")
                top.until("help", has("q          end"))
                top.keys(*["Down"] * 20)
                screen = top.until("its end", has("? h        show or"))
                check("no line is wider", all(len(line) <= columns for line in screen), "\n".join(screen))
                top.keys("?", "q")
                top.until("the end", has("ended 0"))


def test_rates_are_left_out_before_resident_memory():
    with Top(80, 24, "--by", "process", "-o", "+rss") as top:
        screen = top.all_of("worker69")
        equal("names", ["PID", "COMM", "MAJOR", "MINOR", "CALLS", "MAJOR_S", "RSS"], screen[5].split())
        tmux("resize-window", "-t", SESSION, "-x", "68", "-y", "24")
        screen = top.until("less", lambda s: len(s) > 5 and not has("MAJOR_S")(s))
        equal("names", ["PID", "COMM", "MAJOR", "MINOR", "CALLS", "RSS"], screen[5].split())


def test_any_column_of_paths_is_cut():
    with Top(80, 24, "-o", "object,minor,dir,comm") as top:
        screen = top.all()
        look(screen, 80, 24)
        equal("names", ["OBJECT", "MINOR", "DIR", "COMM"], screen[5].split())
        check("every line is one", all("worker" in row or "evil" in row for row in screen[6:23]), *screen)


def test_a_question_that_is_dismissed_changes_nothing():
    with Top(200, 60) as top:
        top.all()
        top.keys("/", "*/2/*", "Enter")
        top.until("a filter", has("1 of 23 "))
        top.keys("/", "x", "Escape")
        top.until("no question", lambda s: not has("object glob; empty for all")(s))
        top.until("the same filter", has("1 of 23 "))
        top.keys("u", "worker1?", "Enter")
        top.until("names", has("1 of 3 "))
        top.keys("u", "nobody", "Escape", "p", "114,117", "Enter")
        top.until("pids", has("1 of 2 "))
        top.keys("p", "1", "Escape")
        top.until("no question", lambda s: not has("pids, separated by commas")(s))
        screen = top.until("the same pids", has("1 of 2 "))
        check("the same filters", "name worker1?  object */2/*" in screen[4] and "some pids" in screen[4],
              *screen)
        # What is no list of pids changes nothing either; backspace takes whole characters.
        top.keys("p", "nonsense", "Enter")
        screen = top.until("a complaint", has("invalid list of pids"))
        equal("the same pids", ["117", "114"], [row.split()[0] for row in screen[6:8]], *screen)
        top.keys("u", "x\u00e9\u4e2d", "BSpace", "BSpace")
        top.until("what is left", lambda s: s[-1].rstrip().endswith(": x"))


def test_another_interval_begins_at_once():
    with Top(80, 24, interval="1000") as top:
        top.until("a screen", has("every 1000.0 s"))
        top.step(30, 3)
        top.keys("d", "0.2", "Enter")
        top.until("the interval", lambda s: "every 0.2 s" in s[0] and "in the interval" in s[0])


def read_until(what, master):
    """All that comes, up to something; not for ever."""
    out = b""
    while what not in out:
        check("%r comes" % what, select.select([master], [], [], 60)[0], out[-200:])
        out += os.read(master, 65536)


def in_terminal(*options, ignored=(), path=None):
    """top on a terminal of ours, when its first screen is there: its process and our end of it."""
    path = path or table(20, 0).save("watched")
    pid, master = pty.fork()
    if not pid:
        # Whatever we were started with.
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
        os.execve(PLAIN, [PLAIN, "top", "-i", path, *options], dict(os.environ, TERM="linux", LC_ALL="C.UTF-8"))
    read_until(b"keys", master)
    return pid, master


def end_of(pid):
    """Its wait status, and the processor seconds that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            return status, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError("it does not end")


def test_signals_end_it_and_the_terminal_is_as_before():
    for number, what in ((signal.SIGINT, b"\x03"), (signal.SIGQUIT, b"\x1c"), (signal.SIGTERM, None)):
        pid, master = in_terminal("50")
        if what:
            os.write(master, what)
        else:
            os.kill(pid, number)
        out = b""
        try:
            while got := os.read(master, 65536):
                out += got
        except OSError:
            pass
        status, _ = end_of(pid)
        check("it ends by %s: %x" % (number, status), os.WIFSIGNALED(status) and os.WTERMSIG(status) == number)
        # The cursor again, as terminfo of linux has it.
        check("the cursor is shown", out.rstrip().endswith(b"\x1b[?25h\x1b[?0c"), out[-80:])
        os.close(master)


def test_it_ends_when_the_terminal_has_gone():
    pid, master = in_terminal("50")
    os.close(master)
    status, _ = end_of(pid)
    check("by SIGHUP: %x" % status, os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGHUP)
    # Also where nobody is told, and at a question.
    for keys in (b"", b"/"):
        pid, master = in_terminal("50", ignored=[signal.SIGHUP])
        os.write(master, keys)
        time.sleep(0.3)
        os.close(master)
        status, seconds = end_of(pid)
        equal("status", 1, os.waitstatus_to_exitcode(status))
        check("without turning round and round: %.2f s" % seconds, seconds < 0.5)


def test_keys_and_signals_have_their_turn_where_reading_takes_longer_than_the_interval():
    path = os.path.join(SCRATCH, "large")
    with open(path, "w") as f:
        subprocess.run([sys.executable, os.path.join(HERE, "generate"), "131072"], stdout=f, check=True)
    for end in ("q", signal.SIGTERM):
        pid, master = in_terminal("0.1", path=path)
        if end == "q":
            os.write(master, b"q")
        else:
            os.kill(pid, end)
        try:
            while os.read(master, 65536):
                pass
        except OSError:
            pass
        status, _ = end_of(pid)
        check("it ends by %s: %x" % (end, status), os.WTERMSIG(status) == end if os.WIFSIGNALED(status)
              else end == "q" and not status)
        os.close(master)
    os.unlink(path)


def test_keys_sort_filter_and_group():
    with Top(200, 60) as top:
        top.all()
        top.keys("n")
        screen = top.until("by minors", has("sorted by minor"))
        equal("first", "worker0", screen[6].split()[1])
        top.keys("r")
        top.until("the other way", lambda s: s[6].split()[1:2] == ["evil\\033[31m"])
        top.keys("m", "/", "*/2/*", "Enter")
        screen = top.until("a filter", has("1 of 23 "))
        check("only these", all("/2/_" in row for row in screen[6:29]), "\n".join(screen))
        top.keys("/", "Enter")
        top.until("no filter", has("1 of 72 "))
        top.keys("u", "worker1?", "Enter")
        top.until("names", has("1 of 10 "))
        top.keys("u", "Enter", "p", "100,101", "Enter")
        top.until("pids", has("1 of 3 "))
        top.keys("p", "nonsense", "Enter")
        top.until("a complaint", has("invalid list of pids"))
        top.keys("p", "Enter", "f")
        top.until("files", has("1 of 70 "))
        top.keys("f")
        top.until("regions", has("1 of 2 "))
        top.keys("f", "g")
        top.until("objects", lambda s: has("by object")(s) and has("1 of 72 ")(s))
        top.keys("g")
        screen = top.until("folders", lambda s: has("by dir")(s) and has("1 of 5 ")(s))
        check("a folder", any(row.rstrip().endswith("/segment/1") for row in screen), "\n".join(screen))
        top.keys("g")
        top.until("processes", lambda s: has("by process")(s) and has("1 of 71 ")(s))
        top.keys("g")
        top.until("names", lambda s: has("by comm")(s) and has("1 of 71 ")(s))
        # No cgroups in a saved copy.
        top.keys("g")
        top.until("none", lambda s: has("by none")(s) and has("1 of 72 ")(s))
        top.keys(">")
        top.until("the next column", has("sorted by minor"))
        top.keys("<", "<")
        top.until("columns before", has("sorted by comm"))


def test_help_pause_scroll_interval_and_end():
    with Top(80, 24) as top:
        top.all()
        top.keys("?")
        screen = top.until("help", has("sum by object, dir, process, comm, cgroup"))
        check("all keys", has("show or leave this help")(screen), "\n".join(screen))
        top.keys("?", "End")
        screen = top.until("the end", has("56 of 72 "))
        top.keys("PPage")
        top.until("a page up", has("39 of 72 "))
        top.keys("Home", "Down", "Down", "Up")
        top.until("a line down", has("2 of 72 "))
        top.keys("Space")
        top.until("paused", has(", paused"))
        top.step(22, 2)
        before = top.screen()[6:23]
        time.sleep(1)
        equal("nothing moves", before, top.screen()[6:23])
        top.keys("Space")
        top.until("goes on", lambda s: "paused" not in s[0])
        top.keys("d", "0.01", "Enter")
        top.until("a complaint", has("invalid interval: seconds, from 0.1"))
        top.keys("d", "5", "Enter")
        top.until("five seconds", has("every 5.0 s"))
        top.keys("t")
        top.until("the interval", lambda s: "in the interval" in s[0])
        top.keys("q")
        top.until("the end", has("ended 0"))


def test_a_hostile_name_is_shown_and_does_nothing():
    with Top(80, 24) as top:
        top.all()
        top.keys("/", "*evil*", "Enter")
        screen = top.until("the row", has("1 of 1 "))
        look(screen, 80, 24)
        row = screen[6]
        check("escaped", "evil\\033[31m" in row, row)
        check("no other character, but what stands for the beginning", row.replace("\u2026", "").isascii(), row)


def test_it_follows_the_size_of_the_terminal():
    with Top(200, 60) as top:
        top.all()
        tmux("resize-window", "-t", SESSION, "-x", "80", "-y", "24")
        screen = top.until("less", lambda s: len(s) == 24 and not has("MINOR_S")(s) and has("_69.cfs")(s) and
                           "of 72" in s[-1])
        look(screen, 80, 24)
        tmux("resize-window", "-t", SESSION, "-x", "120", "-y", "40")
        # Drawn anew, that is with the last line where the last line is now.
        screen = top.until("more", lambda s: len(s) > 30 and "1 of 72" in s[-1])
        look(screen, 120, 40)
        for columns, lines in ((20, 5), (10, 3), (1, 1), (80, 24)):
            tmux("resize-window", "-t", SESSION, "-x", str(columns), "-y", str(lines))
            time.sleep(0.4)
        screen = top.until("all of it again", lambda s: has("_69.cfs")(s) and "of 72" in s[-1])
        look(screen, 80, 24)


def test_a_file_that_is_away_and_another_load():
    with Top(80, 24) as top:
        top.all()
        os.unlink(top.path)
        screen = top.until("that it is away", has("No such file"))
        check("the last picture stays", has("worker")(screen) or has("0 of 0")(screen), "\n".join(screen))
        top.step(12, 0, load="bbbbbbbb")
        top.until("another load", lambda s: "since the load" in s[0] and "No such" not in s[-1])


def colours(top):
    return re.findall(r"\x1b\[[\d;]*m", tmux("capture-pane", "-e", "-p", "-t", SESSION))


def is_colour(code):
    return any(30 <= int(one or 0) <= 49 and int(one or 0) not in (39, 49) for one in code[2:-1].split(";"))


def test_with_and_without_colour():
    with Top(80, 24) as top:
        top.all()
        check("colours", any(is_colour(one) for one in colours(top)), colours(top))
    for options, term in ((["--no-color"], "screen-256color"), ([], "vt100")):
        with Top(80, 24, *options, term=term) as top:
            look(top.all(), 80, 24)
            check("no colours with %s %s" % (options, term), not any(is_colour(one) for one in colours(top)),
                  colours(top))


def test_an_unknown_terminal_is_named():
    with Top(80, 24, term="nonsense") as top:
        screen = top.until("the end", has("ended 1"))
        check("named", has("unknown terminal nonsense")(screen), "\n".join(screen))
