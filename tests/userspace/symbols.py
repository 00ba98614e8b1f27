# SPDX-License-Identifier: GPL-2.0
"""Frames in words: real programs are built, and what is said of them is compared with what nm, addr2line
and objdump say. The driver is symbols.c; see there for what it is told.
"""
import collections
import ctypes
import functools
import glob
import mmap
import os
import random
import re
import shutil
import signal
import subprocess
import time

from tap import PROGRAM, SCRATCH, Skip, check, equal, save

HERE = os.path.dirname(os.path.abspath(__file__))
USERSPACE = os.path.join(HERE, "..", "..", "userspace")
SANITIZE = ("-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,float-cast-overflow "
            "-fno-sanitize-recover=all").split()
FIELDS = ("stack frame kind function offset inlined path build_id at why source line full brief pointer").split()
Label = collections.namedtuple("Label", FIELDS)

PROGRAM_C = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
volatile int sink;
static inline __attribute__((always_inline)) int innermost(int x)
{
	sink += x;
	return x * sink;
}
static inline __attribute__((always_inline)) int between(int x)
{
	int y = innermost(x + 1);

	return y ^ innermost(x + 2);
}
__attribute__((noinline)) int outer(int x)
{
	sink = x;
	return between(x) + sink;
}
static __attribute__((noinline)) int hidden(int x)
{
	return outer(x) + outer(x + 1);
}
__attribute__((noinline, noreturn)) void last(void)
{
	abort();
}
int shared(int x) __attribute__((weak));
int main(int argc, char **argv)
{
	if (argc > 5)
		last();
	printf("%d\n", hidden(argc) + (shared ? shared(argc) : 0) + (int)strlen(argv[0]));
	fflush(stdout);
	if (argc > 1)
		for (;;)
			pause();
	return 0;
}
"""

PROGRAM_CXX = r"""
#include <map>
#include <string>
#include <vector>
#include <cstdio>
namespace space {
template <typename T> struct holder {
	std::vector<T> all;
	__attribute__((noinline)) void add(const T &one) { all.push_back(one); }
};
class thing {
public:
	virtual ~thing() {}
	virtual __attribute__((noinline)) int act(const std::string &text, int n) const { return text.size() + n; }
	bool operator<(const thing &) const;
};
__attribute__((noinline)) bool thing::operator<(const thing &other) const { return this < &other; }
}
int main(int argc, char **argv)
{
	space::holder<std::pair<int, std::string>> h;
	space::thing a, b;
	auto each = [&](int i) __attribute__((noinline)) { h.add({i, argv[0]}); };
	for (int i = 0; i < argc + 3; i++)
		each(i);
	std::printf("%d %d\n", (int)h.all.size(), a.act(argv[0], a < b));
}
"""

SHARED_C = r"""
#include <stdlib.h>
__attribute__((noinline)) static int helper(int x) { return abs(x) * 3; }
int shared(int x) { return helper(x) + helper(x + 1) + atoi("1"); }
"""


@functools.lru_cache(None)
def driver():
    path = os.path.join(SCRATCH, "symbols-driver")
    libraries = os.environ["KFAULTSTAT_LIBRARIES"].split()
    subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", *SANITIZE, "-Wall", "-Wextra", "-Werror", "-I" + USERSPACE,
                    "-I" + USERSPACE + "/../module", "-o", path, os.path.join(HERE, "symbols.c"),
                    os.path.join(os.path.dirname(PROGRAM), "parts.a"), *libraries], check=True)
    return path


class Driver:
    """A driver that runs, and what it is told."""

    def __init__(self, inlines=False, source=False, live=True, env=None, before=()):
        self.process = subprocess.Popen([*before, driver()], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={**os.environ, "LC_ALL": "C.UTF-8", "DEBUGINFOD_URLS": "",
                                             "DEBUGINFOD_CACHE_PATH": "/nowhere", **(env or {})})
        self.images, self.lines, self.now = 0, [], 0
        self.say("wanted", int(inlines), int(source), int(live))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        check("the driver ends well: %s" % self.process.wait(), not self.process.returncode)

    def say(self, *words):
        self.process.stdin.write("\t".join(map(str, words)).encode("utf-8", "surrogateescape") + b"\n")

    def image(self, path, build_id="-", dev=(0, 0), inode=0, deleted=0):
        self.say("image", *dev, inode, deleted, build_id or "-", path)
        self.images += 1
        return self.images - 1

    def stack(self, pid=0, ident=1, state=None, now=0):
        self.now = now or self.now + 1
        self.say("stack", pid, ident, state or ("live" if pid else "exited"), self.now)

    def file(self, image, at, exact=True):
        self.say("file", image, at, int(exact))

    def read(self):
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        check("the driver lives", line, self.process.poll())
        return line.decode().rstrip("\n")

    def end(self):
        """The labels by frame, and what is said of those without names."""
        self.say("end")
        self.images = 0
        found, trouble = collections.OrderedDict(), ""
        for line in iter(self.read, "end"):
            words = line.split("\t")
            if words[0] == "trouble":
                trouble = words[1]
            elif len(words) == len(FIELDS):
                words = [re.sub(r"\\([0-7]{3})", lambda m: chr(int(m.group(1), 8)), one) for one in words]
                label = Label(*words)._replace(offset=int(words[4], 0), inlined=int(words[5]), at=int(words[8], 0),
                                               line=int(words[11]))
                found.setdefault((int(label.stack), int(label.frame)), []).append(label)
        return list(found.values()), trouble


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def build(name, source, *options, compiler="gcc", suffix=None):
    """A program built of that source; the same one is built once."""
    suffix = suffix or ("cc" if compiler == "g++" else "c")
    path = os.path.join(SCRATCH, "built", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.exists(path):
        with open(path + "." + suffix, "w", encoding="utf-8") as file:
            file.write(source)
        run(compiler, "-o", path, path + "." + suffix, *options, cwd=os.path.dirname(path))
    return path


def plain_program():
    return build("plain", PROGRAM_C, "-O1", "-g", "-Wl,--build-id")


def build_id_of(path):
    found = re.search(r"Build ID: (\w+)", run("readelf", "-nW", path))
    return found and found.group(1)


class Elf:
    """What nm and readelf say of a file."""

    def __init__(self, path):
        self.path = path
        self.loads = [tuple(int(word, 16) for word in found) for found in re.findall(
            r"^\s*LOAD\s+(0x\w+) (0x\w+) 0x\w+ (0x\w+) ", run("readelf", "-lW", path), re.M)]

    def functions(self, *options):
        """(begin, size, name) of those with a size."""
        found = re.findall(r"^(\w+) (\w+) [tTwWiu] (\S+)$", run("nm", "-S", *options, self.path), re.M)
        return sorted((int(begin, 16), int(size, 16), name) for begin, size, name in found if int(size, 16))

    def offset(self, address):
        for offset, begin, size in self.loads:
            if begin <= address < begin + size:
                return address - begin + offset
        raise AssertionError("%#x is not in %s" % (address, self.path))


def identity_of(path):
    """As maps has it."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        return mapped_identity(os.getpid(), path), len(mapped)


def mapped_identity(pid, path):
    with open("/proc/%d/maps" % pid, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            words = line.rstrip("\n").split(None, 5)
            if len(words) > 5 and words[5].replace(" (deleted)", "") == path:
                return tuple(int(one, 16) for one in words[3].split(":")), int(words[4])
    raise AssertionError("%s is not mapped by %s" % (path, pid))


def names_of(path, places, env=None, build_id=None, before=(), **wanted):
    """What is at places (address, exact) of a file: lists of labels."""
    elf = Elf(path)
    with Driver(env=env, before=before, **wanted) as one:
        image = one.image(path, build_id or build_id_of(path))
        one.stack()
        for address, exact in places:
            one.file(image, elf.offset(address - (not exact)) + (not exact), exact)
        return one.end()


def expect_functions(path, demangled=False):
    """At the beginning, in the middle and at the end of each function."""
    functions, places, wanted = Elf(path).functions(), [], []
    words = dict(zip([name for _, _, name in functions], run(
        "c++filt", input="\n".join(name for _, _, name in functions)).splitlines())) if demangled else {}
    for begin, size, name in functions:
        same = {words.get(other, other) for at, long, other in functions if at == begin}
        for address, exact in ((begin, True), (begin + size // 2, True), (begin + size - 1, True),
                               (begin + size, False), (begin + 1, False)):
            places.append((address, exact))
            wanted.append((same, address - begin))
    found, _ = names_of(path, places)
    equal("answers", len(places), len(found))
    for place, (names, offset), labels in zip(places, wanted, found):
        equal("labels at %#x" % place[0], 1, len(labels))
        label = labels[0]
        inner = {name for at, long, name in functions if at <= place[0] - (not place[1]) < at + long}
        check("%s at %#x, exact %s: one of %s" % (label.function, *place, names),
              label.function in names or label.function in {words.get(one, one) for one in inner})
        if label.function in names:
            equal("offset", offset, label.offset)
        file = os.path.basename(path)
        equal("full", "%s+%#x [%s]" % (label.function, label.offset, file), label.full)
        equal("brief", label.function, label.brief)
        equal("kind and path", ("file", path), (label.kind, label.path))
    return len(places)


def test_functions_of_all_kinds_of_programs():
    for name, options in (("O0", ["-O0", "-Wl,--build-id"]), ("pie", ["-O2", "-pie", "-fPIE", "-g", "-Wl,--build-id"]),
                          ("nopie", ["-O2", "-no-pie", "-Wl,--build-id"]),
                          ("static", ["-O2", "-static", "-Wl,--build-id"]),
                          ("nosep", ["-O1", "-Wl,-z,noseparate-code", "-Wl,--build-id"])):
        expect_functions(build(name, PROGRAM_C, *options))
    expect_functions(build("compressed", PROGRAM_C, "-O1", "-g", "-gz", "-Wl,--build-id"))
    check("many of C++", expect_functions(build("cxx", PROGRAM_CXX, "-O1", "-g", "-Wl,--build-id", compiler="g++"),
                                          demangled=True) > 50)
    expect_functions(build("lib.so", SHARED_C, "-O1", "-g", "-shared", "-fPIC", "-Wl,--build-id"))


def test_functions_as_libdwfl_finds_them():
    files = [build(name, source, *options, compiler=compiler) for name, source, options, compiler in (
        ("cxx", PROGRAM_CXX, ["-O1", "-g", "-Wl,--build-id"], "g++"),
        ("static", PROGRAM_C, ["-O2", "-static", "-Wl,--build-id"], "gcc"))]
    for name in ("libc.so.6", "libstdc++.so.6", "libpython3*.so.1*", "libcrypto.so.3"):
        files += glob.glob("/usr/lib/*-linux-gnu/" + name)[:1] + glob.glob("/usr/lib64/" + name)[:1]
    with Driver() as one:
        for path in files:
            one.say("compare", path)
            words = one.read().split("\t")
            check("%s: %s" % (path, words), words[0] == "compared" and int(words[1]) > 100 and int(words[2]) > 50)
            equal("different in %s" % path, 0, int(words[3]))


def chain(labels):
    return [(one.function, os.path.basename(one.source), one.line) for one in labels]


def addr2line(path, addresses):
    """(function, source, line) of each, the innermost first."""
    said = run("addr2line", "-a", "-f", "-i", "-C", "-e", path, *map(hex, addresses)).splitlines()
    found = []
    while said:
        line = said.pop(0)
        if line.startswith("0x"):
            found.append([])
            continue
        source, number = said.pop(0).split(" ")[0].rsplit(":", 1)
        found[-1].append((line, os.path.basename(source), int(number) if number.isdigit() else 0))
    return found


def expect_inlines(path, inner, like=None):
    """As addr2line says of the file, or of one that is the same and easier to read."""
    like = like or path
    functions = [(begin, size) for begin, size, name in Elf(path).functions() if not name.startswith("_start")]
    own = addr2line(like, [begin for begin, _ in functions])
    addresses = [begin + i for (begin, size), said in zip(functions, own) if said[0][1] not in ("", "??")
                 for i in range(size)]
    found, trouble = names_of(path, [(one, True) for one in addresses], inlines=True, source=True)
    equal("trouble", "", trouble)
    seen = set()
    for address, wanted, labels in zip(addresses, addr2line(like, addresses), found):
        said = chain(labels)
        equal("number at %#x of %s" % (address, path), len(wanted), len(said), wanted, said)
        for (name, source, line), (own_name, own_source, own_line) in zip(wanted, said):
            # addr2line has names of DWARF without parameters, and nothing behind them.
            check("name at %#x: %r, %r" % (address, wanted, said), own_name.split("(")[0].split(" [")[0].endswith(
                name.split("(")[0].split(" [")[0].replace("_GLOBAL__sub_I_main", "")) or name in own_name)
            equal("line at %#x" % address, (source, line), (own_source, own_line), wanted, said)
        equal("inlined", [1] * (len(labels) - 1) + [0], [one.inlined for one in labels])
        for label in labels[:-1]:
            equal("text", "%s (inlined) [%s]" % (label.function, os.path.basename(path)), label.full)
        seen.add(len(labels))
    check("inlined ones were seen: %s" % seen, max(seen) > inner)


def test_inlined_functions_and_lines():
    expect_inlines(plain_program(), 2)
    expect_inlines(build("dwarf4", PROGRAM_C, "-O2", "-gdwarf-4", "-Wl,--build-id"), 2)
    if shutil.which("clang"):
        # It writes no .debug_aranges.
        expect_inlines(build("clang4", PROGRAM_C, "-O2", "-gdwarf-4", "-Wl,--build-id", compiler="clang"), 2)
        expect_inlines(build("clang", PROGRAM_C, "-O2", "-g", "-Wl,--build-id", compiler="clang"), 2)


def test_dwarf_in_other_files_and_forms():
    expect_inlines(build("compressed", PROGRAM_C, "-O1", "-g", "-gz", "-Wl,--build-id"), 2)
    # What is in .dwo files is not read; functions are found nevertheless.
    split = build("split", PROGRAM_C, "-O1", "-g", "-gsplit-dwarf", "-Wl,--build-id")
    begin, size, _ = next(one for one in Elf(split).functions() if one[2] == "hidden")
    found, said = names_of(split, [(begin + size // 2, True)], inlines=True, source=True)
    equal("function", ("hidden", ""), (found[0][-1].function, said))
    if not shutil.which("dwz"):
        raise Skip("no dwz")
    place = os.path.join(SCRATCH, "dwz")
    os.makedirs(place)
    paths = [os.path.join(place, name) for name in ("one", "other")]
    for path in paths:
        shutil.copy(plain_program(), path)
    run("dwz", "-m", os.path.join(place, "common"), *paths)
    if ".gnu_debugaltlink" not in run("readelf", "-SW", paths[0]):
        raise Skip("dwz found nothing in common")
    expect_inlines(paths[0], 2, like=plain_program())
    os.rename(os.path.join(place, "common"), os.path.join(place, "elsewhere"))
    os.mkfifo(os.path.join(place, "common"))
    found, _ = names_of(paths[0], hidden_place(), inlines=True, source=True)
    equal("without it", "hidden", found[0][-1].function)


def test_versions_of_functions_are_no_part_of_their_names():
    source = ".text\n.globl _ZN1a1bEi\n" + "".join(
        ".type %s,@function\n%s: nop\nnop\n.size %s,2\n.symver %s,%s\n" % (own, own, own, own, name)
        for own, name in (("_ZN1a1bEi", "_ZN1a1bEi@@V2"), ("___old", "_ZN1a1bEi@V1"), ("c_old", "c@V1"),
                          ("c_new", "c@@V2")))
    script = save("versions.map", b"V1 { global: *; };\nV2 { } V1;\n")
    path = build("versions.so", source, "-shared", "-nostdlib", "-Wl,--build-id", "-Wl,--version-script=" + script,
                 suffix="s")
    functions = [one for one in Elf(path).functions() if "@" in one[2]]
    check("there are some: %s" % functions, len(functions) == 4)
    found, _ = names_of(path, [(begin, True) for begin, _, _ in functions])
    equal("names", sorted(("a::b(int)", "a::b(int)@V1", "c", "c@V1")), sorted(one[0].function for one in found))


def test_small_tables_of_symbols():
    if not shutil.which("xz"):
        raise Skip("no xz")
    path = os.path.join(SCRATCH, "mini")
    small = path + ".small"
    run("objcopy", "--only-keep-debug", plain_program(), small)
    run("objcopy", "-S", "--remove-section=.comment", "--keep-symbol=hidden", small)
    run("xz", "-f", small)
    run("objcopy", "--strip-all", "--add-section", ".gnu_debugdata=" + small + ".xz", plain_program(), path)
    expect_hidden(path)


def test_programs_of_32_bit():
    try:
        path = build("narrow", "int sink; __attribute__((noinline)) int hidden(int x) { return sink += x; }\n"
                     "void _start(void) { hidden(1); for (;;); }\n", "-m32", "-O1", "-g", "-nostdlib", "-static",
                     "-Wl,--build-id")
    except subprocess.CalledProcessError:
        raise Skip("the compiler makes none") from None
    expect_functions(path)


def test_inlined_functions_of_cxx():
    path = build("cxx", PROGRAM_CXX, "-O1", "-g", "-Wl,--build-id", compiler="g++")
    begin, size, _ = next(one for one in Elf(path).functions() if "holder" in one[2] and "add" in one[2])
    found, _ = names_of(path, [(begin + i, True) for i in range(size)], inlines=True, source=True)
    names = {label.function for labels in found for label in labels}
    check("with parameters: %s" % names, any(
        name.startswith("std::vector<std::pair<int, std::") and "push_back(" in name for name in names))
    # Without what is inlined the line is that of the function itself.
    found, _ = names_of(path, [(begin + i, True) for i in range(size)], source=True)
    for labels in found:
        equal("the function", 1, len(labels))
        equal("source", os.path.basename(path) + ".cc", os.path.basename(labels[0].source))


def stripped(name, link=True):
    """The program without symbols, and what was taken out of it."""
    path, debug = os.path.join(SCRATCH, name, "prog"), os.path.join(SCRATCH, name, "prog.debug")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    run("objcopy", "--only-keep-debug", plain_program(), debug)
    run("objcopy", "--strip-all", *(["--add-gnu-debuglink=" + debug] if link else []), plain_program(), path)
    return path, debug


def hidden_place():
    begin, size, _ = next(one for one in Elf(plain_program()).functions() if one[2] == "hidden")
    return [(begin + size // 2, True)]


def expect_hidden(path, name="hidden", trouble="", **options):
    found, said = names_of(path, hidden_place(), **options)
    equal("function", name, found[0][-1].function)
    equal("trouble", trouble, said)
    return found[0]


def test_what_was_taken_out_of_a_file_is_found():
    path, debug = stripped("beside")
    expect_hidden(path)
    labels = expect_hidden(path, inlines=True, source=True)
    equal("source", "plain.c", os.path.basename(labels[-1].source))
    os.mkdir(os.path.join(os.path.dirname(path), ".debug"))
    os.rename(debug, os.path.join(os.path.dirname(path), ".debug", "prog.debug"))
    expect_hidden(path)

    # Something else of that name is not taken.
    path, debug = stripped("wrong")
    shutil.copy(build("O0", PROGRAM_C, "-O0", "-Wl,--build-id"), debug)
    expect_hidden(path, "-", "functions without names: prog: stripped")
    os.unlink(debug)
    os.mkfifo(debug)
    expect_hidden(path, "-", "functions without names: prog: stripped")

    # By the sum, where there is no build-id; the file itself is known by device and inode.
    path, debug = stripped("sum")
    for one in (path, debug):
        run("objcopy", "--remove-section=.note.gnu.build-id", one)
    run("objcopy", "--remove-section=.gnu_debuglink", path)
    run("objcopy", "--add-gnu-debuglink=" + debug, path)
    expect_by_identity(path, "hidden")
    with open(debug, "ab") as file:
        file.write(b"x")
    expect_by_identity(path, "-")


def expect_by_identity(path, name, trouble=None, realtime=0):
    (dev, inode), _ = identity_of(path)
    with Driver() as one:
        if realtime:
            one.say("time", realtime)
        image = one.image(path, None, dev, inode)
        one.stack()
        one.file(image, Elf(plain_program()).offset(hidden_place()[0][0]))
        found, said = one.end()
    equal("function", name, found[0][0].function, said)
    if trouble:
        equal("trouble", "functions without names: %s: %s" % (os.path.basename(path), trouble), said)


def test_files_are_found_by_build_id():
    build_id = build_id_of(plain_program())
    path, debug = stripped("by-id", link=False)
    expect_hidden(path, "-", "functions without names: prog: stripped")
    cache = os.path.join(SCRATCH, "cache", build_id)
    os.makedirs(cache)
    shutil.copy(debug, os.path.join(cache, "debuginfo"))
    env = {"DEBUGINFOD_CACHE_PATH": os.path.dirname(cache)}
    expect_hidden(path, env=env)
    expect_hidden(path, env={"DEBUGINFOD_CACHE_PATH": "", "XDG_CACHE_HOME": "/nowhere"}, name="-",
                  trouble="functions without names: prog: stripped")

    # A copy of another host: the file itself, and then what has its names alone.
    at = Elf(plain_program()).offset(hidden_place()[0][0])
    for kept, wanted, trouble in ((False, "-", "prog: its debug file alone does not tell"), (True, "hidden", "")):
        if kept:
            shutil.copy(path, os.path.join(cache, "executable"))
        with Driver(live=False, env=env) as one:
            one.stack()
            one.file(one.image("/nowhere/prog", build_id), at)
            found, said = one.end()
        equal("function", wanted, found[0][0].function)
        equal("trouble", trouble and "functions without names: " + trouble, said)


def test_a_copy_of_elsewhere_goes_by_build_id_alone():
    path = plain_program()
    (dev, inode), _ = identity_of(path)
    at = Elf(path).offset(hidden_place()[0][0])
    for live, build_id, name, trouble in (
            (0, build_id_of(path), "hidden", ""), (0, None, "-", "no build-id is known"),
            (0, "00" * 20, "-", "another file has its name now"), (1, None, "hidden", ""),
            (1, "00" * 20, "-", "another file has its name now")):
        with Driver(live=live) as one:
            one.stack()
            one.file(one.image(path, build_id, dev, inode), at)
            found, said = one.end()
        equal("function", name, found[0][0].function)
        equal("trouble", trouble and "functions without names: plain: " + trouble, said)
        if name == "-":
            equal("full", "plain+%#x" % at, found[0][0].full)
            equal("brief", "[plain]", found[0][0].brief)


def test_a_file_without_build_id_must_be_the_same():
    path = os.path.join(SCRATCH, "no-id", "prog")
    os.makedirs(os.path.dirname(path))
    shutil.copy(build("no-id-built", PROGRAM_C, "-O1", "-g", "-Wl,--build-id=none"), path)
    # Its functions are elsewhere than those of the other program.
    begin = next(one[0] for one in Elf(path).functions() if one[2] == "outer")
    (dev, inode), _ = identity_of(path)

    def ask(name, trouble, at=Elf(path).offset(begin), **options):
        with Driver() as one:
            one.say("time", options.get("realtime", 0))
            one.stack()
            one.file(one.image(path, None, options.get("dev", dev), options.get("inode", inode)), at)
            found, said = one.end()
        equal("function", name, found[0][0].function)
        equal("trouble", trouble and "functions without names: prog: " + trouble, said)

    ask("outer", "")
    ask("outer", "", realtime=time.time() + 5)
    ask("-", "written since", realtime=time.time() - 100)
    ask("-", "another file has its name now", inode=inode + 1)
    ask("-", "another file has its name now", dev=(dev[0] + 1, dev[1]))
    os.unlink(path)
    ask("-", "not on this host")
    os.mkfifo(path)
    ask("-", "another file has its name now")


class Running:
    """A process that waits until it is killed."""

    def __init__(self, *command, **options):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **options)
        self.pid = self.process.pid

    def __enter__(self):
        self.process.stdout.readline()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def need_root():
    if os.geteuid():
        raise Skip("root is needed")


def ask_of(pid, path, dev, inode, at, build_id=None, deleted=0):
    with Driver() as one:
        one.stack(pid)
        one.file(one.image(path, build_id, dev, inode, deleted), at)
        found, said = one.end()
    return found[0][0], said


def test_a_deleted_file_of_a_live_process():
    need_root()
    path = os.path.join(SCRATCH, "deleted prog")
    for build_id in (build_id_of(plain_program()), None):
        shutil.copy(plain_program(), path)
        at = Elf(path).offset(hidden_place()[0][0])
        with Running(path, "stay") as process:
            dev, inode = mapped_identity(process.pid, path)
            os.unlink(path)
            label, said = ask_of(process.pid, path + " (deleted)", dev, inode, at, build_id, 1)
            equal("function", "hidden", label.function, said)
            equal("full", "hidden+%#x [deleted prog (deleted)]" % label.offset, label.full)
            # Another file has its name, as after an update.
            shutil.copy(build("O0", PROGRAM_C, "-O0", "-Wl,--build-id"), path)
            label, said = ask_of(process.pid, path, dev, inode, at, build_id)
            equal("function", "hidden", label.function, said)
            os.unlink(path)
    label, said = ask_of(0, path + " (deleted)", dev, inode, at, build_id, 1)
    equal("ended", ("-", "deleted prog (deleted)+%#x" % at), (label.function, label.full))
    check("said", "deleted prog (deleted): not on this host" in said, said)


def unshared(script, *words):
    """A process in a mount namespace of its own, after a script."""
    return Running("unshare", "-m", "--propagation", "private", "sh", "-ec", script, "sh", *words)


def need_namespaces():
    need_root()
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
        raise Skip("no mount namespaces here")


def test_a_process_in_its_own_mount_namespace():
    need_namespaces()
    place = os.path.join(SCRATCH, "mounted")
    os.makedirs(place)
    path = os.path.join(place, "prog")
    # Here it is another program; there it is stripped and has its debug file.
    shutil.copy(build("O0", PROGRAM_C, "-O0", "-Wl,--build-id"), path)
    real, _ = stripped("in-there")
    with unshared('mount --bind "$1" "$2"; exec "$2"/prog stay', os.path.dirname(real), place) as process:
        dev, inode = mapped_identity(process.pid, path)
        at = Elf(plain_program()).offset(hidden_place()[0][0])
        for build_id in (build_id_of(real), None):
            label, said = ask_of(process.pid, path, dev, inode, at, build_id)
            equal("function", "hidden", label.function, said)


def test_a_file_on_overlayfs_without_build_id():
    need_namespaces()
    place = os.path.join(SCRATCH, "overlay")
    for name in ("lower", "upper", "work", "merged"):
        os.makedirs(os.path.join(place, name))
    lower = os.path.join(place, "lower", "prog")
    shutil.copy(build("no-id-built", PROGRAM_C, "-O1", "-g", "-Wl,--build-id=none"), lower)
    script = ('cd "$1"; mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work merged || { echo; exit; }; '
              'exec "$1"/merged/prog stay')
    with unshared(script, place) as process:
        path = os.path.join(place, "merged", "prog")
        if not os.path.exists("/proc/%d/root%s" % (process.pid, path)):
            raise Skip("no overlayfs here")
        begin = next(one[0] for one in Elf(lower).functions() if one[2] == "outer")
        dev, inode = mapped_identity(process.pid, path)
        label, said = ask_of(process.pid, path, dev, inode, Elf(lower).offset(begin))
        equal("function", "outer", label.function, said)


def test_what_a_container_has_leads_nowhere_else():
    need_namespaces()
    root = os.path.join(SCRATCH, "root")
    os.makedirs(os.path.join(root, "tmp"))
    static = build("static", PROGRAM_C, "-O2", "-static", "-Wl,--build-id")
    shutil.copy(static, os.path.join(root, "prog"))
    begin = next(one[0] for one in Elf(static).functions() if one[2] == "outer")
    at = Elf(static).offset(begin)
    # What is outside has the same build-id, so that only the way tells.
    outside = os.path.join(SCRATCH, "outside")
    shutil.copy(static, outside)
    with Running("unshare", "-m", "chroot", root, "/prog", "stay") as process:
        os.unlink(os.path.join(root, "prog"))
        os.symlink(outside, os.path.join(root, "prog"))
        with Driver() as one:
            one.stack(process.pid)
            # By mappings it is found in any case: so the identity is a wrong one here.
            one.file(one.image("/prog", build_id_of(static), (0, 77), 77), at)
            found, said = one.end()
        equal("the link ends in the root", "-", found[0][0].function, said)
        for make in (lambda path: os.mkfifo(path), lambda path: os.mknod(path, 0o20666, os.makedev(1, 5)),
                     lambda path: os.symlink("/../../../../../" + outside, path)):
            os.unlink(os.path.join(root, "prog"))
            make(os.path.join(root, "prog"))
            begin = time.monotonic()
            with Driver() as one:
                one.stack(process.pid)
                one.file(one.image("/prog", build_id_of(static), (0, 77), 77), at)
                found, said = one.end()
            equal("nothing there", "-", found[0][0].function, said)
            check("at once", time.monotonic() - begin < 20)
        if tuple(map(int, os.uname().release.split(".")[:2])) < (5, 6):
            return
        os.unlink(os.path.join(root, "prog"))
        shutil.copy(static, os.path.join(root, "inside"))
        os.symlink("/inside", os.path.join(root, "prog"))
        label, said = ask_of(process.pid, "/prog", (0, 77), 77, at, build_id_of(static))
        equal("a link that stays inside", "outer", label.function, said)


def test_debug_files_of_the_system():
    need_namespaces()
    path, debug = stripped("system", link=False)
    build_id = build_id_of(path)
    kept = "/usr/lib/debug/.build-id/%s" % build_id[:2]
    if not os.path.isdir("/usr/lib/debug"):
        raise Skip("there is no /usr/lib/debug")
    script = 'mount -t tmpfs none /usr/lib/debug; mkdir -p "$1"; cp "$2" "$1/$3.debug"; shift 3; exec "$@"'
    before = ["unshare", "-m", "--propagation", "private", "sh", "-ec", script, "sh", kept, debug, build_id[2:]]
    expect_hidden(path, before=before)
    labels = expect_hidden(path, before=before, inlines=True, source=True)
    equal("source", "plain.c", os.path.basename(labels[-1].source))


def test_code_for_functions_of_other_files():
    if os.uname().machine != "x86_64":
        raise Skip("on x86-64 alone")
    for name, options in (("plt-lazy", ["-Wl,-z,lazy", "-fcf-protection=none"]), ("plt-now", ["-Wl,-z,now"]),
                          ("plt-ibt", ["-fcf-protection=full", "-Wl,-z,ibtplt"])):
        path = build(name, PROGRAM_C, "-O1", "-Wl,--build-id", *options)
        wanted = [(int(address, 16), function) for address, function in re.findall(
            r"^(\w+) <(\w+)@plt>:", run("objdump", "-d", path), re.M)]
        check("there are some: %s" % wanted, wanted)
        found, _ = names_of(path, [(address + 6, True) for address, _ in wanted])
        for (address, function), labels in zip(wanted, found):
            equal("at %#x" % address, (function + "@plt", 6), (labels[0].function, labels[0].offset))


def test_the_kernels_own_code():
    with Running("sh", "-c", "echo; exec sleep 1000") as process:
        libc = ctypes.CDLL(None)
        libc.getauxval.restype = ctypes.c_ulong
        if not libc.getauxval(33):
            raise Skip("no vdso here")
        with open("/proc/self/maps", encoding="utf-8") as file:
            first, last = next(line.split()[0].split("-") for line in file if "[vdso]" in line)
        with open(os.path.join(SCRATCH, "vdso"), "wb") as file:
            file.write(ctypes.string_at(int(first, 16), int(last, 16) - int(first, 16)))
        functions = Elf(file.name).functions("-D")
        check("there are some", functions)
        for pid, live, known in ((process.pid, 1, True), (0, 1, False), (process.pid, 0, False)):
            with Driver(live=live) as one:
                one.stack(pid)
                image = one.image("[vdso]")
                for address, _, _ in functions:
                    one.file(image, address + 1)
                one.file(one.image("[vsyscall]"), 1)
                found, said = one.end()
            for (address, _, _), labels in zip(functions, found):
                names = {name.split("@")[0] for begin, size, name in functions if begin <= address + 1 < begin + size}
                check("%s of %s" % (labels[0].function, names), (labels[0].function in names) == known)
                equal("full", "%s+0x1 [vdso]" % labels[0].function if known else "[vdso]+%#x" % (address + 1),
                      labels[0].full)
            equal("brief", "[vsyscall]", found[-1][0].brief)
            equal("nothing to complain of", "", said)


def test_frames_without_files():
    with Driver() as one:
        one.stack()
        one.say("kernel", "handle_mm_fault+0x1b")
        one.say("kernel", "?")
        one.say("kernel", "handle_mm_fault+0x1b")
        one.say("address", "0x7f0012345678", 1, "no-file")
        one.say("address", "0x7f0012345678", 1, "unknown")
        one.say("address", "0x7f0012345678", 0, "no-room")
        found, said = one.end()
    equal("labels", [1] * 6, [len(one) for one in found])
    found = [one[0] for one in found]
    equal("kinds", ["kernel"] * 3 + ["made"] * 3, [one.kind for one in found])
    equal("full", ["handle_mm_fault+0x1b [kernel]", "[kernel]", "handle_mm_fault+0x1b [kernel]",
                   "0x7f0012345678 [no file]", "0x7f0012345678 [ended too early]", "0x7f0012345678 [no room]"],
          [one.full for one in found])
    equal("brief", ["handle_mm_fault", "[kernel]", "handle_mm_fault", "[no file]", "[ended too early]", "[no room]"],
          [one.brief for one in found])
    equal("the same", found[0].pointer, found[2].pointer)
    equal("function", ("handle_mm_fault", 0x1b, "-"), (found[0].function, found[0].offset, found[1].function))
    equal("trouble", "", said)


def test_labels_that_are_the_same_are_there_once():
    path, build_id = plain_program(), build_id_of(plain_program())
    at = Elf(path).offset(hidden_place()[0][0])
    with Driver() as one:
        pointers = []
        for turn in range(3):
            one.stack(ident=turn)
            image = one.image(path, build_id)
            other = one.image(path, build_id, inode=5)
            for number in (image, other, image):
                one.file(number, at)
            found, _ = one.end()
            pointers += [labels[0].pointer for labels in found]
    equal("one label", 1, len(set(pointers)))


MAP = "1000 20 first\n0x2000 0x10 Interpreter::run(int, char) \\x\n2008 8 later\nnonsense\n3000\n" \
      "ffffffffffffff00 200 wraps\n4000 10 without an end"


class Made:
    """A process that may have a map, and the map."""

    def __init__(self, pid, path):
        self.pid, self.path = pid, path

    def ask(self, *addresses, turn=1, one=None):
        def tell(driver_):
            driver_.stack(self.pid, ident=7, now=clock_of_boot() + turn)
            for address, exact in addresses:
                driver_.say("address", hex(address), int(exact), "no-file")
            found, said = driver_.end()
            return [labels[0] for labels in found], said
        if one:
            return tell(one)
        with Driver() as own:
            return tell(own)

    def write(self, text=MAP, mode=0o644, owner=None):
        if os.path.lexists(self.path):
            os.unlink(self.path)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path, mode)
        if owner is not None:
            os.chown(self.path, owner, owner)

    def expect(self, name, trouble=""):
        found, said = self.ask((0x1004, True))
        equal("function", name, found[0].function, said)
        equal("trouble", trouble and "functions without names: process %d: %s" % (self.pid, trouble), said)


def clock_of_boot():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def test_names_of_made_code():
    with Running("sh", "-c", "echo; exec sleep 1000") as process:
        made = Made(process.pid, "/tmp/perf-%d.map" % process.pid)
        try:
            made.write()
            found, said = made.ask((0x1000, True), (0x1020, True), (0x1020, False), (0x1000, False), (0x2004, True),
                                   (0x2009, True), (0xffffffffffffff10, True), (0x4001, True))
            equal("functions", ["first", "-", "first", "-", "Interpreter::run(int, char) \\x", "later", "-", "-"],
                  [one.function for one in found])
            equal("offsets", [0, 0, 0x20, 0, 4, 1, 0, 0], [one.offset for one in found])
            equal("full", ["first+0x0 [perf map]", "0x1020 [no file]"], [one.full for one in found[:2]])
            equal("brief", ["first", "[no file]"], [one.brief for one in found[:2]])
            equal("trouble", "", said)

            # A wrong one is not read, and it is said why.
            os.unlink(made.path)
            made.expect("-")
            os.symlink(os.path.join(SCRATCH, "elsewhere"), made.path)
            made.expect("-", "perf map is no regular file")
            os.unlink(made.path)
            os.mkfifo(made.path)
            made.expect("-", "perf map is no regular file")
            made.write(mode=0o666)
            made.expect("-", "others can write to the perf map")
            made.write()
            os.link(made.path, made.path + ".too")
            made.expect("-", "perf map with other names")
            os.unlink(made.path + ".too")
            os.utime(made.path, (1, 1))
            made.expect("-", "perf map older than the process")
            if not os.geteuid():
                made.write(owner=12345)
                made.expect("-", "perf map of another user")
            # What is no line does no harm.
            made.write("\0\0\n" + "1000 " * 5000 + "\n" + "1000 20 good\n" + "x" * 100000)
            made.expect("good")
            made.write("")
            made.expect("-")
        finally:
            for path in (made.path, made.path + ".too"):
                if os.path.lexists(path):
                    os.unlink(path)


def test_names_that_are_made_later():
    with Running("sh", "-c", "echo; exec sleep 1000") as process, Driver() as one:
        made = Made(process.pid, "/tmp/perf-%d.map" % process.pid)
        try:
            equal("none", "-", made.ask((0x1004, True), turn=1, one=one)[0][0].function)
            made.write()
            equal("not in the same copy, but in the next", "first",
                  made.ask((0x1004, True), turn=2, one=one)[0][0].function)
            found, _ = made.ask((0x1004, True), (0x2009, True), (0x5000, True), turn=3, one=one)
            equal("a new address", ["first", "later", "-"], [one.function for one in found])
            with open(made.path, "a", encoding="utf-8") as file:
                file.write("\n5000 10 newest\n")
            equal("a new line", "newest", made.ask((0x5000, True), turn=4, one=one)[0][0].function)
            # It is another process by now.
        finally:
            if os.path.lexists(made.path):
                os.unlink(made.path)
        made.write()
        try:
            with Driver() as other:
                other.stack(process.pid, ident=9, now=1.0)
                other.say("address", "0x1004", 1, "no-file")
                equal("a later process", "-", other.end()[0][0][0].function)
        finally:
            os.unlink(made.path)


def child_of(parent):
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                words = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(words[1]) == parent:
            return int(path.split("/")[2])
    raise AssertionError("%d has no child" % parent)


def test_maps_of_processes_elsewhere():
    need_namespaces()
    place = os.path.join(SCRATCH, "tmp-of-it")
    os.makedirs(place)
    script = 'mount --bind "$1" /tmp; echo; exec sleep 1000'
    with Running("unshare", "-m", "-p", "-f", "--propagation", "private", "sh", "-ec", script, "sh", place) as process:
        pid = child_of(process.pid)
        made = Made(pid, os.path.join(place, "perf-1.map"))
        made.write()
        try:
            made.expect("first")
        finally:
            os.kill(pid, signal.SIGKILL)


def bomb():
    """A name of C++ that stands for more than any memory has."""
    def number(i):
        text = ""
        i -= 1
        while True:
            text = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i % 36] + text
            i //= 36
            if not i:
                return "S" + text + "_"
    return "_Z1f1pIiiE" + "".join("S_I" + number(i + 1) * 2 + "E" for i in range(60))


def test_a_name_without_end():
    path = build("bomb", ".globl %s\n.type %s,@function\n.text\n%s: nop\nnop\n.size %s,2\n.globl main\n.type main,"
                 "@function\nmain: ret\n.size main,1\n" % ((bomb(),) * 4), "-Wl,--build-id", suffix="s")
    functions = Elf(path).functions()
    places = [(begin, True) for begin, _, _ in functions]
    begin = time.monotonic()
    found, said = names_of(path, places)
    check("soon", time.monotonic() - begin < 30)
    for (_, _, name), labels in zip(functions, found):
        equal("name", name, labels[0].function)
    equal("trouble", "", said)


PRELOADED_C = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
Dwfl_Module *dwfl_report_elf(Dwfl *dwfl, const char *name, const char *file, int fd, GElf_Addr base, bool add)
{
	Dwfl_Module *(*real)(Dwfl *, const char *, const char *, int, GElf_Addr, bool) = dlsym(RTLD_NEXT, "dwfl_report_elf");
	static int calls;

	if (++calls == atoi(getenv("DIES_AT")) || getenv("DIES_ALWAYS"))
		abort();
	return real(dwfl, name, file, fd, base, add);
}
"""


def test_a_library_that_crashes_costs_one_file():
    preloaded = build("dies.so", PRELOADED_C, "-shared", "-fPIC", "-ldl")
    paths = [os.path.join(SCRATCH, "copy-%02d" % i) for i in range(20)]
    for path in paths:
        shutil.copy(plain_program(), path)
    at = Elf(plain_program()).offset(hidden_place()[0][0])
    options = "detect_leaks=0:verify_asan_link_order=0:handle_abort=0"
    for env, wanted, trouble in (({"DIES_AT": "6"}, {"hidden"}, ""),
                                 ({"DIES_AT": "1", "DIES_ALWAYS": ""}, {"-"}, "copy-00: cannot be read; ")):
        with Driver(inlines=True, env={"LD_PRELOAD": preloaded, "ASAN_OPTIONS": options, **env}) as one:
            one.stack()
            for path in paths:
                one.file(one.image(path, build_id_of(path)), at)
            found, said = one.end()
        equal("names", wanted, {labels[-1].function for labels in found}, said)
        check("said: %s" % said, said.startswith(trouble and "functions without names: " + trouble))
        check("no more than there is room for: %s" % said, not trouble or said.endswith("; 16 more"))


def damage(rng, content):
    content = bytearray(content)
    kind = rng.randrange(4)
    if kind == 0:
        return bytes(content[:rng.randrange(len(content))])
    if kind == 1:
        return bytes(content[:64]) + rng.randbytes(rng.randrange(1, 20000))
    for _ in range(rng.choice((1, 5, 200))):
        # Headers are where numbers lead elsewhere.
        span = rng.choice((64, 1024, len(content)))
        at = rng.randrange(span) if rng.random() < 0.5 else len(content) - 1 - rng.randrange(span)
        content[at] = rng.choice((0, 1, 0x7f, 0x80, 0xff, rng.randrange(256)))
    return bytes(content)


def test_damaged_files():
    rng = random.Random(int(os.environ.get("SYMBOLS_SEED", "1")))
    place = os.path.join(SCRATCH, "damaged")
    os.makedirs(place)
    sources = [plain_program(), build("cxx", PROGRAM_CXX, "-O1", "-g", "-Wl,--build-id", compiler="g++"),
               stripped("undamaged")[0]]
    if os.path.exists(os.path.join(SCRATCH, "vdso")):
        sources.append(os.path.join(SCRATCH, "vdso"))
    contents = []
    for path in sources:
        with open(path, "rb") as file:
            contents.append(file.read())
    number = int(os.environ.get("SYMBOLS_DAMAGED", "150"))
    begin = time.monotonic()
    with Driver(inlines=True, source=True) as one:
        one.stack()
        for i in range(number):
            path = os.path.join(place, "%d" % i)
            with open(path, "wb") as file:
                file.write(damage(rng, rng.choice(contents)) or b"x")
            (dev, inode), _ = identity_of(path)
            image = one.image(path, None, dev, inode)
            for at in (0x1139, 0x11a0, 0x1250, 0x2300, 0x3000, 0xfffffffffffffff0, 0):
                one.file(image, at, at & 1)
        found, said = one.end()
        equal("all are answered", 7 * number, len(found))
        check("most have no names", "more" in said, said)
    check("in time: %.0f s" % (time.monotonic() - begin), time.monotonic() - begin < 120)


def test_what_is_no_file_of_code():
    for content in (b"#!/bin/sh\n", b"\x7fELF", b"\0" * 100):
        path = os.path.join(SCRATCH, "no-elf")
        with open(path, "wb") as file:
            file.write(content)
        expect_by_identity(path, "-", "not an ELF file")


RUST = (
    ("_RNvCskwGfYPst2Cb_3foo16example_function", "foo::example_function"),
    ("_RNvMs_Cs4Cv8Wi1oAIB_7mycrateNtB4_7Example3foo", "<mycrate::Example>::foo"),
    ("_RNvXCs15kBYyAo9fc_7mycrateNtB2_7ExampleNtB2_5Trait3foo", "<mycrate::Example as mycrate::Trait>::foo"),
    ("_RINvCs7QNvSGnI1R_7mycrate7examplelhEB2_", "mycrate::example::<i32, u8>"),
    ("_RNCNvCs1x_7mycrate4main0B3_", "mycrate::main::{closure#0}"),
    ("_RNvNtCs1x_7mycrate3foo3bar.llvm.9D1C9369", "mycrate::foo::bar"),
    ("_RNvC6_123foo3bar", "123foo::bar"),
    ("_RMCs4fqI2P2rA04_13const_genericINtB0_8UnsignedKhb_E", "<const_generic::Unsigned<11>>"),
    ("_RMCs4fqI2P2rA04_13const_genericINtB0_6SignedKs98_E", "<const_generic::Signed<152>>"),
    ("_RMCs4fqI2P2rA04_13const_genericINtB0_6SignedKanb_E", "<const_generic::Signed<-11>>"),
    ("_RMCs4fqI2P2rA04_13const_genericINtB0_4BoolKb1_E", "<const_generic::Bool<true>>"),
    ("_RMCs4fqI2P2rA04_13const_genericINtB0_4CharKc76_E", "<const_generic::Char<'v'>>"),
    ("_RMCs4fqI2P2rA04_13const_genericINtB0_4CharKca_E", "<const_generic::Char<'\\n'>>"),
    ("_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y",
     "utf8_idents::\u10e1\u10d0\u10ed\u10db\u10d4\u10da\u10d0\u10d3_\u10d2\u10d4\u10db\u10e0\u10d8\u10d4\u10da\u10d8_"
     "\u10e1\u10d0\u10d3\u10d8\u10da\u10d8"),
    ("_RYFG_FGyG0_EvNtC1a1b", None),
    ("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"),
    ("_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
     "<Test + 'static as foo::Bar<Test>>::bar"),
    ("_ZN8$RF$testing4test17h930b740aa94f1d3aE", None),
    ("_ZN13test$u20$test4foob17h930b740aa94f1d3aE", "test test::foob"),
    ("_ZN3foo3barEv", None), ("_ZN3foo17h05af221e174051e", None), ("_ZN99foo17h05af221e174051e9E", None),
    ("_R", None), ("_RN", None), ("_RNv", None), ("_R0NvC1a1b", None), ("_RNvC1a1", None), ("_RB_", None),
    ("_RNvB_1a", None),
    ("_RNvC1a1bB_", "a::b"), ("_RNvC1a1b.", "a::b."), ("_RNvC1a1bx", None), ("_RNvCs_1a1b", "a::b"),
    ("_RINvC1a1bRDNtC1c1dEL_E", "a::b::<&dyn c::d>"), ("_RINvC1a1bDG_INtC1c1dRL0_eEp1ObELB_", None),
    ("_RINvC1a1bDG_INtC1c1dRL0_eEp1ObEL_E", "a::b::<dyn for<'a> c::d<&'a str, O = bool>>"),
    ("_RINvC1a1bFUKCPhOlEuE", "a::b::<unsafe extern \"C\" fn(*const u8, *mut i32)>"),
    ("_RINvC1a1bTEThEThlEAhj3_ShE", "a::b::<(), (u8,), (u8, i32), [u8; 3], [u8]>"),
    ("_RINvC1a1bKRe616263_E", "a::b::<{\"abc\"}>"), ("_RINvC1a1bKVNtC1c1dTj1_b0_EE", "a::b::<{c::d(1, false)}>"),
    ("_RINvC1a1bKVNtC1c1dS1xj1_EE", "a::b::<{c::d { x: 1 }}>"), ("_RNSNvC1a1b6vtable0", None),
    ("_RNSNvC1a1b6vtable", "a::b::{shim:vtable#0}"), ("_RINvC1a1bKo10000000000000000_E", "a::b::<0x10000000000000000>"),
)


def rust_names(names):
    with Driver() as one:
        found = []
        for name in names:
            one.say("rust", name)
            found.append(one.read().split("\t", 1)[1])
    return found


def test_names_of_rust():
    for (name, wanted), said in zip(RUST, rust_names([name for name, _ in RUST])):
        equal(name, wanted or "-", said)
    # What is longer than its name, and what is deeper.
    nested = "_RINvC1a1b" + "".join("T" + "B%s_" % "9" * 2 + "E" for _ in range(3))
    deep = "_RINvC1a1b" + "R" * 5000 + "hE"
    doubled = "_RINvC1a1b" + "ThhE"
    at = len("INvC1a1b")
    for _ in range(60):
        reference = "B%s_" % base62(at)
        at = len(doubled) - 2
        doubled += "T" + reference * 2 + "E"
    begin = time.monotonic()
    equal("bounded", ["-"] * 3, rust_names([nested, deep, doubled + "E"]))
    check("at once", time.monotonic() - begin < 10)


def base62(number):
    if not number:
        return ""
    digits, text, number = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "", number - 1
    while True:
        text = digits[number % 62] + text
        number //= 62
        if not number:
            return text


def test_names_of_rust_as_others_read_them():
    if not shutil.which("rustc") or not shutil.which("llvm-cxxfilt"):
        raise Skip("no rustc or llvm-cxxfilt")
    source = os.path.join(SCRATCH, "h.rs")
    with open(source, "w", encoding="utf-8") as file:
        file.write("fn main() { let v: Vec<String> = std::env::args().collect(); println!(\"{:?}\", v); }\n")
    path = os.path.join(SCRATCH, "h")
    if subprocess.run(["rustc", "-g", "-C", "symbol-mangling-version=v0", "-o", path, source], check=False,
                      capture_output=True).returncode:
        raise Skip("rustc fails")
    names = sorted({name for name in re.findall(r" (_R\w+)$", run("nm", path), re.M)})
    check("many", len(names) > 100)
    wanted = run("llvm-cxxfilt", input="\n".join(names)).splitlines()
    for name, theirs, ours in zip(names, wanted, rust_names(names)):
        equal(name, theirs, ours)
    if build_id_of(path):
        begin = next(one[0] for one in Elf(path).functions() if one[2].endswith("1h4main"))
        found, _ = names_of(path, [(begin + 1, True)], source=True)
        label = found[0][0]
        equal("main", ("h::main", "h.rs", 1), (label.function, os.path.basename(label.source), label.line))


def test_many_frames_are_named_soon():
    files = [one for one in sorted(glob.glob("/usr/lib/*-linux-gnu/lib*.so.*") + glob.glob("/usr/lib64/lib*.so.*"))
             if not os.path.islink(one) and os.path.getsize(one) > 0x22000]
    files = [(one, build_id) for one in files[:70] for build_id in [build_id_of(one)] if build_id][:50]
    if len(files) < 10:
        raise Skip("hardly any libraries")
    with Driver(live=False) as one:
        for path, build_id in files:
            one.image(path, build_id)
        one.say("many", 20000, 32)
        words = one.read().split("\t")
    equal("labels", 640000, int(words[1]))
    check("some have names: %s" % words, int(words[2]) > 1000)
    # With sanitizers, and wherever this runs; by itself it takes about a fifth of that.
    check("%s seconds" % words[3], float(words[3]) < 60)
