# SPDX-License-Identifier: GPL-2.0
"""A full table, read, sorted and printed: time and memory, beside sort of the same text.

Time is the processor's, the best of several: other work on the machine is not ours.
"""
import os
import subprocess

from tap import HERE, PLAIN, check, equal, save

ROWS = 16384
MILLISECONDS = 150
MEBIBYTES = 32


def measure(*words):
    """Processor milliseconds and peak MiB of a program, best of seven."""
    best = None
    for _ in range(7):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL,
                                   env=dict(os.environ, LC_ALL="C.UTF-8"))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        equal("status", 0, status)
        one = ((usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024)
        best = min(best, one) if best else one
    return best


def test_a_full_table_is_fast_and_small():
    text = subprocess.run([os.path.join(HERE, "generate"), str(ROWS)], capture_output=True,
                          check=True).stdout
    path = save("full", text)
    shown = subprocess.run([PLAIN, "-i", path], capture_output=True, check=True).stdout
    equal("rows", ROWS + 1, len(shown.splitlines()))
    other, _ = measure("sort", "-k8,8nr", path)
    for options in ([], ["-r"], ["-J"], ["--by", "object"], ["--by", "dir=3"]):
        time, memory = measure(PLAIN, "-i", path, *options)
        print("# %d rows %s: %.0f ms, %.1f MiB; sort %.0f ms" % (ROWS, options, time, memory, other))
        check("%s: %.0f ms" % (options, time), time < MILLISECONDS)
        check("%s: %.1f MiB" % (options, memory), memory < MEBIBYTES)


def test_a_difference_of_full_tables_is_fast():
    text = subprocess.run([os.path.join(HERE, "generate"), str(ROWS)], capture_output=True,
                          check=True).stdout
    before = save("full", text)
    # Every process is another: all rows have gone and all are new.
    lines = text.decode().splitlines()
    for i in range(10, len(lines)):
        words = lines[i].split(" ")
        words[2] = str(int(words[2]) + 100000)
        lines[i] = " ".join(words)
    after = save("fuller", "\n".join(lines).encode() + b"\n")
    time, memory = measure(PLAIN, "diff", before, after, "-r")
    print("# difference of %d rows: %.0f ms, %.1f MiB" % (ROWS, time, memory))
    check("%.0f ms" % time, time < 4 * MILLISECONDS)
    check("%.1f MiB" % memory, memory < 2 * MEBIBYTES)
