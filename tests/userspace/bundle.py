# SPDX-License-Identifier: GPL-2.0
"""The tarball for hosts whose userland is too old, unpacked and run: beside this machine's own, and in a
root that has nothing but it and the three programs that its launcher wants, with the system calls of 3.10.
"""
import ctypes
import functools
import os
import pty
import re
import shutil
import struct
import subprocess

from tap import CAPTURED, HERE, PLAIN, SCRATCH, Skip, Text, check, equal

TERMINALS = ["linux", "rxvt", "screen", "screen-256color", "tmux", "tmux-256color", "vt100", "vt220",
             "xterm", "xterm-256color"]
COMMANDS = ["show", "diff", "top", "stat", "sys", "cache", "map", "regions", "stacks", "reset", "on", "off", "doctor"]
# The oldest kernel that the module is for, and the first number of a system call that it lacks.
KERNEL = (3, 10)
NR_SYSCALLS = 314


def unpacked():
    folder = os.path.join(SCRATCH, "kfaultstat-bundle")
    if not os.path.exists(folder):
        subprocess.run([os.path.join(HERE, "..", "..", "userspace", "bundle"), PLAIN, folder + ".tar.gz"],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["tar", "-C", SCRATCH, "-xzf", folder + ".tar.gz"], check=True)
    return folder


@functools.cache
def root():
    """A root with the bundle, sh, readlink and dirname, and two texts of the module's."""
    place = os.path.join(SCRATCH, "root")
    for name in ("bin", "proc", "data"):
        os.makedirs(os.path.join(place, name))
    shutil.copy("/bin/busybox", os.path.join(place, "bin"))
    for name in ("sh", "readlink", "dirname"):
        os.symlink("busybox", os.path.join(place, "bin", name))
    shutil.copytree(unpacked(), os.path.join(place, "kfaultstat"))
    shutil.copy(CAPTURED, os.path.join(place, "data", "saved"))
    shutil.copy(Text().row("p", 1, 1, "live", "/é", 1).save(), os.path.join(place, "data", "accent"))
    return place


def works(*command):
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@functools.cache
def entrance(proc):
    """The command that enters it."""
    words = ["chroot"] if os.geteuid() == 0 else ["unshare", "-Ur", "chroot"]
    if proc:
        words = ["unshare", "-m"] + (["-Ur"] if os.geteuid() else []) + [
            "sh", "-c", 'mount --rbind /proc "$0/proc" && exec chroot "$0" "$@"']
    if not works(*words, root(), "/bin/sh", "-c", "exit 0"):
        raise Skip("no other root %scan be entered here" % ("with /proc " if proc else ""))
    return words + [root()]


def entered(*words, proc=False, env=None, old=False):
    """What kfaultstat does there, whose own pid is $$; old is with a kernel as old as ours may be."""
    return subprocess.run([*entrance(proc), "/bin/sh", "-c", "exec /kfaultstat/kfaultstat " + " ".join(words)],
                          capture_output=True,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C", **(env or {})},
                          preexec_fn=forget_new_syscalls if old else None, check=False)


def forget_new_syscalls():
    """Those that came after 3.10 are unknown to this process from now on."""
    code = [(0x20, 0, 0, 0),                        # load the number
            (0x35, 0, 1, NR_SYSCALLS),              # from there on?
            (0x06, 0, 0, 0x00050000 | 38),          # ENOSYS
            (0x06, 0, 0, 0x7fff0000)]               # or whatever it is
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in code))
    filters = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(program)))
    libc = ctypes.CDLL(None, use_errno=True)
    # PR_SET_NO_NEW_PRIVS, and PR_SET_SECCOMP with SECCOMP_MODE_FILTER
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.c_void_p(ctypes.addressof(filters)), 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def top_ends(command, env):
    """top comes up on a terminal and ends by its key; what it has put out."""
    pid, master = pty.fork()
    if not pid:
        os.execvpe(command[0], command, env)
    out = b""
    try:
        while b"keys" not in out:
            out += os.read(master, 65536)
        os.write(master, b"q")
        while True:
            out += os.read(master, 65536)
    except OSError:
        pass
    _, status = os.waitpid(pid, 0)
    os.close(master)
    equal("status", 0, status, env, out)
    return out


def programs():
    """All that is code in the bundle."""
    folder = os.path.join(unpacked(), "lib")
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


def readelf(option, program):
    return subprocess.run(["readelf", "-W", option, program], capture_output=True, check=True).stdout.decode()


def test_it_runs_with_its_own_libraries():
    program = os.path.join(unpacked(), "kfaultstat")
    link = os.path.join(SCRATCH, "link")
    os.symlink(program, link)
    wanted = subprocess.run([PLAIN, "-i", CAPTURED, "--by", "dir"], capture_output=True, check=True).stdout
    for one in (program, link):
        done = subprocess.run([one, "-i", CAPTURED, "--by", "dir"], capture_output=True, check=False)
        equal("output", (0, wanted, b""), (done.returncode, done.stdout, done.stderr))
    libraries = os.listdir(os.path.join(unpacked(), "lib"))
    for name in ("libc.so", "libsmartcols.so", "libncurses", "ld-linux"):
        check("%s is in it" % name, any(one.startswith(name) for one in libraries), libraries)


def test_every_library_that_one_of_it_needs_is_in_it():
    there = {os.path.basename(one) for one in programs()}
    for program in programs():
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("-d", program)))
        check("needed by %s" % program, needed <= there, needed - there)
        check("no path of this machine in %s" % program, "PATH)" not in readelf("-d", program))
    needed = re.findall(r"\(NEEDED\)", readelf("-d", os.path.join(unpacked(), "lib", "kfaultstat")))
    check("something is needed", len(needed) >= 3, needed)


def test_its_c_library_runs_on_the_oldest_kernel():
    """The loader refuses a kernel that is older than what a library's note says."""
    tagged = []
    for program in programs():
        for system, *version in re.findall(r"OS: (\w+), ABI: (\d+)\.(\d+)\.\d+", readelf("-n", program)):
            tagged.append(os.path.basename(program))
            equal("system of %s" % program, "Linux", system)
            check("%s wants %s" % (program, version), tuple(int(one) for one in version) <= KERNEL)
    check("the C library has such a note", "libc.so.6" in tagged, tagged)
    check("the program has such a note", "kfaultstat" in tagged, tagged)


def test_in_a_root_with_nothing_else_it_does_the_same():
    entrance(False)
    for command in COMMANDS:
        wanted = subprocess.run([PLAIN, command, "--help"], capture_output=True, check=True).stdout
        done = entered(command, "--help")
        equal("help of %s" % command, (0, wanted, b""), (done.returncode, done.stdout, done.stderr))
    for words in ([], ["--by", "dir"], ["-r"], ["-J"]):
        wanted = subprocess.run([PLAIN, "--input", CAPTURED, *words], capture_output=True, check=True,
                                env={"LC_ALL": "C"}).stdout
        check("rows", len(wanted.splitlines()) > 5, wanted)
        for old in (False, True):
            done = entered("--input", "/data/saved", *words, old=old)
            equal("the rows %s" % words, (0, wanted, b""), (done.returncode, done.stdout, done.stderr))
    done = entered("diff", "/data/saved", "/data/saved", "-r", old=True)
    equal("diff", (0, b""), (done.returncode, done.stderr))
    done = entered("cache", "-r", "/data/saved", old=True)
    equal("cache", (0, b""), (done.returncode, done.stderr))
    check("its size", (b"%d " % os.path.getsize(CAPTURED)) in done.stdout, done.stdout)


def test_it_needs_no_system_call_that_the_oldest_kernel_lacks():
    entrance(True)
    done = subprocess.run(["python3", "-c", "import os; os.getrandom(1)"], capture_output=True, check=False,
                          preexec_fn=forget_new_syscalls)
    check("such ones are unknown there", b"Errno 38" in done.stderr, done.stderr)
    for words, there in ((["sys"], b"pgpgin/s"), (["map", "-n", "1"], b"RSS"), (["map", "-p", "$$"], b"libc"),
                         (["cache", "-p", "$$"], b"libc"), (["cache", "-p", "$$", "0.1", "2"], b"libc"),
                         (["sys", "-J", "0.1", "2"], b"uptime"), (["cache", "--ranges", "/kfaultstat"], b"libc")):
        done = entered(*words, proc=True, old=True)
        equal("%s" % words, (0, b""), (done.returncode, done.stderr), done.stdout)
        check("%s" % words, there in done.stdout, done.stdout)
    if not os.path.exists("/proc/faultstat"):
        for words in (["doctor"], ["stat", "/bin/sh"], ["on"]):
            equal("%s without the module" % words, 3, entered(*words, proc=True, old=True).returncode)


def test_names_are_in_utf_8_where_the_host_has_no_locale():
    entrance(False)
    for locale, shown in (("en_US.UTF-8", "é"), ("de_DE.utf8", "é"), ("C.UTF-8", "é"), ("en_US.ISO-8859-1", "\\303\\251"),
                          ("POSIX", "\\303\\251")):
        for name in ("LC_ALL", "LC_CTYPE", "LANG"):
            done = entered("-i", "/data/accent", env={"LC_ALL": "", name: locale})
            check("a name with %s=%s" % (name, locale), done.stdout.decode().endswith("/%s\n" % shown), done.stdout)


def test_top_knows_its_terminals_where_nobody_else_does():
    command = [*entrance(False), "/kfaultstat/kfaultstat", "top", "-i", "/data/saved"]
    for name in TERMINALS:
        for locale in ("C", "en_US.UTF-8"):
            out = top_ends(command, {"PATH": os.environ["PATH"], "TERM": name, "LC_ALL": locale})
            check("a row on %s" % name, b"mapread" in out, out)
    out = subprocess.run(["script", "-qec", "TERM=nowhere-else " + " ".join(command), "/dev/null"],
                         capture_output=True, check=False)
    equal("status with a terminal that nobody knows", 1, out.returncode, out.stdout)
    check("it is said", b"unknown terminal nowhere-else: set TERM" in out.stdout, out.stdout)


def test_top_knows_terminals_that_the_host_does_not():
    folder = unpacked()
    for name in TERMINALS:
        check("%s is in it" % name, os.path.exists(os.path.join(folder, "terminfo", name[0], name)))
    # One that is nowhere else.
    text = subprocess.run(["infocmp", "xterm"], capture_output=True, check=True).stdout
    text = b"\n".join(line for line in text.splitlines() if not line.startswith(b"#"))
    subprocess.run(["tic", "-o", os.path.join(folder, "terminfo"), "-"], check=True,
                   input=b"nowhere-else|" + text.split(b"|", 1)[1] + b"\n")
    top_ends([os.path.join(folder, "kfaultstat"), "top", "-i", CAPTURED],
             dict(os.environ, TERM="nowhere-else", LC_ALL="C"))


def test_the_environment_of_a_command_is_its_own():
    with open(os.path.join(unpacked(), "kfaultstat"), encoding="utf-8") as file:
        launcher = file.read()
    # Without the program itself: what it would see.
    launcher = launcher[:launcher.index("exec ")] + "env\n"
    for words, terminals, locale in ((["stat", "true"], False, False), (["top"], True, True), ([], False, True)):
        done = subprocess.run(["sh", "-c", launcher, os.path.join(unpacked(), "kfaultstat"), *words],
                              capture_output=True, check=True,
                              env={"PATH": os.environ["PATH"], "LANG": "de_DE.UTF-8"})
        equal("TERMINFO_DIRS with %s" % words, terminals, b"TERMINFO_DIRS=" in done.stdout, done.stdout)
        equal("a locale with %s" % words, locale, b"LOCPATH=" in done.stdout and b"LC_ALL=" in done.stdout,
              done.stdout)
        check("what there was with %s" % words, b"LANG=de_DE.UTF-8" in done.stdout, done.stdout)
