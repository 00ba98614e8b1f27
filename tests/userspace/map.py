# SPDX-License-Identifier: GPL-2.0
"""map against the truth: pages touched one by one, the PRESENT bits of pagemap, smaps and status."""
import json
import os
import re
import struct
import subprocess
import threading
import time

from cache import overlays
from memory import (BE_NOBODY, PAGE, Process, as_nobody, bring, drop, exact_ways, fill, folder,
                    has_root, has_scan, json_of, map_ways, need_nobody, need_root, need_scan,
                    status_of, undisturbed)
from tap import PLAIN, PROGRAM, SCRATCH, STANDIN, Skip, check, equal, fails, raw, run, save, terminal


def rows(pid, *arguments):
    """What map says of each object; objects of one name, as two inodes have, are not for here."""
    return {row["object"]: row for row in json_of("map", "-p", pid, *arguments)["map"]}


def pages(row, *columns):
    return tuple(row[column] // PAGE if row[column] is not None else None for column in columns)


def smaps(pid):
    """Sums of /proc/PID/smaps in bytes by object, and of all."""
    found, name = {}, None
    with open("/proc/%s/smaps" % pid, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            heading = re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)", line)
            if heading:
                name = heading.group(1) or "[anon]"
                name = "[shm]" if name == "/dev/zero (deleted)" else name
                continue
            value = re.match(r"(\w+): +(\d+) kB", line)
            if value:
                for key in (name, None):
                    of = found.setdefault(key, {})
                    of[value.group(1)] = of.get(value.group(1), 0) + int(value.group(2)) * 1024
    return found


def present(pid, start, end):
    """PRESENT bits of a range."""
    with open("/proc/%s/pagemap" % pid, "rb", buffering=0) as file:
        file.seek(start // PAGE * 8)
        text = file.read((end - start) // PAGE * 8)
    return sum(entry >> 63 for entry, in struct.iter_unpack("<Q", text))


def status(pid):
    with open("/proc/%s/status" % pid, encoding="utf-8", errors="surrogateescape") as file:
        return {key: int(value) * 1024 for key, value in re.findall(r"(\w+):\s+(\d+) kB", file.read())}


@undisturbed
def test_pages_touched_one_by_one():
    place = folder()
    path = fill(os.path.join(place, "file"), 3000)
    with Process() as process:
        process.do("add(%r, 1000, offset=500)" % path)
        for line, wanted in (("", 0), ("read(0, 0)", 1), ("read(0, 999, 500, 501)", 4),
                             ("write(0, 7, 0)", 5), ("read(0, *range(100, 200))", 105)):
            process.do(line)
            for way in map_ways():
                row = rows(process.pid, "--via", way)[path]
                equal("mapped via %s" % way, (wanted, wanted, 1000, 0, 0),
                      pages(row, "mapped", "rss", "size", "private", "swapped"))
                equal("percent", (wanted / 10, max(round(wanted / 30, 1), 0.1 if wanted else 0)),
                      (row["percent"], row["of_file"]))
                check("bar", (set(row["bar"]) != {"."}) == bool(wanted) and len(row["bar"]) == 32, row)
        # The mapping is of the second sixth to the middle of the file.
        check("the bar is of the whole file", re.fullmatch(r"\.{5}[^.].*\.{16}", row["bar"]), row)


@undisturbed
def test_present_bits_scan_and_smaps_are_equal():
    place = folder()
    path = fill(os.path.join(place, "file"), 600)
    with Process() as process:
        process.do("add(%r, 600, advice=0); read(0, 1, 300, 301)" % path)
        process.do("add(%r, 600, kind='private'); read(1, 5, 6, 7); write(1, 6, 90, 91)" % path)
        process.do("add(None, 500, kind='private', advice=15); write(2, *range(0, 500, 3))")
        process.do("add(None, 500); write(3, *range(0, 500, 7))")
        process.do("held = bytearray(3 << 20)")
        truth = smaps(process.pid)
        found = {way: json_of("map", "--via", way, "-p", process.pid) for way in exact_ways()}
        equal("smaps is as it was", truth[None]["Rss"], smaps(process.pid)[None]["Rss"])
        for way, said in found.items():
            equal("all, via %s" % way, truth[None]["Rss"], sum(row["rss"] for row in said["map"]))
            sums = {}
            for row in said["map"]:
                sums[row["object"]] = sums.get(row["object"], 0) + row["rss"]
            equal("by object, via %s" % way, {name: sums[name] for name in sums},
                  {name: truth[name]["Rss"] for name in sums})
        with open("/proc/%s/maps" % process.pid, encoding="utf-8") as file:
            ours = [line.split() for line in file if path in line]
        bits = sum(present(process.pid, *(int(end, 16) for end in line[0].split("-"))) for line in ours)
        equal("PRESENT bits of the file's mappings", bits * PAGE, truth[path]["Rss"])
        rss = status(process.pid)["VmRSS"]
        check("the kernel's own counter, which is late a little", abs(rss - truth[None]["Rss"]) < 1 << 20,
              rss, truth[None])


def map_to_read(process, paths):
    """As add() of a process, of files that cannot be opened to write or would be copied up."""
    process.do("for path in %r: maps.append(mmap.mmap(os.open(path, os.O_RDONLY), 0, prot=1))" % paths)
    process.do("for m in maps: sum(m[at] for at in range(0, len(m), PAGE))")


def total_cached(pid, glob):
    """Of the table: its total, and the lines below it."""
    text = run("map", "-p", pid, "-f", glob, "-o", "cached,object").stdout
    return re.search(r"^ *(\S+) total$", text, re.M).group(1), text


@undisturbed
def test_names_of_one_file_have_its_pages_once_in_the_total():
    place = folder()
    paths = [fill(os.path.join(place, name), 50) for name in ("file", "other")]
    paths.append(os.path.join(place, "link"))
    os.link(paths[0], paths[-1])
    with Process() as process:
        map_to_read(process, paths)
        found = rows(process.pid)
        equal("each row has them", [50] * 3, [found[path]["cached"] // PAGE for path in paths])
        total, text = total_cached(process.pid, place + "/*")
        equal("total", "400K", total, text)
        check("why", "pages shared with another object count once: 200K of 1 object, in cached\n" in text, text)
        total, text = total_cached(process.pid, "*/link")
        equal("what is not shown shares nothing", ("200K", False), (total, "shared with" in text), text)


@undisturbed
def test_pages_that_files_of_overlayfs_share_are_once_in_the_total():
    place = folder()
    os.mkdir(os.path.join(place, "lower"))
    fill(os.path.join(place, "lower", "file"), 50)
    with overlays(place, "a", "b") as (a, b):
        if json_of("cache", a)["total"]["shared_unknown"]:
            raise Skip("this kernel does not say which files are below")
        bound = os.path.join(place, "bound")
        os.mkdir(bound)
        subprocess.run(["mount", "--bind", os.path.join(place, "lower"), bound], check=True)
        try:
            for paths, shared in (([a, b], 1), ([b, "lower"], 1), (["bound", a, "lower"], 2)):
                with Process() as process:
                    map_to_read(process, [os.path.join(place, path, "file") for path in paths])
                    total, text = total_cached(process.pid, place + "/*")
                    equal("total of %s" % paths, "200K", total, text)
                    check("why", "shared with another object count once: %dK of %d object%s, in cached\n" % (
                        200 * shared, shared, "s" * (shared > 1)) in text, text)
        finally:
            subprocess.run(["umount", bound], check=True)


@undisturbed
def test_the_zero_page_is_nobodys():
    with Process() as process:
        process.do("add(None, 300, kind='private', advice=15); read(0, *range(300)); write(0, 1, 2)")
        before = {way: rows(process.pid, "--via", way)["[anon]"]["rss"] for way in map_ways()}
        truth = smaps(process.pid)["[anon]"]["Rss"]
        for way in exact_ways():
            equal("rss via %s" % way, truth, before[way])


@undisturbed
def test_more_than_512_ranges_in_one_scan():
    place = folder()
    path = fill(os.path.join(place, "file"), 6000)
    bring(path, range(6000))
    with Process() as process:
        # A fault for a write maps no pages around it.
        process.do("add(%r, 6000); write(0, *range(0, 6000, 2))" % path)
        process.do("add(None, 40000, kind='private', advice=15)")
        before = {way: rows(process.pid, "--via", way)["[anon]"] for way in exact_ways()}
        process.do("write(1, *range(1, 40000, 3))")
        for way in exact_ways():
            found = rows(process.pid, "--via", way)
            equal("file via %s" % way, (3000, 3000), pages(found[path], "mapped", "rss"))
            grown = pages(found["[anon]"], "mapped")[0] - pages(before[way], "mapped")[0]
            check("anonymous via %s: %d" % (way, grown), grown >= 13334)
            equal("as smaps has it", smaps(process.pid)["[anon]"]["Rss"], found["[anon]"]["rss"])


@undisturbed
def test_private_copies_are_apart():
    path = fill(os.path.join(folder(), "file"), 100)
    with Process() as process:
        process.do("add(%r, 100, kind='private')" % path)
        process.do("read(0, *range(10)); write(0, 3, 4, 50)")
        for way in map_ways():
            row = rows(process.pid, "--via", way)[path]
            equal("via %s" % way, (8, 3, 11), pages(row, "mapped", "private", "rss"))
            equal("percent is of the file's own", 8.0, row["percent"])


@undisturbed
def test_overlapping_mappings_are_merged():
    path = fill(os.path.join(folder(), "file"), 40000)
    with Process() as process:
        process.do("add(%r, 1000); write(0, *range(0, 100))" % path)
        process.do("add(%r, 1000, offset=50); write(1, *range(0, 100))" % path)
        process.do("add(%r, 10, offset=38000); write(2, 9)" % path)
        process.do("add(%r, 40000); write(3, 20000, 38009, 0)" % path)
        for way in map_ways():
            row = rows(process.pid, "--via", way)[path]
            equal("via %s" % way, (152, 204, 42010), pages(row, "mapped", "rss", "size"))
            equal("mappings", 4, row["mappings"])
            equal("of what they cover", 0.4, row["percent"])


@undisturbed
def test_truncated_in_the_middle():
    path = fill(os.path.join(folder(), "file"), 100)
    with Process() as process:
        process.do("add(%r, 100); read(0, *range(100))" % path)
        os.truncate(path, 40 * PAGE)
        for way in map_ways():
            row = rows(process.pid, "--via", way)[path]
            equal("via %s" % way, (40, 100, 100.0), pages(row, "mapped", "size") + (row["of_file"],))


@undisturbed
def test_mapped_is_never_more_than_cached():
    need_root()
    place = folder()
    paths = [fill(os.path.join(place, str(i)), 2000) for i in range(3)]
    over = threading.Event()

    def evict():
        while not over.is_set():
            for path in paths:
                drop(path)
                bring(path, range(0, 2000, 40))

    with Process() as process:
        for i, path in enumerate(paths):
            process.do("add(%r, 2000, advice=0, kind=%r); read(%d, *range(0, 2000, 3))" % (
                path, "private" if i == 2 else "shared", i))
        found = rows(process.pid)
        for path in paths:
            check("a quiet one", 0 < found[path]["mapped"] <= found[path]["cached"], found[path])
            equal("all that was read", 2000 * PAGE, found[path]["cached"])
        thread = threading.Thread(target=evict)
        thread.start()
        try:
            for turn in range(10):
                for way in map_ways():
                    for row in json_of("map", "--via", way, "-p", process.pid)["map"]:
                        check("never", row["cached"] is None or row["mapped"] <= row["cached"], row)
        finally:
            over.set()
            thread.join()
    with Process() as process:
        said = json_of("map", "-p", ",".join([process.pid, str(os.getpid())]))["map"]
        files = [row for row in said if row["cached"] is not None]
        check("there are files", len(files) > 10)
        for row in files:
            check("nowhere", row["mapped"] <= row["cached"], row)


@undisturbed
def test_a_mapped_page_is_not_a_touched_one():
    path = fill(os.path.join(folder(), "file"), 64)
    bring(path, range(64))
    with Process() as process:
        process.do("add(%r, 64, advice=0); read(0, 20)" % path)
        mapped = pages(rows(process.pid)[path], "mapped")[0]
        check("one page is touched, the kernel maps %d" % mapped, 1 < mapped <= 64)


def test_deleted_files_memfd_and_tmpfs():
    need_root()
    place = folder()
    gone = fill(os.path.join(place, "gone"), 50)
    with Process() as process:
        process.do("add(%r, 50, deleted=True); read(0, 1, 2)" % gone)
        process.do("f = os.memfd_create('some memory'); os.ftruncate(f, 40 * PAGE)")
        process.do("add('/proc/self/fd/%d' % f, 40); write(1, 3, 4, 5)")
        process.do("add(None, 30); write(2, 7)")
        for way in map_ways():
            found = rows(process.pid, "--via", way)
            equal("deleted", (2, 50), pages(found[gone + " (deleted)"], "mapped", "size"))
            check("cached", found[gone + " (deleted)"]["cached"] >= 2 * PAGE)
            equal("memfd", (3, 3, 40), pages(found["/memfd:some memory (deleted)"], "mapped", "cached", "size"))
            equal("shared memory without a name", (1, 1, 30), pages(found["[shm]"], "mapped", "cached", "size"))
        memory = json_of("map", "-p", process.pid)["processes"][0]
        check("shmem", memory.get("shmem") is None or memory["shmem"] == 4 * PAGE, memory)


def test_a_deleted_file_is_told_from_one_of_whose_name_that_is_a_part():
    need_root()
    place = folder()
    gone, linked, live = (os.path.join(place, name) for name in ("re", "linked", "re (deleted)"))
    with Process() as process:
        process.do("add(%r, 10, deleted=True); read(0, 1)" % fill(gone, 10))
        process.do("add(%r, 11); read(1, 1)" % fill(live, 11))
        # Its data is there by another name, but not by the one it was opened by.
        os.link(fill(linked, 12), linked + " too")
        process.do("add(%r, 12, deleted=True); read(2, 1)" % linked)
        process.do("f = os.memfd_create('x'); os.ftruncate(f, 13 * PAGE); add('/proc/self/fd/%d' % f, 13)")
        process.do("add(None, 14); add(None, 15, kind='private')")
        # Whether we may look into map_files or not, which the kernel gives to few.
        for user in ([], ["setpriv", "--bounding-set=-sys_admin,-checkpoint_restore"]):
            done = subprocess.run([*user, PROGRAM, "map", "-J", "-p", process.pid], capture_output=True, check=False)
            equal("exit code", 0, done.returncode, done.stderr)
            found = {row["size"] // PAGE: (row["object"], row["deleted"]) for row in json.loads(done.stdout)["map"]}
            equal("unlinked", (gone + " (deleted)", 1), found[10])
            equal("a live one of that name", (live, 0), found[11])
            equal("another link", (linked + " (deleted)", 1), found[12])
            equal("memfd", ("/memfd:x (deleted)", 1), found[13])
            equal("no file", ("[shm]", 0), found[14])
        text = run("map", "-r", "-p", process.pid).stdout
        check("raw has it", "DELETED" in text.split(), text)
        check("a table has it if it is asked for", "DELETED" in run("map", "-o", "+deleted", "-p", process.pid).stdout)


def test_a_file_that_is_called_as_memory_is():
    need_root()
    path = "/dev/zero (deleted)"
    if os.path.exists(path):
        raise Skip("there is a file %s" % path)
    try:
        with open(path, "wb") as file:
            file.write(bytes(9 * PAGE))
    except OSError as error:
        raise Skip("no file can be made in /dev: %s" % error) from None
    try:
        with Process() as process:
            process.do("add(%r, 9); add(None, 14)" % path)
            found = {row["size"] // PAGE: (row["object"], row["deleted"])
                     for row in json_of("map", "-p", process.pid)["map"]}
            equal("the file", (path, 0), found[9])
            equal("memory", ("[shm]", 0), found[14])
    finally:
        os.unlink(path)


@undisturbed
def test_the_end_is_the_rss_of_the_rows_and_the_share_of_a_glob():
    path = fill(os.path.join(folder(), "index.seg"), 2000)
    with Process() as process:
        process.do("add(%r, 2000); read(0, *range(2000))" % path)
        process.do("add(None, 300); write(1, *range(300))")
        process.do("add(%r, 10, kind='private'); write(2, *range(10))" % path)
        for way in exact_ways():
            whole = json_of("map", "--via", way, "-p", process.pid)
            kernel = status(process.pid)
            truth = smaps(process.pid)
            said = json_of("map", "--via", way, "-f", "*.seg", "-p", process.pid)
            memory = said["processes"][0]
            equal("only such", [path], [row["object"] for row in said["map"]])
            equal("selected", 2010 * PAGE, memory["selected"])
            equal("rss is that of all rows", sum(row["rss"] for row in whole["map"]), whole["processes"][0]["rss"])
            equal("and of smaps", truth[None]["Rss"], whole["processes"][0]["rss"])
            equal("with a filter, too", truth[None]["Rss"], memory["rss"])
            equal("anon is that of smaps", truth[None]["Anonymous"], memory["anon"])
            equal("shmem", 300 * PAGE, memory["shmem"])
            equal("parts", memory["rss"], memory["anon"] + memory["file"] + memory["shmem"])
            equal("shared", memory["shared"], memory["file"] + memory["shmem"])
            for key, name in (("kernel_rss", "VmRSS"), ("kernel_file", "RssFile"), ("kernel_anon", "RssAnon"),
                              ("kernel_shmem", "RssShmem"), ("size", "VmSize"), ("kernel_swap", "VmSwap")):
                if name in kernel:
                    equal("%s is the kernel's" % key, kernel[name], memory[key])
            check("which is not far", abs(memory["rss"] - memory["kernel_rss"]) < 1 << 20, memory)
        text = run("map", "-f", "*.seg", "-p", process.pid).stdout
        share = re.search(r": ([\d.]+M) of it, ([\d.]+) %, is \*\.seg$", text, re.M)
        check("in words", share, text)
        check("share", abs(float(share.group(2)) - 2010 * PAGE * 100 / memory["rss"]) < 0.1, text, memory)
        words = run("map", "-r", "-p", process.pid).stdout
        wanted = r"^# process pid %s .* rss %d file %d anon %d shmem %d .* kernel_rss %d .* comm python" % (
            process.pid, memory["rss"], memory["file"], memory["anon"], memory["shmem"], memory["kernel_rss"])
        check("raw", re.search(wanted, words, re.M), words)


def with_status(pid, *words, **changed):
    """map where the kernel's counters of the process stand elsewhere."""
    with open("/proc/%s/status" % pid, encoding="utf-8") as file:
        text = file.read()
    for key, kib in changed.items():
        text = re.sub(r"^%s:.*\n" % key, "%s:\t%8d kB\n" % (key, kib) if kib is not None else "", text, flags=re.M)
    env = {"LD_PRELOAD": STANDIN, "FAULTSTAT_STATUS": save("status", text.encode())}
    done = run("map", "-p", pid, *words, program=PLAIN, env=env)
    equal("exit code", 0, done.returncode, done.stderr)
    return done.stdout


@undisturbed
def test_counters_that_lag_do_not_contradict_the_table():
    with Process() as process:
        process.do("add(None, 2048, kind='private', advice=15); write(0, *range(2048))")
        behind = {"VmRSS": 232, "RssAnon": 100, "RssFile": 132, "RssShmem": 0}
        said = json.loads(with_status(process.pid, "-J", **behind))
        memory = said["processes"][0]
        equal("rss is that of the rows", sum(row["rss"] for row in said["map"]), memory["rss"])
        equal("the kernel's beside it", (232 << 10, 132 << 10, 100 << 10, 0), tuple(
            memory["kernel_" + key] for key in ("rss", "file", "anon", "shmem")))
        lines = with_status(process.pid, **behind).splitlines()
        rss = [line for line in lines if ": RSS " in line]
        check("one line of RSS, more than 8M", len(rss) == 1 and re.search(
            r"^%s python\S*: RSS \d[\d.]+M: file [\d.]+M, anon [\d.]+M, shmem 0; swapped out 0$" % process.pid, rss[0]),
              *lines)
        check("and one of the kernel's", "%s %s: by the kernel's counters RSS 232K: file 132K, anon 100K, shmem 0; "
              "swapped out 0" % (process.pid, status_of(process.pid)["Name"]) in lines, *lines)
        # As before 4.5: file and shmem are known apart all the same.
        words = with_status(process.pid, "-r", VmRSS=232, RssAnon=None, RssFile=None, RssShmem=None)
        check("by page tables", re.search(r"^# process .* file \d{7} anon \d+ shmem 0 ", words, re.M), words)
        check("the kernel's together", " kernel_shared " in words and " kernel_file " not in words, words)
        memory = said["processes"][0]
        same = {"VmRSS": memory["rss"] >> 10, "RssAnon": memory["anon"] >> 10, "RssFile": memory["file"] >> 10,
                "RssShmem": memory["shmem"] >> 10}
        check("where they do not differ nothing is said", "counters" not in with_status(process.pid, **same))


def huge_pages(number, size=2 << 20):
    """So many more are in the pool, which is as before at the end."""
    class Pool:
        path = "/sys/kernel/mm/hugepages/hugepages-%dkB/nr_hugepages" % (size >> 10)

        def __enter__(self):
            need_root()
            try:
                with open(self.path, encoding="ascii") as file:
                    self.before = int(file.read())
                self.set(self.before + number)
                with open(self.path, encoding="ascii") as file:
                    got = int(file.read()) - self.before
            except OSError as error:
                raise Skip("hugetlb: %s" % error) from error
            if got < number:
                self.set(self.before)
                raise Skip("%d of %d pages of hugetlb of %d KiB to be had" % (got, number, size >> 10))

        def set(self, pages):
            with open(self.path, "w", encoding="ascii") as file:
                file.write("%d\n" % pages)

        def __exit__(self, *_):
            self.set(self.before)
    return Pool()


def check_hugetlb(pid, wanted, mib):
    """Rows of an object: (mapped, private, size) in MiB, and all of it."""
    truth = smaps(pid)
    for way in map_ways():
        said = json_of("map", "--via", way, "-p", pid)
        found = {row["object"]: row for row in said["map"]}
        for name, sizes in wanted.items():
            row = found[name]
            equal("%s via %s" % (name, way), sizes, tuple(
                row[key] if row[key] is None else row[key] >> 20 for key in ("mapped", "private", "size")))
            equal("of it in RSS, cached, huge", (0, None, None if way == "pagemap" else 100.0),
                  (row["rss"], row["cached"], row["huge"]))
        memory = said["processes"][0]
        equal("hugetlb", mib, memory["hugetlb"] >> 20)
        equal("which smaps has", truth[None]["Private_Hugetlb"] + truth[None]["Shared_Hugetlb"], memory["hugetlb"])
        equal("and is not in RSS", truth[None]["Rss"], memory["rss"])
    text = run("map", "-p", pid).stdout
    check("it is said", re.search(r"^%s python\S*: hugetlb %s, which is not in RSS$" % (
        pid, "1G" if mib == 1024 else "%dM" % mib), text, re.M), text)
    row = [row for row in json_of("map", "-o", "pid,rss,hugetlb")["processes"] if row["pid"] == int(pid)][0]
    equal("among all processes", mib, row["hugetlb"] >> 20)


@undisturbed
def test_hugetlb_is_mapped_and_not_in_rss():
    with huge_pages(16), Process() as process:
        process.do("huge(4); write(0, 0, 512, 1024, 1536)")
        check_hugetlb(process.pid, {"[hugetlb]": (8, None, 8)}, 8)
        process.do("huge(3, shared=True); write(1, 512)")
        check_hugetlb(process.pid, {"[hugetlb]": (10, None, 14)}, 10)
        # A file's own pages, and a copy of one of them.
        process.do("huge(2, shared=True, memory='two'); write(2, 0, 512)")
        process.do("f = os.memfd_create('one', 4); huge(1, shared=True, memory=f); write(3, 0); "
                   "huge(1, memory=f); write(4, 0)")
        check_hugetlb(process.pid, {"[hugetlb]": (10, None, 14), "/memfd:two (deleted)": (4, 0, 4),
                                    "/memfd:one (deleted)": (2, 2, 4)}, 18)
        check("it is no file that cache could know", not any(
            row["file"] == "[hugetlb]" for row in json_of("cache", "-p", process.pid)["cache"]))


@undisturbed
def test_hugetlb_of_hugetlbfs_files():
    place = os.path.join(SCRATCH, "hugetlbfs")
    os.makedirs(place, exist_ok=True)
    with huge_pages(4):
        done = subprocess.run(["mount", "-t", "hugetlbfs", "hugetlbfs", place], capture_output=True, text=True,
                              check=False)
        if done.returncode:
            raise Skip("no hugetlbfs can be mounted: %s" % done.stderr.strip())
        try:
            with Process() as process:
                path = os.path.join(place, "file")
                process.do("f = os.open(%r, os.O_RDWR | os.O_CREAT, 0o600); huge(2, shared=True, memory=f); "
                           "write(0, 512)" % path)
                check_hugetlb(process.pid, {path: (2, 0, 4)}, 2)
                os.unlink(path)
                check_hugetlb(process.pid, {path + " (deleted)": (2, 0, 4)}, 2)
        finally:
            subprocess.run(["umount", place], check=True)


def test_hugetlb_of_a_gigabyte():
    with huge_pages(1, 1 << 30), Process() as process:
        process.do("huge(1, 1 << 30); write(0, 5)")
        check_hugetlb(process.pid, {"[hugetlb]": (1024, None, 1024)}, 1024)


def test_hugetlb_without_rights():
    need_nobody()
    with huge_pages(4), Process(*BE_NOBODY) as process:
        process.do("huge(1); write(0, 0); huge(2, shared=True, memory='two'); write(1, 0, 512)")
        process.do("add(None, 40); write(2, *range(40))")
        found = json.loads(as_nobody("map", "-J", "-p", process.pid).stdout)
        rows_of = {row["object"]: row for row in found["map"]}
        equal("a memfd that cannot be opened", ("no permission", 4 << 20, 0), tuple(
            rows_of["/memfd:two (deleted)"][key] for key in ("state", "mapped", "rss")))
        equal("all", (6 << 20, 40 * PAGE), tuple(found["processes"][0][key] for key in ("hugetlb", "shmem")))


def test_smaps_only_if_asked_for():
    with Process() as process:
        process.do("add(None, 100, kind='private', advice=15); write(0, *range(50))")
        done = run("map", "-J", "--smaps", "-p", process.pid)
        check("it is said what that costs", "blocks mmap and munmap" in done.stderr and len(done.stderr.splitlines()) == 1,
              done.stderr)
        truth = smaps(process.pid)
        for row in json.loads(done.stdout)["map"]:
            of = truth[row["object"]]
            equal("Rss, Pss and Referenced of %s" % row["object"],
                  tuple(of.get(key) for key in ("Rss", "Referenced")),
                  tuple(row[key] for key in ("smaps_rss", "referenced")))
            check("Pss", abs(of["Pss"] - row["pss"]) <= of["Pss"] / 10 + 65536, row, of)
        traced = subprocess.run(["strace", "-f", "-e", "trace=openat", PLAIN, "map", "-p", process.pid],
                                capture_output=True, text=True, check=False)
        equal("exit code", 0, traced.returncode)
        check("else it is not opened", "smaps" not in traced.stderr and "/pagemap" in traced.stderr)


def test_pieces_are_small():
    with Process() as process:
        process.do("add(None, 100000, kind='private')")
        traced = subprocess.run(["strace", "-e", "trace=pread64", PLAIN, "map", "--via", "pagemap", "-p",
                                 process.pid], capture_output=True, text=True, check=False).stderr
        sizes = [int(size) for size in re.findall(r"pread64\(\d+, .*, (\d+), \d+\)", traced)]
        check("at most 64 MiB at once", len(sizes) > 7 and max(sizes) <= (64 << 20) // PAGE * 8, sizes)
        if not has_scan():
            return
        traced = subprocess.run(["strace", "-X", "raw", "-e", "trace=ioctl,pread64", PLAIN, "map", "-p",
                                 process.pid], capture_output=True, text=True, check=False).stderr
        check("several scans", traced.count("0xc0606610") > 7, traced)


def test_huge_pages():
    need_scan()
    with Process() as process:
        process.do("add(None, 4096, kind='private', advice=14); write(0, *range(4096))")
        truth = smaps(process.pid)["[anon]"]
        if not truth.get("AnonHugePages"):
            raise Skip("no transparent huge pages to be had")
        row = rows(process.pid)["[anon]"]
        equal("share", round(truth["AnonHugePages"] * 100 / truth["Rss"], 1), row["huge"])
        equal("pagemap does not tell", None, rows(process.pid, "--via", "pagemap")["[anon]"]["huge"])


@undisturbed
def test_the_huge_zero_page_is_nobodys():
    need_root()
    with Process() as process:
        process.do("add(None, 8192, kind='private', advice=14); write(0, 0); read(0, *range(1024, 8192, 512))")
        truth = smaps(process.pid)["[anon]"]
        try:
            with open("/sys/kernel/mm/transparent_hugepage/use_zero_page", encoding="ascii") as file:
                used = file.read().strip()
        except OSError as error:
            raise Skip("nothing tells whether there is a huge zero page: %s" % error) from error
        if used != "1" or not truth.get("AnonHugePages"):
            raise Skip("no huge zero page to be had")
        for way in map_ways():
            equal("via %s" % way, truth["Rss"], rows(process.pid, "--via", way)["[anon]"]["rss"])


@undisturbed
def test_what_is_unmapped_is_in_the_change():
    path = fill(os.path.join(folder(), "file"), 200)
    with Process() as process:
        process.do("add(%r, 200); read(0, *range(200))" % path)
        child = subprocess.Popen([PROGRAM, "map", "-J", "-p", process.pid, "0.5", "2"], stdout=subprocess.PIPE,
                                 text=True)
        json.loads(child.stdout.readline())
        process.do("unmap(0)")
        found = [row for row in json.loads(child.stdout.readline())["map"] if row["object"] == path]
        child.communicate()
    equal("it is there, with nothing but what it had", [(0, 0, 0, -200 * PAGE)],
          [(row["size"], row["mapped"], row["rss"], row["change"]) for row in found])


def test_a_total_of_what_is_cached_is_of_what_is_known():
    with Process() as process, Process() as other:
        lines = run("map", "-p", "%s,%s,%s" % (process.pid, other.pid, process.pid)).stdout.splitlines()
        columns = lines[0].split()
        total = [line for line in lines if line.endswith(" total")][0].split()
        equal("what two have mapped is cached once", "-", total[columns.index("CACHED") - len(columns)])
        equal("who is named twice counts once", 1, sum(line.startswith(process.pid + " ") and "RSS" in line
                                                       for line in lines))


def test_what_is_not_known_to_be_cached_is_said():
    need_nobody()
    with Process(*BE_NOBODY) as process:
        found = as_nobody("map", "-J", "-p", process.pid)
        unknown = sum(row["state"] == "no permission" for row in json.loads(found.stdout)["map"])
        text = as_nobody("map", "-p", process.pid).stdout
        check("some are not known", unknown, found.stdout)
        check("and it is said", "cached is unknown for %d file" % unknown in text, text)
        text = as_nobody("map", "-p", process.pid, "-o", "rss,object").stdout
        check("not where nobody asks for it", "not known" not in text, text)


def test_a_narrow_screen_has_room_for_names():
    with Process() as process:
        for words in ([], ["0.1", "1"], ["--smaps"]):
            lines = [line for line in terminal(80, 24, "map", "-p", process.pid, *words)
                     if "python" in line and "RSS" not in line]
            check("names", lines and all(len(line) <= 80 for line in lines) and
                  all(len(line.split()[-1]) >= 16 for line in lines), *lines)


def test_swapped_pages():
    with open("/proc/swaps", encoding="ascii") as file:
        if len(file.readlines()) < 2:
            raise Skip("no swap")
    with Process() as process:
        process.do("add(None, 1000, kind='private', advice=15); write(0, *range(1000))")
        process.do("libc.madvise(maps[0][0], 1000 * PAGE, 21)")     # MADV_PAGEOUT
        truth = smaps(process.pid)["[anon]"]
        if not truth["Swap"]:
            raise Skip("nothing is swapped out")
        for way in exact_ways():
            row = rows(process.pid, "--via", way)["[anon]"]
            equal("via %s" % way, (truth["Swap"], truth["Rss"]), (row["swapped"], row["rss"]))


def test_intervals_and_a_process_that_ends():
    with Process() as process, Process() as other:
        process.do("add(None, 1000, kind='private', advice=15)")
        child = subprocess.Popen([PROGRAM, "map", "-J", "-p", process.pid + "," + other.pid, "0.5"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        first = json.loads(child.stdout.readline())
        equal("two processes", 2, len(first["processes"]))
        equal("nothing to compare", {None}, {row["change"] for row in first["map"]})
        process.do("write(0, *range(700))")
        grown = 0
        while grown < 700 * PAGE:
            line = json.loads(child.stdout.readline())
            grown += sum(row["change"] for row in line["map"]
                         if row["object"] == "[anon]" and row["pid"] == int(process.pid))
        check("what came", 700 * PAGE <= grown < 720 * PAGE, grown)
        other.child.kill()
        other.child.wait()
        while len(json.loads(child.stdout.readline())["processes"]) == 2:
            pass
    _, errors = child.communicate(timeout=20)
    equal("the end", (0, ""), (child.returncode, errors))
    with Process() as process:
        child = subprocess.Popen([PROGRAM, "map", "-r", "-p", process.pid, "0.2"], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        time.sleep(1)
    output, errors = child.communicate(timeout=20)
    equal("the end", (0, ""), (child.returncode, errors))
    check("it is said", output.endswith("# %s has ended\n" % process.pid), output[-200:])
    fails(1, ["no process " + process.pid], "map", "-p", process.pid)
    fails(1, ["no process 2 "], "map", "-p", "2")


def test_processes_that_come_and_go():
    over = threading.Event()
    pids = []

    def spawn():
        while not over.is_set():
            with subprocess.Popen(["sh", "-c", "for i in 1 2 3; do /bin/true; done"]) as child:
                pids.append(child.pid)

    thread = threading.Thread(target=spawn)
    thread.start()
    try:
        while not pids:
            time.sleep(0.01)
        for turn in range(40):
            done = run("map", "-r", "-p", str(pids[-1]))
            check("no process is no other error", done.returncode in (0, 1) and
                  (not done.returncode or "no process " in done.stderr), done.stderr)
            equal("all of them", 0, run("map").returncode)
    finally:
        over.set()
        thread.join()


def test_all_processes():
    with Process() as process:
        process.do("held = bytearray(64 << 20)")
        said = json_of("map")["processes"]
        kernel = status(process.pid)
        row = [row for row in said if row["pid"] == int(process.pid)][0]
        check("rss", abs(row["rss"] - kernel["VmRSS"]) < 1 << 20 and row["rss"] > 64 << 20, row)
        equal("shared", row["rss"] - row["anon"], row["shared"])
        equal("sorted", sorted((one["rss"] for one in said), reverse=True), [one["rss"] for one in said])
        check("no kernel threads", all(one["rss"] for one in said))
        equal("the first", 1, len(raw(run("map", "-r", "-n", "1").stdout, "pid")))
        names = [one["comm"].encode() for one in json_of("map", "-s", "comm")["processes"]]
        equal("by name", sorted(names), names)
        lines = run("map", "-J", "0.1", "3").stdout.splitlines()
        equal("lines", 3, len(lines))
        check("changes", "change" in json.loads(lines[2])["processes"][0])


def test_an_empty_name_is_a_text_in_json():
    with Process() as process:
        process.do("libc.prctl(15, b'', 0, 0, 0)")
        rows = {row["pid"]: row["comm"] for row in json_of("map")["processes"]}
        equal("of all processes", "", rows[int(process.pid)])
        equal("of one", "", json_of("map", "-p", process.pid)["processes"][0]["comm"])
        heat = save("heat", b"# faultstat-heat 1\n# load 1 at 1.0 now 2.0 realtime 3.0 resets 0\n"
                    b"# heat rows 0 requests 1 memory 0 lost 0\ncomm pid id state dev inode deleted region_size calls "
                    b"major lost lost_major regions object\n")

        def raw_names():
            found = [dict(raw(run("map", "-r").stdout, "pid", "comm"))[process.pid]]
            found += sorted({comm for comm, in raw(run("map", "-r", "-p", process.pid).stdout, "comm")})
            for words in (["map"], ["regions", "-i", heat]):
                found += re.findall("^# process pid %s .*comm(.*)$" % process.pid,
                                    run(*words, "-r", "-p", process.pid).stdout, re.M)
            return found

        equal("raw", ["-", "-", " -", " -"], raw_names())
        process.do("libc.prctl(15, b'-', 0, 0, 0)")
        equal("one that is called so", [r"\055", r"\055", r" \055", r" \055"], raw_names())
        equal("in JSON", "-", json_of("map", "-p", process.pid)["processes"][0]["comm"])
        process.do("libc.prctl(15, b'', 0, 0, 0)")
        row = [line for line in run("map", "-a").stdout.splitlines() if line.split()[0] == process.pid]
        equal("in a table", "-", row[0].split()[-1])


def test_whom_one_may_not_ask():
    need_nobody()
    with Process() as process:
        done = as_nobody("map", "-p", process.pid)
        equal("exit code and lines", (1, 1), (done.returncode, len(done.stderr.splitlines())))
        check("said", "ermission" in done.stderr, done.stderr)
    with Process(*BE_NOBODY) as process:
        for way in map_ways():
            done = as_nobody("map", "-J", "--via", way, "-p", process.pid)
            equal("its own", 0, done.returncode, done.stderr)
            said = json.loads(done.stdout)
            check("files of others are mapped, and not known to be cached", any(
                row["state"] == "no permission" and row["mapped"] and row["cached"] is None
                for row in said["map"]) or not has_scan(), said)
        equal("all processes", 0, as_nobody("map").returncode)


def check_leaderless(process, path, gone, pages_of_file):
    """The table of a process of 64 MiB and some pages of a file whose leader has exited."""
    truth = smaps(process.tid)
    for way in exact_ways():
        said = json_of("map", "--via", way, "-p", process.pid)
        found = {row["object"]: row for row in said["map"]}
        equal("anonymous memory via %s" % way, truth["[anon]"]["Rss"], found["[anon]"]["rss"])
        check("64 MiB of it", found["[anon]"]["rss"] >= 64 << 20, found["[anon]"])
        equal("pages of the file", pages_of_file, pages(found[path], "mapped")[0])
        equal("name and pid", [(int(process.pid), status_of(process.pid)["Name"])],
              [(one["pid"], one["comm"]) for one in said["processes"]])
        if has_root():
            equal("a deleted file is found in map_files", "known", found[gone + " (deleted)"]["state"])
    row = [row for row in json_of("map")["processes"] if row["pid"] == int(process.pid)]
    check("it is among all processes", len(row) == 1 and row[0]["rss"] >= 64 << 20 and row[0]["anon"] >= 64 << 20, row)


@undisturbed
def test_a_leader_that_has_exited():
    path = fill(os.path.join(folder(), "file"), 100)
    gone = fill(os.path.join(folder(), "gone"), 10)
    with Process(leader=False) as process:
        process.do("add(None, 16384, kind='private', advice=15); write(0, *range(16384))")
        process.do("add(%r, 100); read(1, 0, 50, 99)" % path)
        process.do("add(%r, 10, deleted=True)" % gone)
        equal("the leader has nothing", "", open("/proc/%s/maps" % process.pid, encoding="ascii").read())
        check_leaderless(process, path, gone, 3)
        # The thread that is asked is not the first any more, and others of its age exit.
        process.do("extra = [threading.Thread(target=time.sleep, args=(100,), daemon=True) for i in range(50)]; "
                   "[one.start() for one in extra]")
        check_leaderless(process, path, gone, 3)
        truth = smaps(process.tid)["[anon]"]["Rss"]
        said = json_of("map", "--smaps", "-p", process.pid)
        equal("smaps", [truth], [row["smaps_rss"] for row in said["map"] if row["object"] == "[anon]"])
        lines = json_of("map", "-p", process.pid)["map"]
        check("the file is open by the process's root, or in map_files", all(
            row["cached"] is not None for row in lines if row["object"] == path), lines)


def test_threads_that_exit_while_they_are_asked():
    with Process(leader=False) as process:
        process.do("add(None, 16384, kind='private', advice=15); write(0, *range(16384))")
        process.do("relay()")
        for turn in range(60):
            done = run("map", "-J", "-p", process.pid)
            equal("exit code and complaint", (0, ""), (done.returncode, done.stderr))
            said = json.loads(done.stdout)
            check("all is there", any(row["object"] == "[anon]" and row["rss"] >= 64 << 20 for row in said["map"]) and
                  said["processes"][0]["rss"] >= 64 << 20, said)
            check("among all", str(process.pid) in [row[0] for row in raw(run("map", "-r").stdout, "pid")])


def test_kernel_threads_cost_no_more():
    def opened(*words):
        traced = subprocess.run(["strace", "-e", "trace=open,openat,readlink,readlinkat", PLAIN, *words],
                                capture_output=True, text=True, check=False).stderr
        return re.findall(r'"/proc/(\d+)/(\w+)"', traced)

    kernel = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            kernel += [pid] if status_of(pid)["PPid"] == "2" else []
        except OSError:     # it has ended
            pass
    if not kernel or os.path.exists("/proc/2/exe"):
        raise Skip("no kernel threads in this pid namespace")
    found = opened("map")
    for pid in kernel[:5]:
        equal("of kernel thread %s" % pid, ["status"], [name for one, name in found if one == pid])


def test_wrong_usage():
    fails(2, ["scan or pagemap", "x"], "map", "--via", "x", "-p", "1")
    fails(2, ["-f", "-p"], "map", "-f", "x")
    fails(2, ["--smaps", "-p"], "map", "--smaps")
    fails(2, ["-o", "nothing"], "map", "-o", "nothing")
    fails(2, ["-o", "bar"], "map", "-o", "bar")
    if not has_scan():
        fails(2, ["PAGEMAP_SCAN"], "map", "--via", "scan", "-p", "1")
