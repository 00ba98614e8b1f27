# SPDX-License-Identifier: GPL-2.0
"""regions: heat as the module tells it, joined with what of real files is cached and mapped."""
import json
import os
import re
import signal
import subprocess
import time
import xml.etree.ElementTree

from cache import overlays
from delta import steps
from memory import PAGE, Process, bring, fill, folder, json_of, need_root, undisturbed
from tap import PLAIN, PROGRAM, SCRATCH, STANDIN, Skip, check, equal, escape, fails, raw, run, save

COLUMNS = "comm pid id state dev inode deleted region_size calls major lost lost_major regions object"


class Heat:
    """A text such as /proc/faultstat/heat, made of rows."""

    def __init__(self, load="81f0c2aa", now=20.0, resets=0, lost=0):
        self.load, self.now, self.resets, self.lost, self.rows = load, now, resets, lost, []

    def row(self, path, regions, size=PAGE, pid=7, ident=1, comm="search", state="live", lost=0, identity=None,
            deleted=0):
        """@regions: {index: (calls, majors)}; who the file is comes from the file itself."""
        major, minor, inode = identity or identity_of(path)
        cells = ",".join("%d:%d:%d" % (index, *regions[index]) for index in sorted(regions)) or "-"
        self.rows.append(b" ".join((escape(comm, True), (
            "%s %d %s %d:%d %d %d %d %d %d %d 0 %s" % (
                pid, ident, state, major, minor, inode, deleted, size,
                sum(calls for calls, _ in regions.values()),
                sum(majors for _, majors in regions.values()), lost, cells)).encode(), escape(path))))
        return self

    def bytes(self):
        header = ("# faultstat-heat 1\n# load %s at 10.000 now %.3f realtime %.3f resets %d\n"
                  "# settings heat_pid=\n# heat rows %d requests 1 memory 20480 lost %d\n%s\n" % (
                      self.load, self.now, 1763776800 + self.now, self.resets, len(self.rows), self.lost, COLUMNS))
        return header.encode() + b"".join(row + b"\n" for row in self.rows)

    def save(self, name="heat"):
        """As one step, for a reader that reads it again and again."""
        path = save(name + ".new", self.bytes())
        os.rename(path, os.path.join(SCRATCH, name))
        return os.path.join(SCRATCH, name)


def identity_of(path):
    """As /proc/PID/maps has it, which is as stat has it on the file systems of these tests."""
    about = os.stat(path)
    return os.major(about.st_dev), os.minor(about.st_dev), about.st_ino


def by_offset(said):
    return {row["offset"]: row for row in said["regions"]}


@undisturbed
def test_a_process_whose_leader_has_exited():
    path = fill(os.path.join(folder(), "file"), 1024)
    with Process(leader=False) as process:
        process.do("add(%r, 1024); read(0, *range(8, 20)); read(0, 512)" % path)
        heat = Heat().row(path, {0: (3, 1)}, 16 * PAGE, int(process.pid)).save()
        for words in ([path], ["-p", process.pid, "-f", path]):
            said = json_of("regions", "-i", heat, "--parts", "64", *words)
            found = by_offset(said)
            equal("mapped with %s" % words, (8, 4, 1), tuple(
                found[page * PAGE]["mapped"] // PAGE for page in (0, 16, 512)))
            equal("cached", (1024 * PAGE, 13 * PAGE), (said["total"]["size"], said["total"]["cached"]))
            equal("whose", [int(process.pid)], [one["pid"] for one in said["processes"]])


@undisturbed
def test_what_is_cached_mapped_and_faulted_on_is_joined_by_region():
    path = fill(os.path.join(folder(), "file"), 1024)
    bring(path, range(32, 64))
    with Process() as process:
        process.do("add(%r, 1024); read(0, *range(8, 20)); read(0, 512)" % path)
        heat = Heat().row(path, {0: (3, 1), 1: (9, 2), 32: (1, 1)}, 16 * PAGE, process.pid).save()
        for words in ([path], ["-p", process.pid, "-f", path]):
            said = json_of("regions", "-i", heat, "--parts", "64", *words)
            rows = by_offset(said)
            equal("regions", [i * 16 * PAGE for i in range(64)], sorted(rows))
            for offset, pages in ((0, (8, 8, 3, 1)), (16, (4, 4, 9, 2)), (32, (16, 0, 0, 0)), (512, (1, 1, 1, 1)),
                                  (640, (0, 0, 0, 0))):
                row = rows[offset * PAGE]
                equal("region at page %d" % offset, pages, (row["cached"] // PAGE, row["mapped"] // PAGE,
                                                           row["calls"], row["major"]))
            equal("shares", (50.0, 50.0, 23.1), tuple(rows[0][key] for key in ("cached%", "mapped%", "share%")))
            equal("the one with the most is first", 16 * PAGE, said["regions"][0]["offset"])
            equal("total", (1024 * PAGE, 45 * PAGE, 13 * PAGE, 13, 4, 0), tuple(said["total"][key] for key in (
                "size", "cached", "mapped", "calls", "major", "lost")))
            equal("since", ("heat", None), (said["interval"]["since"], said["interval"]["seconds"]))
            equal("whose", [int(process.pid)], [one["pid"] for one in said["processes"]])
        said = json_of("regions", "-i", heat, "--parts", "2", path)
        equal("two regions", [(0, 12, 3), (512 * PAGE, 1, 1)], sorted(
            (row["offset"], row["calls"], row["major"]) for row in said["regions"]))
        words = run("regions", "-i", heat, "-r", "-s", "offset:asc", path).stdout
        equal("raw", ("0", "8", "8", "3", "1"), tuple(
            str(int(one) // (1 if i in (0, 3, 4) else PAGE)) for i, one in enumerate(
                raw(words, "offset", "cached", "mapped", "calls", "major")[0])))
        check("raw total", re.search(r"^# total size 4194304 .* calls 13 major 4 lost 0$", words, re.M), words)
        table = run("regions", "-i", heat, "-n", "1", path).stdout
        check("table", re.search(r"^ *64K +64K +16K +25\.0 +16K +25\.0 +9 +69\.2 +2 /", table, re.M), table)
        check("total", re.search(r"^ .* 13 +100\.0 +4 total$", table, re.M), table)
        check("whose", re.search(r"^of %s python" % process.pid, table, re.M), table)


@undisturbed
def test_a_page_that_several_map_counts_once():
    path = fill(os.path.join(folder(), "file"), 64)
    with Process() as one, Process() as other:
        one.do("add(%r, 64); read(0, *range(0, 10))" % path)
        other.do("add(%r, 32, offset=0); read(0, *range(5, 20))" % path)
        heat = Heat().row(path, {0: (10, 1)}, PAGE * 64, one.pid, 1)
        heat = heat.row(path, {0: (15, 2)}, PAGE * 64, other.pid, 2).save()
        for words in ([path], ["-p", one.pid + "," + other.pid, "-f", path]):
            said = json_of("regions", "-i", heat, "--parts", "1", *words)
            row = said["regions"][0]
            equal("mapped and faults", (20, 25, 3), (row["mapped"] // PAGE, row["calls"], row["major"]))
        row = json_of("regions", "-i", heat, "--parts", "1", "-p", one.pid, "-f", path)["regions"][0]
        equal("of one alone", (10, 10, 1), (row["mapped"] // PAGE, row["calls"], row["major"]))


@undisturbed
def test_names_of_one_file_have_its_pages_once_in_the_total():
    place = folder()
    paths = [fill(os.path.join(place, "file"), 64), os.path.join(place, "link")]
    os.link(*paths)
    with Process() as process:
        for path in paths:
            process.do("add(%r, 64)" % path)
        process.do("read(0, *range(16))")
        words = ["-i", Heat().row(paths[0], {0: (16, 1)}, PAGE * 64, process.pid).save(), "-p", process.pid, "-f",
                 place + "/*", "--parts", "1"]
        said = json_of("regions", *words)
        equal("rows", {path: 16 for path in paths}, {row["file"]: row["cached"] // PAGE for row in said["regions"]})
        equal("total", (16, 25.0), (said["total"]["cached"] // PAGE, said["total"]["cached%"]))
        text = run("regions", *words).stdout
        check("why", "\npages shared with another file count once: 64K of 1 file, in cached\n" in text, text)


@undisturbed
def test_pages_that_files_of_overlayfs_share_are_once_in_the_total():
    place = folder()
    os.mkdir(os.path.join(place, "lower"))
    below = fill(os.path.join(place, "lower", "file"), 64)
    bring(below, range(16))
    with overlays(place, "a", "b") as found:
        if json_of("cache", found[0])["total"]["shared_unknown"]:
            raise Skip("this kernel does not say which files are below")
        paths = [os.path.join(one, "file") for one in found] + [below]
        said = json_of("regions", "-i", Heat().save(), "--parts", "1", *paths)
        equal("rows", {path: 16 for path in paths}, {row["file"]: row["cached"] // PAGE for row in said["regions"]})
        equal("total", (16, 25.0), (said["total"]["cached"] // PAGE, said["total"]["cached%"]))
        text = run("regions", "-i", Heat().save(), *paths).stdout
        check("why", "\npages shared with another file count once: 128K of 2 files, in cached\n" in text, text)


def test_shared_memory_without_a_name_is_never_deleted():
    need_root()
    with Process() as process:
        process.do("add(None, 14); f = os.memfd_create('x'); os.ftruncate(f, 8 * PAGE); maps.append(mmap.mmap(f, 0))")
        for words, name in ((["map"], "object"), (["cache"], "file"), (["regions", "-i", Heat().save()], "file")):
            said = json_of(*words, "-p", process.pid, "-f", "*[sx]*")[words[0]]
            equal("of %s" % words[0], {("[shm]", 0), ("/memfd:x (deleted)", 1)},
                  {(row[name], row["deleted"]) for row in said if row[name] in ("[shm]", "/memfd:x (deleted)")})


@undisturbed
def test_rows_of_other_region_sizes_meet():
    path = fill(os.path.join(folder(), "file"), 256)
    heat = Heat().row(path, {0: (1, 0), 1: (2, 0), 5: (4, 1)}, 16 * PAGE, 7, 1)
    heat = heat.row(path, {0: (8, 1), 1: (16, 0)}, 64 * PAGE, 8, 2).save()
    said = json_of("regions", "-i", heat, path)
    equal("as the larger has them", {0: (11, 1), 64 * PAGE: (20, 1), 128 * PAGE: (0, 0), 192 * PAGE: (0, 0)},
          {offset: (row["calls"], row["major"]) for offset, row in by_offset(said).items()})


@undisturbed
def test_a_file_that_has_become_shorter_keeps_its_faults():
    path = fill(os.path.join(folder(), "file"), 3)
    heat = Heat().row(path, {0: (1, 0), 40: (5, 5)}, PAGE, 7, 1).row(path, {1: (1, 0)}, PAGE, 8, 2).save()
    said = json_of("regions", "-i", heat, path)
    rows = by_offset(said)
    equal("regions", 41, len(rows))
    equal("behind its end", (0, 5, None), tuple(rows[40 * PAGE][key] for key in ("size", "calls", "cached%")))
    equal("all", (7, 3 * PAGE), (said["total"]["calls"], said["total"]["size"]))


def watch(heats, *words, first=1, interval="0.5", between=None, env=None, program=PROGRAM):
    """Lines of JSON of intervals, with the next text in place after each."""
    name = heats[0].save("watched")
    source = [] if env else ["-i", name]
    with subprocess.Popen([program, "regions", "-J", *source, *words, interval, str(len(heats) + first - 1)],
                          stdout=subprocess.PIPE, text=True, env=env) as child:
        found = []
        for turn in range(len(heats) + first - 1):
            found.append(json.loads(child.stdout.readline()))
            if turn + 2 - first < len(heats):
                if between:
                    between(turn)
                heats[turn + 2 - first].save("watched")
        equal("nothing more", "", child.stdout.read())
        equal("exit code", 0, child.wait())
    return found


@undisturbed
def test_intervals_are_what_came_even_if_regions_have_doubled():
    path = fill(os.path.join(folder(), "file"), 64)
    heats = [Heat(now=20).row(path, {0: (1, 0), 1: (2, 1), 9: (3, 0)}, PAGE),
             Heat(now=21).row(path, {0: (1, 0), 1: (7, 1), 9: (3, 0)}, PAGE),
             # Doubled: 0 and 1 are 8 calls by now, 9 is in 4.
             Heat(now=22).row(path, {0: (9, 2), 4: (3, 0), 20: (6, 6)}, 2 * PAGE),
             # By two at once, and a new one.
             Heat(now=24.5).row(path, {0: (10, 2), 1: (3, 0), 5: (9, 9)}, 8 * PAGE)
             .row(path, {2: (2, 0)}, 8 * PAGE, 8, 2)]
    found = watch(heats, path)
    equal("since", [("heat", None), ("before", 1.0), ("before", 1.0), ("before", 2.5)],
          [(one["interval"]["since"], one["interval"]["seconds"]) for one in found])
    equal("at first all regions", 64, len(found[0]["regions"]))
    moved = [{row["offset"] // PAGE: (row["calls"], row["major"]) for row in one["regions"]} for one in found[1:]]
    equal("what came", [{1: (5, 0)}, {0: (1, 1), 40: (6, 6)}, {0: (1, 0), 16: (2, 0), 40: (3, 3)}], moved)
    equal("total", [6, 5, 7, 6], [one["total"]["calls"] for one in found])


@undisturbed
def test_reload_reset_and_what_was_forgotten_count_from_nothing():
    path = fill(os.path.join(folder(), "file"), 8)
    heats = [Heat(now=20).row(path, {0: (5, 1)}),
             Heat(now=21, load="new").row(path, {0: (6, 1)}),
             Heat(now=22, load="new", resets=1).row(path, {0: (7, 1)}),
             Heat(now=23, load="new", resets=1).row(path, {0: (3, 0)}),
             Heat(now=24, load="new", resets=1),
             Heat(now=25, load="new", resets=1).row(path, {0: (4, 0)}),
             # The same pid, and another process.
             Heat(now=26, load="new", resets=1).row(path, {0: (4, 0)}, state="exited").row(path, {0: (9, 0)}, ident=2)]
    found = watch(heats, path)
    equal("since", ["heat", "reload", "reset", "before", "before", "before", "before"],
          [one["interval"]["since"] for one in found])
    equal("calls", [5, 6, 7, 3, 0, 4, 9], [one["total"]["calls"] for one in found])


@undisturbed
def test_a_process_that_has_ended_still_has_its_faults():
    path = fill(os.path.join(folder(), "file"), 8)
    with Process() as process:
        gone = process.pid
    heat = Heat().row(path, {1: (4, 1)}, PAGE, gone, state="exited")
    heat.row("/nowhere/at all <&>", {2: (3, 0)}, PAGE, gone, state="exited", identity=(9, 9, 99))
    heat.row(path, {1: (100, 0)}, PAGE, 1, 2)
    said = json_of("regions", "-i", heat.save(), "-p", gone)
    rows = {(row["file"], row["offset"] // PAGE): row for row in said["regions"]}
    equal("its file is found by its name", (4, 1, 0, 0), tuple(rows[path, 1][key] for key in (
        "calls", "major", "cached", "mapped")))
    equal("one that is gone", (3, PAGE, None, "gone"), tuple(rows["/nowhere/at all <&>", 2][key] for key in (
        "calls", "size", "cached", "state")))
    equal("nobody lives", [], said["processes"])
    equal("total", 7, said["total"]["calls"])
    equal("all that the copy has", 107, json_of("regions", "-i", heat.save())["total"]["calls"])
    fails(1, ["no such process"], "regions", "-i", Heat().save(), "-p", gone)


@undisturbed
def test_all_processes_that_end_are_the_end():
    path = fill(os.path.join(folder(), "file"), 8)
    env = dict(os.environ, LC_ALL="C.UTF-8", LD_PRELOAD=STANDIN, FAULTSTAT_REQUESTS=save("requests", b""))
    with Process() as process:
        process.do("add(%r, 8); read(0, 0)" % path)
        env["FAULTSTAT_COPY"] = Heat(now=20).row(path, {0: (1, 0)}, PAGE, process.pid).save("ends")
        with subprocess.Popen([PLAIN, "regions", "-J", "-p", process.pid, "-f", path, "0.5"], env=env,
                              stdout=subprocess.PIPE, text=True) as child:
            child.stdout.readline()
            Heat(now=21).row(path, {0: (3, 0)}, PAGE, process.pid, state="exited").save("ends")
            process.child.kill()
            process.child.wait()
            rest = [json.loads(line) for line in child.stdout]
            equal("exit code", 0, child.wait())
    equal("its last faults are shown", 2, rest[-1]["total"]["calls"])


@undisturbed
def test_heat_is_asked_for_those_that_map_the_file_and_for_no_others():
    path = fill(os.path.join(folder(), "file"), 8)
    requests = save("requests", b"")
    env = dict(os.environ, LC_ALL="C.UTF-8", LD_PRELOAD=STANDIN, FAULTSTAT_REQUESTS=requests)

    def asked():
        with open(requests, encoding="ascii") as file:
            return file.read()

    with Process() as one, Process() as other, Process() as late:
        one.do("add(%r, 8); read(0, 0)" % path)
        other.do("add(%r, 8); read(0, 3)" % path)
        env["FAULTSTAT_COPY"] = Heat(now=20).save("asked")
        begin = time.monotonic()
        done = subprocess.run([PLAIN, "regions", path], env=env, capture_output=True, text=True, check=True)
        check("for a second", 1 <= time.monotonic() - begin < 8)
        equal("said", "# faults are not counted by region yet: measuring for 1 s", done.stdout.splitlines()[0])
        wanted = sorted((int(one.pid), int(other.pid)))
        equal("both", wanted, sorted(map(int, asked().split(","))))

        # Somebody else has them counted: nothing is to be waited for, and nothing asked.
        save("requests", b"")
        Heat(now=20).row(path, {0: (5, 1)}, PAGE, int(one.pid)).row(
            "/x", {}, PAGE, int(other.pid), 2, identity=(1, 1, 1)).save("asked")
        said = json.loads(subprocess.run([PLAIN, "regions", "-J", path], env=env, capture_output=True,
                                         check=True).stdout)
        equal("at once", ("heat", 5, ""), (said["interval"]["since"], said["total"]["calls"], asked()))

        # In intervals we ask nevertheless: the other may end. Who maps the file later is asked for, too.
        Heat(now=20).save("watched")
        env["FAULTSTAT_COPY"] = os.path.join(SCRATCH, "watched")

        def between(turn):
            if not turn:
                late.do("add(%r, 8); read(0, 5)" % path)

        found = watch([Heat(now=20 + turn) for turn in range(4)], path, first=0, between=between, env=env,
                      program=PLAIN)
        equal("the first is an interval", "before", found[0]["interval"]["since"])
        lists = asked()
        equal("all three", sorted([*wanted, int(late.pid)]), sorted(map(int, lists[len(
            "%s,%s" % (one.pid, other.pid)):].split(","))))

        save("requests", b"")
        subprocess.run([PLAIN, "regions", "-r", "-p", one.pid], env=env, capture_output=True, check=True)
        equal("only that one", one.pid, asked())


def test_without_the_module():
    if os.path.exists("/proc/faultstat"):
        return
    fails(3, ["not loaded", "modprobe faultstat"], "regions", "/etc/passwd")
    fails(3, ["not loaded"], "regions", "-p", str(os.getpid()), "1")


def test_damage_is_named_with_its_line():
    good = Heat().row("/etc/passwd", {0: (3, 1), 2: (1, 0)}, 4096).bytes().decode()
    for before, after, words in (
            ("# faultstat-heat 1", "# faultstat 1", ["not a faultstat file"]),
            ("# faultstat-heat 1", "# faultstat-heat 2", ["unsupported format version 2 (supported: 1)"]),
            ("# load ", "# loads ", ["missing header line load"]), ("# heat ", "# heats ", ["missing header line heat"]),
            (" requests 1", "", ["line 4", "no requests"]), (" rows 1", "", ["line 4", "no rows"]), ("lost 0\n", "lost x\n", ["line 4", "lost"]),
            ("now 20.000", "now never", ["line 2", "now"]),
            (" region_size", "", ["line 5", "no column region_size"]),
            ("comm pid", "comm comm pid", ["line 5", "duplicate column comm"]),
            ("regions object\n", "object regions\n", ["line 5", "the last column is not object"]),
            (" 4096 4 ", " 4095 4 ", ["line 6", "region_size", "4095"]),
            (" 4096 4 ", " 12288 4 ", ["line 6", "region_size"]), (" 4096 4 ", " 2048 4 ", ["region_size"]),
            (" 4096 4 ", " 9223372036854775808 4 ", ["line 6", "region_size"]),
            (" 4096 4 ", " 4096 -4 ", ["line 6", "calls"]),
            ("0:3:1", "0:3", ["line 6", "regions"]), ("0:3:1", "256:3:1", ["line 6", "regions"]),
            ("0:3:1", "0:3:1:1", ["regions"]), ("0:3:1", "2:3:1", ["line 6", "regions"]),
            ("0:3:1", ":3:1", ["regions"]), ("0:3:1,", "0:3:1,,", ["regions"]), ("0:3:1,", ",", ["regions"]),
            (",2:1:0 ", ",2:1:0, ", ["regions"]), ("0:3:1", "0:99999999999999999999:1", ["regions"]),
            ("search 7", "search x", ["line 6", "pid"]), (" 1 live", " x live", ["line 6", "id"]),
            (" /etc/passwd\n", "\n", ["line 6"]), ("\nsearch", "\nse\0rch", ["NUL"])):
        check("%r is there" % before, before in good)
        fails(1, words, "regions", "-i", save("damaged", good.replace(before, after, 1).encode()))
    large = good.replace(" 4096 4 ", " %d 4 " % (1 << 58))
    equal("the largest regions", 4, json_of("regions", "-i", save("large", large.encode()))["total"]["calls"])
    fails(1, ["line 6", "impossible regions"], "regions", "-i", save("far", large.replace("2:1:0", "16:1:0").encode()))
    text = good.encode()
    whole = {i + 1 for i, c in enumerate(text) if c == 10}
    columns = text.index(b"\ncomm pid") + 2
    for size in range(len(text)):
        done = run("regions", "-i", "-", "-r", stdin=text[:size])
        equal("exit code with %d bytes" % size, 0 if size in whole and size > columns else 1, done.returncode,
              done.stderr)
    more = good.replace("comm pid", "more comm pid").replace("search 7", "x:y search 7").replace(
        " requests", " new 5 requests").replace("# heat", "# newer line\n# heat")
    equal("a newer module's", 4, json_of("regions", "-i", save("more", more.encode()))["total"]["calls"])


@undisturbed
def test_calls_without_a_region_are_said():
    path = fill(os.path.join(folder(), "file"), 8)
    heat = Heat().row(path, {0: (1, 0)}, lost=5).save()
    equal("lost", 5, json_of("regions", "-i", heat, path)["total"]["lost"])
    check("said", "calls in no region, as the module was out of memory: 5" in run("regions", "-i", heat, path).stdout)


def picture(path):
    """The parsed picture: it is XML, it says what it shows, and has all that a reader needs."""
    with open(path, "rb") as file:
        text = file.read()
    root = xml.etree.ElementTree.fromstring(text)
    name = "{http://www.w3.org/2000/svg}"
    equal("root", name + "svg", root.tag)
    check("nothing from elsewhere", b"<script" not in text and b"href" not in text and b"url(" not in text)
    check("light and dark", b"prefers-color-scheme:dark" in text)
    words = ["".join(one.itertext()) for one in root.iter(name + "text")]
    return root, words, [one.get("d").count("M") for one in root.iter(name + "path")
                         if re.match(r"cell c\d", one.get("class", ""))]


@undisturbed
def test_the_picture_has_a_column_for_each_interval():
    place = folder()
    path = fill(os.path.join(place, "a <b>&\"c'\x1b\n"), 64)
    drawn = os.path.join(place, "heat.svg")
    with open(drawn, "wb") as file:
        file.write(b"what was there before, and is longer" * 10000)
    heats = [Heat(now=20).row(path, {0: (1, 0)}), Heat(now=21).row(path, {0: (2, 1), 7: (50, 0)}),
             Heat(now=22).row(path, {0: (102, 2), 7: (50, 0), 63: (1, 1)})]
    watch(heats, "--svg", drawn, path)
    _, words, cells = picture(drawn)
    equal("a cell for a region that had faults in an interval", 4, sum(cells))
    joined = "\n".join(words)
    for word in ("Faults by time and offset", "seconds since ", "offset in the file", "faults (calls) per second",
                 "a <b>&\"c'\\033\\012", "calls", "major", "cached", "mapped", "2 columns of 1 s", "256KiB",
                 "a row: 4KiB"):
        check("%s in the picture" % word, word in joined, joined)
    run("regions", "-i", heats[0].save(), "--svg", drawn, path)
    _, words, cells = picture(drawn)
    equal("one look", 1, sum(cells))
    check("it is said", "since faults are counted by region, until " in "\n".join(words), words)
    run("regions", "-i", Heat().save(), "--svg", drawn, path)
    picture(drawn)
    fails(1, ["/nowhere/x", "No such file"], "regions", "-i", heats[0].save(), "--svg", "/nowhere/x", path)
    done = run("regions", "-i", heats[0].save(), "--svg", "/dev/full", path)
    equal("a full disk", 1, done.returncode)
    check("said", "/dev/full" in done.stderr, done.stderr)


@undisturbed
def test_a_signal_finishes_the_picture_and_ends_us_by_itself():
    place = folder()
    path = fill(os.path.join(place, "file"), 64)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        drawn = os.path.join(place, "heat-%d.svg" % number)
        heat = Heat(now=20).row(path, {0: (1, 0)}).save("signal")
        with subprocess.Popen([PROGRAM, "regions", "-r", "-i", heat, "--svg", drawn, path, "0.3"],
                              stdout=subprocess.PIPE, text=True) as child:
            child.stdout.readline()
            Heat(now=21).row(path, {0: (9, 0)}).save("signal")
            for line in child.stdout:
                if " in the interval" in line:
                    break
            child.send_signal(number)
            child.stdout.read()
            equal("ended by", -number, child.wait(10))
        equal("cells", 1, sum(picture(drawn)[2]))


def test_names_can_hold_any_byte():
    name = "/x \x1b[31m\n\\\xff"
    heat = Heat().row(name, {0: (1, 0)}, 4096, comm="a b\x1b", identity=(1, 2, 3)).save()
    equal("JSON", name, json_of("regions", "-i", heat)["regions"][0]["file"])
    for words in ([], ["-r"]):
        done = run("regions", "-i", heat, *words)
        check("no escape", "\x1b" not in done.stdout and "\\033[31m\\012\\134" in done.stdout, done.stdout)


@undisturbed
def test_permission_is_told():
    need_root()
    path = fill(os.path.join(folder(), "file"), 8)
    with Process() as process:
        process.do("add(%r, 8, deleted=True); read(0, 0, 1)" % path)
        heat = Heat().row(path + " (deleted)", {0: (2, 0)}, PAGE, process.pid,
                          identity=deleted_identity(process.pid, path)).save()
        row = json_of("regions", "-i", heat, "-p", process.pid, "-f", path + "*", "--parts", "1")["regions"][0]
        equal("a deleted one", (2 * PAGE, 2, "known"), (row["mapped"], row["calls"], row["state"]))


@undisturbed
def test_a_deleted_file_is_told_from_one_of_whose_name_that_is_a_part():
    need_root()
    path = fill(os.path.join(folder(), "re"), 8)
    with Process() as process:
        process.do("add(%r, 8, deleted=True); read(0, 0, 1)" % path)
        gone = deleted_identity(process.pid, path)
        live = fill(path + " (deleted)", 8)
        process.do("add(%r, 8); read(1, 0)" % live)
        heat = Heat().row(path + " (deleted)", {0: (2, 0)}, PAGE, process.pid, identity=gone, deleted=1)
        heat = heat.row(live, {0: (1, 0)}, PAGE, process.pid).save()
        said = json_of("regions", "-i", heat, "-p", process.pid, "-f", path + "*", "--parts", "1")["regions"]
        equal("both", [(2, 1, gone[2]), (1, 0, identity_of(live)[2])],
              [(row["calls"], row["deleted"], row["inode"]) for row in said])
        said = json_of("regions", "-i", heat, "--parts", "1", live)["regions"]
        equal("by name", [(1, 0)], [(row["calls"], row["deleted"]) for row in said])
    # Of one that is not mapped any more, what the module said; and one of 1.0 says nothing.
    said = json_of("regions", "-i", heat, "--parts", "1", "-p", process.pid, "-f", path + "*")["regions"]
    equal("unmapped", [1, 0], [row["deleted"] for row in said])


def deleted_identity(pid, path):
    with open("/proc/%s/maps" % pid, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            if path in line:
                words = line.split()
                return (*(int(one, 16) for one in words[3].split(":")), int(words[4]))
    raise AssertionError("%s is not mapped" % path)


def test_wrong_usage():
    heat = Heat().save()
    fails(2, ["files, folders, or -p"], "regions")
    fails(2, ["files and -p are mutually exclusive: /etc/passwd"], "regions", "-p", "1", "/etc/passwd")
    for bad in ("0", "257", "x", "-1", ""):
        fails(2, ["invalid value of --parts \"%s\": a number of regions, from 1 to 256" % bad], "regions", "--parts", bad)
    fails(2, ["interval", "0.1"], "regions", "-i", heat, "/etc/passwd", "0.01")
    fails(2, ["count", "0"], "regions", "-i", heat, "/etc/passwd", "1", "0")
    fails(2, ["standard input", "--input"], "regions", "-i", "-", "/etc/passwd", "1")
    fails(2, ["-o", "nothing"], "regions", "-i", heat, "-o", "nothing", "/etc/passwd")
    fails(2, ["-s", "nothing"], "regions", "-i", heat, "-s", "nothing", "/etc/passwd")
    fails(1, ["/nowhere", "No such file"], "regions", "-i", heat, "/nowhere")
    fails(1, ["/nowhere", "No such file"], "regions", "-i", "/nowhere", "/etc/passwd")


def test_a_copy_that_is_half_written_costs_its_interval_and_no_count():
    path = fill(os.path.join(folder(), "file"), 8)
    texts = [Heat(now=20 + turn).row(path, {0: (5 + 10 * turn, 1)}, PAGE).bytes() for turn in range(3)]
    heat = save("half-heat", b"")
    texts = [text.replace(b"heat rows 1", b"heat rows 2") + text.splitlines(True)[-1].replace(b" live ", b" exited ").replace(
        b"search 7 1", b"search 8 2") for text in texts]
    for part in (b"", texts[1][:11], texts[1][:-5], b"".join(texts[1].splitlines(True)[:-1]),
                 b"".join(texts[1].splitlines(True)[:-2])):
        code, found, errors = steps(heat, [texts[0], part, texts[2]], "regions", "-i", heat, path, program=PLAIN)
        equal("exit code", 0, code, *errors)
        equal("what is said", 1, len(errors), *errors)
        check("as what", "incomplete, so this interval is skipped" in errors[0], *errors)
        check("why", re.fullmatch(r"kfaultstat: %s: incomplete, so this interval is skipped: (empty file|line \d+: the copy "
                                  "is truncated: .*|it has [01] of 2 rows)" % re.escape(heat), errors[0]), *errors)
        equal("the next is exact", [10, 40], [said["total"]["calls"] for said in found])
        code, found, errors = steps(heat, [part, texts[1], texts[2]], "regions", "-i", heat, path, program=PLAIN)
        equal("at the beginning", (0, 1, [("heat", 30), ("before", 20)]), (code, len(errors), [
            (said["interval"]["since"], said["total"]["calls"]) for said in found]), *errors)
        code, found, errors = steps(heat, [texts[0], part], "regions", "-i", heat, path, program=PLAIN)
        equal("at the end", (1, 1, 1), (code, len(found), len(errors)), *errors)
        save("half-heat", part)
        for words in ([], ["0.1", "1"]):
            done = run("regions", "-i", heat, path, *words)
            shown = not words and b"\ncomm " in part and part.endswith(b"\n")
            equal("alone", (1 - shown, shown, 1), (done.returncode, bool(done.stdout), done.stderr.count("\n")),
                  done.stderr)
            check("is said", not shown or re.search("of 2 rows: the copy seems truncated$", done.stderr.strip()),
                  done.stderr)
    code, found, errors = steps(heat, [texts[0], None, texts[2]], "regions", "-i", heat, path, program=PLAIN)
    equal("missing for a moment", (0, [10, 40], 1), (code, [said["total"]["calls"] for said in found], len(errors)), *errors)
    check("how", errors[0].startswith("kfaultstat: %s: No such file or directory: intervals are skipped until" % heat), *errors)
    os.unlink(heat)
    done = run("regions", "-i", heat, path, "0.1", "3")
    equal("not there at all", (1, 1), (done.returncode, len(done.stderr.splitlines())), done.stderr)
