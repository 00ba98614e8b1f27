# SPDX-License-Identifier: GPL-2.0
"""The command line: what is wrong is said in a line; help, man page and completion agree."""
import os
import pty
import re
import shlex
import subprocess

from tap import CAPTURED, HERE, PROGRAM, check, equal, fails, run

TOP = os.path.join(HERE, "..", "..", "userspace")
COMMANDS = ["show", "diff", "top", "stat", "sys", "cache", "map", "regions", "stacks", "reset", "on", "off", "doctor"]


def help_options(command):
    text = run(command, "--help").stdout
    lines = text[text.index("Options:"):].split("\n\n")[0].splitlines()[1:]
    found = set()
    for line in lines:
        found |= set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", line[:24]))
    return found


def completion(line):
    """What bash offers for the last word of a line."""
    words = line.split(" ")
    script = ("source %s/completion.bash; COMP_WORDS=(%s); COMP_CWORD=%d; _kfaultstat; "
              "printf '%%s\\n' \"${COMPREPLY[@]}\"" % (
                  TOP, " ".join("'%s'" % word for word in words), len(words) - 1))
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    equal("complaints of the completion", b"", done.stderr)
    return set(done.stdout.decode().split())


def man_sections():
    """Options and commands of the man page's source, by command."""
    found, command = {}, None
    with open(os.path.join(TOP, "kfaultstat.8"), encoding="utf-8") as file:
        for line in file:
            line = line.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "").replace("\\fI", "")
            heading = re.match(r"\.SS (\w+)", line)
            if heading:
                command = heading.group(1)
                found[command] = set()
            elif line.startswith(".SH"):
                command = None
            option = re.match(r"\.BR? (-.*)", line) if command else None
            if option:
                found[command] |= set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", option.group(1)))
    return found


def test_help_completion_and_man_page_have_the_same_options():
    sections = man_sections()
    for command in COMMANDS:
        wanted = help_options(command)
        check("%s has options" % command, len(wanted) >= 4, wanted)
        equal("completion of %s" % command, wanted, completion("kfaultstat %s -" % command))
        check("%s in the man page" % command, command in sections)
        equal("man page of %s" % command, wanted,
              sections[command] | {"-h", "--help", "-V", "--version"})


def test_every_option_in_the_help_is_taken():
    values = {"--input": CAPTURED, "--lines": "1", "--output": "pid", "--sort": "pid", "--pid": "1",
              "--comm": "x", "--object": "x", "--by": "comm", "--report": "/dev/null", "--root": "/"}
    for command in ("show", "sys", "doctor"):
        for option in help_options(command):
            # Whether doctor is content with a folder is a matter of its own.
            if not option.startswith("--") or (command, option) == ("doctor", "--root"):
                continue
            words = [option] + ([values[option]] if option in values else [])
            if command == "sys" and option == "--output":
                words[1] = "free"
            if command == "show" and option != "--input":
                words += ["-i", CAPTURED]
            if command == "doctor" and option not in ("--input", "--root"):
                words += ["-i", CAPTURED]
            done = run(command, *words)
            equal("exit code of %s %s" % (command, words), 0, done.returncode, done.stderr)


def test_completion_knows_commands_and_values():
    equal("commands", set(COMMANDS), completion("kfaultstat "))
    equal("begun", {"reset", "regions"}, completion("kfaultstat re"))
    equal("by", {"object", "dir", "process", "comm", "cgroup"}, completion("kfaultstat --by "))
    for command in ("show", "diff", "top", "stat", "sys", "cache", "map", "regions"):
        text = run(command, "--help").stdout
        block = text[text.index("Columns"):].split("\n\nExamples")[0]
        wanted = {line.split()[0] for line in block.splitlines() if line.startswith(" ")}
        for option in ("-o", "--output", "-s", "--sort"):
            if command != "sys" or option in ("-o", "--output"):
                equal("columns of %s" % command, wanted, completion("kfaultstat %s %s " % (command, option)))
    equal("begun", {"minor", "minor_s"}, completion("kfaultstat -o min"))
    equal("behind a comma", {"calls,minor", "calls,minor_s"}, completion("kfaultstat -s calls,min"))
    equal("added", {"+write"}, completion("kfaultstat --output +wr"))
    equal("not those that are there", {"comm,pid,ppid", "comm,pid,processes", "comm,pid,pending"},
          completion("kfaultstat -o comm,pid,p"))
    equal("nothing of a number or a glob", [set()] * 3,
          [completion("kfaultstat %s /et" % option) for option in ("-n", "-c", "-f")])
    equal("behind an equals sign, which bash takes for a word", [{"dir"}, {"object", "dir", "process", "comm"}],
          [completion("kfaultstat --by = d"), completion("kfaultstat diff --by =")])
    equal("behind a colon", [{"asc", "desc"}, {"desc"}],
          [completion("kfaultstat -s major :"), completion("kfaultstat -s major : d")])
    equal("no direction behind another colon", set(), completion("kfaultstat cache /no/such/a :") & {"asc", "desc"})
    check("a command behind such an option", "true" in completion("kfaultstat stat --by = dir tru"))
    check("a second column", "desc,minor" in completion("kfaultstat -s major : desc,min"))
    check("another pid", "1,%d" % os.getpid() in completion("kfaultstat -p 1,%d" % (os.getpid() // 10)))
    equal("no file for an interval", set(), completion("kfaultstat top /et"))
    check("a command to run", "true" in completion("kfaultstat stat tru"))
    equal("options of show without its name", help_options("show"), completion("kfaultstat -"))
    equal("the command's own words", set(), completion("kfaultstat stat ls --n"))


def test_the_man_page_has_all_columns_and_is_clean():
    with open(os.path.join(TOP, "kfaultstat.8"), encoding="utf-8") as file:
        page = file.read()
    for command in ("show", "sys", "cache", "map", "regions"):
        text = run(command, "--help").stdout
        block = text[text.index("Columns"):].split("\n\n")[0]
        for line in block.splitlines()[1:]:
            name = line.split()[0]
            check("%s in the man page" % name, re.search(r"^\.B %s$" % re.escape(name), page, re.M))
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", os.path.join(TOP, "kfaultstat.8")],
                          capture_output=True, check=False)
    equal("groff", (0, b""), (done.returncode, done.stderr))


def man_columns(title):
    """What the man page says of each column under such a heading."""
    with open(os.path.join(TOP, "kfaultstat.8"), encoding="utf-8") as file:
        page = file.read().replace("\\-", "-")
    block = page.split('\n.SS "%s"\n' % title)[1].split("\n.S")[0]
    return {name: " ".join(text.split()) for name, text in re.findall(
        r"^\.TP\n\.B (\S+)\n((?:(?!\.TP\n).*(?:\n|\Z))*)", block, re.M)}


def test_the_man_page_describes_columns_as_the_help_does():
    for title, command, heading in (
            ("Columns of show, diff, top and stat", "show", "Columns:"), ("Columns of sys", "sys", "Columns "),
            ("Columns of cache", "cache", "Columns:"), ("Columns of map -p", "map", "Columns:"),
            ("Columns of map without -p", "map", "Columns without -p:"),
            ("Columns of regions", "regions", "Columns:")):
        text = run(command, "--help").stdout
        lines = text[text.index("\n" + heading) + 1:].split("\n\n")[0].splitlines()[1:]
        wanted = dict(line.strip().split(None, 1) for line in lines)
        found = man_columns(title)
        equal(title, list(wanted), list(found))
        for name, words in wanted.items():
            check("%s of %s" % (name, title), found[name].lower().rstrip(".").startswith(words.lower()),
                  found[name], words)


def test_what_the_man_page_shows_is_what_there_is():
    with open(os.path.join(TOP, "kfaultstat.8"), encoding="utf-8") as file:
        page = file.read().replace("\\-", "-")
    shown = re.findall(r"\n\.nf\n\$ kfaultstat (.*-i saved.*)\n([^.]*(?:\n|.)*?)\.fi\n", page)
    check("examples", len(shown) >= 3, shown)
    for words, output in shown:
        equal("kfaultstat " + words, output, run(*words.replace("saved", CAPTURED).split()).stdout)
    for command in ("stat ", "sys ", "doctor "):
        check(command, re.search(r"\n\.nf\n\$ kfaultstat %s.*\n[^.]" % command, page))


def test_wrong_usage_is_exit_code_2_and_one_line():
    """The thing is named, and what is allowed or where that stands."""
    fails(2, ["unknown option --nonsense of show", "--help"], "--nonsense")
    fails(2, ["-x", "--help"], "-x")
    fails(2, ["-x ", "--help"], "-ax")
    fails(2, ["-x ", "--help"], "--all", "-xr")
    fails(2, ["-n", "value", "NUMBER"], "-n")
    fails(2, ["--lines", "value", "NUMBER"], "--lines")
    fails(2, ["--report", "value", "FILE"], "stat", "--report")
    fails(2, ["--raw takes no value"], "--raw=1")
    fails(2, ["--by \"x\" for show", "comm or cgroup"], "--by", "x")
    fails(2, ["--by", "dir=DEPTH (1 to 1000)"], "--by", "dir=0")
    fails(2, ["--by", "dir=DEPTH (1 to 1000)"], "--by", "dir=1001")
    fails(2, ["--by"], "--by", "dir=x")
    fails(2, ["--by \"cgroup\" for diff", "process or comm"], "diff", "--by", "cgroup", "a", "b")
    fails(2, ["--by \"cgroup\" for stat", "process or comm"], "stat", "--by", "cgroup", "true")
    for bad in ("1,x", "", "0", ",", "1,", "2147483648", "-1", ",".join(str(pid) for pid in range(1, 1026))):
        fails(2, ["invalid list of pids \"%s\": at most 1024, separated by commas" % bad], "-p", bad)
    for bad in ("0", "", "x", "-1", "99999999999999999999"):
        fails(2, ["invalid value of -n \"%s\": a number of rows, from 1" % bad], "-n", bad)
    fails(2, ["unknown command \"nonsense\"", "--help"], "nonsense")
    for words in (["0.05"], ["top", "x"], ["sys", "1000001"], ["show", "1.2.3"], [".", "3"]):
        fails(2, ["invalid interval \"%s\": seconds, from 0.1 to 1000000" % (
            words[0] if len(words) == 1 or words[1] == "3" else words[1])], *words)
    fails(2, ["invalid count \"x\": a number from 1"], "1", "x")
    fails(2, ["invalid count \"0\": a number from 1"], "1", "0")
    fails(2, ["unexpected argument \"3\"", "interval and count"], "1", "2", "3")
    fails(2, ["--files and --areas are mutually exclusive"], "--files", "--areas")
    fails(2, ["--files and --areas are mutually exclusive"], "--files", "--regions")
    fails(2, ["cgroup", "saved copy"], "--by", "cgroup", "-i", CAPTURED)
    fails(2, ["standard input", "--input"], "-i", "-", "1")
    fails(2, ["reset: unexpected argument \"now\""], "reset", "now")
    fails(2, ["COMMAND"], "stat")
    fails(2, ["-J", "top"], "top", "-J")
    fails(2, ["-w", "show"], "show", "-w")
    for column in ("comm", "minor_s", "object"):
        fails(2, ["-o", "\"nothing\"", column], "-o", "pid,nothing,comm", "-i", CAPTURED)
        fails(2, ["-s", "\"pid:up\"", column, ":asc or :desc"], "-s", "pid:up", "-i", CAPTURED)
    fails(2, ["-s", "at most eight"], "-s", "pid,id,comm,state,calls,minor,major,read,write", "-i", CAPTURED)


def test_every_command_refuses_a_column_in_the_same_words():
    commands = {"show": ["-i", CAPTURED], "diff": [CAPTURED, CAPTURED], "top": ["-i", CAPTURED], "stat": ["true"],
                "sys": [], "cache": ["/etc"], "map": [], "map -p": ["-p", "1"], "regions": ["/etc/passwd"],
                "cache --ranges": ["--ranges", "/etc"]}
    for command, rest in commands.items():
        name = command.split()[0]
        text = run(name, "--help").stdout
        columns = [line.split()[0] for line in text[text.index("\nColumns"):].split("\n\nExamples")[0].splitlines()
                   if line.startswith(" ")]
        # Those of a way to look that is not the usual one are not in the help.
        wanted = None if command in ("map -p", "cache --ranges", "map") else ", ".join(columns)
        for option, behind in (("-o", ""), ("-s", ", at most eight, optionally followed by :asc or :desc")):
            if option == "-s" and command in ("sys", "cache --ranges"):
                continue
            for bad in ("nothing", ""):
                line = fails(2, [], name, option, "%s,%s" % (bad, columns[0]), *rest)
                found = re.fullmatch(r'kfaultstat: %s: unknown column "%s": columns are ([^;]*); see --help' % (
                    option, bad), line)
                check("words of %s %s" % (command, option), found, line)
                check("what follows the columns", found.group(1).endswith(behind), line)
                if wanted:
                    equal("columns of %s" % command, wanted + behind, found.group(1))
    fails(2, ["\"+free\""], "sys", "-o", "+free")


def test_the_help_names_the_commands_first_and_each_command_ends_with_examples():
    text = run("--help").stdout
    parts = [part.splitlines()[0] for part in text.split("\n\n")]
    equal("the order", ["Usage: kfaultstat [command] [options] [arguments]", "Commands, show is the default:",
                        "Examples:"], parts[:3])
    equal("all commands", COMMANDS, [line.split()[0] for line in text.split("\n\n")[1].splitlines()[1:]])
    check("on one screen", len(text.splitlines()) <= 24, text)
    check("the columns are those of show", "Columns" not in text and "pending" in run("show", "--help").stdout)
    files = {"before": CAPTURED, "after": CAPTURED, "/var/lib": TOP, "/var/log/syslog": TOP + "/Makefile",
             "1234": str(os.getpid()), "/var/lib/data.db": TOP + "/Makefile", "data.db": TOP + "/Makefile",
             "heat.svg": os.devnull, "faults.svg": os.devnull, "/host": "/", "make": "true", "-j8": "-j8"}
    found = 0
    for command in ["", *COMMANDS]:
        text = run(*command.split(), "--help").stdout
        check("they end it", re.fullmatch(r"(?s).*\nExamples:\n( kfaultstat [^\n]*\n)+\n[^\n]*\n", text), text)
        for line in text[text.index("\nExamples:"):].splitlines()[2:]:
            if not line.startswith(" "):
                break
            words = shlex.split(line.split("  ")[0])[1:]
            if command:
                equal("the command of an example", command, words[0])
            if words[0] not in ("on", "off", "reset"):
                tried(words, [files.get(word, word) for word in words])
                found += 1
    check("as many as there should be", found >= 20, found)


def tried(words, real):
    """It is not refused: on a terminal, until it ends or has had enough time."""
    master, slave = pty.openpty()
    with subprocess.Popen([PROGRAM, *real], stdin=slave, stdout=slave, stderr=subprocess.PIPE,
                          env=dict(os.environ, TERM="linux", LC_ALL="C.UTF-8")) as child:
        os.close(slave)
        try:
            child.wait(0.7)
        except subprocess.TimeoutExpired:
            child.kill()
        os.close(master)
        errors = child.stderr.read().decode()
    check("%s is not refused" % words, child.returncode != 2 and "--help" not in errors, child.returncode, errors)


def test_a_pid_that_is_taken_for_an_interval_is_said():
    pid = str(os.getpid())

    def said(*words):
        with subprocess.Popen([PROGRAM, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
            try:
                child.wait(1.5)
            except subprocess.TimeoutExpired:
                child.kill()
            return child.stderr.read()
    wanted = "kfaultstat: %s is the interval in seconds; for process %s use -p %s\n" % (pid, pid, pid)
    for words in (["map", pid], ["-i", CAPTURED, pid], ["show", "-i", CAPTURED, pid], ["cache", TOP + "/Makefile", pid]):
        equal("%s" % words, wanted, said(*words))
    gone = subprocess.Popen(["true"])
    gone.wait()
    for words in (["sys", pid], ["-i", CAPTURED, "-p", "1", pid], ["-i", CAPTURED, pid + ".0"],
                  ["-i", CAPTURED, "5"], ["-i", CAPTURED, str(gone.pid)]):
        equal("%s" % words, "", said(*words))
    check("not with a count", "taken" not in run("-i", CAPTURED, pid, "1").stderr)


def test_the_help_fits_80_columns():
    for command in ["", *COMMANDS]:
        for line in run(*command.split(), "--help").stdout.splitlines():
            check("80 columns of %s" % command, len(line) <= 80, line)


def test_an_option_that_is_no_text_cannot_harm_the_terminal():
    line = fails(2, ["\\033[31m"], "--by", "\x1b[31m")
    check("no escape", "\x1b" not in line)
    line = fails(1, ["\\033"], "-i", "/tmp/\x1b]0;x\x07")
    check("no escape", "\x1b" not in line)


def test_without_the_module_the_exit_code_is_3():
    if os.path.exists("/proc/faultstat"):
        return
    for words in ([], ["1", "1"], ["stat", "true"], ["reset"], ["on"], ["off"]):
        fails(3, ["not loaded", "modprobe faultstat", "insmod"], *words)
    equal("doctor", 3, run("doctor").returncode)


def test_a_copy_has_no_column_that_only_the_machine_knows():
    equal("show", "PID COMM STATE MAJOR MINOR CALLS",
          run("-i", CAPTURED, "--by", "process", "-r").stdout.splitlines()[0])
    equal("diff", "PID COMM MAJOR MINOR CALLS MAJOR_S MINOR_S",
          run("diff", CAPTURED, CAPTURED, "--by", "process", "-r").stdout.splitlines()[1])


def test_top_wants_a_terminal():
    fails(1, ["top requires a terminal"], "top", "-i", CAPTURED)


def test_a_closed_pipe_is_no_error_and_a_full_disk_is():
    script = "set -o pipefail; for i in 1 2 3 4 5; do %s -i %s -o +dev,inode,object | head -n 1; done" % (
        PROGRAM, CAPTURED)
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False)
    equal("stderr", b"", done.stderr)
    equal("status", 0, done.returncode)
    done = subprocess.run(["bash", "-c", "%s -i %s 0.1 | head -n 1" % (PROGRAM, CAPTURED)],
                          capture_output=True, timeout=20, check=False)
    equal("intervals end", (0, b""), (done.returncode, done.stderr))
    done = subprocess.run(["bash", "-c", "%s -i %s >/dev/full" % (PROGRAM, CAPTURED)],
                          capture_output=True, check=False)
    equal("full disk", 1, done.returncode)
    check("said", b"No space left" in done.stderr, done.stderr)


def test_version_and_help_are_no_errors():
    check("version", re.match(r"kfaultstat \d+\.\d+\.\d+\n$", run("--version").stdout))
    for command in COMMANDS:
        done = run(command, "--help")
        equal("exit code", 0, done.returncode)
        check("usage", done.stdout.startswith("Usage: kfaultstat %s " % command), done.stdout)
