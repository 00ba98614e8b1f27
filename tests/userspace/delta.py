# SPDX-License-Identifier: GPL-2.0
"""What was counted in between: exact in total, never negative, each row in its place."""
import json
import os
import random
import select
import shutil
import subprocess
import time

from tap import PROGRAM, SCRATCH, Text, check, equal, fails, run, save


def diff(before, after, *options):
    done = run("diff", before.save("before"), after.save("after"), "-J", *options)
    equal("exit code", 0, done.returncode, done.stderr)
    return json.loads(done.stdout)


def rows(before, after, *options):
    return {(row["comm"], row["pid"], row["object"]): (row["minor"], row["major"])
            for row in diff(before, after, *options)["faults"]}


def test_rows_that_grow_and_rows_that_stay():
    before = Text().row("a", 1, 1, "live", "[anon]", 10, 1).row("b", 2, 2, "live", "[heap]", 5)
    after = Text(now=30).row("a", 1, 1, "live", "[anon]", 13, 3).row("b", 2, 2, "live", "[heap]", 5)
    result = diff(before, after)
    equal("rows", [("a", 3, 2, 0.2, 0.3)], [
        (row["comm"], row["minor"], row["major"], row["major_s"], row["minor_s"])
        for row in result["faults"]])
    equal("total", (3, 2), (result["interval"]["counts"]["minor"],
                            result["interval"]["counts"]["major"]))
    equal("seconds", 10.0, result["interval"]["seconds"])


def test_the_total_is_named_whatever_is_shown():
    # Where it would be taken for a row, or nobody could tell: as the header of the file has it.
    TOTAL = "# total calls 10 minor 8 major 2 uncounted 0 pending 0 missed 0"
    before = Text().row("a", 1, 1, "live", "/d/f", 10, 1).save("before")
    after = Text(now=30).row("a", 1, 1, "live", "/d/f", 13, 3).row("b", 2, 2, "live", "[heap]", 5).save("after")
    for options, line in (([], "- total 2 8 10 0.2 0.8 -"), (["--by", "dir"], "2 8 10 0.2 0.8 - total"),
                          (["--by", "comm"], "2 8 10 0.2 0.8 - total"), (["-o", "object,minor"], "total 8"),
                          (["-o", "state,minor,dir,comm"], "- 8 - total"),
                          (["-o", "minor"], TOTAL), (["-r"], TOTAL), (["-r", "-p", "2"], TOTAL.replace("total", "total of all"))):
        equal("last line with %s" % options, line.split(),
              run("diff", before, after, *options).stdout.splitlines()[-1].split())


def test_behind_a_filter_the_total_is_said_to_be_of_all():
    before = Text().row("a", 1, 1, "live", "/d/f", 10, 1).save("before")
    after = Text(now=30).row("a", 1, 1, "live", "/d/f", 13, 3).row("b", 2, 2, "live", "[heap]", 5).save("after")
    for words in (["-p", "2"], ["--files"], ["-f", "/d*"], ["-c", "a"]):
        check("with %s" % words, "total of all" in run("diff", before, after, *words).stdout)


def test_what_was_saved_before_is_refused_as_the_later():
    early, late = Text(load="1" * 8, now=20), Text(load="2" * 8, at=1, now=50)
    for text in (early, late):
        text.row("a", 1, 1, "live", "/d/f", 10, 1)
    early, late = early.save("early"), late.save("late")
    equal("the right way round", 0, run("diff", early, late).returncode)
    fails(1, ["early", "late", "earlier copy first"], "diff", late, early)
    fails(2, ["standard input can be one of the copies only"], "diff", "-", "-")
    # And of two that are read one after the other.
    path = os.path.join(SCRATCH, "turns")
    shutil.copy(late, path)
    with subprocess.Popen([PROGRAM, "-i", path, "0.3"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        shutil.copy(early, path + ".new")
        os.replace(path + ".new", path)
        complaint = process.communicate(timeout=60)[1].decode()
    equal("exit code", 1, process.returncode, complaint)
    check("which", "turns is older than the previous copy" in complaint, complaint)


def test_a_pid_that_is_used_again_is_another_row():
    before = Text().row("a", 1, 1, "live", "[anon]", 100)
    after = Text(now=30).row("a", 1, 1, "exited", "[anon]", 101).row("a", 1, 9, "live", "[anon]", 7)
    found = sorted(row["minor"] for row in diff(before, after)["faults"])
    equal("rows", [1, 7], found)


def test_a_process_that_was_renamed_is_the_same():
    before = Text().row("old", 1, 1, "live", "[anon]", 100)
    after = Text(now=30).row("new", 1, 1, "live", "[anon]", 103)
    equal("rows", {("new", 1, "[anon]"): (3, 0)}, rows(before, after))


def test_exec_makes_another_row():
    before = Text().row("sh", 1, 1, "live", "[anon]", 100)
    after = (Text(now=30).row("sh", 1, 1, "exec", "[anon]", 102)
             .row("ls", 1, 2, "live", "[anon]", 4))
    equal("rows", {("sh", 1, "[anon]"): (2, 0), ("ls", 1, "[anon]"): (4, 0)}, rows(before, after))


def test_a_row_that_was_folded_counts_only_what_is_new():
    before = (Text().row("a", 1, 1, "live", "/f", 100, 3, dev="8:1", inode=5)
              .row("a", 0, 0, "folded", "/f", 50, 1, dev="8:1", inode=5))
    after = Text(now=30, folded=1).row("a", 0, 0, "folded", "/f", 157, 5, dev="8:1", inode=5)
    equal("rows", {("a", None, "/f"): (7, 1)}, rows(before, after))


def test_a_row_that_was_folded_without_moving_is_not_shown():
    before = Text().row("a", 1, 1, "exited", "/f", 100)
    after = Text(now=30, folded=1).row("a", 0, 0, "folded", "/f", 100)
    equal("rows", {}, rows(before, after))


def test_what_was_folded_into_other_is_taken_from_there():
    before = (Text().row("a", 1, 1, "live", "/f", 100).row("b", 2, 2, "live", "/g", 40)
              .row("a", 0, 0, "folded", "[other]", 11))
    after = (Text(now=30, folded=2).row("a", 0, 0, "folded", "[other]", 113)
             .row("[other]", 0, 0, "folded", "[other]", 41))
    equal("rows", {("a", None, "[other]"): (2, 0), ("[other]", None, "[other]"): (1, 0)},
          rows(before, after))


def test_what_a_living_process_gives_up_is_in_its_other():
    before = Text().row("a", 1, 1, "live", "/f", 100, 2).row("a", 1, 1, "live", "[other]", 50)
    after = Text(now=30).row("a", 1, 1, "live", "/g", 5).row("a", 1, 1, "live", "[other]", 157, 3)
    equal("rows", {("a", 1, "/g"): (5, 0), ("a", 1, "[other]"): (7, 1)}, rows(before, after))
    # And where it began anew.
    after = Text(now=30).row("a", 1, 1, "live", "/f", 5).row("a", 1, 1, "live", "[other]", 157, 3)
    equal("rows", {("a", 1, "/f"): (5, 0), ("a", 1, "[other]"): (7, 1)}, rows(before, after))
    # One that then ended and was folded.
    after = Text(now=30, folded=1).row("a", 0, 0, "folded", "[other]", 160, 3)
    equal("rows", {("a", None, "[other]"): (10, 1)}, rows(before, after))


def test_a_folded_row_that_left_is_in_the_other_of_its_comm_or_of_all():
    before = (Text().row("a", 0, 0, "folded", "/f", 100, 9).row("a", 0, 0, "folded", "/g", 7)
              .row("a", 0, 0, "folded", "[other]", 40).row("[other]", 0, 0, "folded", "[other]", 30))
    after = (Text(now=30).row("a", 0, 0, "folded", "/g", 8).row("a", 0, 0, "folded", "[other]", 142, 9)
             .row("[other]", 0, 0, "folded", "[other]", 31))
    equal("left", {("a", None, "/g"): (1, 0), ("a", None, "[other]"): (2, 0), ("[other]", None, "[other]"): (1, 0)},
          rows(before, after))
    # One that began anew, also where only one of its counters is less than before.
    after = (Text(now=30).row("a", 0, 0, "folded", "/f", 120, 8).row("a", 0, 0, "folded", "/g", 7)
             .row("a", 0, 0, "folded", "[other]", 140, 9).row("[other]", 0, 0, "folded", "[other]", 30))
    equal("anew", {("a", None, "/f"): (120, 8)}, rows(before, after))
    # What was in the [other] of the comm has left, too, and began anew.
    after = (Text(now=30).row("a", 0, 0, "folded", "/g", 7).row("a", 0, 0, "folded", "[other]", 5)
             .row("[other]", 0, 0, "folded", "[other]", 170, 9))
    found = rows(before, after)
    equal("sum", (5, 0), tuple(sum(one[i] for one in found.values()) for i in (0, 1)), found)
    after = Text(now=30).row("a", 0, 0, "folded", "/g", 7).row("[other]", 0, 0, "folded", "[other]", 171, 9)
    equal("of all", {("[other]", None, "[other]"): (1, 0)}, rows(before, after))
    # A special row never leaves: one that is less is none of these.
    before = Text().row("-", 0, 0, "overflow", "[overflow]", 9).row("a", 0, 0, "folded", "[other]", 1)
    after = Text(now=30).row("a", 0, 0, "folded", "[other]", 20)
    equal("special", {("a", None, "[other]"): (19, 0)}, rows(before, after))


def test_a_process_that_was_renamed_and_folded_is_found_by_its_object():
    before = Text().row("old", 1, 1, "live", "/f", 100).row("x", 2, 2, "live", "/g", 9)
    after = (Text(now=30, folded=1).row("new", 0, 0, "folded", "/f", 104)
             .row("x", 2, 2, "live", "/g", 12))
    equal("rows", {("new", None, "/f"): (4, 0), ("x", 2, "/g"): (3, 0)}, rows(before, after))


def test_rows_that_nothing_tells_apart_are_one():
    before = (Text().row("a", 1, 1, "live", "/f", 10, inode=5, dev="8:1")
              .row("a", 1, 1, "live", "/f", 20, inode=5, dev="8:1"))
    after = (Text(now=30).row("a", 1, 1, "live", "/f", 21, inode=5, dev="8:1")
             .row("a", 1, 1, "live", "/f", 12, inode=5, dev="8:1"))
    equal("rows", {("a", 1, "/f"): (3, 0)}, rows(before, after))


def test_a_reset_in_between_is_said_and_the_total_goes_on():
    before = Text().row("a", 1, 1, "live", "[anon]", 100)
    after = Text(now=30, resets=1, lifetime=dict(calls=130, minor=130))
    after.row("a", 1, 1, "live", "[anon]", 4)
    result = diff(before, after)
    equal("since", "reset", result["interval"]["since"])
    equal("row", 4, result["faults"][0]["minor"])
    equal("total", 30, result["interval"]["counts"]["minor"])
    text = run("diff", before.save("before"), after.save("after")).stdout
    check("said to people", "since a reset in between" in text, text)


def test_another_load_is_said_and_counts_from_there():
    before = Text().row("a", 1, 1, "live", "[anon]", 100)
    after = Text(load="bbbbbbbb", at=25, now=30).row("a", 1, 1, "live", "[anon]", 4)
    result = diff(before, after)
    equal("since", "reload", result["interval"]["since"])
    equal("seconds", 5.0, result["interval"]["seconds"])
    equal("total", 4, result["interval"]["counts"]["minor"])
    text = run("diff", before.save("before"), after.save("after")).stdout
    check("said to people", "since the module was reloaded" in text, text)


def test_copies_in_the_wrong_order_are_refused():
    before, after = Text().save("before"), Text(now=30).save("after")
    fails(1, ["was saved after", "earlier copy first"], "diff", after, before)
    fails(2, ["BEFORE AFTER"], "diff", before)
    fails(2, ["BEFORE AFTER"], "diff", before, after, after)


class Host:
    """Processes that are born, fault, end, and are folded; knows the truth."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.ident = 0
        self.live, self.ended, self.folded = {}, [], {}
        self.before = 0

    def step(self, keep):
        chance = self.chance
        for _ in range(chance.randrange(12)):
            self.ident += 1
            self.live[self.ident] = {}
        for objects in self.live.values():
            for _ in range(chance.randrange(4)):
                name = chance.choice(("[anon]", "/f", "/g", "/h"))
                objects[name] = objects.get(name, 0) + chance.randrange(50)
        for objects in self.live.values():
            for name in [one for one in objects if one != "[other]" and chance.randrange(9) == 0]:
                objects["[other]"] = objects.get("[other]", 0) + objects.pop(name)
        for ident in [one for one in self.live if chance.randrange(3) == 0]:
            self.ended.append((ident, self.live.pop(ident)))
        while len(self.ended) > keep:
            ident, objects = self.ended.pop(0)
            for name, count in objects.items():
                key = ("p%d" % (ident % 3), name) if chance.randrange(8) else ("[other]", "[other]")
                self.folded[key] = self.folded.get(key, 0) + count
        # Those that make room.
        for key in [one for one in self.folded if one[0] != "[other]" and chance.randrange(7) == 0]:
            other = ("[other]" if key[1] == "[other]" else key[0], "[other]")
            self.folded[other] = self.folded.get(other, 0) + self.folded.pop(key)

    def text(self, now):
        text = Text(now=now)
        for state, processes in (("live", self.live.items()), ("exited", self.ended)):
            for ident, objects in processes:
                for name, count in objects.items():
                    text.row("p%d" % (ident % 3), 100 + ident % 7, ident, state, name, count)
        for (comm, name), count in self.folded.items():
            text.row(comm, 0, 0, "folded", name, count)
        return text


def test_over_any_history_rows_add_up_to_the_total():
    for seed in range(25):
        host = Host(seed)
        for _ in range(5):
            host.step(6)
        before = host.text(20)
        sums = before.sums()["minor"]
        for _ in range(4):
            host.step(6)
        after = host.text(30)
        result = diff(before, after, "-a")
        total = result["interval"]["counts"]["minor"]
        equal("total, seed %d" % seed, after.sums()["minor"] - sums, total)
        found = [row["minor"] for row in result["faults"]]
        check("none negative", all(one > 0 for one in found), found)
        equal("sum of rows, seed %d" % seed, total, sum(found))


def test_intervals_of_a_file_that_changes_add_up():
    path = Text().row("a", 1, 1, "live", "[anon]", 10).save("growing")
    done = run("-i", path, "0.1", "3", "-J")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    equal("intervals", 3, len(lines))
    equal("first", "load", lines[0]["interval"]["since"])
    equal("the first has everything", 10, lines[0]["interval"]["counts"]["minor"])
    equal("the others nothing", [0, 0], [one["interval"]["counts"]["minor"] for one in lines[1:]])


def steps(path, texts, *words, interval="1", program=PROGRAM):
    """Runs in intervals while the file becomes one text after the other, in place as cp does it."""
    def put(text):
        if text is None:
            os.unlink(path)
            return
        with open(path, "wb") as file:
            file.write(text)
    put(texts[0])
    with subprocess.Popen([program, *words, "-J", interval, str(len(texts))], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env=dict(os.environ, LC_ALL="C.UTF-8")) as child:
        # Each text is there from one line, on either of the two, to the next: a second is enough on a slow machine.
        said = {child.stdout: b"", child.stderr: b""}
        for turn, text in enumerate(texts):
            if turn:
                put(text)
            while sum(part.count(b"\n") for part in said.values()) <= turn:
                ready = select.select(list(said), [], [], 20)[0]
                parts = {one: os.read(one.fileno(), 65536) for one in ready}
                for one, part in parts.items():
                    said[one] += part
                if not all(parts.values()) or not ready:
                    break
        out, err = (part + rest for part, rest in zip(said.values(), child.communicate(timeout=20)))
    return child.returncode, [json.loads(line) for line in out.splitlines()], err.decode().splitlines()


def test_a_copy_that_is_half_written_costs_its_interval_and_no_count():
    def text(now, minor):
        made = Text(now=now)
        for number in range(30):
            made.row("p%d" % number, number + 1, number + 1, "live", "[anon]", minor + number)
        return made.bytes()
    first, second, third = text(20, 100), text(21, 150), text(23, 170)
    lines = second.splitlines(True)
    path = save("half", b"")
    for what, part in (("nothing", b""), ("half a first line", second[:9]), ("half a header", b"".join(lines[:4])),
                       ("half a line", second[:-7]), ("half the rows", b"".join(lines[:-15]))):
        code, found, errors = steps(path, [first, part, third], "-i", path)
        equal("exit code, %s" % what, 0, code, errors)
        equal("intervals, %s" % what, 2, len(found), errors)
        equal("said, %s" % what, 1, len(errors), *errors)
        check("how, %s" % what, errors[0].startswith("kfaultstat: %s: incomplete, so this interval is skipped: " % path), *errors)
        check("not also as another file, %s" % what, "not a" not in errors[0], *errors)
        equal("since before, %s" % what, "before", found[1]["interval"]["since"])
        equal("the next is exact, %s" % what, (3.0, 30 * 70, [70] * 30), (
            found[1]["interval"]["seconds"], found[1]["interval"]["counts"]["minor"], [row["minor"] for row in found[1]["faults"]]))
    code, found, errors = steps(path, [b"", first, third], "-i", path)
    equal("at the beginning", (0, 2, 1), (code, len(found), len(errors)), *errors)
    code, found, errors = steps(path, [first, third, b""], "-i", path)
    equal("at the end", (1, 2, 1), (code, len(found), len(errors)), *errors)
    code, found, errors = steps(path, [first, None, third], "-i", path)
    equal("missing for a moment", (0, 2, 1), (code, len(found), len(errors)), *errors)
    check("how", errors[0].startswith("kfaultstat: %s: No such file or directory: intervals are skipped until" % path), *errors)
    equal("the next is exact", (3.0, 30 * 70), (found[1]["interval"]["seconds"], found[1]["interval"]["counts"]["minor"]))
    os.unlink(path)
    done = run("-i", path, "0.1", "3")
    equal("not there at all", (1, 1), (done.returncode, len(done.stderr.splitlines())), done.stderr)
    save("half", first)
    with subprocess.Popen([PROGRAM, "-J", "-i", path, "0.1", "8"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        child.stdout.readline()
        os.unlink(path)
        out, err = child.communicate(timeout=20)
    equal("missing for good, said once", (1, 1), (child.returncode, err.count(b"\n")), out, err)
    for other in (b"root:x:0:0\n", b"# faultstat 99\n", b"PID"):
        code, found, errors = steps(path, [first, other, third], "-i", path)
        equal("another file ends it", (1, 1, 1), (code, len(found), len(errors)), *errors)
        check("as itself", "incomplete" not in errors[0], *errors)
