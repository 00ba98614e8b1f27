# SPDX-License-Identifier: GPL-2.0
"""pprof: profiles, read by a decoder of their wire format that stands here, and by go tool pprof.

What is to be in a profile is computed here from the same description that pprof.c, the driver, gets.
"""
import gzip
import os
import random
import re
import shutil
import subprocess
import time

from tap import HERE, PLAIN, PROGRAM, SCRATCH, Skip, check, equal

FILE, MADE, KERNEL, OVERFLOW = range(4)
CALLS, MINOR, MAJOR, UNCOUNTED = range(4)
TYPES = ["calls", "minor", "major", "uncounted"]
PAGE = 4096
KERNEL_NAME = "[kernel.kallsyms]"
SANITIZE = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


# A description of stacks, as the driver reads it and as the test computes with it.

class Label:
    def __init__(self, kind, function=None, at=0, path=None, build_id=None, full="?", offset=0, source=None, line=0,
                 inlined=False):
        self.kind, self.function, self.at, self.path, self.build_id = kind, function, at, path, build_id
        self.full, self.offset, self.source, self.line, self.inlined = full, offset, source, line, inlined

    def told(self):
        return "label %d %d %d %d %d %s" % (self.kind, self.inlined, self.offset, self.at, self.line, " ".join(
            hexed(one) for one in (self.function, self.path, self.build_id, self.source, self.full)))


class Stack:
    def __init__(self, labels, n, before=(0, 0, 0, 0), comm="search", obj="/data/index", state="live", pid=7):
        self.labels, self.n, self.before = labels, n, before
        self.comm, self.object, self.state, self.pid = comm, obj, state, pid


class Stacks:
    def __init__(self, *stacks, what=CALLS, every=1, difference=False, bare=False, realtime=0.0, seconds=0.0, comments=()):
        self.stacks, self.what, self.every, self.difference, self.bare = stacks, what, every, difference, bare
        self.realtime, self.seconds, self.comments = realtime, seconds, comments

    def told(self):
        labels = list(dict.fromkeys(label for stack in self.stacks for label in stack.labels))
        at = {label: i for i, label in enumerate(labels)}
        lines = ["about %d %d %d %d %r %r" % (self.what, self.every, self.difference, self.bare, self.realtime, self.seconds)]
        lines += ["comment " + hexed(one) for one in self.comments]
        lines += [label.told() for label in labels]
        lines += [" ".join(["stack", str(stack.pid), *map(hexed, (stack.comm, stack.object, stack.state)),
                            *map(str, (*stack.n, *stack.before)), *(str(at[label]) for label in stack.labels)])
                  for stack in self.stacks]
        return ("\n".join(lines) + "\n").encode()


def hexed(text):
    return "-" if text is None else "x" + (text.encode() if isinstance(text, str) else text).hex()


def shown(text):
    """As a string is in a profile: valid UTF-8, without commands to a terminal."""
    if not isinstance(text, bytes):
        text = (text or "").encode()
    out = ""
    for char in text.decode("utf-8", "surrogateescape"):
        code = ord(char)
        if 0xdc80 <= code <= 0xdcff:
            out += "\\%03o" % (code - 0xdc00)
        elif code < 32 or 0x7f <= code < 0xa0 or char == "\\":
            out += "".join("\\%03o" % byte for byte in char.encode())
        else:
            out += char
    return out


# The driver.

def driver(plain=False):
    """Built of the objects of the program, once."""
    program = os.path.join(SCRATCH, "pprof-plain" if plain else "pprof")
    if not os.path.exists(program):
        top = os.path.join(HERE, "..", "..")
        folder = os.path.dirname(PLAIN if plain else PROGRAM)
        if plain:
            subprocess.run(["make", "-s", "-C", os.path.join(top, "userspace"), "O=" + folder, "CFLAGS=-O2 -g -Werror",
                            "parts"], check=True)
        subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                        *(["-O2"] if plain else SANITIZE), "-I" + os.path.join(top, "userspace"),
                        "-I" + os.path.join(top, "module"), "-o", program, os.path.join(HERE, "pprof.c"),
                        os.path.join(folder, "parts.a"), *os.environ["KFAULTSTAT_LIBRARIES"].split()], check=True)
    return program


def written(told, plain=False):
    done = subprocess.run([driver(plain)], input=told, capture_output=True, timeout=120, check=False)
    equal("exit code of the driver", 0, done.returncode, done.stderr.decode("utf-8", "replace"))
    return done.stdout


# The wire format. Fields by number: name, and "u" for what is not negative, "i" for what may be, "b", "s", or the
# description of a message; a list for what there may be several of.

VALUE_TYPE = {1: ("type", "i"), 2: ("unit", "i")}
LABEL = {1: ("key", "i"), 2: ("str", "i"), 3: ("num", "i"), 4: ("num_unit", "i")}
SAMPLE = {1: ("location_id", ["u"]), 2: ("value", ["i"]), 3: ("label", [LABEL])}
MAPPING = {1: ("id", "u"), 2: ("memory_start", "u"), 3: ("memory_limit", "u"), 4: ("file_offset", "u"),
           5: ("filename", "i"), 6: ("build_id", "i"), 7: ("has_functions", "b"), 8: ("has_filenames", "b"),
           9: ("has_line_numbers", "b"), 10: ("has_inline_frames", "b")}
LINE = {1: ("function_id", "u"), 2: ("line", "i")}
LOCATION = {1: ("id", "u"), 2: ("mapping_id", "u"), 3: ("address", "u"), 4: ("line", [LINE]), 5: ("is_folded", "b")}
FUNCTION = {1: ("id", "u"), 2: ("name", "i"), 3: ("system_name", "i"), 4: ("filename", "i"), 5: ("start_line", "i")}
PROFILE = {1: ("sample_type", [VALUE_TYPE]), 2: ("sample", [SAMPLE]), 3: ("mapping", [MAPPING]),
           4: ("location", [LOCATION]), 5: ("function", [FUNCTION]), 6: ("string_table", ["s"]),
           7: ("drop_frames", "i"), 8: ("keep_frames", "i"), 9: ("time_nanos", "i"), 10: ("duration_nanos", "i"),
           11: ("period_type", VALUE_TYPE), 12: ("period", "i"), 13: ("comment", ["i"]),
           14: ("default_sample_type", "i")}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            check("a number has 64 bits", value < 1 << 64)
            return value, at


def scalar(kind, value):
    if kind == "b":
        check("truth is 0 or 1", value < 2)
    return value - (1 << 64) if kind == "i" and value >> 63 else value


def decoded(data, fields):
    message = {name: [] if isinstance(kind, list) else None if isinstance(kind, dict) else 0
               for name, kind in fields.values()}
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        check("field %d exists" % (tag >> 3), tag >> 3 in fields)
        name, kind = fields[tag >> 3]
        inner = kind[0] if isinstance(kind, list) else kind
        if tag & 7 == 0:
            check("%s is a number" % name, inner in ("u", "i", "b"))
            value, at = varint(data, at)
            values = [scalar(inner, value)]
        else:
            equal("type of %s" % name, 2, tag & 7)
            size, at = varint(data, at)
            check("%s ends in time" % name, at + size <= len(data))
            values, at = contents(data[at:at + size], inner), at + size
        if isinstance(kind, list):
            message[name] += values
        else:
            equal("values of %s" % name, 1, len(values))
            message[name] = values[0]
    return message


def contents(part, inner):
    if isinstance(inner, dict):
        return [decoded(part, inner)]
    if inner == "s":
        return [part.decode("utf-8", "strict")]
    values, at = [], 0
    while at < len(part):
        value, at = varint(part, at)
        values.append(scalar(inner, value))
    return values


class Profile:
    """A profile that holds together, with text and messages in place of what refers to them."""

    def __init__(self, data):
        equal("gzip, without a time", b"\x1f\x8b\x08\0\0\0\0\0", data[:8])
        self.all = decoded(gzip.decompress(data), PROFILE)
        self.strings = self.all["string_table"]
        equal("first string", "", self.strings[0])
        equal("strings that are there twice", len(self.strings), len(set(self.strings)))
        self.functions = self.by_id("function")
        self.mappings = self.by_id("mapping")
        self.locations = self.by_id("location")
        self.types = [(self.text(one["type"]), self.text(one["unit"])) for one in self.all["sample_type"]]
        self.mapping_ranges()
        for location in self.locations.values():
            self.location(location)
        self.used()
        self.samples = [self.sample(one) for one in self.all["sample"]]

    def text(self, index):
        check("string %d exists" % index, 0 <= index < len(self.strings))
        return self.strings[index]

    def by_id(self, name):
        found = {one["id"]: one for one in self.all[name]}
        equal("ids of %ss" % name, len(self.all[name]), len(found))
        check("no id of a %s is 0" % name, 0 not in found)
        return found

    def mapping_ranges(self):
        end = 0
        for mapping in sorted(self.mappings.values(), key=lambda one: one["memory_start"]):
            for name in ("memory_start", "memory_limit", "file_offset"):
                equal("%s in its page" % name, 0, mapping[name] % PAGE)
            check("mappings are apart", end < mapping["memory_start"] < mapping["memory_limit"], mapping)
            end = mapping["memory_limit"]
            check("numbers of JavaScript have room for it", end < 1 << 53)
        seen = [(one["memory_limit"] - one["memory_start"], one["file_offset"], one["build_id"], one["filename"])
                for one in self.mappings.values() if self.text(one["filename"]) != KERNEL_NAME]
        equal("mappings that go tool pprof takes for one", len(seen), len(set(seen)), seen)

    def location(self, location):
        if location["mapping_id"]:
            mapping = self.mappings[location["mapping_id"]]
            check("it is in its mapping", mapping["memory_start"] <= location["address"] < mapping["memory_limit"],
                  location, mapping)
        for line in location["line"]:
            check("its functions are there", line["function_id"] in self.functions)
        check("it is not folded", not location["is_folded"])

    def used(self):
        """Nothing stands there in vain."""
        ids = {one for sample in self.all["sample"] for one in sample["location_id"]}
        equal("locations", ids, set(self.locations))
        lines = [line for one in self.locations.values() for line in one["line"]]
        check("functions", {one["function_id"] for one in lines} <= set(self.functions))
        equal("mappings", {one["mapping_id"] for one in self.locations.values()} - {0}, set(self.mappings))

    def offset(self, location):
        """Of the code in its file, as every symbolizer computes it."""
        mapping = self.mappings[location["mapping_id"]]
        return location["address"] - mapping["memory_start"] + mapping["file_offset"]

    def frame(self, ident):
        """(lines, file, offset), where a line is (function, source, line)."""
        location = self.locations[ident]
        functions = [(self.functions[line["function_id"]], line["line"]) for line in location["line"]]
        lines = tuple((self.text(one["name"]), self.text(one["filename"]), line) for one, line in functions)
        if not location["mapping_id"]:
            return lines, None, location["address"]
        mapping = self.mappings[location["mapping_id"]]
        path = self.text(mapping["filename"])
        if path == KERNEL_NAME:
            return lines, path, None
        return lines, (path, self.text(mapping["build_id"])), self.offset(location)

    def sample(self, sample):
        labels = {}
        for label in sample["label"]:
            key = self.text(label["key"])
            check("%s is there once" % key, key not in labels)
            check("%s is text or a number" % key, (label["str"] == 0) != (label["num"] == 0))
            labels[key] = self.text(label["str"]) if label["str"] else label["num"]
        equal("values", len(self.types), len(sample["value"]))
        return labels, tuple(self.frame(one) for one in sample["location_id"]), tuple(sample["value"])

    def named(self, name):
        """The mappings of files of that name."""
        return [one for one in self.mappings.values() if self.text(one["filename"]) == name]


# What is to be there.

def scaled(stacks, stack, counter):
    value = (stack.n[counter] - (stack.before[counter] if stacks.difference else 0)) * (stacks.every or 1)
    return max(-(1 << 63) + 1, min((1 << 63) - 1, value))


def wanted_sample(stacks, stack):
    labels = {key: shown(value) for key, value in (("comm", stack.comm), ("object", stack.object), ("state", stack.state))
              if value}
    if stack.pid:
        labels["pid"] = stack.pid
    frames, group, in_program = [], [], False
    for at, label in enumerate(stack.labels):
        group.append(label)
        if label.inlined and at + 1 < len(stack.labels):
            continue
        frames.append(wanted_frame(stacks, group, in_program and label.kind == FILE))
        in_program |= label.kind != KERNEL
        group = []
    return labels, tuple(frames), tuple(scaled(stacks, stack, one) for one in range(4))


def wanted_frame(stacks, group, is_return):
    outer = group[-1]
    in_file = outer.kind == FILE and outer.path is not None and outer.at < 1 << 40
    lines = tuple((shown(one.full if one.function is None else one.function), shown(one.source), one.line)
                  for one in group)
    if stacks.bare and in_file and all(one.function is None for one in group):
        lines = ()
    if outer.kind == KERNEL:
        return lines, KERNEL_NAME, None
    if not in_file:
        return lines, None, outer.at
    return lines, (shown(outer.path), shown(outer.build_id)), outer.at - (is_return and outer.at > 0)


def compared(stacks):
    data = written(stacks.told())
    equal("the same again", data, written(stacks.told()))
    profile = Profile(data)
    wanted = [wanted_sample(stacks, one) for one in stacks.stacks]
    wanted = [one for one in wanted if any(one[2])]
    equal("samples", len(wanted), len(profile.samples))
    for one, found in zip(wanted, profile.samples):
        equal("labels", one[0], found[0])
        equal("frames", one[1], found[1])
        equal("values", one[2], found[2])
    return profile


# Stacks of the tests.

LIBC = dict(kind=FILE, path="/usr/lib/libc.so.6", build_id="0123456789abcdef0123456789abcdef01234567")
TOOL = dict(kind=FILE, path="/opt/tool", build_id="fedc")


def example():
    """Names of labels, for the tests to use."""
    return dict(
        fault=Label(KERNEL, "handle_mm_fault", offset=0x1b, full="handle_mm_fault+0x1b [kernel]"),
        exc=Label(KERNEL, "exc_page_fault", offset=0x70, full="exc_page_fault+0x70 [kernel]"),
        memcpy=Label(**LIBC, function="memcpy", at=0x1a0123, offset=0x23, full="memcpy+0x23 [libc.so.6]"),
        small=Label(**TOOL, function="small", at=0x2345, inlined=True, source="/src/small.h", line=3, full="small"),
        smaller=Label(**TOOL, function="smaller", at=0x2345, inlined=True, source="/src/small.h", line=12, full="smaller"),
        work=Label(**TOOL, function="work", at=0x2345, offset=0x45, source="/src/tool.c", line=77, full="work+0x45 [tool]"),
        main=Label(**TOOL, function="main", at=0x1180, offset=0x80, source="/src/tool.c", line=99, full="main+0x80 [tool]"),
        nameless=Label(**LIBC, at=0x27200, full="libc.so.6+0x27200"),
        made=Label(MADE, at=0x7f0012345678, full="0x7f0012345678 [no file]"),
        jit=Label(MADE, "LazyCompile:go", at=0x7f0012340000, full="LazyCompile:go+0x10"),
        rest=Label(OVERFLOW, full="[found no room]"))


def test_frames_inlined_functions_and_labels():
    one = example()
    path = [one["fault"], one["exc"], one["memcpy"], one["smaller"], one["small"], one["work"], one["main"], one["nameless"]]
    profile = compared(Stacks(
        Stack(path, (10, 8, 2, 0)),
        Stack(path[2:], (5, 5, 0, 0), comm="other", pid=0),
        Stack([one["made"], one["jit"], one["main"]], (3, 1, 1, 1), state="exited", obj="[anon]"),
        Stack([one["rest"]], (1, 1, 0, 0), comm=None, obj="", state=None),
        Stack([], (1, 1, 0, 0)),
        Stack([one["smaller"]], (1, 0, 0, 1)),          # ends in an inlined one
        Stack([one["main"]], (0, 0, 0, 0))))
    equal("types", [(one, "count") for one in TYPES], profile.types)
    equal("sums", (21, 16, 3, 2), tuple(map(sum, zip(*(sample[2] for sample in profile.samples)))))
    (inlined,) = [location for location in profile.locations.values() if len(location["line"]) == 3]
    equal("inlined first", ["smaller", "small", "work"],
          [profile.text(profile.functions[line["function_id"]]["name"]) for line in inlined["line"]])
    check("what is made is in no mapping", any(not one["mapping_id"] for one in profile.locations.values()))


def test_mappings_say_what_is_known():
    one = example()
    stacks = Stacks(Stack([one["fault"], one["memcpy"], one["smaller"], one["small"], one["work"], one["main"],
                           one["nameless"]], (1, 1, 0, 0)))

    def flags(profile, name):
        return sorted(tuple(one[key] for key in ("has_functions", "has_filenames", "has_line_numbers", "has_inline_frames"))
                      for one in profile.named(name))
    for bare, wanted in ((False, [(1, 0, 0, 0)]), (True, [(0, 0, 0, 0), (1, 0, 0, 0)])):
        stacks.bare = bare
        profile = compared(stacks)
        equal("tool", [(1, 1, 1, 1)], flags(profile, "/opt/tool"))
        equal("libc, bare: %s" % bare, wanted, flags(profile, LIBC["path"]))
        equal("kernel", [(1, 0, 0, 0)], flags(profile, KERNEL_NAME))
        equal("build-ids", {"fedc", LIBC["build_id"], ""},
              {profile.text(one["build_id"]) for one in profile.mappings.values()})
        for location in profile.locations.values():
            mapping = profile.mappings[location["mapping_id"]]
            equal("lines where functions are said to be", mapping["has_functions"], int(bool(location["line"])))


def test_where_code_is_left_bare_nothing_is_said_to_be_known():
    code = Label(FILE, at=0x1000, path="/x", source="/x.c", line=3, full="x+0x1000")
    for bare in (False, True):
        (mapping,) = compared(Stacks(Stack([code], (1, 1, 0, 0)), bare=bare)).named("/x")
        equal("bare: %s" % bare, not bare, all(mapping["has_" + one] for one in ("functions", "filenames", "line_numbers")))
        equal("any of it", not bare, any(mapping["has_" + one] for one in ("functions", "filenames", "line_numbers")))


def test_a_mapping_for_each_build_of_a_file():
    labels = [Label(FILE, "f", at=at, path=path, build_id=build, full="f") for path, build, at in (
        ("/lib/a.so", "aa", 0x10), ("/lib/a.so", "bb", 0x10), ("/lib/a.so", None, 0x10), ("/lib/b.so", "aa", 0x20),
        ("/lib/a.so", "aa", 0xfff), ("/lib/a.so", "aa", (1 << 40) - 1), ("/lib/a.so", "aa", 1 << 40),
        ("/lib/a.so", "aa", (1 << 64) - 1), (None, None, 0x30), ("/lib/big.so", "cc", 0xffffffff),
        ("/lib/big.so", "cc", 0), (KERNEL_NAME, None, 0x40))]
    labels += [Label(FILE, at=at, path="/lib/big.so", build_id="cc", full="big") for at in (0xffffffff, 1)]
    labels += [Label(KERNEL, "k%d" % i, offset=offset, full="k") for i, offset in enumerate((0, 0xffff, 1 << 40))]
    stacks = Stacks(*(Stack([label], (1, 1, 0, 0)) for label in labels if label.path != KERNEL_NAME), bare=True)
    profile = compared(stacks)
    equal("mappings", {("/lib/a.so", "aa"): 1, ("/lib/a.so", "bb"): 1, ("/lib/a.so", ""): 1, ("/lib/b.so", "aa"): 1,
                       ("/lib/big.so", "cc"): 2, (KERNEL_NAME, ""): 1},
          {key: [(profile.text(one["filename"]), profile.text(one["build_id"])) for one in profile.mappings.values()]
           .count(key) for key in ((profile.text(one["filename"]), profile.text(one["build_id"]))
                                   for one in profile.mappings.values())})
    # A file that is called what the kernel is.
    equal("two of that name", 2, len(Profile(written(Stacks(*(
        Stack([label], (1, 1, 0, 0)) for label in labels)).told())).named(KERNEL_NAME)))


def test_an_address_a_call_returns_to_is_one_of_the_call():
    one = example()
    profile = compared(Stacks(Stack([one["fault"], one["memcpy"], one["main"]], (1, 1, 0, 0)),
                              Stack([one["main"], one["memcpy"]], (1, 1, 0, 0)),
                              Stack([one["made"], one["main"]], (1, 1, 0, 0))))
    offsets = {name: sorted(profile.offset(location) for location in profile.locations.values() if location["line"] and
                            profile.text(profile.functions[location["line"][0]["function_id"]]["name"]) == name)
               for name in ("main", "memcpy")}
    equal("both", {"main": [0x117f, 0x1180], "memcpy": [0x1a0122, 0x1a0123]}, offsets)


def test_one_in_so_many_calls():
    one = example()
    huge = (1 << 63, 1 << 62, 3, 0)
    profile = compared(Stacks(Stack([one["main"]], (10, 8, 2, 0)), Stack([one["work"]], huge), every=1000, what=MINOR))
    equal("period", (1000, "calls", "count"), (profile.all["period"], profile.text(profile.all["period_type"]["type"]),
                                               profile.text(profile.all["period_type"]["unit"])))
    equal("default", "minor", profile.text(profile.all["default_sample_type"]))
    equal("multiplied", (10000, 8000, 2000, 0), profile.samples[0][2])
    check("it says so", any("1000" in profile.text(one) for one in profile.all["comment"]))
    compared(Stacks(Stack([one["main"]], ((1 << 63) - 1, 1 << 63, (1 << 64) - 1, 0))))
    profile = compared(Stacks(Stack([one["main"]], (10, 8, 2, 0)), every=0))
    equal("period, where it is not known", 1, profile.all["period"])
    equal("comments", [], profile.all["comment"])


def test_differences_may_be_negative():
    one = example()
    stacks = [Stack([one["main"]], (10, 8, 2, 0), (4, 9, 2, 0)), Stack([one["work"]], (0, 0, 0, 0), (7, 7, 0, 0)),
              Stack([one["memcpy"]], (5, 5, 0, 0), (5, 5, 0, 0)), Stack([one["jit"]], (0, 0, 0, 0), ((1 << 64) - 1, 0, 0, 0))]
    profile = compared(Stacks(*stacks, difference=True, every=10, what=MAJOR))
    equal("values", [(60, -10, 0, 0), (-70, -70, 0, 0), (-(1 << 63) + 1, 0, 0, 0)], [one[2] for one in profile.samples])
    equal("default", "major", profile.text(profile.all["default_sample_type"]))
    check("it says so", any("difference" in profile.text(one) for one in profile.all["comment"]))
    # What was before does not matter where it is of no other copy.
    profile = compared(Stacks(*stacks[:1]))
    equal("values", [(10, 8, 2, 0)], [one[2] for one in profile.samples])


def test_when_it_was_and_what_is_said_of_it():
    profile = compared(Stacks(realtime=1763776820.5, seconds=20.25, comments=("kfaultstat stacks", b"a \xff\nb")))
    equal("when", (1763776800250000000, 20250000000), (profile.all["time_nanos"], profile.all["duration_nanos"]))
    equal("comments", ["kfaultstat stacks", "a \\377\\012b"], [profile.text(one) for one in profile.all["comment"]])
    equal("nothing else", ([], [], [], []), tuple(profile.all[name] for name in ("sample", "mapping", "location", "function")))
    for realtime, seconds, wanted in ((0.0, 0.0, (0, 0)), (5.0, 0.0, (5000000000, 0)), (0.0, 5.0, (0, 5000000000)),
                                      (-1.0, -1.0, (0, 0)), (1e300, 1e299, ((1 << 63) - 1,) * 2),
                                      (float("nan"), float("nan"), (0, 0)), (float("inf"), 1.0, ((1 << 63) - 1, 1000000000))):
        profile = compared(Stacks(realtime=realtime, seconds=seconds))
        equal("%r %r" % (realtime, seconds), wanted, (profile.all["time_nanos"], profile.all["duration_nanos"]))


HOSTILE = (b"\xff\xfe", b"new\nline", b"\x1b[31mred", b"back\\slash", b"\\377", b"caf\xc3\xa9", b"\xc3", b"\xed\xa0\x80",
           b"\xf4\x90\x80\x80", b"\xc0\x80", b"\xc2\x9b31m", b"tab\tquote\"'", b"\x7f", b"%s%n", b"a b", b"",
           b"\xf0\x9f\x90\x98", b"operator<<(std::ostream&, A const&)", b"x" * 5000, b"\xe2\x82")


def test_names_of_any_bytes():
    compared(Stacks(*(Stack([Label(FILE, name, at=0x10 * i, path=name, build_id=name, source=name, full=name),
                             Label(FILE, at=i, path=name, build_id=name, full=name), Label(KERNEL, name, full=name),
                             Label(MADE, full=name), Label(OVERFLOW, full=name)],
                            (i + 1, 1, 0, 0), comm=name, obj=name, state=name) for i, name in enumerate(HOSTILE))))


def test_random_stacks():
    dice = random.Random(1)
    for _ in range(20):
        names = [bytes(dice.choices(b"ab\xc3\xa9\n\\", k=dice.randrange(4))) for _ in range(12)]
        labels = [Label(dice.choice((FILE, FILE, FILE, MADE, KERNEL, OVERFLOW)), dice.choice(names + [None] * 6),
                        dice.choice((dice.randrange(1 << 14), dice.randrange(1 << 34), dice.randrange(1 << 64))),
                        dice.choice(names[:4] + [None]), dice.choice(names[:3] + [None]), dice.choice(names),
                        dice.randrange(1 << 20), dice.choice(names + [None] * 6), dice.randrange(9), dice.random() < 0.3)
                  for _ in range(60)]
        compared(Stacks(*(Stack(dice.choices(labels, k=dice.randrange(40)), [dice.randrange(9) for _ in range(4)],
                                [dice.randrange(9) for _ in range(4)], *dice.choices(names, k=3), dice.randrange(4))
                          for _ in range(50)),
                        what=dice.randrange(4), every=dice.choice((0, 1, 7)), difference=dice.random() < 0.5,
                        bare=dice.random() < 0.5))


def test_what_cannot_be_written_is_an_error():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([driver()], input=b"large 300 20\n", stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    equal("exit code", 1, done.returncode, done.stderr)
    check("why", b"No space left" in done.stderr, done.stderr)


def test_twenty_thousand_stacks_take_a_moment():
    driver(plain=True)
    begin = time.monotonic()
    data = written(b"large 20000 32\n", plain=True)
    took = time.monotonic() - begin
    check("it took %.2f s" % took, took < 2.5)
    profile = Profile(data)
    equal("samples", 20000, len(profile.samples))
    equal("frames", {32}, {len(one[1]) for one in profile.samples})
    equal("calls", sum(i % 1000 + 1 for i in range(20000)), sum(one[2][CALLS] for one in profile.samples))


# The reader that there is everywhere.

def pprof(*arguments):
    go = shutil.which("go")
    if not go:
        raise Skip("there is no go here")
    home = os.path.join(SCRATCH, "home")
    os.makedirs(home, exist_ok=True)
    done = subprocess.run([go, "tool", "pprof", *arguments], capture_output=True, timeout=120, check=False, env=dict(
        PATH=os.environ["PATH"], HOME=home, GOTOOLCHAIN="local", GOFLAGS="", TZ="UTC"))
    out, said = (one.decode("utf-8", "surrogateescape") for one in (done.stdout, done.stderr))
    if done.returncode and "no such tool" in said:
        raise Skip("this go has no pprof")
    equal("exit code of pprof %s" % (arguments,), 0, done.returncode, out, said)
    return out, said


def saved(stacks, name="profile.pb.gz"):
    path = os.path.join(SCRATCH, name)
    with open(path, "wb") as file:
        file.write(written(stacks.told()))
    return path


def top(path, *arguments):
    """{name: (flat, cum)}."""
    out, said = pprof("-top", "-nodecount=1000", "-nodefraction=0", *arguments, path)
    rows = re.findall(r"^ *(-?[\d.]+\w*) +-?[\d.]+% +-?[\d.]+% +(-?[\d.]+\w*) +-?[\d.]+%  (.*)$", out, re.M)
    check("it is a table", "flat%" in out, out, said)
    return {name: (float(flat), float(cum)) for flat, cum, name in rows}


def test_go_tool_pprof_top():
    one = example()
    stacks = Stacks(Stack([one["fault"], one["memcpy"], one["smaller"], one["small"], one["work"], one["main"]], (10, 8, 2, 0)),
                    Stack([one["memcpy"], one["main"]], (5, 5, 0, 0), comm="other"),
                    Stack([one["nameless"], one["main"]], (3, 3, 0, 0)), Stack([one["made"], one["main"]], (2, 2, 0, 0)),
                    Stack([one["rest"]], (1, 1, 0, 0)))
    path = saved(stacks)
    wanted = {"handle_mm_fault": (10, 10), "memcpy": (5, 15), "smaller (inline)": (0, 10), "small (inline)": (0, 10),
              "work": (0, 10), "main": (0, 20), "libc.so.6+0x27200": (3, 3), "0x7f0012345678 [no file]": (2, 2),
              "[found no room]": (1, 1)}
    equal("calls, as they are the default", wanted, top(path, "-symbolize=none"))
    equal("with what can be symbolized here", wanted, top(path))
    equal("major", {"handle_mm_fault": (2, 2)}, {
        name: row for name, row in top(path, "-symbolize=none", "-sample_index=major").items() if row[0]})
    equal("those of one process", {"memcpy": (5, 5), "main": (0, 5)}, top(path, "-symbolize=none", "-tagfocus=comm=other"))
    out, _ = pprof("-top", "-lines", "-symbolize=none", path)
    check("lines", "/src/tool.c:77" in out and "/src/small.h:12" in out, out)
    stacks.bare = True
    equal("without names for code that has none", {"[libc.so.6]": (3, 3)}, {
        name: row for name, row in top(saved(stacks), "-symbolize=none").items() if "libc" in name})
    stacks.every = 100
    equal("multiplied", (1000, 1000), top(saved(stacks), "-symbolize=none")["handle_mm_fault"])


def test_go_tool_pprof_traces_and_raw():
    one = example()
    path = saved(Stacks(Stack([one["fault"], one["smaller"], one["small"], one["work"], one["main"]], (10, 8, 2, 0)),
                        Stack([one["memcpy"], one["main"]], (5, 5, 0, 0), comm=b"\xff\nx"), what=MINOR, every=3,
                        realtime=1763776820.0, seconds=20.0, comments=("page faults",)))
    out, _ = pprof("-traces", "-symbolize=none", path)
    equal("stacks", [["24", "handle_mm_fault"], ["smaller", "(inline)"], ["small", "(inline)"], ["work"], ["main"],
                     ["15", "memcpy"], ["main"]],
          [line.split() for line in out.split("-+-", 1)[1].splitlines()
           if line.strip("- +") and ":" not in line.split()[0]])
    for word in ("Type: minor", "Time: Nov 22, 2025 at 2:00am (UTC)", "Duration: 20s", "comm:\\377\\012x", "pid:"):
        check(word, word.replace(" ", "") in out.replace(" ", ""), out)
    out, _ = pprof("-tree", "-symbolize=none", path)
    check("a caller and what it called", re.search(r"\| +main *\n +24 .*\| +work|24 +100% *\| +main", out), out)
    out, _ = pprof("-raw", "-symbolize=none", path)
    for word in ("PeriodType: calls count", "Period: 3", "Comment: page faults",
                 "calls/count minor/count[dflt] major/count uncounted/count", "/opt/tool fedc [FN][FL][LN][IN]",
                 KERNEL_NAME + "  [FN]", "work /src/tool.c:77", "comm:[\\377\\012x]", "pid:[7]"):
        check(word, re.sub(r"[ :]+", " ", word) in re.sub(r"[ :]+", " ", out), out)
    check("values", re.search(r"^ +30 +24 +6 +0: ", out, re.M), out)
    out, _ = pprof("-tags", "-symbolize=none", path)
    check("tags", "\\377\\012x" in out and "pid: Total 39" in out, out)
    out, _ = pprof("-comments", path)
    check("comments", "page faults" in out and "one in 3 calls" in out, out)


def test_go_tool_pprof_names_of_any_bytes():
    names = [one for one in HOSTILE if one and len(one) < 100]
    stacks = Stacks(*(Stack([Label(FILE, name, at=0x10, path=name, build_id="aa", full=name)], (i + 1, 1, 0, 0), comm=name)
                      for i, name in enumerate(names)))
    equal("top", {shown(name): (i + 1, i + 1) for i, name in enumerate(names)}, top(saved(stacks), "-symbolize=none"))
    # As they come from a demangler they stay: names of Rust would be gone, and parameters of types are a part of them.
    names = ["<alloc::vec::Vec<T> as core::clone::Clone>::clone", "std::vector<int>::resize(unsigned long)",
             "f[abi:cxx11](int)", "main.(*T).method", "plain", "f.cold", "_start@@X"]
    stacks = Stacks(*(Stack([Label(FILE, name, at=0x10, path="/x", full=name)], (i + 1, 1, 0, 0))
                      for i, name in enumerate(names)))
    path = saved(stacks)
    equal("demangled", {name: (i + 1, i + 1) for i, name in enumerate(names)}, top(path))
    profile = Profile(written(stacks.told()))
    equal("names as the file has them", {"plain", "f.cold", "_start@@X", ""},
          {profile.text(one["system_name"]) for one in profile.functions.values()})


def test_go_tool_pprof_differences():
    one = example()
    before, now = (10, 8, 2, 0), (4, 4, 0, 0)
    ours = top(saved(Stacks(Stack([one["memcpy"], one["main"]], now, before), Stack([one["work"]], (7, 7, 0, 0)),
                            difference=True)), "-symbolize=none")
    equal("ours", {"memcpy": (-6, -6), "main": (0, -6), "work": (7, 7)}, ours)
    first = saved(Stacks(Stack([one["memcpy"], one["main"]], before)), "first.pb.gz")
    second = saved(Stacks(Stack([one["memcpy"], one["main"]], now), Stack([one["work"]], (7, 7, 0, 0))), "second.pb.gz")
    equal("its own", ours, top(second, "-symbolize=none", "-diff_base=" + first))


# A program as it is built here, so that what go tool pprof finds in it is known from elsewhere.

PROGRAM_SOURCE = """
__attribute__((noinline)) int touch(volatile int *at) { return *at + 1; }
__attribute__((noinline)) int leave(volatile int *at) { return touch(at) * 3; }
__attribute__((noinline, noreturn)) void final(volatile int *at) { *at = leave(at); for (;;); }
int main(void) { volatile int x = 1; final(&x); }
"""


def need_tools():
    for tool in ("go", "nm", "readelf", "objdump"):
        if not shutil.which(tool):
            raise Skip("there is no %s here" % tool)


def built(name, *flags):
    path = os.path.join(SCRATCH, name)
    subprocess.run(["gcc", "-O1", "-g", "-Wl,--build-id", *flags, "-x", "c", "-o", path, "-"],
                   input=PROGRAM_SOURCE.encode(), check=True)
    return path


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def code_of(path):
    """{function: (offset in the file of its beginning, of what its last call returns to)}, and the build-id."""
    segments = [tuple(int(one, 16) for one in row) for row in re.findall(
        r"^ +LOAD +(0x\w+) (0x\w+) 0x\w+ +(0x\w+)", output("readelf", "-lW", path), re.M)]

    def offset(address):
        (found,) = [address - start + begin for begin, start, size in segments if start <= address < start + size]
        return found
    starts = {name: int(at, 16) for at, name in re.findall(r"^(\w+) T (\w+)$", output("nm", path), re.M)}
    code = {}
    for name in ("touch", "leave", "final", "main"):
        said = output("objdump", "-d", "--no-show-raw-insn", "--disassemble=" + name, path)
        lines = re.findall(r"^ *(\w+):\t(.*)$", said, re.M)
        calls = [i for i, line in enumerate(lines) if line[1].startswith("call")]
        behind = None
        if calls and calls[-1] + 1 < len(lines):
            behind = int(lines[calls[-1] + 1][0], 16)
        elif calls:
            behind = int(lines[calls[-1]][0], 16) + 5       # nothing is behind it: it does not return
        code[name] = (offset(starts[name]), behind and offset(behind))
    return code, re.search(r"Build ID: (\w+)", output("readelf", "-nW", path)).group(1)


def stacks_of(path, build_id, code, **more):
    def label(name, at):
        return Label(FILE, at=code[name][at], path=path, build_id=build_id, full="%s+0x%x" % (
            os.path.basename(path), code[name][at]))
    return Stacks(Stack([Label(KERNEL, "handle_mm_fault", full="k"), label("touch", 0), label("leave", 1), label("final", 1),
                         label("main", 1)], (10, 8, 2, 0)), **more)


NAMED = {"handle_mm_fault": (10, 10), "touch": (0, 10), "leave": (0, 10), "final": (0, 10), "main": (0, 10)}


def test_go_tool_pprof_finds_names_that_are_left_to_it():
    need_tools()
    for name, flags in (("pie", ["-pie", "-fPIE"]), ("fixed", ["-no-pie", "-fno-pie"])):
        path = built(name, *flags)
        code, build_id = code_of(path)
        stacks = stacks_of(path, build_id, code, bare=True)
        equal("%s, bare" % name, NAMED, top(saved(stacks)))
        # In the same page as code with a name: that stays.
        stacks.stacks[0].labels[2].function = "ours"
        equal("%s, mixed" % name, {"ours" if one == "leave" else one: row for one, row in NAMED.items()}, top(saved(stacks)))
        stacks.bare = False
        wanted = {label.function or label.full: row for label, row in zip(stacks.stacks[0].labels, NAMED.values())}
        equal("%s, nothing is left to it" % name, wanted, top(saved(stacks)))
