# SPDX-License-Identifier: GPL-2.0
"""stacks: texts as the module tells them, in every form that they are put out."""
import json
import os
import random
import re
import xml.etree.ElementTree

from tap import PROGRAM, SCRATCH, check, equal, escape, fails, run, save, terminal

COLUMNS = "calls minor major uncounted comm pid id state dev inode deleted kernel_end user_end frames object"


class Stacks:
    """A text such as /proc/faultstat/stacks."""

    def __init__(self, load="81f0c2aa", now=20.0, every=1, lost=0, hook="kprobe nmissed 0", taken="both"):
        self.load, self.now, self.every, self.lost, self.hook, self.taken = load, now, every, lost, hook, taken
        self.images, self.rows = [], []

    def image(self, path, build_id="-", deleted=0, dev="8:1", inode=4711):
        self.images.append(("# image %d dev %s inode %d deleted %d build_id %s path " % (
            len(self.images) + 1, dev, inode, deleted, build_id)).encode() + escape(path))
        return self

    def stack(self, frames, calls, minor=None, major=0, comm="prog", pid=7, ident=1, state="live", obj="[anon]",
              ends=("none", "bottom")):
        minor = calls - major if minor is None else minor
        self.rows.append(b" ".join((
            ("%d %d %d %d" % (calls, minor, major, calls - minor - major)).encode(), escape(comm, True),
            ("%d %d %s 0:0 0 0 %s %s %s" % (pid, ident, state, *ends, frames)).encode(), escape(obj))))
        return self

    def bytes(self):
        header = ("# faultstat-stacks 1\n# load %s at 10.000 now %.3f realtime %.3f resets 0\n"
                  "# settings stacks=off stacks_pid= stack_depth=32 stack_every=%d\n"
                  "# hook perf_event_mmap %s\n"
                  "# stacks frames %s rows 1 stacks %d requests 1 memory 20480 hidden 0\n"
                  "# lost calls %d minor 0 major 0 uncounted 0\n"
                  "# places known 1 unknown 0 no-file 0 no-room 0\n" % (
                      self.load, self.now, 1763776800 + self.now, self.every, self.hook, self.taken,
                      len(self.rows), self.lost))
        lines = [header.encode()] + [line + b"\n" for line in self.images]
        return b"".join(lines + [COLUMNS.encode() + b"\n"] + [row + b"\n" for row in self.rows])

    def save(self, name="stacks"):
        return save(name, self.bytes())


def example():
    text = Stacks().image("/nowhere/prog").image("/nowhere/lib.so", deleted=1)
    text.stack("1@0x100,1+0x200,2+0x300", 50, major=2)
    text.stack("1@0x100,1+0x240,2+0x300", 30)
    text.stack("handle_it+0x10/0x20,sys_read+0x5,2@0x80,1+0x200", 15, obj="/data/file", major=15)
    return text.stack("0x7f0000001000:no-file,1+0x200", 5, comm="other", pid=8, ident=2, obj="[heap]", ends=("none", "odd"))


def said(*words):
    done = run("stacks", "-J", *words)
    equal("exit code", 0, done.returncode, done.stderr)
    return json.loads(done.stdout)


def shown(*words):
    done = run("stacks", *words)
    equal("exit code", 0, done.returncode, done.stderr)
    return done.stdout


def names(stack):
    return [frame["function"] or "%s+%#x" % (frame["path"] or frame["why"], frame["at"]) for frame in stack["frames"]]


def test_json_has_all_that_the_text_has():
    found = said("-i", example().save())
    equal("sums", [(50, 48, 2, 0), (30, 30, 0, 0), (15, 0, 15, 0), (5, 5, 0, 0)],
          [(one["calls"], one["minor"], one["major"], one["uncounted"]) for one in found["stacks"]])
    equal("who", [("prog", 7, 1, "live")] * 3 + [("other", 8, 2, "live")],
          [(one["comm"], one["pid"], one["id"], one["state"]) for one in found["stacks"]])
    equal("on what", ["[anon]", "[anon]", "/data/file", "[heap]"], [one["object"] for one in found["stacks"]])
    equal("places", ["/nowhere/prog+0x100", "/nowhere/prog+0x200", "/nowhere/lib.so+0x300"],
          names(found["stacks"][0]))
    kernel = found["stacks"][2]["frames"]
    equal("of the kernel", [("kernel", "handle_it", 16), ("kernel", "sys_read", 5)],
          [(frame["kind"], frame["function"], frame["offset"]) for frame in kernel[:2]])
    made = found["stacks"][3]["frames"][0]
    equal("code without a file", ("made", None, 0x7f0000001000), (made["kind"], made["path"], made["at"]))
    equal("ends", ("none", "odd"), (found["stacks"][3]["kernel_end"], found["stacks"][3]["user_end"]))
    equal("header", (1, 20.0), (found["faultstat"]["every"], found["faultstat"]["now"]))


def test_trees_have_what_faults_above_what_called_it():
    text = shown("-i", example().save())
    lines = text.splitlines()
    equal("headings", ["CALLS", "MAJOR", "%", "FUNCTION,", "CALLED", "BY"], lines[0].split())
    first = lines[1].split()
    equal("the heaviest, of two callers", ["80", "2", "80.0", "prog+0x100"], first[:4])
    below = [line.split() for line in lines[2:6]]
    check("its callers by weight", below[0][:2] == ["50", "2"] and below[2][:2] == ["30", "0"], text)
    check("who called them", "prog+0x200" in lines[2] and "lib.so (deleted)+0x300" in lines[3] and "prog+0x240" in lines[4], text)
    check("those have no numbers", not re.match(r"\s*\d", lines[3]), text)
    check("sums", "100 calls, 83 minor and 17 major faults: 4 stacks of 2 processes" in text, text)
    check("early ends", "5.0 % of calls by stacks that end early" in text, text)


def test_only_so_many_lines_are_those_with_the_most():
    text = shown("-i", example().save(), "-n", "2").splitlines()
    check("two lines", "prog+0x100" in text[1] and "prog+0x200" in text[2], text)
    check("what is left out is said", text[3].startswith("2 of ") and text[3].endswith("-a shows all"), text)
    lines = terminal(60, 12, "stacks", "-i", example().save())
    check("it fits the terminal", len(lines) <= 12 and all(len(line) <= 60 for line in lines[:6]), lines)


def test_trees_by_process_comm_and_object():
    path = example().save()
    for by, first, last in (("comm", "prog", "other"), ("process", "prog 7", "other 8"), ("object", "[anon]", "[heap]")):
        text = shown("-i", path, "--by", by)
        heads = [line for line in text.splitlines()[1:] if line.rstrip().endswith((first, last))]
        check("by %s" % by, len(heads) == 2 and heads[0].rstrip().endswith(first), text)


def test_lists_are_as_those_of_stackcount():
    text = shown("-i", example().save(), "--list")
    first = text.split("\n\n")[0].splitlines()
    equal("one stack", ["  prog+0x100", "  prog+0x200"], first[:2])
    check("deleted files are said to be", "lib.so" in first[2] and "deleted" in first[2], first)
    equal("who, and how many", ["    prog [7] on [anon]", "    50"], first[3:])
    text = shown("-i", example().save(), "--list", "-n", "1")
    check("only one", text.count(" on [") == 1 and "1 of 4 stacks" in text, text)


def test_folded_lines_add_up():
    lines = shown("-i", example().save(), "--folded").splitlines()
    equal("stacks", 4, len(lines))
    equal("calls", 100, sum(int(line.rsplit(" ", 1)[1]) for line in lines))
    check("from the outermost on", lines[0].startswith("prog;") and lines[0].endswith(";[anon] 50"), lines)
    check("the kernel's are marked", "sys_read_[k];handle_it_[k];/data/file 15" in lines[2], lines)


def test_frames_of_one_kind_alone():
    path = example().save()
    user = said("-i", path, "-U")["stacks"]
    check("of the program", all(frame["kind"] != "kernel" for one in user for frame in one["frames"]), user)
    equal("calls", 100, sum(one["calls"] for one in user))
    kernel = said("-i", path, "-K")["stacks"]
    check("of the kernel", all(frame["kind"] == "kernel" for one in kernel for frame in one["frames"]), kernel)
    # What is the same without the others is one.
    equal("merged", [80, 15, 5], [one["calls"] for one in kernel])


def test_filters():
    path = example().save()
    for words, calls in ((["-p", "7"], [50, 30, 15]), (["-p", "7,8"], [50, 30, 15, 5]), (["-c", "oth*"], [5]),
                         (["-f", "/data/*"], [15]), (["-f", "[[]anon]"], [50, 30]), (["-p", "8", "-f", "/data/*"], [])):
        equal("%s" % words, calls, [one["calls"] for one in said("-i", path, *words)["stacks"]])


def test_order_by_what_is_measured():
    path = example().save()
    equal("major", [15, 2, 0, 0], [one["major"] for one in said("-i", path, "-e", "major")["stacks"]])
    text = shown("-i", path, "-e", "major")
    check("percent of those", re.match(r"\s*15\s+15\s+88\.2\s", text.splitlines()[1]), text)


def test_two_copies_are_compared():
    before = Stacks(now=15).image("/nowhere/prog").stack("1@0x100,1+0x200", 20).stack("1@0x500", 7)
    before = before.save("before")
    later = Stacks(now=20).image("/nowhere/prog").stack("1@0x100,1+0x200", 50).stack("1@0x900", 4).save("later")
    found = said("-i", later, "--before", before)["stacks"]
    equal("both counts", [(50, 20), (4, 0), (0, 7)], [(one["calls"], one["before"]["calls"]) for one in found])
    lines = shown("-i", later, "--before", before, "--folded").splitlines()
    equal("folded", ["20 50", "0 4", "7 0"], [" ".join(line.split(" ")[-2:]) for line in lines])


def test_what_was_folded_is_found_where_it_is_now():
    before = Stacks(now=15).image("/nowhere/prog")
    before.stack("1@0x100", 20, ident=5, pid=9, state="exited").stack("1@0x100", 3, ident=0, pid=0, state="folded")
    later = Stacks(now=20).image("/nowhere/prog").stack("1@0x100", 30, ident=0, pid=0, state="folded")
    found = said("-i", later.save("later"), "--before", before.save("before"))["stacks"]
    equal("one", [(30, 23)], [(one["calls"], one["before"]["calls"]) for one in found])


def test_notes_say_what_is_not_whole():
    text = Stacks(every=10, lost=4, hook="off: this kernel refuses the kprobe").image("/nowhere/prog")
    text = shown("-i", text.stack("1@0x100", 9).stack("[overflow]", 3).save())
    for words in ("1 in 10 calls is counted", "4 calls are of no stack", "this kernel refuses the kprobe", "[overflow]"):
        check(words, words in text, text)


def test_pictures_and_profiles_are_written():
    path = example().save()
    drawing, profile = os.path.join(SCRATCH, "faults.svg"), os.path.join(SCRATCH, "faults.pb.gz")
    shown("-i", path, "--svg", drawing, "--pprof", profile)
    root = xml.etree.ElementTree.parse(drawing).getroot()
    check("a picture", root.tag.endswith("svg"), root.tag)
    with open(profile, "rb") as file:
        equal("a profile", b"\x1f\x8b", file.read(2))
    for option in ("--svg", "--pprof"):
        fails(1, ["/nowhere/at/all", "No such file"], "stacks", "-i", path, option, "/nowhere/at/all")
    if os.path.exists("/dev/full"):
        done = run("stacks", "-i", path, "--svg", "/dev/full")
        equal("exit code", 1, done.returncode)
        check("why", "/dev/full" in done.stderr, done.stderr)


def test_a_report_leaves_standard_output_alone():
    path = os.path.join(SCRATCH, "report")
    equal("nothing there", "", shown("-i", example().save(), "--report", path))
    with open(path, encoding="utf-8") as file:
        check("it is here", "prog+0x100" in file.read())


def test_what_is_wrong_is_said_in_a_line():
    path = example().save()
    for words, complaint in (
            (["-U", "-K"], "mutually exclusive"), (["-e", "none"], "calls, minor or major"),
            (["--by", "dir"], "function, comm, process or object"), (["--list", "--folded"], "mutually exclusive"),
            (["-J", "--list"], "mutually exclusive"), (["--before", path], "--before requires --input"),
            (["-i", "-", "--before", "-"], "standard input"), (["-i", path, "1"], "mutually exclusive"),
            (["--"], "-- requires a command"), (["-i", path, "--", "true"], "mutually exclusive"),
            (["-p", "1", "--", "true"], "mutually exclusive"), (["-w", "1"], "--wait requires"),
            (["sleep", "1"], "a command stands behind --"), (["0"], "invalid interval"), (["1", "0"], "invalid count"),
            (["-p", ",".join(str(pid) for pid in range(1, 66))], "at most 64"), (["-n", "0"], "-n"),
            (["-p", "x"], "invalid list of pids")):
        fails(2, [complaint], "stacks", *words)
    fails(1, ["/nowhere", "No such file"], "stacks", "-i", "/nowhere")


def test_damaged_copies_are_refused():
    good = example().bytes()
    for before, after, words in (
            (b"stacks 1\n", b"stacks 2\n", "unsupported format version 2"), (b" now 20.000", b" now x", "invalid number x"),
            (b"stack_every=1", b"stack_every=x", "stack_every"), (b"# lost", b"# last", "missing header line lost"),
            (b"inode 4711", b"inode -1", "inode"), (b"build_id -", b"build_id 0g", "invalid image"),
            (b"# image 2", b"# image 1", "duplicate image"), (b"1@0x100", b"9@0x100", "frames"),
            (b"1@0x100", b"1@100", "frames"), (b"1@0x100", b"1@0x", "frames"), (b":no-file", b":", "frames"),
            (b"live", b"live live", "dev"), (b"50 48", b"5O 48", "calls")):
        check("in the example", before in good, before)
        fails(1, [words], "stacks", "-i", save("damaged", good.replace(before, after, 1)))
    fails(1, ["truncated"], "stacks", "-i", save("damaged", good[:-4]))
    done = run("stacks", "-i", save("damaged", good[:good.rindex(b"\n", 0, -1) + 1]))
    check("a row less is said", "3 of 4 stacks" in done.stderr and done.returncode == 0, done.stderr)


def test_damage_never_ends_it_by_a_signal():
    good, seed = example().bytes(), random.randrange(1 << 32)
    chance = random.Random(seed)
    for _ in range(200):
        text = bytearray(good)
        for _ in range(chance.randrange(1, 6)):
            text[chance.randrange(len(text))] = chance.randrange(256)
        done = run("stacks", chance.choice(("--list", "--folded", "-J", "-a")), "-i", save("damaged", bytes(text)))
        check("exit code %d, seed %d" % (done.returncode, seed), done.returncode in (0, 1), text, done.stderr)


def test_names_from_anywhere_are_harmless():
    evil = "a\x1b[31m\n;b c\\\"<&>"
    path = Stacks().image("/tmp/" + evil).stack("1@0x10", 3, comm=evil[:15], obj="/o/" + evil).save()
    for words in ([], ["--list"], ["--folded"]):
        text = shown("-i", path, *words)
        check("no control characters in %s" % words, not re.search(r"[\x00-\x09\x0b-\x1f]", text), repr(text))
    equal("folded on one line", 1, len(shown("-i", path, "--folded").splitlines()))
    equal("JSON has it as it is", evil[:15], said("-i", path)["stacks"][0]["comm"])


def test_nothing_at_all():
    path = Stacks().save()
    text = shown("-i", path)
    check("it says so", "0 calls, 0 minor and 0 major faults: 0 stacks of 0 processes" in text, text)
    equal("JSON", [], said("-i", path)["stacks"])
    equal("folded", "", shown("-i", path, "--folded"))


def test_without_the_module():
    if os.path.exists("/proc/faultstat"):
        return
    fails(3, ["not loaded"], "stacks", "1", "1")
    fails(3, ["not loaded"], "stacks", "--", "true")


assert PROGRAM
