# SPDX-License-Identifier: GPL-2.0
"""What a locale changes: nothing that programs read, and of what people read the character set."""
import json
import os
import pty
import re
import subprocess
import time

from regions import Heat
from tap import CAPTURED, PLAIN, SCRATCH, STANDIN, Text, check, equal

# Letters whose case differs, a comma for a point, another order of letters, other character sets.
LOCALES = {"tr_TR.UTF-8": "UTF-8", "tr_TR.ISO-8859-9": "ISO-8859-9", "de_DE.UTF-8": "UTF-8",
           "de_DE.ISO-8859-1": "ISO-8859-1", "cs_CZ.UTF-8": "UTF-8", "et_EE.UTF-8": "UTF-8", "ja_JP.EUC-JP": "EUC-JP"}
ALL = ["C", "C.UTF-8", *LOCALES]
FOLDER = os.path.join(SCRATCH, "locales")
NAMES = ["I", "i", "ch", "cz", "h", "Z", "a", "B", "\u010d", "\u0131", "\u00e9", "\u4e2d", "\u011b31m"]


def localized(locale):
    """The environment of a locale, which is made when it is wanted first."""
    path = os.path.join(FOLDER, locale)
    if locale in LOCALES and not os.path.exists(path):
        os.makedirs(FOLDER, exist_ok=True)
        language, charset = locale.split(".")
        subprocess.run(["localedef", "-i", language, "-f", charset, path], check=True, capture_output=True)
        found = subprocess.run(["locale", "charmap"], env=dict(os.environ, LOCPATH=FOLDER, LC_ALL=locale),
                               check=True, capture_output=True, text=True).stdout.strip()
        equal("character set of %s" % locale, LOCALES[locale], found)
    return dict(os.environ, LOCPATH=FOLDER, LC_ALL=locale, TZ="UTC", LANGUAGE=locale[:2])


def out(locale, *words, preload=None, code=0):
    env = localized(locale)
    if preload:
        env.update(LD_PRELOAD=STANDIN, FAULTSTAT_COPY=preload)
    done = subprocess.run([PLAIN, *words], env=env, capture_output=True, timeout=60, check=False)
    equal("exit code of %s in %s" % (words, locale), code, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def in_all(what, words, locales=ALL, change=lambda text: text, **more):
    """The same bytes in all these locales, and what they are."""
    first = change(out(locales[0], *words, **more))
    for locale in locales[1:]:
        equal("%s in %s" % (what, locale), first, change(out(locale, *words, **more)))
    return first


def figures(text):
    """Without what moves while it is looked at; a point or a comma stays."""
    return re.sub(rb" +", b" ", re.sub(rb"\d+", b"N", text))


def named(now=20.0, more=0):
    text = Text(now=now)
    for number, name in enumerate(NAMES):
        text.row(name, number + 1, number + 1, "live", "/d/" + name, 7 * number + more, number % 3 + more,
                 dev="8:1", inode=number + 1)
    return text.row(b"\x9b31m\xff", 99, 99, "live", b"/\xe9\x9b2J", 5 + more)


FORMATS = (["-r"], ["-J"])


def test_headings_and_names_of_columns():
    place = os.path.join(SCRATCH, "files")
    os.makedirs(place, exist_ok=True)
    with open(os.path.join(place, "I"), "wb") as file:
        file.write(b"x" * 8192)
    for locale in ALL:
        shown = out(locale, "cache", "-r", "-o", "SIZE,FiLe,dirty", "-s", "SIZE:desc", place).decode()
        equal("headings in %s" % locale, "SIZE FILE DIRTY", shown.splitlines()[0])
        shown = out(locale, "-i", CAPTURED, "-o", "MINOR,pid", "-s", "PID,MINOR", "-n", "1").decode()
        equal("of a table in %s" % locale, ["MINOR", "PID"], shown.splitlines()[0].split())
        shown = out(locale, "sys", "-o", "available,inactive").decode()
        equal("of sys in %s" % locale, ["available", "inactive"], shown.splitlines()[0].lower().split())
        check("refused in %s" % locale, b'-o: unknown column "s\xc4\xb1ze"' in out(
            locale, "cache", "-o", "s\u0131ze", place, code=2) or "utf" not in locale.lower())


def test_show_and_diff():
    before, after = named().save("before"), named(30.5, 3).save("after")
    for form in FORMATS:
        for sort in ("comm", "object", "major,minor", "dir,object:desc"):
            shown = in_all("show %s -s %s" % (form, sort), ["-i", after, "-s", sort, "-o", "+minor_s,dir", *form])
            check("only ASCII", shown.isascii(), shown)
        for by in ("dir", "comm", "object", "process"):
            in_all("show --by %s" % by, ["-i", after, "--by", by, *form])
            in_all("diff --by %s" % by, ["diff", "--by", by, before, after, *form])
        shown = in_all("diff", ["diff", before, after, *form])
        check("only ASCII", shown.isascii(), shown)
        in_all("an interval", ["-i", after, "0.1", "1", *form])
    order = [row["comm"] for row in json.loads(out("cs_CZ.UTF-8", "-i", after, "-J", "-s", "comm", "--files"))["faults"]]
    equal("the order is that of bytes", sorted(NAMES, key=str.encode), [one for one in order if one in NAMES])


def test_tables_follow_the_character_set_alone():
    plain = Text(now=30.5).row("init", 1, 1, "live", "/lib/init", 1234567, 3).row("I", 2, 2, "live", "[anon]", 1).save("plain")
    utf8 = [one for one in ALL if one.endswith("UTF-8")]
    other = [one for one in ALL if not one.endswith("UTF-8")]
    for words in (["-i", plain], ["-i", plain, "0.1", "1"], ["doctor", "-i", CAPTURED], ["--help"],
                  ["map", "--help"], ["-i", plain, "-o", "+minor_s,calls_s"]):
        in_all("%s of ASCII" % words, words)
    path = named().save("named")
    for words in (["-i", path], ["--by", "object", "-i", path]):
        shown = in_all("%s, UTF-8" % words, words, utf8)
        check("as it is", "\u4e2d" in shown.decode() and "\\304\\233" not in shown.decode(), shown)
        shown = in_all("%s, others" % words, words, other)
        check("octal", shown.isascii() and b"\\344\\270\\255" in shown, shown)


def test_globs_match_the_same():
    path = named().save("named")
    for glob, wanted in (("/d/?", {"I", "i", "h", "Z", "a", "B", "\u010d", "\u0131", "\u00e9", "\u4e2d"}),
                         ("/d/[a-z]", {"i", "h", "a"}), ("/d/[[:alpha:]]", {"I", "i", "h", "Z", "a", "B"}),
                         ("/d/i", {"i"}), ("/d/[\u00e0-\u00ff]", {"\u00e9"}), ("/d/\\304\\2332*", set()),
                         ("/d/\\304\\23331m", {"\u011b31m"}), ("/d/\\304*", {"\u010d", "\u0131", "\u011b31m"})):
        for locale in ALL:
            rows = json.loads(out(locale, "-i", path, "-J", "-f", glob))["faults"]
            equal("%s in %s" % (glob, locale), wanted, {row["comm"] for row in rows})
    for locale in ALL:
        for glob in ("*\\2332J", "/?\\2332J", "/\\351*"):
            rows = out(locale, "-i", path, "-r", "--noheadings", "-o", "object", "-f", glob)
            equal("bytes that are no characters, %s in %s" % (glob, locale), b"/\\351\\2332J\n", rows)


def test_files_memory_and_the_system():
    place = os.path.join(SCRATCH, "tree")
    for name in NAMES:
        os.makedirs(os.path.join(place, name), exist_ok=True)
        with open(os.path.join(place, name, "file.\u0130I"), "wb") as file:
            file.write(b"x" * 5000)
            file.flush()
            os.fsync(file.fileno())
    subject = os.path.join(place, "I", "file.\u0130I")
    heat = Heat().row(subject, {0: (5, 1)}).row("/gone/\u0130I", {0: (2, 0)}, identity=(8, 1, 99)).save("heat-locales")
    with subprocess.Popen(["sleep", "100"]) as child:
        time.sleep(0.3)
        try:
            pid = str(child.pid)
            for form in FORMATS:
                for words in (["cache", place, "-s", "file"], ["cache", "--by", "dir", place, "-s", "dir"],
                              ["cache", "--ranges", place], ["map", "-p", pid, "-s", "object"],
                              ["sys"], ["regions", "-i", heat, subject]):
                    change = figures if words[0] in ("sys", "map") else lambda text: text
                    shown = in_all("%s" % (words + form), [*words, *form], change=change)
                    check("only ASCII of %s" % words, shown.isascii(), shown)
                shown = in_all("stat", ["stat", *form, "true"], preload=CAPTURED, change=figures)
                check("a point", b"N.N" in shown, shown)
            shown = in_all("the table of sys", ["sys", "-o", "free,fault/s,psi_some%"], change=figures)
            in_all("stat's report", ["stat", "true"], preload=CAPTURED, change=figures)
            for words in (["cache", place], ["map", "-p", pid]):
                in_all("%s, UTF-8" % words, words, [one for one in ALL if one.endswith("UTF-8")], figures)
        finally:
            child.kill()
    drawing = os.path.join(SCRATCH, "locales.svg")
    pictures = set()
    for locale in ALL:
        out(locale, "regions", "--svg", drawing, "-i", heat, "-f", "*/I/*", subject)
        with open(drawing, "rb") as file:
            pictures.add(figures(re.sub(rb"file\.[^<]*", b"", file.read())))
    equal("pictures but for names", 1, len(pictures))


def test_numbers_are_written_and_read_with_a_point():
    for locale in ALL:
        shown = out(locale, "-i", CAPTURED, "-r", "0.1", "1").decode()
        check("seconds in %s" % locale, re.match(r"# .*, \d+\.\d{3} s, since", shown), shown)
        out(locale, "-i", CAPTURED, "0,1", "1", code=2)


def test_complaints_are_the_same():
    for words, code in ((["-i", "/no/such/file"], 1), (["--by", "I"], 2), (["cache", "/no/I"], 1), (["x"], 2)):
        in_all("%s" % words, words, code=code)


# A terminal of 8 bits takes 0x9b for ESC [, in a name or as half of a character of UTF-8; OSC 52 writes to the clipboard.
EVIL = [b"\x9b31m\x9b2J", b"\x1b]52;c;ZXZpbA==\x07", b"\xc4\x9b31m", b"\xc2\x9b2J", b"\x9d52;c;eA==\x9c", b"\x90q\x9c", b"\x84\x85\x8d"]


def evil():
    text = Text()
    for number, name in enumerate(EVIL):
        text.row(name[:15], number + 1, number + 1, "live", b"/" + name, 50 - number, 3)
    return text.save("evil")


def test_no_name_is_a_command_to_a_terminal_of_8_bits():
    path = evil()
    for locale in ("de_DE.ISO-8859-1", "tr_TR.ISO-8859-9", "C", "C.UTF-8"):
        for words in ([], ["-r"], ["-J"], ["--by", "object"], ["0.1", "1"], ["-J", "0.1", "1"], ["-f", "*31m*"]):
            shown = out(locale, "-i", path, *words)
            check("no control in %s with %s" % (locale, words), not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", shown), shown)
            if "UTF" not in locale or "-r" in words or "-J" in words:
                check("nothing of 8 bits in %s with %s" % (locale, words), shown.isascii(), shown)
            check("a character of UTF-8 in a table", "UTF" not in locale or words != [] or "\u011b31m" in shown.decode())
        for word in (b"\x1b]52;c;x\x07", b"\x9b2J"):
            for words in (["-i", b"/no/" + word], [word], ["-o", word], ["cache", b"/no/" + word]):
                done = subprocess.run([PLAIN, *words], env=localized(locale), capture_output=True, check=False)
                check("a complaint", done.returncode in (1, 2) and done.stderr, done)
                check("no control in %r" % done.stderr, not re.search(rb"[\x00-\x09\x0b-\x1f\x7f\x80-\x9f]", done.stderr))


def top_bytes(locale, path):
    """All that top sends to a terminal until its first screen is whole."""
    pid, master = pty.fork()
    if not pid:
        os.execve(PLAIN, [PLAIN, "top", "--no-color", "-i", path, "50"], dict(localized(locale), TERM="vt220", COLUMNS="80", LINES="24"))
    shown, end = b"", time.monotonic() + 20
    while b"keys" not in shown and time.monotonic() < end:
        shown += os.read(master, 65536)
    os.write(master, b"q")
    try:
        while more := os.read(master, 65536):
            shown += more
    except OSError:
        pass
    os.close(master)
    os.waitpid(pid, 0)
    check("a screen", b"keys" in shown, shown)
    return shown


def test_top_sends_nothing_of_a_name_to_a_terminal_of_8_bits():
    path = evil()
    for locale in ("de_DE.ISO-8859-1", "C", "tr_TR.ISO-8859-9"):
        shown = top_bytes(locale, path)
        check("the names", b"\\23331m\\2332J" in shown and b"\\033]52;c;" in shown and b"\\304\\23331m" in shown, shown)
        check("nothing of 8 bits in %s" % locale, shown.isascii(), shown)
        check("no command of a name's", b"\x1b]" not in shown and b"\x07" not in shown, shown)
        check("headings", b"MINOR" in shown and b"OBJECT" in shown, shown)
    check("in UTF-8 no control", not re.search(rb"\xc2[\x80-\x9f]|\x1b\]|\x07", top_bytes("C.UTF-8", path)))
