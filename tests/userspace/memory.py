# SPDX-License-Identifier: GPL-2.0
"""What the tests of cache and map share: the kernel's own word, files page by page, and a process that
maps what it is told to."""
import ctypes
import errno
import functools
import json
import mmap
import os
import subprocess
import sys
import tempfile
import time

from tap import PROGRAM, SCRATCH, Skip, check, equal, run

PAGE = mmap.PAGESIZE
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int,
                      ctypes.c_longlong]
LIBC.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
LIBC.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
DISK = os.environ.get("FAULTSTAT_DISK", SCRATCH)
NOBODY = 65534
BE_NOBODY = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
CAP_SYS_ADMIN = 21


def has_cachestat():
    return LIBC.syscall(451, -1, None, None, 0) < 0 and ctypes.get_errno() == errno.EBADF


def has_scan():
    argument = (ctypes.c_uint64 * 12)(96)
    argument[10] = argument[11] = 8
    with open("/proc/self/pagemap", "rb") as file:
        return LIBC.ioctl(file.fileno(), ctypes.c_ulong(0xc0606610), argument) == 0


def need_cachestat():
    if not has_cachestat():
        raise Skip("this kernel has no cachestat")


def need_scan():
    if not has_scan():
        raise Skip("this kernel has no PAGEMAP_SCAN")


@functools.cache
def has_root():
    """Whether this is root of the machine, with its rights: a container's has CAP_SYS_ADMIN at home at most."""
    with open("/proc/self/uid_map", encoding="ascii") as file:
        everybody = file.read().split() == ["0", "0", "4294967295"]
    return everybody and bool(int(status_of("self")["CapEff"], 16) >> CAP_SYS_ADMIN & 1)


def need_root():
    if not has_root():
        raise Skip("no right of root of this machine (CAP_SYS_ADMIN)")


@functools.cache
def can_be_nobody():
    return subprocess.run([*BE_NOBODY, "true"], capture_output=True, check=False).returncode == 0


def need_nobody():
    if not can_be_nobody():
        raise Skip("no right to be another user here (CAP_SETUID, and a map of users)")


def cache_ways():
    return (["cachestat"] if has_cachestat() else []) + ["mincore"]


def map_ways():
    return (["scan"] if has_scan() else []) + ["pagemap"]


def exact_ways():
    """Those that tell the zero page from others: pagemap does by its frame, which is for root."""
    ways = [way for way in map_ways() if way == "scan" or has_root()]
    if not ways:
        raise Skip("only root sees frames in pagemap, and this kernel has no PAGEMAP_SCAN")
    return ways


def file_system(path):
    return subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True,
                          check=True).stdout.strip()


def reclaims():
    """What tells that the kernel takes pages back of its own accord."""
    with open("/proc/vmstat", encoding="ascii") as file:
        stolen = [line for line in file if line.startswith(("pgsteal", "drop_pagecache"))]
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/comm" % pid, encoding="ascii") as file:
                if file.read().startswith("kdamond"):
                    return None
        except OSError:
            pass
    return stolen


def undisturbed(test):
    """Again, at most four times, where pages may have been taken from under the test."""
    @functools.wraps(test)
    def tries():
        for turn in range(5):
            before = reclaims()
            try:
                return test()
            except AssertionError as error:
                if turn == 4 or (before is not None and before == reclaims()):
                    raise
                print("# again, for pages are reclaimed: %s" % str(error).splitlines()[0])
    return tries


def folder():
    """A new one, on a disk whose pages can be dropped."""
    if file_system(DISK) in ("tmpfs", "ramfs", "overlayfs"):
        raise Skip("%s is on %s: FAULTSTAT_DISK= names a folder on a disk" % (
            DISK, file_system(DISK)))
    return tempfile.mkdtemp(dir=DISK)


def fill(path, pages, value=b"x"):
    """A file of data that is on the disk and not in the page cache."""
    with open(path, "wb") as file:
        for _ in range(pages):
            file.write(value * PAGE)
        file.flush()
        os.fsync(file.fileno())
    drop(path)
    return path


def drop(path, first=0, nr=0):
    file = os.open(path, os.O_RDONLY)
    os.posix_fadvise(file, first * PAGE, nr * PAGE, os.POSIX_FADV_DONTNEED)
    os.close(file)


def bring(path, pages):
    """These pages, and no others by read-ahead."""
    file = os.open(path, os.O_RDONLY)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
    for page in pages:
        check("page %d is read" % page, os.pread(file, 1, page * PAGE))
    os.close(file)


def resident(path):
    """The set of pages that mincore says are there."""
    file = os.open(path, os.O_RDONLY)
    size = os.fstat(file).st_size
    pages = -(-size // PAGE)
    at = LIBC.mmap(None, pages * PAGE, mmap.PROT_NONE if hasattr(mmap, "PROT_NONE") else 0,
                   mmap.MAP_SHARED, file, 0)
    vector = ctypes.create_string_buffer(pages)
    equal("mincore", 0, LIBC.mincore(at, pages * PAGE, vector))
    LIBC.munmap(at, pages * PAGE)
    os.close(file)
    return {page for page in range(pages) if vector.raw[page] & 1}


def json_of(*arguments, **options):
    done = run(arguments[0], "-J", *arguments[1:], **options)
    equal("exit code of %s" % (arguments,), 0, done.returncode, done.stderr)
    return json.loads(done.stdout)


def as_nobody(*arguments):
    """Runs kfaultstat as a user without any right."""
    need_nobody()
    place = os.path.join("/tmp", "kfaultstat-of-%d" % os.getpid())
    if not os.path.exists(place):
        subprocess.run(["cp", PROGRAM, place], check=True)
        os.chmod(place, 0o755)
    try:
        return run(*BE_NOBODY[1:], place, *arguments, program=BE_NOBODY[0])
    finally:
        os.unlink(place)


def status_of(pid):
    """Lines of /proc/PID/status."""
    with open("/proc/%s/status" % pid, encoding="utf-8", errors="surrogateescape") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file)


# The process maps what it is told to and says when it has; it does nothing of its own.
SCRIPT = r"""
import ctypes, mmap, os, sys, threading, time
PAGE = mmap.PAGESIZE
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int,
                      ctypes.c_longlong]
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
maps = []
def add(name, pages, offset=0, kind="shared", advice=1, deleted=False):
    # advice: MADV_RANDOM, no fault-around; 14 is MADV_HUGEPAGE, 15 MADV_NOHUGEPAGE
    file = os.open(name, os.O_RDWR) if name else -1
    if deleted:
        os.unlink(name)
    flags = (1 if kind == "shared" else 2) | (0 if name else 0x20)
    at = libc.mmap(None, pages * PAGE, 3, flags, file, offset * PAGE)
    libc.madvise(at, pages * PAGE, advice)
    if file >= 0:
        os.close(file)
    maps.append((at, pages))
def read(which, *pages):
    for page in pages:
        ctypes.c_ubyte.from_address(maps[which][0] + page * PAGE).value
def write(which, *pages):
    for page in pages:
        ctypes.c_ubyte.from_address(maps[which][0] + page * PAGE).value = 1
def huge(pages, size=2 << 20, shared=False, memory=None):
    # pages of hugetlb, anonymous or of a memfd of that name
    order = (size.bit_length() - 1) << 26
    file = -1
    if memory:
        file = os.memfd_create(memory, 4 | order) if isinstance(memory, str) else memory
        os.ftruncate(file, pages * size)
    at = libc.mmap(None, pages * size, 3, (1 if shared else 2) | 0x40000 | order | (0 if memory else 0x20), file, 0)
    if at == 2 ** 64 - 1:
        raise MemoryError
    maps.append((at, pages * size // PAGE))
def unmap(which):
    libc.munmap(maps[which][0], maps[which][1] * PAGE)
def relay():
    threading.Thread(target=relay).start()
def serve():
    print("ready", flush=True)
    for line in sys.stdin:
        exec(line, globals())
        print("done", flush=True)
        if line.startswith("relay"):
            return
if sys.argv[1] == "leaderless":
    threading.Thread(target=serve).start()
    libc.syscall(60, 0)     # exit, of this thread alone
serve()
"""


class Process:
    """One that maps; at its end it is gone."""

    def __init__(self, *prefix, leader=True):
        self.child = subprocess.Popen([*prefix, sys.executable, "-c", SCRIPT, "" if leader else "leaderless"],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        equal("the process begins", "ready\n", self.child.stdout.readline())
        self.pid = self.tid = str(self.child.pid)
        if not leader:
            # What is not said of the leader any more is said of the thread.
            while status_of(self.pid)["State"][0] != "Z":
                time.sleep(0.01)
            self.tid = [tid for tid in os.listdir("/proc/%s/task" % self.pid) if tid != self.pid][0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()

    def do(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        equal("the process does %s" % line, "done\n", self.child.stdout.readline())
