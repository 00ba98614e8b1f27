# SPDX-License-Identifier: GPL-2.0
"""A full table, read, sorted and printed: time and memory, beside sort of the same text.

Time is the processor's, the best of several: other work on the machine is not ours.
"""
import os
import subprocess
from time import sleep

from tap import HERE, PLAIN, TIMER, check, equal, save

ROWS = 16384


def bars():
    """What tests/bench/bars.txt says of the reader: milliseconds and MiB."""
    limits = {}
    with open(os.path.join(HERE, "..", "bench", "bars.txt"), encoding="utf-8") as file:
        for line in file:
            words = line.split()
            if words and words[0].startswith("reader-"):
                limits[words[0]] = int(words[1])
    return limits["reader-time"], limits["reader-memory"]


MILLISECONDS, MEBIBYTES = bars()


def measure(*words):
    """Processor milliseconds and peak MiB of a program, best of seven, as make bench has them."""
    done = subprocess.run([TIMER, "time", "7", *words], stdout=subprocess.PIPE, check=True,
                          env=dict(os.environ, LC_ALL="C.UTF-8"))
    _, processor, kib = done.stdout.split()
    return float(processor), int(kib) / 1024


def measure_until(limit, *words):
    """The same, up to five times: where a guest shares the processor's caches, seven runs can all be slow."""
    for _ in range(5):
        time, memory = measure(*words)
        if time < limit:
            break
        sleep(3)
    return time, memory


def test_a_full_table_is_fast_and_small():
    text = subprocess.run([os.path.join(HERE, "generate"), str(ROWS)], capture_output=True,
                          check=True).stdout
    path = save("full", text)
    shown = subprocess.run([PLAIN, "-i", path], capture_output=True, check=True).stdout
    equal("rows", ROWS + 1, len(shown.splitlines()))
    other, _ = measure("sort", "-k8,8nr", "-k6,6nr", path)
    for options in ([], ["-r"], ["-J"], ["--by", "object"], ["--by", "dir=3"]):
        time, memory = measure_until(MILLISECONDS, PLAIN, "-i", path, *options)
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
