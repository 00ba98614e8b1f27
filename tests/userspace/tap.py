# SPDX-License-Identifier: GPL-2.0
"""What the tests of the reader share: TAP points, texts such as the module's, and the program.

Every module here has functions test_*; main() runs those of the modules that it is given.
"""
import atexit
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import traceback

PROGRAM = os.environ["KFAULTSTAT"]          # with sanitizers
PLAIN = os.environ["KFAULTSTAT_PLAIN"]      # as users have it
STANDIN = os.environ["KFAULTSTAT_STANDIN"]  # to be preloaded, see standin.c
TIMER = os.environ["KFAULTSTAT_TIMER"]      # tests/bench/native.c
HERE = os.path.dirname(os.path.abspath(__file__))
CAPTURED = os.path.join(HERE, "captured", "demo-6.1")
SCRATCH = tempfile.mkdtemp(prefix="faultstat-reader-")
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)
COLUMNS = ("comm pid id state ppid calls minor major uncounted pending missed write exec "
           "from_user from_kernel from_gup dev inode deleted object").split()
# Of a module that checks.
KERNEL_COLUMNS = COLUMNS[:-4] + ["kernel_minor", "kernel_major"] + COLUMNS[-4:]


def run(*arguments, program=PROGRAM, stdin=b"", env=None, text=True):
    """Runs kfaultstat; what it printed is text with undecodable bytes kept."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC", **(env or {})}
    done = subprocess.run([program, *arguments], input=stdin, capture_output=True,
                          env=environment, timeout=120, check=False)
    if text:
        done.stdout = done.stdout.decode("utf-8", "surrogateescape")
        done.stderr = done.stderr.decode("utf-8", "surrogateescape")
    return done


def terminal(columns, lines, *arguments, locale="C.UTF-8", code=0):
    """The output of kfaultstat on a terminal of that size."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    process = subprocess.Popen([PROGRAM, *arguments], stdout=slave, stdin=slave,
                               env=dict(os.environ, LC_ALL=locale))
    out, ended = b"", False
    # The other end stays open meanwhile: when the last one is closed, what is on its way may be lost.
    while select.select([master], [], [], 0.2 if ended else 0.02)[0] or not ended:
        if select.select([master], [], [], 0)[0]:
            out += os.read(master, 65536)
        else:
            ended = process.poll() is not None
    equal("exit code", code, process.returncode, out)
    os.close(slave)
    os.close(master)
    return out.decode().splitlines()


class Skip(Exception):
    """What a test needs and this machine lacks."""


def check(what, condition, *shown):
    if not condition:
        raise AssertionError("%s%s" % (what, "".join("\n" + str(one) for one in shown)))


def equal(what, wanted, found, *shown):
    check("%s: wanted %r, found %r" % (what, wanted, found), wanted == found, *shown)


def fails(code, words, *arguments, **options):
    """It ends with that code and one line on standard error that has all the words."""
    done = run(*arguments, **options)
    equal("exit code of %s" % (arguments,), code, done.returncode, done.stdout, done.stderr)
    lines = done.stderr.splitlines()
    equal("lines on standard error of %s" % (arguments,), 1, len(lines), done.stderr)
    for word in words:
        check("%r in %r" % (word, lines[0]), word in lines[0])
    return lines[0]


def escape(name, space=False):
    """As the module escapes it."""
    if isinstance(name, str):
        name = name.encode()
    return b"".join(b"\\%03o" % c if c < 32 or c in (127, 92) or (space and c == 32)
                    else bytes([c]) for c in name)


class Text:
    """A text such as the module's, made of rows."""

    def __init__(self, load="aad7276e", at=10.0, now=20.0, resets=0, **header):
        self.load, self.at, self.now, self.resets = load, at, now, resets
        self.header = dict(version=1, module="1.1.0", folded=0, overflow=0, lifetime=None, checked=None)
        self.header.update(header)
        self.columns = KERNEL_COLUMNS if self.header["checked"] else COLUMNS
        self.rows = []

    def row(self, comm, pid, ident, state, obj, minor=0, major=0, dev="0:0", inode=0, **more):
        row = dict(dict.fromkeys(KERNEL_COLUMNS, 0), comm=escape(comm, True), pid=pid, id=ident,
                   state=state, ppid=1 if pid else 0, calls=minor + major, minor=minor,
                   major=major, from_user=minor + major, dev=dev, inode=inode,
                   object=escape(obj))
        row.update(more)
        self.rows.append(row)
        return self

    def sums(self):
        total = {key: sum(row[key] for row in self.rows) for key in COLUMNS[5:11]}
        return total

    def bytes(self):
        total = self.sums()
        lifetime = dict(total, **(self.header["lifetime"] or {}))
        lines = [
            "# faultstat %s" % self.header["version"],
            "# module %s kernel 6.1.0-56-amd64 cpus 2" % self.header["module"],
            "# load %s at %.3f now %.3f realtime %.3f resets %d" % (
                self.load, self.at, self.now, 1763776800 + self.now, self.resets),
            "# settings enabled=1 attach=auto exceptions=1 max_rows=16384 max_tasks=32768 "
            "max_memory=64 keep_exited=1000 pid=",
            "# hook handle_mm_fault ftrace",
            "# exceptions user 1 kernel 0",
            "# lifetime " + " ".join("%s %d" % one for one in lifetime.items()),
            "# total " + " ".join("%s %d" % one for one in total.items()),
            "# table rows %d processes 1 ended 0 folded %d overflow %d memory 4096" % (
                len(self.rows), self.header["folded"], self.header["overflow"]),
            " ".join(self.columns),
        ]
        if self.header["checked"]:
            lines.insert(-1, "# checked processes %d different %d unchecked %d" % self.header["checked"])
        text = "\n".join(lines).encode() + b"\n"
        for row in self.rows:
            text += b" ".join(value if isinstance(value, bytes) else str(value).encode()
                              for value in (row[key] for key in self.columns)) + b"\n"
        return text

    def save(self, name="copy"):
        path = os.path.join(SCRATCH, name)
        with open(path, "wb") as file:
            file.write(self.bytes())
        return path


def save(name, content):
    path = os.path.join(SCRATCH, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
    return path


def raw(text, *columns):
    """Rows of raw output as tuples of these columns; lines of comment left out."""
    lines = [line.split(" ") for line in text.splitlines() if not line.startswith("#")]
    at = [lines[0].index(column.upper()) for column in columns]
    return [tuple(line[i] for i in at) for line in lines[1:]]


def main(modules):
    number = failed = 0
    # Who is started in the background of a shell has SIGINT and SIGQUIT ignored, and with him all whom he starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    # And under nohup SIGHUP.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    for module in modules:
        for name in [one for one in vars(module) if one.startswith("test_")]:
            number += 1
            try:
                getattr(module, name)()
                print("ok %d %s.%s" % (number, module.__name__, name[5:]), flush=True)
            except Skip as lack:
                print("ok %d %s.%s # SKIP %s" % (number, module.__name__, name[5:], lack), flush=True)
            except Exception:  # whatever it is, the other points are to be seen
                failed += 1
                for line in traceback.format_exc().splitlines():
                    print("# " + line.encode("utf-8", "backslashreplace").decode())
                print("not ok %d %s.%s" % (number, module.__name__, name[5:]), flush=True)
    return number, failed


if __name__ == "__main__":
    sys.exit("run by tests/userspace/run")
