# SPDX-License-Identifier: GPL-2.0
"""What is read: the module's text, by names, and what is wrong with it named in a line."""
import json
import os

from tap import (CAPTURED, SCRATCH, Text, check, equal, fails, raw, run, save)


def test_a_captured_text_comes_back_row_by_row():
    with open(CAPTURED, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file if not line.startswith("#")]
    columns = lines[0].split(" ")
    done = run("-i", CAPTURED, "-r", "-s", "calls", "-o", ",".join(columns))
    equal("exit code", 0, done.returncode, done.stderr)
    found = done.stdout.splitlines()
    equal("names", lines[0].upper(), found[0])
    # What is not known, the pid of a special row say, is a dash here.
    wanted = sorted(lines[1:])
    equal("rows", len(wanted), len(found) - 1)
    for one, other in zip(wanted, sorted(found[1:])):
        for column, a, b in zip(columns, one.split(" "), other.split(" ")):
            check("%s: %s is %s" % (column, a, b), a == b or (b == "-" and a in ("0", "0:0")), one)


def test_columns_and_keys_are_found_by_name_wherever_they_are():
    text = Text().row("cat", 7, 3, "live", "/bin/cat", 5, 2, dev="8:1", inode=9).bytes()
    lines = text.decode().splitlines()
    names, row = lines[-2].split(" "), lines[-1].split(" ")
    order = [5, 0, 9, 3, 2, 1, 4, 8, 7, 6, 10, 16, 11, 12, 13, 14, 15, 17, 18, 19]
    lines[-2] = "new " + " ".join(names[i] for i in order[:-1]) + " newer object"
    lines[-1] = "x:y " + " ".join(row[i] for i in order[:-1]) + " 12z /bin/cat"
    lines.insert(3, "# something nobody knows yet 1 2 3")
    lines[1] = "# module 1.9.0 flavour rt kernel 9.9 cpus 2"
    path = save("moved", ("\n".join(lines) + "\n").encode())
    done = run("-i", path, "-r", "-o", "pid,comm,minor,major,dev,inode,object")
    equal("row", [("7", "cat", "5", "2", "8:1", "9", "/bin/cat")],
          raw(done.stdout, "pid", "comm", "minor", "major", "dev", "inode", "object"), done.stderr)


def test_a_deleted_file_is_told_from_one_of_whose_name_that_is_a_part():
    text = Text().row("a", 7, 3, "live", "/d/re (deleted)", 5, dev="8:1", inode=9, deleted=1)
    text.row("a", 7, 3, "live", "/d/re (deleted)", 3, dev="8:1", inode=10)
    text.row("b", 8, 4, "live", "/d/re (deleted)", 2, dev="8:1", inode=9, deleted=1)
    text.row("a", 7, 3, "live", "[anon]", 1)
    path = text.save()
    for words, wanted in (
            ([], [("5", "1"), ("3", "0"), ("2", "1"), ("1", "-")]),
            (["--by", "object"], [("7", "1"), ("3", "0"), ("1", "-")]),
            (["-s", "deleted"], [("5", "1"), ("2", "1"), ("3", "0"), ("1", "-")]),
            (["--by", "comm"], [("9", "-"), ("2", "-")])):
        done = run("-i", path, "-r", "-o", "minor,deleted", *words)
        equal("with %s" % words, wanted, raw(done.stdout, "minor", "deleted"), done.stderr)
    rows = json.loads(run("-i", path, "-J", "-o", "deleted,object", "-s", "minor").stdout)["faults"]
    equal("JSON", [1, 0, 1, None], [row["deleted"] for row in rows])
    # Also in what was counted in between, where two rows differ in nothing else.
    later = Text(now=30).row("a", 7, 3, "live", "/d/re (deleted)", 9, dev="8:1", inode=9, deleted=1)
    later.row("a", 7, 3, "live", "/d/re (deleted)", 3, dev="8:1", inode=9)
    equal("diff", [("4", "1"), ("3", "0")],
          raw(run("diff", path, later.save("later"), "-r", "-o", "minor,deleted").stdout, "minor", "deleted"))


def test_a_text_of_1_0_does_not_say_what_is_deleted():
    # As it was captured then.
    done = run("-i", CAPTURED, "-r", "-o", "deleted")
    equal("exit code", 0, done.returncode, done.stderr)
    equal("not known", {"DELETED", "-"}, set(done.stdout.splitlines()))


def test_what_the_kernel_counted_is_shown_where_it_is_known():
    text = Text(checked=(3, 0, 1)).row("a", 7, 3, "exited", "[anon]", 5, 2, kernel_minor=6, kernel_major=2)
    text.row("a", 7, 3, "exited", "[heap]", 1, kernel_minor=6, kernel_major=2)
    text.row("a", 7, 4, "live", "[anon]", 4, kernel_minor=4, kernel_major=0)
    text.row("b", 8, 5, "live", "[anon]", 3, kernel_minor="-", kernel_major="-")
    text.row("c", 0, 0, "folded", "[anon]", 2, kernel_minor="-", kernel_major="-")
    path = text.save()

    def shown(*words, key="-o"):
        done = run("-i", path, "-r", key, "minor,kernel_minor,kernel_major", "-s", "minor", *words)
        return raw(done.stdout, "minor", "kernel_minor", "kernel_major")
    equal("rows", [("5", "6", "2"), ("4", "4", "0"), ("3", "-", "-"), ("2", "-", "-"), ("1", "6", "2")], shown())
    # Each program of a process has its own.
    equal("processes", [("6", "6", "2"), ("4", "4", "0"), ("3", "-", "-"), ("2", "-", "-")], shown("--by", "process"))
    for by in ("object", "comm", "dir"):
        equal("by %s" % by, {("-", "-")}, {row[1:] for row in shown("--by", by)})
    rows = json.loads(run("-i", path, "-J", "--by", "process", "-o", "+kernel_minor,kernel_major", "-s", "minor").stdout)
    equal("JSON", [(6, 2), (4, 0), (None, None), (None, None)],
          [(row["kernel_minor"], row["kernel_major"]) for row in rows["faults"]])
    equal("in its header", {"processes": 3, "different": 0, "unchecked": 1}, rows["faultstat"]["checked"])
    # By the whole life of the process nothing can be said of an interval.
    later = Text(now=30, checked=(3, 0, 1)).row("a", 7, 4, "live", "[anon]", 9, kernel_minor=9, kernel_major=0)
    equal("diff", [("5", "-", "-")],
          raw(run("diff", path, later.save("later"), "-r", "-o", "minor,kernel_minor,kernel_major").stdout,
              "minor", "kernel_minor", "kernel_major"))


def test_a_text_of_1_1_does_not_say_what_the_kernel_counted():
    for path in (CAPTURED, Text().row("a", 7, 3, "live", "[anon]", 5).save()):
        done = run("-i", path, "-r", "--by", "process", "-o", "kernel_minor,kernel_major")
        equal("exit code", 0, done.returncode, done.stderr)
        equal("not known", {"KERNEL_MINOR KERNEL_MAJOR", "- -"}, set(done.stdout.splitlines()))
        equal("JSON", None, json.loads(run("-i", path, "-J").stdout)["faultstat"]["checked"])


def test_damage_of_what_the_kernel_counted_is_named():
    good = Text(checked=(3, 0, 1)).row("cat", 7, 3, "live", "/bin/cat", 5, kernel_minor=777, kernel_major="-")
    good = good.bytes().decode()
    equal("a dash in one of the two", 0, run("-i", save("damaged", good.encode())).returncode)
    for before, after, words in (
            (" 777 - ", " 777x - ", ["line 12", "invalid value of kernel_minor: 777x"]),
            (" 777 - ", " 777 -- ", ["line 12", "invalid value of kernel_major: --"]),
            ("different 0", "different x", ["line 10", "different", "checked"]),
            (" unchecked 1", "", ["line 10", "no unchecked in the line checked"]),
    ):
        check("%r is there" % before, before in good)
        fails(1, words, "-i", save("damaged", good.replace(before, after, 1).encode()))


def test_a_newer_format_is_refused_in_one_line():
    path = Text(version=2).save()
    fails(1, ["unsupported format version 2 (supported: 1)", path], "-i", path)
    fails(1, ["format version 2"], "-i", "-", stdin=Text(version=2).bytes())
    fails(1, ["format version 2"], "diff", path, path)


def test_what_is_no_text_of_ours_is_refused():
    for number, (content, words) in enumerate((
            (b"", ["empty file"]),
            (b"hello\n", ["not a faultstat file"]),
            (b"# faultstat x\n", ["not a faultstat file"]),
            (b"# faultst", ["line 1: the copy is truncated"]),
            (b"# faultstat 1", ["line 1: the copy is truncated"]),
            (b"# faultstat-heat 1", ["not a faultstat file"]),
            (b"# faultstat 1\n", ["missing header line load"]),
            (b"\0" * 100, ["not a faultstat file"]),
    )):
        fails(1, words, "-i", save("bad%d" % number, content))
    fails(1, ["Is a directory"], "-i", SCRATCH)
    fails(1, ["No such file"], "-i", os.path.join(SCRATCH, "nothing"))
    fails(1, ["not a faultstat file"], "-i", "/etc/passwd")


def test_damage_is_named_with_its_line():
    good = Text().row("cat", 7, 3, "live", "/bin/cat", 5).bytes().decode()
    for before, after, words in (
            (" pid id", " id", ["line 10", "no column pid"]),
            (" object\n", "\n", ["line 10", "no column object"]),
            ("deleted object\n", "object deleted\n", ["line 10", "the last column is not object"]),
            ("comm pid", "comm comm pid", ["line 10", "duplicate column comm"]),
            ("cat 7 3 ", "cat 7 3 x ", ["line 11"]),
            ("cat 7 ", "cat 7x ", ["line 11", "pid", "7x"]),
            ("cat 7 ", "cat -7 ", ["line 11", "pid"]),
            ("cat 7 ", "cat 99999999999 ", ["line 11", "pid"]),
            ("live 1 5", "live 1 18446744073709551616", ["line 11", "calls"]),
            (" 0:0 0 0 /bin/cat", " 0 0 0 /bin/cat", ["line 11", "dev"]),
            (" 0:0 0 0 /bin/cat", "", ["line 11", "columns"]),
            (" 0:0 0 0 /bin/cat", " 0:0 0 2 /bin/cat", ["line 11", "invalid value of deleted: 2"]),
            (" 0:0 0 0 /bin/cat", " 0:0 0 10 /bin/cat", ["line 11", "invalid value of deleted: 10"]),
            (" /bin/cat\n", "\n", ["line 11"]),
            ("now 20.000", "now never", ["line 3", "now"]),
            (" now 20.000", "", ["line 3", "no now"]),
            ("# total ", "# totals ", ["missing header line total"]),
            ("# lifetime ", "# life ", ["missing header line lifetime"]),
            ("# table ", "# tables ", ["missing header line table"]),
            ("minor 5 major", "major", ["minor"]),
            ("\ncat", "\nc\0t", ["NUL"]),
    ):
        check("%r is there" % before, before in good)
        fails(1, words, "-i", save("damaged", good.replace(before, after, 1).encode()))


def test_a_text_that_was_cut_anywhere_is_refused():
    text = Text().row("a b", 7, 3, "live", "/bin/\\x \n", 5, 1).row("c", 0, 0, "folded", "[anon]", 2)
    text = text.bytes()
    columns = text.index(b"\ncomm pid") + 1
    whole = [i + 1 for i, c in enumerate(text) if c == 10]
    for size in set(range(0, len(text), 7)) | set(range(len(text) - 50, len(text))) | set(whole):
        # The columns' line makes it a table, and the header a copy of totals.
        rows = size in whole and size > columns
        done = run("-i", "-", "-r", stdin=text[:size])
        equal("exit code with %d bytes" % size, 0 if rows else 1, done.returncode, done.stderr)
        if rows and size < len(text):
            check("said with %d bytes" % size, "seems truncated" in done.stderr, done.stderr)
        else:
            equal("lines with %d bytes" % size, 0 if rows else 1, len(done.stderr.splitlines()), done.stderr)
        totals = size in whole and size >= columns
        done = run("doctor", "-i", "-", stdin=text[:size])
        equal("doctor with %d bytes" % size, 0 if totals else 1, done.returncode, done.stdout)


def test_a_last_row_without_an_end_is_named():
    text = Text().row("a", 7, 3, "live", "/bin/sh", 5, 1).row("c", 8, 4, "live", "/etc/ld.so.cache", 2).bytes()
    for cut in (1, 3, 6):
        line = fails(1, ["line 12", "truncated"], "-i", save("cut", text[:-cut]))
        check("nothing else", "columns" not in line, line)


def test_a_copy_that_lacks_rows_is_shown_with_a_warning():
    text = Text()
    for number in range(50):
        text.row("a", number + 1, number + 1, "live", "/f", 100)
    lines = text.bytes().splitlines(keepends=True)
    path = save("cut", b"".join(lines[:-20]))
    for words in (["-i", path, "-r"], ["diff", path, text.save("whole"), "-r"]):
        done = run(*words)
        equal("exit code", 0, done.returncode)
        equal("warning", "kfaultstat: %s: its rows have 3000 of 5000 calls: the copy seems truncated\n" % path,
              done.stderr)
    # Rows and total are of one moment since 1.1: what a copy lacks shows, however little it is.
    one = b"".join(lines[:-1])
    equal("one row", "kfaultstat: %s: its rows have 4900 of 5000 calls: the copy seems truncated\n" % save("one", one),
          run("-i", save("one", one), "-r").stderr)
    # With 1.0 some calls are in the total and not yet in a row; after a reset rows have nothing.
    old = text.bytes().replace(b" inode deleted object", b" inode object").replace(b" 0 /f\n", b" /f\n")
    for number in (1, 0):
        busy = old.replace(b"total calls 5000", b"total calls %d" % (5000 + 45 * number))
        busy = busy.replace(b"table rows 50", b"table rows 70")
        equal("no warning", "", run("-i", save("busy", busy), "-r").stderr)
    # What a reader in a container may not see is in one row.
    equal("no warning", "", run("-i", save("hidden", b"".join(lines[:-20]) + lines[-1].replace(
        b"a 50 50 live 1 100 100", b"- 0 0 hidden 0 2000 2000").replace(b"/f", b"[hidden]")), "-r").stderr)


def test_a_copy_of_totals_has_no_rows():
    text = Text().row("cat", 7, 3, "live", "/bin/cat", 5).bytes()
    path = save("totals", text[:text.index(b"comm pid")])
    fails(1, ["no rows", "/proc/faultstat/faults"], "-i", path)
    equal("doctor", 0, run("doctor", "-i", path).returncode)


def test_an_empty_table_is_no_error():
    path = Text().save()
    done = run("-i", path)
    equal("exit code", 0, done.returncode)
    equal("output", "", done.stderr)


def test_standard_input_is_read():
    done = run("-i", "-", "-r", "-o", "comm", stdin=Text().row("x", 1, 1, "live", "[anon]", 1).bytes())
    equal("output", "COMM\nx\n", done.stdout)
