# SPDX-License-Identifier: GPL-2.0
"""What is shown: safe on a terminal whatever is in a name, right in JSON, sorted, added up."""
import json
import os
import subprocess
import time

from memory import Process, need_root
from tap import CAPTURED, PLAIN, PROGRAM, STANDIN, Skip, Text, check, equal, fails, raw, run, save, terminal

# All single bytes, escapes that do something, directions of writing, and bad UTF-8.
HOSTILE = ([bytes([c]) for c in range(1, 256)] +
           [b"\x1b]0;title\x07", b"\x1b[2J\x1b[31mred", b"\xc2\x9b31m", b"\xe2\x80\xaegnp.exe",
            b"\xe2\x81\xa6x", b"a\nb", b"a\r\tb", b"\\x1b[0m", b"\\033", b"%s%n%d", b"\"quoted\"",
            b"{\"a\":1}", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80",
            b"\xe4\xb8\xad\xe6\x96\x87", b"na\xc3\xafve", b"\xf0\x9f\x98\x80", b"e\xcc\x81",
            b"/a path with  spaces /x", b"/long/" + b"y" * 4000])


def hostile():
    text = Text()
    for number, name in enumerate(HOSTILE):
        text.row(name[:15], number + 1, number + 1, "live", b"/" + name, 1000 - number, inode=number + 1)
    return text.save("hostile")


def unsafe(text):
    """Characters that a terminal takes for commands, or that turn the direction of writing."""
    return [c for c in text if ord(c) < 32 and c != "\n" or 127 <= ord(c) < 160 or
            "\u2028" <= c <= "\u202e" or "\u2066" <= c <= "\u2069" or "\udc80" <= c <= "\udcff"]


def test_no_byte_of_a_name_reaches_a_terminal_as_a_command():
    path = hostile()
    for options in ([], ["-r"], ["-J"], ["--by", "object"], ["--by", "dir", "-J"], ["--by", "comm"]):
        for locale in ("C.UTF-8", "C"):
            done = run("-i", path, "-a", *options, env={"LC_ALL": locale})
            equal("exit code", 0, done.returncode, done.stderr)
            equal("unsafe characters with %s" % options, [], unsafe(done.stdout))
            if locale == "C" and "-J" not in options:
                check("only ASCII", done.stdout.isascii())
    done = run("-i", path, "0.1", "2")
    equal("unsafe in intervals", [], unsafe(done.stdout))
    # One line each, but for the names of the columns.
    equal("lines", len(HOSTILE) + 1, len(run("-i", path).stdout.splitlines()))


def unescape(word):
    out, i = bytearray(), 0
    word = word.encode("utf-8", "surrogateescape")
    while i < len(word):
        if word[i:i + 1] == b"\\":
            out.append(int(word[i + 1:i + 4], 8))
            i += 4
        else:
            out.append(word[i])
            i += 1
    return bytes(out)


def test_raw_output_loses_nothing():
    done = run("-i", hostile(), "-r", "-o", "comm,object", "--noheadings")
    lines = [line.split(" ") for line in done.stdout.split("\n")[:-1]]
    equal("rows", len(HOSTILE), len(lines))
    for name, (comm, obj) in zip(HOSTILE, lines):
        equal("comm", name[:15], unescape(comm))
        equal("object", b"/" + name, unescape(obj))


def test_json_is_right_for_any_name():
    for locale in ("C.UTF-8", "C"):
        done = run("-i", hostile(), "-J", text=False, env={"LC_ALL": locale})
        found = json.loads(done.stdout.decode("utf-8"))["faults"]
        equal("rows", len(HOSTILE), len(found))
        for name, row in zip(HOSTILE, found):
            try:
                equal("object", "/" + name.decode("utf-8"), row["object"])
            except UnicodeDecodeError:
                # A byte that is no character is one replacement character.
                check("%r in %r" % (name, row["object"]), "\ufffd" in row["object"])
    with open(os.path.join(os.path.dirname(PROGRAM), "out.json"), "wb") as file:
        file.write(done.stdout)
    equal("jq", 0, subprocess.run(["jq", ".", file.name], stdout=subprocess.DEVNULL, check=False).returncode)


def test_json_has_numbers_and_null():
    text = Text().row("a", 1, 1, "live", "/f", 3, 1, dev="8:1", inode=9).row("-", 0, 0, "overflow", "[overflow]", 1)
    result = json.loads(run("-i", text.save(), "-J", "-o", "pid,id,minor,dev,inode,read,rss,object").stdout)
    equal("first", {"pid": 1, "id": 1, "minor": 3, "dev": "8:1", "inode": 9, "read": 4, "rss": None,
                    "object": "/f"}, result["faults"][0])
    equal("second", {"pid": None, "id": None, "minor": 1, "dev": None, "inode": None, "read": 1,
                     "rss": None, "object": "[overflow]"}, result["faults"][1])
    equal("header", 5, result["faultstat"]["total"]["calls"])
    equal("nothing", [], json.loads(run("-i", Text().save(), "-J").stdout)["faults"])


def test_the_usual_order_is_majors_then_calls():
    text = Text()
    for number, (minor, major) in enumerate(((5, 1), (900, 0), (3, 7), (9, 1), (900, 0), (8, 0))):
        text.row("p%d" % number, number + 1, number + 1, "live", "[anon]", minor, major)
    path = text.save()
    equal("order", ["p2", "p3", "p0", "p1", "p4", "p5"],
          [one for one, in raw(run("-i", path, "-r").stdout, "comm")])
    equal("by name", ["p0", "p1", "p2"],
          [one for one, in raw(run("-i", path, "-r", "-s", "comm", "-n", "3").stdout, "comm")])
    equal("down", ["p5", "p4"],
          [one for one, in raw(run("-i", path, "-r", "-s", "comm:desc", "-n", "2").stdout, "comm")])
    equal("two", ["p5", "p4", "p1", "p3", "p0", "p2"],
          [one for one, in raw(run("-i", path, "-r", "-s", "major:asc,pid").stdout, "comm")])


def many():
    return (Text().row("java", 1, 1, "live", "/data/a/0/_1.cfs", 10, 5, dev="8:1", inode=1)
            .row("java", 1, 1, "live", "/data/a/1/_2.cfs", 20, 6, dev="8:1", inode=2)
            .row("java", 2, 2, "live", "/data/b/0/_1.cfs", 40, 0, dev="8:1", inode=3)
            .row("sh", 3, 3, "exited", "/data/a/0/_1.cfs", 80, 0, dev="8:1", inode=1)
            .row("sh", 3, 3, "exited", "[heap]", 7, 0)
            .row("java", 0, 0, "folded", "[heap]", 9, 0)
            .row("top", 4, 4, "live", "/root", 1, 0, dev="8:1", inode=8)).save("many")


def test_rows_are_added_up():
    path = many()

    def by(what, *columns):
        return set(raw(run("-i", path, "-r", "--by", what, "-o", ",".join(columns)).stdout, *columns))
    equal("object", {("/data/a/0/_1.cfs", "90", "5", "2"), ("/data/a/1/_2.cfs", "20", "6", "1"),
                     ("/data/b/0/_1.cfs", "40", "0", "1"), ("[heap]", "16", "0", "1"),
                     ("/root", "1", "0", "1")}, by("object", "object", "minor", "major", "processes"))
    equal("dir", {("/data/a/0", "90"), ("/data/a/1", "20"), ("/data/b/0", "40"), ("[heap]", "16"),
                  ("/", "1")}, by("dir", "dir", "minor"))
    equal("dir=1", {("/data", "150"), ("[heap]", "16"), ("/", "1")}, by("dir=1", "dir", "minor"))
    equal("dir=2", {("/data/a", "110"), ("/data/b", "40"), ("[heap]", "16"), ("/", "1")},
          by("dir=2", "dir", "minor"))
    equal("process", {("1", "java", "30"), ("2", "java", "40"), ("3", "sh", "87"), ("-", "java", "9"),
                      ("4", "top", "1")}, by("process", "pid", "comm", "minor"))
    equal("comm", {("java", "79", "2"), ("sh", "87", "1"), ("top", "1", "1")},
          by("comm", "comm", "minor", "processes"))


def test_rows_are_filtered():
    path = many()

    def pids(*options):
        return [one for one, in raw(run("-i", path, "-r", "-s", "pid:asc", *options).stdout, "pid")]
    equal("-p", ["1", "1", "3", "3"], pids("-p", "1,3"))
    equal("-p twice", ["1", "1", "2"], pids("-p", "1", "--pid=2"))
    equal("-c", ["3", "3"], pids("-c", "s?"))
    equal("-f", ["1", "3"], pids("-f", "/data/a/0/*"))
    equal("-f, * matches /", ["1", "1", "2", "3"], pids("-f", "/data*.cfs"))
    equal("--files", ["1", "1", "2", "3", "4"], pids("--files"))
    equal("--areas", ["3", "-"], pids("--areas"))
    equal("its older name", pids("--areas"), pids("--regions"))
    equal("all at once", ["1"], pids("--files", "-c", "java", "-p", "1", "-f", "*_1*"))
    equal("none", [], pids("-c", "nobody"))


def test_on_a_terminal_as_many_rows_as_fit_and_no_line_is_wider():
    text = Text()
    for number in range(100):
        text.row("p%d" % number, number + 1, number + 1, "live",
                 "/a/very/long/path/that/is/wider/than/any/terminal/is/by/far/of/which/the/end/counts/%d.cfs" % number,
                 1000 - number, dev="8:1", inode=1)
    path = text.save()
    for columns, lines in ((80, 24), (200, 60), (60, 10)):
        shown = terminal(columns, lines, "-i", path)
        equal("lines of %d" % lines, lines - 1, len(shown))
        check("width of %d" % columns, all(len(line) <= columns for line in shown), shown)
        check("the end is there", shown[1].endswith("/counts/0.cfs"), shown[1])
        check("how many there are", "of 100 rows; -a" in shown[-1], shown[-1])
    equal("all", 101, len(terminal(80, 24, "-a", "-i", path)))
    equal("-n", 6, len(terminal(80, 24, "-n", "5", "-i", path)) - 1)
    equal("not on a terminal", 101, len(run("-i", path).stdout.splitlines()))


def test_a_path_of_any_length_fits_any_width():
    text = Text()
    for length in range(1, 60):
        text.row("p", length, length, "live", "/" + "é" * (length % 3) + "x" * length, 1000 - length)
    path = text.save()
    for locale in ("C.UTF-8", "C"):
        for columns in range(45, 75):
            shown = terminal(columns, 24, "-a", "-i", path, locale=locale)
            equal("lines", 60, len(shown))
            check("width of %d in %s" % (columns, locale), all(len(line) <= columns for line in shown),
                  *shown)
            check("what fits is whole", any(line.endswith("/éx" if locale == "C.UTF-8" else "\\303\\251x")
                                            for line in shown), *shown)


def test_wide_characters_are_cut_whole():
    path = Text().row("p", 1, 1, "live", "/" + "\u4e2d" * 40 + "e\u0301", 1).save()
    for columns in range(40, 50):
        row = terminal(columns, 24, "-i", path)[1]
        width = sum(2 if c == "\u4e2d" else 0 if c == "\u0301" else 1 for c in row)
        check("width of %d" % columns, columns - 1 <= width <= columns, row)
        check("the end", row.endswith("\u4e2de\u0301"), row)


def test_any_column_of_paths_is_cut_wherever_it_is():
    long = "/some/where/far/down/" + "x" * 300 + "/xxxxx"
    before = Text().row("p", 1, 1, "live", long, 1)
    after = Text(now=30).row("p", 1, 1, "live", long, 9000000000).row("q", 2, 2, "live", "/y", 5)
    names = before.save("before"), after.save("after")
    for words in (["-o", "object,minor"], ["-o", "comm,object,dir,minor"], ["-o", "dir,object"],
                  ["-o", "object,major_s,minor", "--noheadings"], ["--by", "dir", "-o", "dir,minor_s,calls"]):
        # The total, behind all rows, is the widest.
        for command in (["diff", *names], ["-i", names[1]], ["-i", names[1], "0.1", "1"]):
            for columns in (44, 60, 80):
                shown = [line for line in terminal(columns, 24, *command, *words) if line[0] != "#"]
                check("width of %d with %s" % (columns, words), all(len(line) <= columns for line in shown),
                      *shown)
                check("something of it is there", any("x" * 5 in line for line in shown), *shown)


def test_a_name_full_of_escapes_takes_nothing_from_the_others():
    text = Text().row("\1" * 15, 12345, 1, "live", "/some/where/far/down/in/folders/segment.1", 123456789, 987654)
    path = text.row("searchd", 4321, 2, "live", "/some/where/else/segment.2", 5, 4).save()
    for columns in (70, 80):
        lines = terminal(columns, 24, "-i", path)
        equal("a line each", 3, len(lines), *lines)
        check("what fits", all(len(line) <= columns for line in lines), *lines)
        check("all columns", lines[0].split() == ["PID", "COMM", "STATE", "MAJOR", "MINOR", "CALLS", "OBJECT"], *lines)
        check("cut at its end", "\\001\\001" in lines[1] and "\u2026" in lines[1], *lines)
    equal("whole for programs", "\\001" * 15, raw(run("-i", path, "-r").stdout, "comm")[0][0])


def test_usual_columns_give_way_where_there_is_no_room_for_all():
    text = Text(now=30)
    for i in range(3):
        text.row("a-long-comm-%d" % i, 4000000 + i, i + 1, "live", "/some/where/file.%d" % i, 10**10, 10**9)
    path = text.save()
    lines = terminal(80, 24, "-i", path, "0.1", "1")
    check("they fit", all(len(line) <= 80 for line in lines), *lines)
    check("rates go first", "MAJOR" in lines[1] and "CALLS" in lines[1] and "MINOR_S" not in lines[1], *lines)
    asked = terminal(80, 24, "-i", path, "-o", "pid,comm,calls,calls_s,minor,minor_s,major,major_s,object", "0.1", "1")
    check("who asks for them has them", "CALLS_S" in " ".join(asked) and "MAJOR_S" in " ".join(asked), *asked)


def test_where_no_row_is_meant_the_columns_are_named():
    for words in (["-p", "99999"], ["-f", "typo"]):
        equal("table", ["PID", "COMM", "STATE", "MAJOR", "MINOR", "CALLS", "OBJECT"],
              run("-i", CAPTURED, *words).stdout.split())
        equal("without", "", run("-i", CAPTURED, "--noheadings", *words).stdout)
    check("and it is said", "no row matches (79 rows)" in terminal(80, 24, "-i", CAPTURED, "-p", "99999")[-1])


def test_rows_that_are_left_out_are_said():
    before, after = Text().save("before"), Text(now=30)
    for i in range(100):
        after.row("p", i + 1, i + 1, "live", "/f", 1)
    lines = terminal(80, 24, "diff", before, after.save("after"))
    check("how many", "20 of 100 rows" in lines[0], *lines)
    check("as many as fit", len(lines) <= 24, *lines)


def test_names_are_filtered_as_they_are_shown():
    path = (Text().row("p", 1, 1, "live", b"/a\xffb", 3).row("\033[31m", 2, 2, "live", "/c", 4)
            .row("q", 3, 3, "live", "/d\\e*", 5).save())
    for words, minor in ((["-f", "*\\377*"], "3"), (["-f", "/a\\377b"], "3"), (["-c", "\\033\\13331m"], "4"),
                         (["-f", "/d\\134e\\052"], "5"), (["-f", "/d[\\\\]e?"], "5")):
        equal("%s" % words, [(minor,)], raw(run("-i", path, "-r", *words).stdout, "minor"))
    equal("a star that is escaped is none", [], raw(run("-i", path, "-r", "-f", "/\\052").stdout, "minor"))


def test_what_is_not_known_comes_last_whichever_way():
    path = Text().row("p", 1, 1, "live", "[heap]", 3).row("q", 2, 2, "live", "/f", 4, dev="8:1", inode=3).save()
    for sort in ("dev:asc", "dev:desc", "inode:asc", "inode:desc"):
        equal(sort, ["/f", "[heap]"], [row[0] for row in raw(run("-i", path, "-r", "-s", sort).stdout, "object")])


def test_after_a_reset_rates_of_rows_are_not_known():
    text = Text(resets=1, lifetime=dict(calls=130, minor=130)).row("a", 1, 1, "live", "[anon]", 4)
    columns = ["-o", "minor,minor_s,calls_s,comm"]
    row = json.loads(run("-i", text.save(), "-J", *columns).stdout)["faults"][0]
    equal("since the reset", (4, None, None), (row["minor"], row["minor_s"], row["calls_s"]))
    before = Text().row("a", 1, 1, "live", "[anon]", 100).save("before")
    text.now = 30
    lines = [line.split() for line in run("diff", before, text.save("after"), *columns).stdout.splitlines()]
    equal("the row, of which nobody knows since when", ["4", "-", "-", "a"], lines[2])
    equal("the total, of the interval", ["30", "3.0", "3.0", "total"], lines[3])


def test_a_time_that_nobody_can_have_is_no_harm():
    content = Text().row("a", 1, 1, "live", "[anon]", 4).bytes()
    for time in (b"9" * 40, b"99999999999999", b"253402300800"):
        path = save("late", content.replace(b"realtime 1763776820.000", b"realtime " + time))
        done = run("diff", path, path)
        equal("exit code", 0, done.returncode, done.stderr)
        check("said", "at an unknown time" in done.stdout, done.stdout)


def test_columns_can_be_chosen_and_added():
    done = run("-i", CAPTURED, "-r", "-n", "1", "-o", "Major,OBJECT")
    equal("chosen", "MAJOR OBJECT", done.stdout.splitlines()[0])
    done = run("-i", CAPTURED, "-r", "-n", "1", "-o", "+write,inode")
    equal("added", "PID COMM STATE MAJOR MINOR CALLS OBJECT WRITE INODE", done.stdout.splitlines()[0])
    done = run("-i", CAPTURED, "-n", "1", "--noheadings", "-o", "comm,minor")
    equal("without names", [["mapread", "539"]], [line.split() for line in done.stdout.splitlines()])
    for bad in ("nothing", "", "comm,,pid", "comm,", "+"):
        fails(2, ["-o", "--help"], "-i", CAPTURED, "-o", bad)
    for bad in ("nothing", "", "comm:up", "comm:", "+comm"):
        fails(2, ["-s", "--help"], "-i", CAPTURED, "-s", bad)


def of_machine(pid, *words):
    """The row of a live process whose faults the stand-in tells."""
    path = Text().row("leaderless", pid, 1, "live", "[anon]", 3).save("of-machine")
    env = {"LD_PRELOAD": STANDIN, "FAULTSTAT_COPY": path}
    done = run("-J", *words, program=PLAIN, env=env)
    equal("exit code", 0, done.returncode, done.stderr)
    return json.loads(done.stdout)["faults"][0]


def test_rss_of_a_process_whose_leader_has_exited():
    with Process(leader=False) as process:
        process.do("add(None, 16384, kind='private', advice=15); write(0, *range(16384))")
        row = of_machine(int(process.pid), "--by", "process", "-o", "pid,rss")
        equal("pid", int(process.pid), row["pid"])
        check("64 MiB", row["rss"] and 64 << 20 <= row["rss"] < 128 << 20, row)


def test_cgroup_of_a_process_whose_leader_has_exited():
    need_root()
    with open("/proc/self/cgroup", encoding="ascii") as file:
        lines = [line.rstrip("\n").split(":", 2) for line in file]
    memory = [path for _, controllers, path in lines if "memory" in controllers.split(",")]
    root = "/sys/fs/cgroup/memory" if memory else "/sys/fs/cgroup"
    path = (memory or [path for _, controllers, path in lines if not controllers])[0]
    if not os.access(os.path.join(root, "cgroup.procs"), os.W_OK):
        raise Skip("no cgroup file system that can be written")
    place = os.path.normpath(root + path + "/faultstat-test-%d" % os.getpid())
    try:
        os.mkdir(place)
    except OSError as error:
        raise Skip("no cgroup can be made: %s" % error) from error
    try:
        with Process(leader=False) as process:
            equal("where it began", path, of_machine(int(process.pid), "-o", "cgroup")["cgroup"])
            with open(os.path.join(place, "cgroup.procs"), "w", encoding="ascii") as file:
                file.write(process.pid)
            equal("where it was moved", place[len(root):], of_machine(int(process.pid), "-o", "cgroup")["cgroup"])
    finally:
        # What was killed leaves a little later.
        for _ in range(100):
            try:
                os.rmdir(place)
                break
            except OSError:
                time.sleep(0.02)
