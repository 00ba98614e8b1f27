# SPDX-License-Identifier: GPL-2.0
"""cache against the truth: pages brought in and dropped one by one, fincore, vmtouch, mincore."""
import contextlib
import ctypes
import json
import os
import pathlib
import pty
import re
import shutil
import stat
import subprocess
import sys
import threading
import time

from memory import (BE_NOBODY, DISK, LIBC, NOBODY, PAGE, Process, as_nobody, bring, cache_ways,
                   drop, file_system, fill, folder, has_cachestat, json_of, need_cachestat,
                   need_nobody, need_root, resident, undisturbed)
from tap import PLAIN, PROGRAM, SCRATCH, Skip, check, equal, fails, raw, run, save, terminal


def ranges(way, *arguments):
    """Which pages of each file are cached and which are not, by --ranges and --missing."""
    found = {}
    for one in json_of("cache", "--via", way, "--ranges", "--missing", *arguments)["ranges"]:
        pages = range(one["start"] // PAGE, -(-one["end"] // PAGE))
        equal("pages of %s" % one, len(pages), one["pages"])
        equal("bytes of %s" % one, one["end"] - one["start"], one["bytes"])
        found.setdefault(one["file"], {}).setdefault(one["state"], set()).update(pages)
    return found


def rows(*arguments):
    return {row["file"]: row for row in json_of("cache", *arguments)["cache"]}


@undisturbed
def test_pages_brought_in_and_dropped_one_by_one():
    path = fill(os.path.join(folder(), "file"), 300)
    equal("nothing at first", set(), resident(path))
    for change, pages in ((bring, [0]), (bring, [299]), (bring, [17, 18, 19]), (bring, range(100, 200)),
                          (drop, [150]), (drop, [0]), (drop, range(17, 20)), (drop, range(300))):
        if change is bring:
            bring(path, pages)
        else:
            for page in pages:
                drop(path, page, 1)
        truth = resident(path)
        for way in cache_ways():
            row = rows("--via", way, path)[path]
            equal("cached via %s" % way, (len(truth), len(truth) * PAGE),
                  (row["pages"], row["cached"]))
            found = ranges(way, path)[path]
            equal("ranges via %s" % way, truth, found.get("cached", set()))
            equal("missing via %s" % way, set(range(300)) - truth, found.get("missing", set()))
            level = row["bar"]
            for i, sign in enumerate(level):
                part = set(range(i * 300 // len(level), (i + 1) * 300 // len(level)))
                equal("part %d of %s" % (i, level), "." if not part & truth else
                      "#" if part <= truth else sign, sign)
                check("a part is a digit", sign in ".#" or sign in "1234567")
    equal("all is gone at last", set(), resident(path))


@undisturbed
def test_the_same_as_fincore_and_vmtouch():
    place = folder()
    paths = [fill(os.path.join(place, str(pages)), pages) for pages in (1, 7, 512, 3000)]
    bring(paths[1], [2, 3])
    bring(paths[2], range(0, 512, 2))
    bring(paths[3], range(1000))
    said = subprocess.run(["fincore", "-b", "-n", "-r", "-o", "PAGES,SIZE,FILE", *paths],
                          capture_output=True, text=True, check=True).stdout
    fincore = {line.split(" ", 2)[2]: (int(line.split()[0]), int(line.split()[1]))
               for line in said.splitlines()}
    said = subprocess.run(["vmtouch", *paths], capture_output=True, text=True, check=True).stdout
    touched = [int(number) for number in re.search(r"Pages: (\d+)/(\d+)", said).groups()]
    for way in cache_ways():
        found = rows("--via", way, *paths)
        for path in paths:
            equal("%s via %s" % (path, way), fincore[path], (found[path]["pages"], found[path]["size"]))
        total = json_of("cache", "--via", way, *paths)["total"]
        equal("vmtouch", touched, [total["pages"], sum(-(-found[path]["size"] // PAGE)
                                                      for path in paths)])
    equal("what was read", 2 + 256 + 1000, touched[0])


@undisturbed
def test_ten_tebibytes_of_which_some_pages_are_cached():
    need_cachestat()
    path = os.path.join(folder(), "huge")
    size = 10 << 40
    with open(path, "wb") as file:
        try:
            file.truncate(size)
        except OSError as error:
            raise Skip("no such file here: %s" % error)
    pages = {5 << 28, (5 << 28) + 1, (10 << 28) - 1}
    bring(path, pages)
    row = rows("--via", "cachestat", path)[path]
    equal("figures", (size, 3, 3 * PAGE, 0.1), (row["size"], row["pages"], row["cached"], row["percent"]))
    for way in ((), ("--via", "cachestat")):
        found = json_of("cache", *way, "--ranges", path)["ranges"]
        equal("ranges", [(5 << 40, (5 << 40) + 2 * PAGE), (size - PAGE, size)],
              [(one["start"], one["end"]) for one in found])
        found = json_of("cache", *way, "--missing", path)["ranges"]
        equal("missing", size - 3 * PAGE, sum(one["bytes"] for one in found))
    equal("percent is more than 0", "0.1", raw(run("cache", "-r", path).stdout, "percent")[0][0])
    os.unlink(path)


@undisturbed
def test_mincore_takes_windows_and_touches_nothing():
    path = os.path.join(folder(), "sparse")
    with open(path, "wb") as file:
        file.truncate((1 << 30) + 5)
    bring(path, [0, 40000, 262144])
    before = resident(path)
    done = subprocess.run(["strace", "-f", "-e", "trace=mmap,mincore,read,pread64", PLAIN, "cache", "-r",
                           "--via", "mincore", path], capture_output=True, text=True, check=False)
    equal("exit code", 0, done.returncode, done.stderr)
    calls = re.findall(r"mincore\(0x[0-9a-f]+, (\d+),", done.stderr)
    check("windows of at most 128 MiB", len(calls) >= 9 and max(map(int, calls)) <= 128 << 20, calls)
    windows = [line for line in done.stderr.splitlines() if re.search(r"mmap\(NULL, 1342177\d\d,", line)]
    check("mapped without any right", len(windows) >= 8 and all("PROT_NONE, MAP_SHARED" in line
                                                                 for line in windows), windows)
    equal("nothing came", before, resident(path))
    equal("pages", [("3",)], raw(done.stdout, "pages"))
    found = ranges("mincore", path)[path]
    equal("ranges over windows", before, found["cached"])
    equal("of both sorts", 262145, sum(map(len, found.values())))


@undisturbed
def test_who_may_not_know_is_told_so():
    need_nobody()
    place = folder()
    os.chmod(place, 0o755)
    for above in (SCRATCH, DISK):
        os.chmod(above, 0o755)
    path = fill(os.path.join(place, "root's"), 64)
    locked = fill(os.path.join(place, "locked"), 64)
    own = fill(os.path.join(place, "own"), 64)
    bring(own, [1, 2, 3])
    os.chmod(locked, 0o600)
    os.chown(own, NOBODY, NOBODY)
    for way in cache_ways():
        done = as_nobody("cache", "-J", "--via", way, place)
        equal("exit code", 0, done.returncode, done.stderr)
        said = json.loads(done.stdout)
        found = {row["file"]: row for row in said["cache"]}
        equal("what is ours", ("known", 3), (found[own]["state"], found[own]["pages"]))
        # Kernels that do not ask for a right tell the truth, which is that nothing is there.
        check("root's via %s" % way, (found[path]["state"], found[path]["pages"]) in
              (("no permission", None), ("known", 0)), found)
        equal("what cannot be opened", ("no permission", None, None),
              (found[locked]["state"], found[locked]["cached"], found[locked]["percent"]))
        unknown = sum(row["state"] != "known" for row in found.values())
        equal("total", (3, unknown, 64 * PAGE * unknown, 3), tuple(
            said["total"][key] for key in ("files", "unknown", "unknown_size", "pages")))
        table = as_nobody("cache", "--via", way, place).stdout
        check("the table says so", "no permission" in table and "unknown, not in the total" in table,
              table)
        equal("none of it is full", [], re.findall(r"100\.0", table))
        done = as_nobody("cache", "-J", "--via", way, "--ranges", locked, path)
        found = {one["file"]: one["state"] for one in json.loads(done.stdout)["ranges"]}
        equal("ranges", "no permission", found[locked])
        check("no range of what may not be known", found.get(path) != "cached", found)


@undisturbed
def test_the_lie_of_mincore_is_found_out():
    need_nobody()
    release = tuple(int(part) for part in re.match(r"(\d+)\.(\d+)", os.uname().release).groups())
    if release < (5, 2):
        raise Skip("mincore of this kernel does not ask for a right")
    place = folder()
    os.chmod(place, 0o755)
    for above in (SCRATCH, DISK):
        os.chmod(above, 0o755)
    path = fill(os.path.join(place, "file"), 40000)
    done = as_nobody("cache", "-J", "--via", "mincore", path)
    equal("state", "no permission", json.loads(done.stdout)["cache"][0]["state"])
    with open(path, "rb") as file:
        while file.read(1 << 20):
            pass
    row = rows("--via", "mincore", path)[path]
    equal("a file that is all there, to its owner", ("known", 100.0), (row["state"], row["percent"]))
    tmpfs = "/dev/shm/faultstat-%d" % os.getpid()
    if file_system("/dev/shm") == "tmpfs":
        with open(tmpfs, "wb") as file:
            file.write(b"x" * PAGE * 10)
        try:
            os.chmod(tmpfs, 0o644)
            row = rows("--via", "mincore", tmpfs)[tmpfs]
            equal("tmpfs", ("known", 100.0), (row["state"], row["percent"]))
            done = as_nobody("cache", "-J", "--via", "mincore", tmpfs)
            equal("tmpfs of another", "no permission", json.loads(done.stdout)["cache"][0]["state"])
        finally:
            os.unlink(tmpfs)
    os.unlink(path)


def test_special_files_are_said_to_be_that():
    place = folder()
    os.mkfifo(os.path.join(place, "fifo"))
    os.symlink("/etc/passwd", os.path.join(place, "link"))
    fill(os.path.join(place, "file"), 1)
    said = json_of("cache", place)
    equal("in a folder they are left alone", ["file"], [os.path.basename(row["file"])
                                                        for row in said["cache"]])
    check("and counted", "special files skipped: 1" in run("cache", place).stdout)
    found = rows(os.path.join(place, "fifo"), "/dev/null", os.path.join(place, "link"))
    equal("named", {"fifo": "special file", "null": "special file", "link": "known"},
          {os.path.basename(path): row["state"] for path, row in found.items()})
    equal("nothing is guessed", [None, None], [found[path][key] for path, key in (
        ("/dev/null", "cached"), ("/dev/null", "size"))])


@contextlib.contextmanager
def loop_device(path):
    """A block device whose sectors are that file."""
    need_root()
    done = subprocess.run(["losetup", "-f", "--show", path], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Skip("no loop device can be had here: %s" % done.stderr.strip())
    device = done.stdout.strip()
    try:
        # What is cached of a device goes when it is closed for the last time.
        with open(device, "rb"):
            yield device
    finally:
        subprocess.run(["losetup", "-d", device], check=True)


@undisturbed
def test_pages_of_a_block_device():
    place = folder()
    with loop_device(fill(os.path.join(place, "image"), 300)) as device:
        node = os.path.join(place, "node")
        os.mknod(node, 0o600 | stat.S_IFBLK, os.stat(device).st_rdev)
        bring(device, [0, 17, 18, 299])
        for way in cache_ways():
            row = rows("--via", way, device)[device]
            equal("figures via %s" % way, ("known", 300 * PAGE, 4, 4 * PAGE, 1.3),
                  tuple(row[key] for key in ("state", "size", "pages", "cached", "percent")))
            equal("bar via %s" % way, ("1", "1", "."), (row["bar"][0], row["bar"][-1], row["bar"][10]))
            found = ranges(way, device)[device]
            equal("ranges via %s" % way, {0, 17, 18, 299}, found["cached"])
            equal("missing via %s" % way, 296, len(found["missing"]))
            total = json_of("cache", "--via", way, device, node)["total"]
            equal("two nodes of it via %s" % way, (1, 4), (total["files"], total["pages"]))
        raw_total = run("cache", "-r", "--by", "dir", "-n", "1", device).stdout
        equal("by folder", [("4", os.path.dirname(device))], raw(raw_total, "pages", "dir"))
        if int(pathlib.Path("/sys/class/block", os.path.basename(device), "removable").read_text()) == 0:
            equal("met in a folder", ["known"], [row["state"] for row in json_of("cache", place)["cache"]
                                                 if row["file"] == node])
        child = subprocess.Popen([PROGRAM, "cache", "-J", device, "0.5", "2"], stdout=subprocess.PIPE, text=True)
        time.sleep(0.25)
        bring(device, [100, 101])
        later = child.communicate(timeout=20)[0]
        check("came", re.search(r'"came": %d' % (2 * PAGE), later), later)
        with Process() as process:
            process.do("add(%r, 300)" % device)
            found = [row for row in json_of("cache", "-p", process.pid)["cache"] if row["file"] == device]
            equal("mapped", [("known", 6)], [(row["state"], row["pages"]) for row in found])
        os.chmod(place, 0o755)
        os.chmod(node, 0o644)
        for above in (SCRATCH, DISK):
            os.chmod(above, 0o755)
        for way in cache_ways():
            row = json.loads(as_nobody("cache", "-J", "--via", way, node).stdout)["cache"][0]
            check("not ours via %s" % way, (row["state"], row["size"]) == ("no permission", 300 * PAGE) or
                  row["pages"] == 6, row)
        os.chmod(node, 0o600)
        row = json.loads(as_nobody("cache", "-J", node).stdout)["cache"][0]
        equal("size of one that cannot be opened", ("no permission", 300 * PAGE), (row["state"], row["size"]))


def test_devices_that_opening_would_make_are_left_alone():
    need_root()
    place = folder()
    # A number of md, which opening would make an array of.
    os.mknod(os.path.join(place, "md"), 0o600 | stat.S_IFBLK, os.makedev(9, 111))
    table = run("cache", place).stdout
    check("left alone", "special files skipped: 1" in table and "total of 0 files" in table, table)


def mounted(kind, place, *options, source=None):
    need_root()
    if not os.path.exists(place):
        os.makedirs(place)
    done = subprocess.run(["mount", "-t", kind, *options, source or kind, place], capture_output=True, check=False)
    if done.returncode:
        raise Skip("%s cannot be mounted here: %s" % (kind, done.stderr.decode().strip()))
    return place


def test_hugetlbfs_is_not_guessed():
    place = mounted("hugetlbfs", os.path.join(folder(), "huge"))
    try:
        path = os.path.join(place, "file")
        with open(path, "wb") as file:
            file.truncate(4 << 20)
        for way in cache_ways():
            row = rows("--via", way, path)[path]
            equal("state", ("hugetlbfs", None), (row["state"], row["cached"]))
    finally:
        subprocess.run(["umount", place], check=True)


@undisturbed
def test_overlayfs_is_the_file_underneath():
    place = folder()
    for name in ("lower", "upper", "work"):
        os.mkdir(os.path.join(place, name))
    below = fill(os.path.join(place, "lower", "file"), 50)
    over = mounted("overlay", os.path.join(place, "over"), "-o",
                   "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work" % (place, place, place))
    try:
        bring(below, [3, 4, 5])
        path = os.path.join(over, "file")
        equal("cached", 3, rows(path)[path]["pages"])
        equal("ranges", {3, 4, 5}, set(range(*[json_of("cache", "--ranges", path)["ranges"][0][key] // PAGE
                                               for key in ("start", "end")])))
        if has_cachestat():
            row = rows("--via", "cachestat", path)[path]
            equal("cachestat does not see them", ("not via cachestat", None), (row["state"], row["pages"]))
    finally:
        subprocess.run(["umount", over], check=True)


@contextlib.contextmanager
def overlays(place, *names):
    """Mounts over one folder, lower, each with an upper folder."""
    for name in names:
        for kind in ("upper", "work"):
            os.mkdir(os.path.join(place, kind + name))
    made = []
    try:
        for name in names:
            made.append(mounted("overlay", os.path.join(place, name), "-o", ",".join(
                "%sdir=%s/%s" % (key, place, value) for key, value in (
                    ("lower", "lower"), ("upper", "upper" + name), ("work", "work" + name)))))
        yield made
    finally:
        for one in reversed(made):
            subprocess.run(["umount", one], check=True)


@undisturbed
def test_pages_that_files_of_overlayfs_share_count_once():
    place = folder()
    lower = os.path.join(place, "lower")
    os.mkdir(lower)
    for name in ("file", "changed", "cold"):
        fill(os.path.join(lower, name), 50)
    bring(os.path.join(lower, "file"), range(40))
    with overlays(place, "a", "b") as (a, b):
        with open(os.path.join(a, "changed"), "r+b") as file:
            file.write(b"y")
        with open(os.path.join(b, "new"), "wb") as file:
            file.write(b"z" * 7 * PAGE)
        os.sync()
        upper, changed = os.path.join(place, "uppera"), os.path.join(a, "changed")
        drop(changed)
        bring(changed, range(3))
        drop(os.path.join(lower, "changed"))
        bring(os.path.join(lower, "changed"), [30])
        found = rows(a, b)
        equal("each file has its own", (40, 40, 3, 1), tuple(found[os.path.join(where, name)]["pages"] for where, name
                                                            in ((a, "file"), (b, "file"), (a, "changed"),
                                                                (b, "changed"))))
        if json_of("cache", a)["total"]["shared_unknown"]:
            check("the note says so", "may count twice" in run("cache", a, b).stdout)
            raise Skip("this kernel does not say which files are below")
        # Of whom: files, those that share, pages, shared pages, pages that there are.
        for paths, wanted in (((a, b), (7, 2, 51, 40, 207)), ((b, a), (7, 2, 51, 40, 207)),
                              ((a, lower), (6, 2, 44, 40, 200)), ((lower, b), (7, 3, 48, 41, 157)),
                              ((upper, a), (4, 1, 43, 3, 150)), ((a, upper), (4, 1, 43, 3, 150)),
                              ((a, b, lower, upper), (11, 6, 51, 84, 207))):
            said = json_of("cache", *paths)
            total = said["total"]
            equal("total of %s" % (paths,), wanted, tuple(total[key] for key in (
                "files", "shared_files", "pages")) + (total["shared"] // PAGE, total["size"] // PAGE))
            equal("rows of %s" % (paths,), total["cached"] + total["shared"], sum(row["cached"]
                                                                                 for row in said["cache"]))
            equal("shared of %s" % (paths,), total["shared"], sum(row["shared"] for row in said["cache"]))
            equal("by folder", total["cached"], sum(row["cached"] for row in
                                                    json_of("cache", "--by", "dir", *paths)["cache"]))
            text = run("cache", "-r", *paths).stdout
            check("raw", " shared %d " % total["shared"] in text and " shared_files %d " % wanted[1] in text, text)
        check("the table says it", re.search(r"shared with another file count once: 160K of 2 files",
                                             run("cache", a, b).stdout))
        equal("what is not asked for shares nothing", (40, 0), tuple(
            json_of("cache", "-f", "*/b/file", a, b)["total"][key] for key in ("pages", "shared")))
        child = subprocess.Popen([PROGRAM, "cache", "-J", a, b, lower, "0.5", "2"], stdout=subprocess.PIPE, text=True)
        time.sleep(0.25)
        bring(os.path.join(lower, "cold"), [5, 6])
        later = re.findall(r'"total": ({[^}]*})', child.communicate(timeout=20)[0])
        equal("what came, came once", 2 * PAGE, json.loads(later[1])["came"])
        with Process() as process:
            process.do("add(%r, 50)" % os.path.join(a, "file"))
            process.do("add(%r, 50)" % os.path.join(lower, "file"))
            # The first was opened to write, and so was copied up.
            said = json_of("cache", "-p", process.pid, "-f", "*/file")["total"]
            equal("copied up, it shares nothing", (2, 0), (said["files"], said["shared_files"]))


def test_whether_metacopy_is_usual_is_asked_of_overlayfs():
    """The kernel leaves out of a mount's options what its parameter says."""
    place = folder()
    parameters = "/sys/module/overlay/parameters"
    os.mkdir(os.path.join(place, "lower"))
    fill(os.path.join(place, "lower", "file"), 20)
    with overlays(place, "a") as (a,):
        if not os.path.exists(os.path.join(parameters, "metacopy")):
            raise Skip("this kernel's overlayfs has no metacopy")
        if json_of("cache", a)["total"]["shared_unknown"]:
            raise Skip("this kernel does not say which files are below")
        with Process() as process:
            process.do("maps.append(mmap.mmap(os.open(%r, os.O_RDONLY), 0, prot=1))" % os.path.join(a, "file"))
            with open("/proc/%s/maps" % process.pid, encoding="utf-8") as file:
                mapped = [line.split()[3] for line in file if place in line]
        about = os.stat(a)
        if mapped != ["%02x:%02x" % (os.major(about.st_dev), os.minor(about.st_dev))]:
            raise Skip("this kernel's maps has the file below, whatever metacopy is")
        # What cannot be read is off, as in kernels that have no metacopy.
        for value, unknown in (("Y", 1), ("N", 0), ("absent", 0)):
            save("parameters/metacopy" if value != "absent" else "none/other", value.encode() + b"\n")
            done = subprocess.run([
                "unshare", "-m", "sh", "-c", "mount --bind %s %s && exec %s cache -J %s" % (
                    os.path.join(SCRATCH, "none" if value == "absent" else "parameters"), parameters, PROGRAM, a)],
                capture_output=True, text=True, check=False)
            equal("exit code", 0, done.returncode, done.stderr)
            equal("parameter %s" % value, unknown, json.loads(done.stdout)["total"]["shared_unknown"])


@undisturbed
def test_files_of_an_overlay_in_another_mount_namespace():
    place = folder()
    os.mkdir(os.path.join(place, "lower"))
    path = fill(os.path.join(place, "lower", "file"), 20)
    bring(path, range(4))
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        raise Skip("no mount namespaces")
    with overlays(place, "a") as (a,):
        inner = os.path.join(place, "inner")
        os.mkdir(inner)
        script = ("import mmap, os, time; f = os.open(%r, os.O_RDONLY); "
                  "m = mmap.mmap(f, 0, prot=mmap.PROT_READ); print('ready', flush=True); time.sleep(60)")
        command = "mount -t overlay -o lowerdir=%s:%s overlay %s && exec %s -c \"$1\"" % (
            os.path.join(place, "lower"), os.path.join(place, "uppera"), inner, sys.executable)
        inside = subprocess.Popen(["unshare", "-m", "sh", "-c", command, "sh", script % os.path.join(inner, "file")],
                                  stdout=subprocess.PIPE, text=True)
        outside = subprocess.Popen([sys.executable, "-c", script % os.path.join(a, "file")], stdout=subprocess.PIPE,
                                   text=True)
        try:
            for one in (inside, outside):
                equal("ready", "ready\n", one.stdout.readline())
            said = json_of("cache", "-f", "*/file", "-p", "%d,%d" % (inside.pid, outside.pid))["total"]
            if said["shared_unknown"]:
                raise Skip("this kernel does not say which files are below")
            equal("once", (2, 1, 4), (said["files"], said["shared_files"], said["pages"]))
        finally:
            for one in (inside, outside):
                one.kill()
                one.wait()
                one.stdout.close()


@undisturbed
def test_each_file_of_a_tree_counts_once():
    place = folder()
    os.makedirs(os.path.join(place, "a", "b"))
    for name in ("one", "a/two", "a/b/three"):
        path = fill(os.path.join(place, name), 4)
        bring(path, [0])
    os.link(os.path.join(place, "one"), os.path.join(place, "a", "again"))
    os.symlink(place, os.path.join(place, "a", "round"))

    def total(*paths):
        said = json_of("cache", *paths)["total"]
        return said["files"], said["pages"]

    equal("a tree", (3, 3), total(place))
    equal("and a folder of it", (3, 3), total(place, os.path.join(place, "a")))
    equal("the other way round", (3, 3), total(os.path.join(place, "a"), place))
    equal("and a file of it", (3, 3), total(os.path.join(place, "a", "two"), place))
    equal("twice the same", (1, 1), total(os.path.join(place, "one"), os.path.join(place, "one")))
    equal("both names of one", (1, 1), total(os.path.join(place, "one"), os.path.join(place, "a", "again")))
    by = {row["dir"]: row for row in json_of("cache", "--by", "dir", place)["cache"]}
    equal("folders", 3, len(by))
    equal("sum", 3, sum(row["pages"] for row in by.values()))
    depth = place.count("/")
    by = {row["dir"]: row["pages"] for row in json_of("cache", "--by", "dir=%d" % depth, place)["cache"]}
    equal("by depth", {place: 3}, by)
    equal("only some", {os.path.join(place, "a", "two")}, set(rows("-f", "*/two", place)))


@undisturbed
def test_what_is_mounted_in_two_places_counts_once():
    place = folder()
    for name in ("a/one", "a/sub/two", "a/sub/deep/three"):
        os.makedirs(os.path.dirname(os.path.join(place, name)), exist_ok=True)
        bring(fill(os.path.join(place, name), 4), [0])
    points = [os.path.join(place, name) for name in ("0", "b", "file")]
    for point in points[:2]:
        os.mkdir(point)
    fill(points[2], 1)
    mounts = []
    try:
        # Before it and behind it, whichever comes first in the folder; and a single file.
        for source, point in (("a", points[0]), ("a/sub", points[1]), ("a/one", points[2])):
            mounted("none", point, "-o", "bind", source=os.path.join(place, source))
            mounts.append(point)
        total = json_of("cache", place)["total"]
        equal("a tree", (3, 12 * PAGE, 3), (total["files"], total["size"], total["pages"]))
        total = json_of("cache", os.path.join(place, "a"), *points)["total"]
        equal("named", (3, 3), (total["files"], total["pages"]))
        for pattern in ("*/b/*", "*/a/sub/*", "*/0/sub/*"):
            equal("only %s" % pattern, 2, json_of("cache", "-f", pattern, place)["total"]["pages"])
        by = json_of("cache", "--by", "dir", place)
        equal("by folder", 3, sum(row["pages"] for row in by["cache"]))
        # What is mounted on a folder of one of them is in the other as well, or not.
        other = mounted("tmpfs", os.path.join(points[1], "deep"))
        mounts.append(other)
        with open(os.path.join(other, "four"), "wb") as file:
            file.write(b"x")
        equal("another below", ["four", "one", "three", "two"], sorted(
            os.path.basename(path).replace("file", "one") for path in rows(place)))
    finally:
        for point in reversed(mounts):
            subprocess.run(["umount", point], check=True)


@undisturbed
def test_a_name_that_is_not_asked_for_hides_no_other():
    place = folder()
    bring(fill(os.path.join(place, "one"), 4), [0])
    os.link(os.path.join(place, "one"), os.path.join(place, "two"))
    for name in ("one", "two"):
        path = os.path.join(place, name)
        equal("in a folder", {path}, set(rows("-f", "*/" + name, place)))
        equal("named", {path}, set(rows("-f", "*/" + name, os.path.join(place, "one"), os.path.join(place, "two"))))


def test_other_file_systems_are_left_out_with_x():
    place = folder()
    fill(os.path.join(place, "file"), 1)
    inner = mounted("tmpfs", os.path.join(place, "inner"))
    try:
        with open(os.path.join(inner, "other"), "wb") as file:
            file.write(b"x")
        equal("both", 2, json_of("cache", place)["total"]["files"])
        equal("one", 1, json_of("cache", "-x", place)["total"]["files"])
        equal("named itself", 2, json_of("cache", "-x", place, inner)["total"]["files"])
    finally:
        subprocess.run(["umount", inner], check=True)


def test_tmpfs_is_all_cached():
    if file_system("/dev/shm") != "tmpfs":
        raise Skip("/dev/shm is no tmpfs")
    path = "/dev/shm/faultstat-cache-%d" % os.getpid()
    try:
        with open(path, "wb") as file:
            file.truncate(100 * PAGE)
            for page in (3, 50, 51):
                os.pwrite(file.fileno(), b"x", page * PAGE)
        for way in cache_ways():
            truth = resident(path)
            equal("ranges", truth, ranges(way, path)[path]["cached"])
            check("the holes are none", len(truth) < 100)
    finally:
        os.unlink(path)


@undisturbed
def test_dirty_pages():
    need_cachestat()
    path = fill(os.path.join(folder(), "file"), 16)
    with open(path, "r+b") as file:
        file.write(b"y" * 3 * PAGE)
        file.flush()
        row = rows(path)[path]
        # Or it was written back at this moment.
        check("dirty", row["dirty"] + row["writeback"] in (3 * PAGE, 0), row)
        os.fsync(file.fileno())
    equal("written back", 0, rows(path)[path]["dirty"])
    equal("not by mincore", None, rows("--via", "mincore", path)[path]["dirty"])


@undisturbed
def test_all_figures_are_those_of_cachestat():
    need_cachestat()
    found = rows("--via", "cachestat", "/usr/bin", "/usr/lib/x86_64-linux-gnu")
    some = sorted(found, key=lambda path: -(found[path]["evicted"] or 0))[:20]
    print("# at most %s bytes are evicted" % found[some[0]]["evicted"])
    for path in some:
        file = os.open(path, os.O_RDONLY)
        answer = (ctypes.c_uint64 * 5)()
        equal("cachestat", 0, LIBC.syscall(451, file, (ctypes.c_uint64 * 2)(0, 0), answer, 0))
        os.close(file)
        row = rows("--via", "cachestat", path)[path]
        equal(path, [number * PAGE for number in answer],
              [row[key] for key in ("cached", "dirty", "writeback", "evicted", "recent")])


def test_files_that_change_meanwhile():
    place = folder()
    over = threading.Event()

    def change():
        turn = 0
        while not over.is_set():
            turn += 1
            path = os.path.join(place, str(turn % 40))
            with open(path, "wb") as file:
                file.write(b"x" * PAGE * (turn % 50))
                file.truncate(PAGE * (turn * 7 % 90))
            if turn % 3 == 0:
                os.unlink(path)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for turn in range(20):
            for way in cache_ways():
                done = run("cache", "-J", "--via", way, place)
                equal("exit code", 0, done.returncode, done.stderr)
                for row in json.loads(done.stdout)["cache"]:
                    check("never more than all", row["percent"] is None or row["percent"] <= 100, row)
                    check("pages of it", row["pages"] is None or
                          row["pages"] <= -(-row["size"] // PAGE), row)
                run("cache", "--via", way, "--ranges", place)
    finally:
        over.set()
        thread.join()
    fails(1, ["nothing", "No such file"], "cache", os.path.join(place, "nothing"))
    done = run("cache", "-J", os.path.join(place, "nothing"), "/etc/passwd")
    equal("the others are shown", (1, 1), (done.returncode, len(json.loads(done.stdout)["cache"])))


def intervals(number, *arguments, between=(), program=PROGRAM):
    """Lines of JSON, with something done before each but the first."""
    with subprocess.Popen([program, "cache", "-J", *arguments, "1", str(number)], stdout=subprocess.PIPE,
                          text=True) as child:
        found = []
        for turn in range(number):
            found.append(json.loads(child.stdout.readline()))
            if turn < len(between):
                between[turn]()
        equal("nothing more", "", child.stdout.read())
        equal("exit code", 0, child.wait())
    return found


@undisturbed
def test_what_came_and_went_by_file():
    place = folder()
    quiet, read, dropped, gone, grown = (fill(os.path.join(place, name), 256)
                                         for name in ("quiet", "read", "dropped", "gone", "grown"))
    for path in (quiet, dropped, gone):
        bring(path, range(256))

    def change():
        bring(read, range(10, 30))
        for page in range(256):
            drop(dropped, page, 1)
        os.unlink(gone)

    def both():
        # As much goes as comes, in another part.
        bring(read, range(200, 220))
        for page in range(10, 30):
            drop(read, page, 1)
        with open(grown, "ab") as file:
            file.write(b"x" * 500 * PAGE)

    for way in cache_ways():
        found = intervals(3, "--via", way, place, between=(change, both))
        equal("at first nothing is known to have come", {None}, {row["came"] for row in found[0]["cache"]})
        moved = {os.path.basename(row["file"]): (row["came"] // PAGE, row["went"] // PAGE)
                 for row in found[1]["cache"]}
        equal("moved", {"read": (20, 0), "dropped": (0, 256), "gone": (0, 256)}, moved)
        equal("what is read is on top", "read", os.path.basename(found[1]["cache"][0]["file"]))
        equal("total", (20, 512), tuple(found[1]["total"][key] // PAGE for key in ("came", "went")))
        equal("what has vanished", "gone", [row["state"] for row in found[1]["cache"]
                                            if row["file"] == gone][0])
        moved = {os.path.basename(row["file"]): (row["came"] // PAGE, row["went"] // PAGE)
                 for row in found[2]["cache"]}
        equal("both at once", (20, 20), moved["read"])
        check("one that grows", moved["grown"][0] >= 500, moved)
        fill(gone, 256)
        fill(grown, 256)
        fill(read, 256)
        for path in (dropped, gone):
            bring(path, range(256))


@undisturbed
def test_the_first_of_many_with_little_memory():
    place = folder()
    small = os.path.join(place, "small")
    os.mkdir(small)
    for i in range(20000):
        with open(os.path.join(small, "a-name-that-takes-its-room-in-memory-%06d" % i), "wb") as file:
            if i % 1000 == 0:
                file.write(b"x" * PAGE * (1 + i // 1000))
    few = os.path.join(place, "few")
    os.mkdir(few)
    wanted = [PAGE * number for number in (20, 19, 18, 17, 16)]
    done = run("cache", "-r", "-n", "5", small, program=PLAIN)
    equal("the largest", [str(size) for size in wanted], [row[0] for row in raw(done.stdout, "cached")])
    check("all in the total", "# total files 20000 " in done.stdout, done.stdout)
    every = raw(run("cache", "-r", "-s", "cached,file", small, program=PLAIN).stdout, "cached", "file")
    equal("all of them", 20000, len(every))
    equal("in order", sorted(every, key=lambda row: (-int(row[0]), row[1])), every)

    # Of a child of its own each time: what is told is the most of all children so far.
    script = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, "
              "check=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    kib = [int(subprocess.run([sys.executable, "-c", script, PLAIN, "cache", "-n", "5", path],
                              capture_output=True, check=True).stdout) for path in (few, small)]
    check("not a MiB more for 20,000 files than for none", kib[1] < kib[0] + 1024, kib)
    kib.append(int(subprocess.run([sys.executable, "-c", script, PLAIN, "cache", "-r", small],
                                  capture_output=True, check=True).stdout))
    check("all of them take more, so that this can be seen", kib[2] > kib[0] + 4096, kib)


def first_progress(wanted, *words):
    """What is on standard error, a terminal, until that is."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([PROGRAM, *words], stdout=subprocess.DEVNULL, stderr=theirs) as child:
        os.close(theirs)
        shown = b""
        try:
            while wanted not in shown:
                shown += os.read(ours, 4096)
        except OSError:
            check("%r is shown" % wanted, False, shown)
        finally:
            child.kill()
            os.close(ours)
    return shown


def test_progress_is_for_a_terminal_only():
    ours, theirs = pty.openpty()
    begin = time.monotonic()
    done = subprocess.run([PROGRAM, "cache", "-r", "-n", "1", "/usr", "/etc"], stdout=subprocess.PIPE, stderr=theirs,
                          check=False)
    took = time.monotonic() - begin
    os.close(theirs)
    shown = b""
    try:
        while True:
            shown += os.read(ours, 4096)
    except OSError:     # all is read
        os.close(ours)
    check("nothing of it in the table", b"\r" not in done.stdout and b" files, " not in done.stdout)
    equal("nothing without a terminal", "", "".join(
        line for line in run("cache", "-r", "-n", "1", "/usr").stderr.splitlines() if " files, " in line))
    huge = os.path.join(folder(), "huge")
    with open(huge, "wb") as file:
        file.truncate(300 << 30)
    first_progress(b" of 300G of the next", "cache", "--via", "mincore", huge)
    # A complaint does not stand behind it.
    complaint = first_progress(b"/no/such/file", "cache", "--via", "mincore", huge, "/no/such/file")
    check("on a line of its own", b"\r\033[Kkfaultstat: /no/such/file" in complaint, complaint)
    os.unlink(huge)
    if took < 1:
        raise Skip("it takes no second to look at /usr")
    check("how far it has come", re.search(rb"\r\d+ files, \S+ cached", shown), shown)
    # A complaint, of what may not be read, stands in its place.
    shown = re.sub(rb"(?<=\r\033\[K)kfaultstat: [^\r\n]*\r\n", b"", shown)
    check("it goes away", shown.rstrip(b"\r\n").endswith(b"\r\033[K"), shown[-100:])


@undisturbed
def test_files_of_a_process():
    place = folder()
    plain, deleted, replaced = (fill(os.path.join(place, name), 20)
                                for name in ("plain", "deleted", "replaced"))
    with Process() as process:
        process.do("add(%r, 20); add(%r, 20, deleted=True); add(%r, 20)" % (plain, deleted, replaced))
        process.do("read(0, 1, 2); read(1, 5); read(2, 7)")
        os.rename(fill(os.path.join(place, "new"), 3), replaced)
        found = rows("-p", process.pid)
        equal("a plain one", ("known", 2), (found[plain]["state"], found[plain]["pages"]))
        need_root()
        for path in (deleted, replaced):
            row = found[path + " (deleted)"]
            equal("a deleted one", ("known", 1, 20 * PAGE), (row["state"], row["pages"], row["size"]))
        check("python's own", any("python" in path for path in found), found)
        equal("twice the process", len(found), len(rows("-p", process.pid + "," + process.pid)))
        done = run("cache", "-J", "-p", process.pid + ",2147483647")
        equal("one that is not there", (1, "kfaultstat: no process 2147483647 with memory of its own\n"),
              (done.returncode, done.stderr))
        equal("the other is shown", len(found), len(json.loads(done.stdout)["cache"]))
    for words in ([], ["0.1"], ["--ranges"]):
        fails(1, ["no process " + process.pid], "cache", "-p", process.pid, *words)
    fails(2, ["-x and -p are mutually exclusive"], "cache", "-x", "-p", "1")


@undisturbed
def test_files_of_a_process_whose_leader_has_exited():
    place = folder()
    plain, deleted = (fill(os.path.join(place, name), 20) for name in ("plain", "deleted"))
    with Process(leader=False) as process:
        process.do("add(%r, 20); add(%r, 20, deleted=True); read(0, 1, 2); read(1, 5)" % (plain, deleted))
        found = rows("-p", process.pid)
        equal("a plain one", ("known", 2), (found[plain]["state"], found[plain]["pages"]))
        need_root()
        equal("a deleted one", ("known", 1),
              (found[deleted + " (deleted)"]["state"], found[deleted + " (deleted)"]["pages"]))


def test_who_may_not_look_at_a_process_is_told_what_to_do():
    done = as_nobody("cache", "-p", str(os.getpid()))
    equal("one line", 1, len(done.stderr.splitlines()), done.stderr)
    check("says how", "Permission denied: run as root" in done.stderr, done.stderr)


@undisturbed
def test_what_a_process_maps_and_unmaps_neither_comes_nor_goes():
    place = folder()
    mapped, unmapped, read = (fill(os.path.join(place, name), 64) for name in ("mapped", "unmapped", "read"))
    bring(mapped, range(64))
    bring(unmapped, range(64))
    with Process() as process:
        process.do("add(%r, 64); add(%r, 64)" % (unmapped, read))

        def change():
            process.do("add(%r, 64); unmap(0)" % mapped)
            bring(read, range(5))

        found = intervals(3, "-p", process.pid, "-f", place + "/*", between=(change, lambda: bring(read, (9,))))
    for moved, pages in zip(found[1:], (5, 1)):
        equal("what moved", [(read, pages * PAGE, 0)],
              [(row["file"], row["came"], row["went"]) for row in moved["cache"]])
        equal("total", (pages * PAGE, 0), (moved["total"]["came"], moved["total"]["went"]))


def test_one_file_system_is_where_nothing_else_is_mounted():
    place = os.path.join(SCRATCH, "layers")
    for name in ("lower", "upper", "work"):
        os.makedirs(os.path.join(place, name))
    mounted("tmpfs", os.path.join(place, "upper"))
    try:
        for name in ("upper/u", "upper/w"):
            os.mkdir(os.path.join(place, name))
        for name in ("lower/a", "upper/u/b"):
            fill(os.path.join(place, name), 3)
        merged = mounted("overlay", os.path.join(place, "merged"), "-o",
                         "lowerdir=%s/lower,upperdir=%s/upper/u,workdir=%s/upper/w" % (place, place, place))
        try:
            mounted("tmpfs", os.path.join(merged, "other"))
            fill(os.path.join(merged, "other", "c"), 3)
            equal("of overlayfs, whose files have other devices", {"a", "b"},
                  {os.path.basename(path) for path in rows("-x", merged)})
            equal("all", {"a", "b", "c"}, {os.path.basename(path) for path in rows(merged)})
        finally:
            subprocess.run(["umount", "-R", merged], check=True)
    finally:
        subprocess.run(["umount", os.path.join(place, "upper")], check=True)


def test_what_the_kernel_makes_up_is_no_file():
    done = run("cache", "/proc/sys/kernel")
    equal("exit code", 0, done.returncode, done.stderr)
    check("said so", "total of 0 files" in done.stdout and "special files skipped: " in done.stdout, done.stdout)
    equal("one that is named", "special file", rows("/proc/version")["/proc/version"]["state"])


def test_nor_is_what_stands_in_sys():
    if not os.path.isdir("/sys/kernel"):
        raise Skip("no /sys/kernel here")
    done = run("cache", "/proc/sys/kernel", "/sys/kernel")
    equal("exit code", 0, done.returncode, done.stderr)
    check("said so", "total of 0 files" in done.stdout and "special files skipped: 2" in done.stdout, done.stdout)


def test_many_rows_come_in_parts_that_are_one_table():
    place = os.path.join(SCRATCH, "very-many")
    os.mkdir(place)
    # The total has more digits than any heading and any row has letters.
    for number in range(20100):
        with open(os.path.join(place, "x" * (number % 7) + str(number)), "wb") as file:
            file.write(b"x" * 5 * PAGE)
    lines = run("cache", "-o", "pages,file", place).stdout.splitlines()
    equal("lines", 20102, len(lines))
    equal("one heading", 1, sum("PAGES" in line for line in lines))
    equal("aligned", {7}, {line.index("/") for line in lines[1:-1]} | {lines[0].index("FILE"), lines[-1].index("total")})
    bare = run("cache", "--noheadings", "-o", "pages,file", place).stdout.splitlines()
    equal("and without headings", lines[1:], bare)
    equal("raw", 20100, len(raw(run("cache", "-r", place).stdout, "file")))
    equal("JSON", 20100, len(json_of("cache", place)["cache"]))
    shutil.rmtree(place)


@undisturbed
def test_a_deleted_file_is_told_from_one_of_whose_name_that_is_a_part():
    need_root()
    place = folder()
    gone, live = os.path.join(place, "re"), os.path.join(place, "re (deleted)")
    with Process() as process:
        process.do("add(%r, 20, deleted=True); add(%r, 21)" % (fill(gone, 20), fill(live, 21)))
        said = json_of("cache", "-p", process.pid, "-f", place + "/*")["cache"]
        equal("both", {(live, 20, 1), (live, 21, 0)},
              {(row["file"], row["size"] // PAGE, row["deleted"]) for row in said})
    equal("by name", [0], [row["deleted"] for row in json_of("cache", live)["cache"]])
    with open(live, "rb") as file:
        os.unlink(live)
        name = "/proc/%d/fd/%d" % (os.getpid(), file.fileno())
        equal("one that has no name", [1], [row["deleted"] for row in json_of("cache", name)["cache"]])
    check("raw has it", "DELETED" in run("cache", "-r", place).stdout.split())


@undisturbed
def test_files_of_a_process_by_name():
    need_root()
    need_nobody()
    place = folder()
    os.chmod(place, 0o755)
    for above in (SCRATCH, DISK):
        os.chmod(above, 0o755)
    paths = {name: fill(os.path.join(place, name), 20) for name in ("plain", "deleted", "replaced")}
    for path in paths.values():
        os.chown(path, NOBODY, NOBODY)
    with Process(*BE_NOBODY) as process:
        for name in ("plain", "deleted", "replaced"):
            process.do("add(%r, 20); read(len(maps) - 1, 1)" % paths[name])
        os.unlink(paths["deleted"])
        # Its name with the kernel's mark behind it is another file.
        fill(paths["deleted"] + " (deleted)", 5)
        done = as_nobody("cache", "-J", "-p", process.pid)
        equal("exit code", 0, done.returncode, done.stderr)
        found = {row["file"]: row for row in json.loads(done.stdout)["cache"]}
        equal("by its name", ("known", 1), (found[paths["plain"]]["state"], found[paths["plain"]]["pages"]))
        equal("deleted", "no permission", found[paths["deleted"] + " (deleted)"]["state"])


def test_files_in_another_mount_namespace():
    need_root()
    place = folder()
    inner = os.path.join(place, "inner")
    os.mkdir(inner)
    path = os.path.join(inner, "file")
    done = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    if done.returncode:
        raise Skip("no mount namespaces")
    with Process("unshare", "-m", "sh", "-c", 'mount -t tmpfs tmpfs "$1" && head -c 40960 /dev/zero >"$1/file" '
                 '&& shift && exec "$@"', "sh", inner) as process:
        check("not there outside", not os.path.exists(path))
        process.do("add(%r, 10)" % path)
        found = [row for row in json_of("cache", "-p", process.pid)["cache"] if row["file"].endswith("/file")]
        equal("known", [("known", 10)], [(row["state"], row["pages"]) for row in found])


def test_a_process_that_ends_is_the_end():
    with Process() as process:
        child = subprocess.Popen([PROGRAM, "cache", "-r", "-p", process.pid, "0.2"], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        time.sleep(1)
    output, errors = child.communicate(timeout=20)
    equal("the end", (0, b""), (child.returncode, errors))
    check("tables before", output.count(b"# total") >= 2, output)


@undisturbed
def test_raw_json_and_table_say_the_same():
    place = folder()
    strange = os.path.join(place, "a b\n\x1b[31m\\")
    fill(strange, 3)
    bring(strange, [1])
    row = rows(place)[strange]
    equal("JSON", (3 * PAGE, PAGE, 33.3), (row["size"], row["cached"], row["percent"]))
    words = run("cache", "-r", place).stdout
    equal("raw", [(str(3 * PAGE), str(PAGE), "33.3", "known", ".#.")],
          raw(words, "size", "cached", "percent", "state", "bar"))
    check("escaped", "a\\040b\\012\\033[31m\\134" in words, words)
    table = run("cache", place).stdout
    check("people's units", re.search(r"^ *12K +4K +1 +33\.3 .*·█·", table, re.M), table)
    check("no escape", "\x1b" not in table)
    plain = run("cache", place, env={"LC_ALL": "C"}).stdout
    check("without UTF-8", ".#." in plain, plain)
    equal("columns", "FILE PERCENT", run("cache", "-o", "file,percent", "-r", place).stdout.split("\n")[0])
    equal("no names of them", 1, len([line for line in run("cache", "-r", "--noheadings", place)
                                      .stdout.splitlines() if not line.startswith("#")]))


def test_paths_are_cut_where_they_are_until_lines_fit_the_screen():
    name = os.path.join(folder(), "x" * 200 + ".end")
    fill(name, 3)
    for words in ([], ["-o", "file,cached"], ["-o", "dir,file,pages"], ["--noheadings"], ["-o", "cached,file,bar"]):
        for columns in (80, 120, 200):
            shown = terminal(columns, 24, "cache", *words, name)
            check("width of %d with %s" % (columns, words), all(len(line) <= columns for line in shown), *shown)
            check("the end is there", any(".end" in line for line in shown), *shown)
    line = [line for line in terminal(120, 24, "cache", "-o", "file,cached", name) if ".end" in line][0]
    equal("the line is full", 120, len(line))


def test_wrong_usage():
    fails(2, ["files, folders"], "cache")
    fails(2, ["files and -p are mutually exclusive: /etc"], "cache", "-p", "1", "/etc")
    fails(2, ["cachestat or mincore", "x"], "cache", "--via", "x", "/etc")
    fails(2, ["--by", "comm"], "cache", "--by", "comm", "/etc")
    fails(2, ["interval"], "cache", "/etc", "0.01")
    fails(2, ["count", "0"], "cache", "/etc", "1", "0")
    fails(2, ["--ranges", "interval"], "cache", "--ranges", "/etc", "1")
    fails(2, ["-o", "nothing"], "cache", "-o", "nothing", "/etc")
    if not has_cachestat():
        fails(2, ["no cachestat"], "cache", "--via", "cachestat", "/etc")
