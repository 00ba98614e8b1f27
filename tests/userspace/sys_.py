# SPDX-License-Identifier: GPL-2.0
"""sys and doctor against copies of /proc and /sys: exact names, and "-" for what is missing."""
import json
import os
import re
import time

from tap import CAPTURED, SCRATCH, Text, check, equal, fails, raw, run, save, terminal

MEMINFO = """MemTotal:       16000000 kB
MemFree:         4000000 kB
MemAvailable:    9000000 kB
Buffers:          500000 kB
Cached:          5000000 kB
SwapCached:           11 kB
Active:          3000000 kB
Inactive:        2500000 kB
Active(anon):     111111 kB
Shmem:            700000 kB
SReclaimable:     300000 kB
SwapTotal:       2000000 kB
SwapFree:        1500000 kB
"""
NEW = """pgpgin 1000
pgpgout 2000
pswpin 10
pswpout 20
allocstall_dma 1
allocstall_dma32 2
allocstall_normal 3
allocstall_movable 4
pgfree 5000
pgfault 6000
pgmajfault 70
pgsteal_kswapd 100
pgsteal_direct 30
pgsteal_khugepaged 999
pgsteal_anon 60
pgsteal_file 70
pgscan_kswapd 200
pgscan_direct 50
pgscan_direct_throttle 12345
pgscan_anon 120
pgscan_file 130
workingset_refault_anon 5
workingset_refault_file 6
thp_fault_alloc 8
thp_fault_fallback 9
thp_fault_fallback_charge 777
"""
OLD = """pgpgin 1000
pgpgout 2000
pswpin 10
pswpout 20
pgfree 5000
pgfault 6000
pgmajfault 70
pgsteal_kswapd_dma 0
pgsteal_kswapd_dma32 40
pgsteal_kswapd_normal 60
pgsteal_kswapd_movable 0
pgsteal_direct_dma32 10
pgsteal_direct_normal 20
pgscan_kswapd_dma32 80
pgscan_kswapd_normal 120
pgscan_direct_dma32 20
pgscan_direct_normal 30
pgscan_direct_throttle 12345
allocstall 10
"""
PRESSURE = """some avg10=1.00 avg60=0.50 avg300=0.10 total=5000000
full avg10=0.50 avg60=0.20 avg300=0.05 total=1000000
"""


def root(name, vmstat, meminfo=MEMINFO, pressure=PRESSURE):
    save(name + "/proc/meminfo", meminfo.encode())
    save(name + "/proc/vmstat", vmstat.encode())
    save(name + "/proc/uptime", b"100.00 150.00\n")
    if pressure:
        save(name + "/proc/pressure/memory", pressure.encode())
    return os.path.join(SCRATCH, name)


def values(path):
    done = run("sys", "--root", path, "-r")
    equal("exit code", 0, done.returncode, done.stderr)
    lines = done.stdout.splitlines()
    return dict(zip(lines[0].lower().split(" "), lines[1].split(" ")))


COMMON = {"total": "16000000", "used": "6200000", "free": "4000000", "shared": "700000",
          "buffers": "500000", "cache": "5300000", "swap_total": "2000000", "swap_used": "500000",
          "swap_free": "1500000", "active": "3000000", "inactive": "2500000", "fault/s": "60.00",
          "majflt/s": "0.70", "pgpgin/s": "10.00", "pgpgout/s": "20.00", "pgfree/s": "50.00",
          "pgscank/s": "2.00", "pgscand/s": "0.50", "pgstealk/s": "1.00", "pgsteald/s": "0.30",
          "allocstall/s": "0.10", "pswpin/s": "0.10", "pswpout/s": "0.20"}


def test_a_new_kernel():
    equal("values", dict(COMMON, available="9000000", **{
        "refault/s": "0.11", "thpfault/s": "0.08", "thpfallb/s": "0.09", "psi_some%": "5.00",
        "psi_full%": "1.00"}), values(root("new", NEW)))


def test_an_old_kernel_has_zones_and_what_it_lacks_is_a_dash():
    old = root("old", OLD, MEMINFO.replace("MemAvailable:    9000000 kB\n", ""), None)
    equal("values", dict(COMMON, available="-", **{
        "refault/s": "-", "thpfault/s": "-", "thpfallb/s": "-", "psi_some%": "-", "psi_full%": "-"}),
          values(old))
    result = json.loads(run("sys", "--root", old, "-J").stdout)
    check("null in JSON", result["sys"][0]["available"] is None, result)
    check("not 0", "0.00" not in [values(old)[one] for one in ("refault/s", "psi_some%")])


def test_without_vmstat_there_is_nothing_to_show():
    path = root("none", NEW)
    os.remove(path + "/proc/vmstat")
    done = run("sys", "--root", path)
    equal("exit code", 1, done.returncode)
    check("named", "/proc/vmstat" in done.stderr, done.stderr)


def test_tenths_of_a_second():
    begin = time.monotonic()
    done = run("sys", "0.1", "11", "-J")
    took = time.monotonic() - begin
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    equal("lines", 11, len(lines))
    check("one second and not ten: %.2f" % took, 1.0 <= took < 8)
    # One that comes late makes the next shorter.
    seconds = [line["seconds"] for line in lines[1:]]
    check("seconds of each, %s" % seconds, 0.5 <= sum(seconds) <= took and min(seconds) >= 0)
    equal("own total", lines[0]["sys"][0]["total"], lines[1]["sys"][0]["total"])


def test_columns_and_headings():
    path = root("new", NEW)
    equal("chosen", "  free  fault/s\n  3.8G    60.00\n",
          run("sys", "--root", path, "-o", "free,fault/s").stdout)
    equal("without names", "  3.8G\n",
          run("sys", "--root", path, "-o", "free", "--noheadings").stdout)


def test_people_see_units_and_programs_kib():
    path = root("new", NEW.replace("pgpgin 1000", "pgpgin 500000000"))
    columns = ["-o", "total,swap_used,shared,pgpgin/s,pgpgout/s,pgfree/s"]
    equal("units", ["15.3G", "488M", "684M", "4.8G", "20K", "50.00"],
          run("sys", "--root", path, *columns).stdout.splitlines()[1].split())
    equal("KiB", ["16000000", "500000", "700000", "5000000.00", "20.00", "50.00"],
          run("sys", "--root", path, "-r", *columns).stdout.splitlines()[1].split())
    equal("JSON", 500000, json.loads(run("sys", "--root", path, "-J").stdout)["sys"][0]["swap_used"])
    check("said", "KiB with -r and -J" in run("sys", "--help").stdout)


def test_it_fits_the_terminal_and_says_what_it_leaves_out():
    path = root("new", NEW)
    every = len(values(path))
    for width in (80, 132, 200, 60, 40):
        lines = terminal(width, 24, "sys", "--root", path)
        check("%d columns" % width, all(len(line) <= width for line in lines), *lines)
        names = [word for line in lines[0::2] for word in line.split()]
        equal("all columns in %d" % width, list(values(path)), names, *lines)
        lines = terminal(width, 24, "sys", "--root", path, "0.1", "3")
        check("%d columns, intervals" % width, all(len(line) <= width for line in lines), *lines)
        equal("a line each", 5, len(lines), *lines)
        equal("what is left out", "# %d of %d columns fit; -o chooses others" % (len(lines[1].split()), every), lines[0])
        check("the important ones stay", "available" in lines[1] and "majflt/s" in lines[1], *lines)
    lines = terminal(80, 10, "sys", "--root", path, "0.1", "9")
    equal("names again", 2, sum("available" in line for line in lines), *lines)
    asked = "pgpgin/s,total,available,fault/s,swap_total,swap_free,pgscand/s,active,inactive,pgfree/s"
    lines = terminal(80, 24, "sys", "--root", path, "0.1", "2", "-o", asked)
    equal("what is asked for is there", asked.split(","), (lines[0] + " " + lines[2]).split(), *lines)
    check("it fits", all(len(line) <= 80 for line in lines), *lines)
    lines = terminal(400, 24, "sys", "--root", path, "0.1", "2")
    equal("all where there is room", every, len(lines[0].split()), *lines)


def doctor(text, *options):
    done = run("doctor", "-i", text.save(), "-r", "--noheadings", *options)
    return done.returncode, {check_: level for level, check_ in raw("LEVEL CHECK FINDING\n" + done.stdout,
                                                                    "level", "check")}


def test_doctor_is_content_with_a_good_text():
    done = run("doctor", "-i", CAPTURED)
    equal("exit code", 0, done.returncode, done.stdout)
    check("nothing bad", "bad" not in done.stdout)


def test_doctor_finds_what_is_bad():
    code, found = doctor(Text(module="0.9.0"))
    equal("version", (1, "bad"), (code, found["module"]))
    code, found = doctor(Text(overflow=3))
    equal("overflow", (1, "bad"), (code, found["overflow"]))
    code, found = doctor(Text().row("a", 1, 1, "live", "[missed]", 0, missed=2))
    equal("missed", (1, "bad"), (code, found["missed"]))
    text = Text()
    for number in range(16000):
        text.row("a", 1, 1, "live", "/%d" % number, 1)
    code, found = doctor(text)
    equal("table", (1, "bad"), (code, found["table"]))


def test_doctor_follows_the_check_of_processes():
    for checked, level, words in (
            ((0, 0, 0), "ok", ["no process yet"]),
            ((1, 0, 0), "ok", ["1 process, all as the kernel counted"]),
            ((7, 0, 0), "ok", ["7 processes, all as the kernel counted"]),
            ((7, 0, 2), "ok", ["7 processes, all as the kernel counted; 2 not checked"]),
            ((7, 1, 2), "bad", ["1 of 7 processes not as the kernel counted", "report", "kernel log", "2 not checked"])):
        text = Text(checked=checked)
        code, found = doctor(text)
        equal("%s" % (checked,), (int(level == "bad"), level), (code, found["checked"]))
        shown = run("doctor", "-i", text.save()).stdout
        for word in words:
            check("%r of %s" % (word, checked), word in shown, shown)
        equal("unchecked only where there are any", bool(checked[2]), "not checked" in shown)
        equal("JSON", int(level == "bad"), json.loads(run("doctor", "-i", text.save(), "-J").stdout)["exit"])
    # A module that does not check is no finding.
    for done in (run("doctor", "-i", CAPTURED), run("doctor", "-i", Text().save())):
        equal("exit code", 0, done.returncode)
        check("no line", "checked" not in done.stdout, done.stdout)


def changed(before, after):
    content = Text().row("a", 1, 1, "live", "[anon]", 1).bytes().decode()
    check("%r is there" % before, before in content)
    return run("doctor", "-i", save("changed", content.replace(before, after).encode()))


def test_doctor_looks_at_settings_and_hooks():
    done = changed("enabled=1", "enabled=0")
    equal("off", 1, done.returncode)
    check("what to do", "kfaultstat on" in done.stdout, done.stdout)
    done = changed("handle_mm_fault ftrace", "handle_mm_fault off: disarmed")
    equal("dead hook", 1, done.returncode)
    done = changed("handle_mm_fault ftrace", "handle_mm_fault kprobe nmissed 7")
    equal("lost hits", 1, done.returncode)
    done = changed("handle_mm_fault ftrace", "handle_mm_fault kprobe nmissed 0")
    equal("no lost hits", 0, done.returncode)
    done = changed("# exceptions", "# hook page_fault_user off: exceptions=0\n# exceptions")
    equal("a hook that is off by its setting", 0, done.returncode)
    check("is noted", "note" in done.stdout, done.stdout)


def test_no_line_of_doctor_is_wider_than_80_columns():
    off = "handle_mm_fault off: disarmed, by kernel.ftrace_enabled=0 or kprobes/enabled=0"
    content = Text(module="0.9.0", overflow=10**17, checked=(10**17, 10**17, 10**17)).row("a", 1, 1, "live", "[missed]", 0, missed=10**17).bytes()
    content = content.replace(b"enabled=1", b"enabled=0").replace(
        b"handle_mm_fault ftrace", off.encode() + b"\n# hook page_fault_kernel off: "
        b"this kernel has no such tracepoint\n# names begin at the root")
    content = content.replace(b"memory 4096", b"memory 9999999999999")
    path = save("host/proc/faultstat/totals", content[:content.index(b"comm pid")])
    root_ = os.path.join(SCRATCH, "host")
    save("host/proc/sys/kernel/ftrace_enabled", b"0\n")
    save("host/sys/kernel/security/lockdown", b"none integrity [confidentiality]\n")
    for words in (["-i", path], ["--root", root_]):
        for columns in (80, 60):
            lines = terminal(columns, 40, "doctor", *words, code=1)
            check("%d columns" % columns, all(len(line) <= columns for line in lines), *lines)
            check("all words are there", off.replace(" ", "") in "".join(word for line in lines for word in line.split()))
        lines = run("doctor", *words).stdout.splitlines()
        check("elsewhere a line each", all(re.match("(LEVEL|ok|note|bad) ", line) for line in lines), *lines)
    check("and for programs on one line", off.replace(" ", "\\040") in run("doctor", "-i", path, "-r").stdout)


def test_doctor_without_a_module():
    save("bare/proc/sys/kernel/ftrace_enabled", b"1\n")
    path = os.path.join(SCRATCH, "bare")
    done = run("doctor", "--root", path)
    equal("exit code", 3, done.returncode, done.stdout, done.stderr)
    check("what to do", "modprobe faultstat" in done.stdout, done.stdout)
    equal("JSON", 3, json.loads(run("doctor", "--root", path, "-J").stdout)["exit"])
    fails(1, [path + "/nothing"], "doctor", "--root", path + "/nothing")
    fails(2, ["--input", "--root"], "doctor", "--root", path, "-i", CAPTURED)


def test_doctor_tells_of_processes_that_are_left_out():
    done = changed("keep_exited=1000 pid=", "keep_exited=1000 pid=17,18")
    equal("exit code", 0, done.returncode, done.stdout)
    check("which count", re.search("^note +pid .*: 17,18$", done.stdout, re.M), done.stdout)


def test_columns_of_a_large_machine_stand_below_each_other():
    path = root("large", NEW, MEMINFO.replace("16000000 kB", "12000000000 kB"))
    lines = run("sys", "--root", path, "-o", "total,used,free,fault/s").stdout.splitlines()
    ends = [[match.end() for match in re.finditer(r"\S+", line)] for line in lines]
    equal("right ends", ends[0], ends[1], *lines)


def test_what_is_no_column_of_sys_is_refused():
    for bad in ("nothing", "", "free,", "+free"):
        fails(2, ["-o", "available", "--help"], "sys", "-o", bad)
    path = root("new", NEW)
    equal("each once", "FREE TOTAL", run("sys", "--root", path, "-r", "-o", "free,total,FREE").stdout.splitlines()[0])


def test_doctor_looks_at_the_host():
    path = os.path.join(SCRATCH, "host")
    content = Text().row("a", 1, 1, "live", "[anon]", 1).bytes()
    save("host/proc/faultstat/totals", content[:content.index(b"comm pid")])
    save("host/proc/sys/kernel/ftrace_enabled", b"1\n")
    save("host/sys/kernel/security/lockdown", b"none [integrity] confidentiality\n")
    done = run("doctor", "--root", path)
    equal("exit code", 0, done.returncode, done.stdout)
    check("lockdown", "integrity" in done.stdout, done.stdout)
    save("host/proc/sys/kernel/ftrace_enabled", b"0\n")
    done = run("doctor", "--root", path)
    equal("exit code", 1, done.returncode)
    check("what to do", "kernel.ftrace_enabled=1" in done.stdout, done.stdout)
    equal("JSON", 1, json.loads(run("doctor", "--root", path, "-J").stdout)["exit"])
