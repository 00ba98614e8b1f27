# SPDX-License-Identifier: GPL-2.0
"""Flame graphs: that they are XML whatever names are, that widths are sums, and in a browser what the script does.

The browser is Chromium, told what to do through a pipe by its DevTools protocol: no package but itself.
"""
import atexit
import json
import os
import random
import re
import shutil
import subprocess
import time
import xml.etree.ElementTree

from tap import HERE, PLAIN, PROGRAM, SCRATCH, Skip, check, equal, save

DRIVER = os.path.join(os.path.dirname(PROGRAM), "flamegraph")   # with sanitizers, by the script run
SVG = "{http://www.w3.org/2000/svg}"
SIDE, PLOT, ROW, GAP = 16, 1168, 17, 0.5
MILLISECONDS, KIBIBYTES = 2000, 64 * 1024
START, MAIN, READ = [("F", name, "/usr/bin/search") for name in ("_start", "main", "read_all")]
COPY, SYSTEM = ("F", "memcpy", "/lib/libc.so.6"), ("K", "copy_to_user", None)
MADE, FULL = ("M", "0x7f0012345678 [no-file]", "no-file"), ("O", "[overflow]", None)
HOSTILE = [
    b"]]></script><script>window.hurt=1</script>", b"</metadata><script>window.hurt=1</script>",
    b"</title><script>window.hurt=1</script>", b"<svg/onload=window.hurt=1>", b"\"' onload=\"window.hurt=1",
    b"${window.hurt=1}`", b"\\u003cscript>", b"{\"frames\":[", b"__proto__",
    b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&lt;&#60;&amp;",
    b"\xff\xfe\x80 bad", b"\x01\x1b[31m\n\t\x7f", b"\xc2\x85\xe2\x80\xa8", b"\xe2\x80\xaeesrever",
    b"\xef\xbf\xbf\xef\xbf\xbe", b"\xed\xa0\x80", b"back\\slash\\\\", b" ", b"", b"  two  blanks  ",
    "größe_日本語_\U0001f525".encode(), b"operator<<(std::ostream&, char const*)", b"W" * 3000,
    "全".encode() * 300]


def hexadecimal(text):
    return "-" if text is None else (text if isinstance(text, bytes) else text.encode()).hex() or "="


def shown(text):
    """As the picture shows a name."""
    text = text if isinstance(text, bytes) else text.encode()
    out = ""
    for c in text.decode("utf-8", "surrogateescape"):
        code = ord(c)
        bad = code < 32 or c == "\\" or 127 <= code < 160 or code in (0x61c, 0x200e, 0x200f, 0xfffe, 0xffff)
        bad = bad or 0x2028 <= code <= 0x202e or 0x2066 <= code <= 0x2069 or 0xdc80 <= code <= 0xdcff
        out += "".join("\\%03o" % byte for byte in c.encode("utf-8", "surrogateescape")) if bad else c
    return out


class Stacks:
    """Stacks, the picture of them, and the sums that must be in it."""

    def __init__(self, *words):
        self.words, self.lines = words, []
        self.sums = {}      # by path of names from the outermost: now, before

    def add(self, n, comm, frames, obj="[anon]", before=0, end="bottom"):
        """@frames: the outermost first."""
        self.lines.append(" ".join([str(n), str(before), hexadecimal(comm), hexadecimal(obj), end] + [
            kind + hexadecimal(text) + ":" + hexadecimal(path) for kind, text, path in reversed(frames)]))
        path = ["all"] + ([shown(comm)] if "processes" in self.words else [])
        path += [shown(text) for _, text, _ in frames] + [shown(obj)]
        for depth in range(1, len(path) + 1):
            sums = self.sums.setdefault(tuple(path[:depth]), [0, 0])
            sums[0] += n
            sums[1] += before
        return self

    def draw(self, name="flames.svg", driver=DRIVER):
        path = os.path.join(SCRATCH, name)
        done = subprocess.run([driver, path, *self.words], input="\n".join(self.lines).encode(), capture_output=True,
                              timeout=300, check=False)
        equal("the driver", 0, done.returncode, done.stdout.decode(), done.stderr.decode())
        self.took = dict(line.split() for line in done.stdout.decode().splitlines())
        return Picture(path)


class Picture:
    """A parsed picture: frames as they are drawn, and the data for the script."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self.text = file.read()
        self.root = xml.etree.ElementTree.fromstring(self.text)
        equal("root", SVG + "svg", self.root.tag)
        self.boxes = [self.box(one) for group in self.root.iter(SVG + "g") if group.get("class") == "frames"
                      for one in group]
        data = self.root.find(SVG + "metadata")
        self.data = None if data is None else json.loads(data.text)

    @staticmethod
    def box(group):
        rect, text, title = group.find(SVG + "rect"), group.find(SVG + "text"), group.find(SVG + "title").text
        return {"class": group.get("class"), "title": title, "name": title.rsplit("\n", 1)[0],
                "text": text is not None and (text.text or ""),
                **{key: float(rect.get(key)) for key in ("x", "y", "width", "height")}}

    def texts(self):
        return ["".join(one.itertext()) for one in self.root.iter(SVG + "text")]

    def has(self, *words):
        joined = "\n".join(self.texts())
        for word in words:
            check("%r in the picture" % word, word in joined, joined)

    def note(self, name):
        found = [one.text for one in self.root.iter(SVG + "text") if name in one.get("class", "").split()]
        return found[0] if found else None

    def sums(self):
        """What the data say of each path."""
        stride, path, found = 5 if self.data["difference"] else 3, [], {}
        for i in range(0, len(self.data["frames"]), stride):
            depth, name, n, *more = self.data["frames"][i:i + stride]
            path[depth:] = [self.data["names"][name][1]]
            check("no frame twice", tuple(path) not in found, path)
            found[tuple(path)] = [n, more[0] if more else 0]
        return found


def small(*words):
    return (Stacks(*words).add(500, "search", [START, MAIN, READ, COPY], before=500)
            .add(300, "search", [START, MAIN, COPY], "[heap]", before=100)
            .add(100, "search", [START, MAIN, READ, SYSTEM], "/usr/share/data", before=400)
            .add(60, "java", [MADE], "[anon]", before=0).add(40, "java", [FULL], "[other]", before=40))


def check_boxes(picture, sums):
    """Frames stand on what they belong to, in order, as wide as their sums, and none is missing that is wide enough."""
    scale = PLOT / sums[("all",)][0]
    base, path, edge, drawn = max(box["y"] for box in picture.boxes), [], {}, set()
    for box in picture.boxes:
        depth = round((base - box["y"]) / ROW)
        name = box["title"].rsplit("\n", 1)[0]
        below = tuple(path[:depth])
        found = [key for key in sums if key[:-1] == below and
                 (name == key[-1] or name.startswith(key[-1] + " [")) and key not in drawn] if depth else [("all",)]
        check("%r stands on %r" % (name, below), found)
        key = found[0]
        path[depth:] = [key[-1]]
        drawn.add(key)
        wide = sums[key][0] * scale
        gap = GAP if wide > 4 * GAP else 0
        check("as wide as its sum", abs(box["width"] - wide + gap) < 0.011, key, box, wide)
        if depth:
            check("in order", edge.setdefault(below, ("", -1))[0] < key[-1], key)
            check("beside the one before", box["x"] >= edge[below][1] - 0.011, key, box, edge[below])
            edge[below] = (key[-1], box["x"] + wide)
        else:
            equal("the root is all", (SIDE, PLOT - GAP), (box["x"], box["width"]))
    missing = [key for key in sums if key not in drawn and sums[key][0] * scale >= 0.3001]
    equal("frames that are missing", [], missing)
    lost = sums[("all",)][0] - sum(sums[key][0] for key in drawn if not any(
        other[:len(key)] == key and len(other) > len(key) for other in sums))
    return lost


def test_widths_are_sums_and_names_are_in_order():
    for words in ((), ("processes",)):
        stacks = small(*words)
        picture = stacks.draw()
        equal("data", {key: [n, 0] for key, (n, _) in stacks.sums.items()}, picture.sums())
        equal("lost", 0, check_boxes(picture, stacks.sums))
        equal("frames", len(stacks.sums), len(picture.boxes))
        equal("nothing is narrow", None, picture.note("narrow"))
    by_name = {box["name"]: box for box in picture.boxes}
    for name, letter in (("all", "a"), ("search [process]", "p"), ("main [/usr/bin/search]", "f"),
                         ("copy_to_user [kernel]", "k"), ("0x7f0012345678 [no-file]", "m"),
                         ("[overflow]", "o"), ("/usr/share/data [object]", "b")):
        equal("class of %s" % name, letter, by_name[name]["class"][0])
    equal("tooltip", "/usr/share/data [object]\n100 faults, 10.0 %", by_name["/usr/share/data [object]"]["title"])
    equal("no difference", False, picture.data["difference"])


def test_many_frames_and_what_is_too_narrow():
    stacks, dice = Stacks("processes"), random.Random(7)
    functions = [("F", "f%d" % i, "/bin/x") for i in range(40)]
    for _ in range(3000):
        frames = [dice.choice(functions) for _ in range(dice.randrange(1, 9))]
        stacks.add(int(dice.paretovariate(0.7)), dice.choice("abc"), frames, dice.choice(["[anon]", "[heap]", "/a"]))
    picture = stacks.draw()
    equal("data", {key: [n, 0] for key, (n, _) in stacks.sums.items()}, picture.sums())
    lost = check_boxes(picture, stacks.sums)
    check("there is something narrow", lost > 0)
    said = picture.note("narrow")
    check("and it is said", said.startswith("{:,} faults (".format(lost)), said, lost)


def test_figures_have_units():
    picture = small("what=2", "every=16", "seconds=2.5").draw()
    picture.has("Major page faults by stack",
                "1,000 major faults in 2.5 s, 400 per second; only 1 in 16 calls was counted")
    picture = small().draw()
    picture.has("Page faults by stack", "1,000 faults (calls)")
    check("no seconds, all counted", picture.note("sums") == "1,000 faults (calls)", picture.note("sums"))
    equal("one fault", "1 fault (calls)", Stacks().add(1, "a", [MAIN]).draw().note("sums"))
    small("what=1").draw().has("1,000 minor faults")
    small("title=" + hexadecimal("mine & <yours>")).draw().has("mine & <yours>")
    stacks = small().add(700, "x", [MAIN], end="depth").add(299, "x", [COPY], end="odd").add(1, "x", [], end="new-word")
    stacks.draw().has("1,000 faults (50.0 %) by stacks that are not whole: depth 700, odd 299, other 1")


def test_a_difference():
    stacks = small("difference", "processes", "seconds=10")
    stacks.add(0, "gone", [MAIN, COPY], before=7).add(0, "gone", [MAIN], before=3)
    stacks.add(0, "search", [START], "/old", before=90)
    for i in range(20):
        stacks.add(0, "search", [START, ("F", "f%02d" % i, "/x")], before=1)
    picture = stacks.draw()
    equal("data", {key: n for key, n in stacks.sums.items() if n[0]}, picture.sums())
    equal("lost", 0, check_boxes(picture, {key: n for key, n in stacks.sums.items() if n[0]}))
    looks = {box["title"]: box["class"] for box in picture.boxes}
    for title, look in (("[heap] [object]\n300 faults, 30.0 %; before 100: +200 (+200.0 %)", "d6"),
                        ("/usr/share/data [object]\n100 faults, 10.0 %; before 400: \u2212300 (\u221275.0 %)", "d0"),
                        ("[anon] [object]\n500 faults, 50.0 %; before 500: same", "d3"),
                        ("java [process]\n100 faults, 10.0 %; before 40: +60 (+150.0 %)", "d6"),
                        ("0x7f0012345678 [no-file]\n60 faults, 6.0 %; before 0: +60 (new)", "d6"),
                        ("all\n1,000 faults, 100.0 %; before 1,160: \u2212160 (\u221213.8 %)", "d1")):
        equal("class of %r" % title, look, looks.get(title), *looks)
    picture.has("1,000 faults (calls) in 10 s, 100 per second; before 1,160: \u2212160 (\u221213.8 %)",
                "120 faults before, and none now, in what has vanished, the most first:",
                "90: search; _start; /old", "10: gone", "1: search; _start; f00", "10 in 10 more",
                "half or fewer", "twice or more, or new")


def test_colours_of_changes():
    changes = ((1000, 1000, 3), (1000, 1009, 3), (1000, 1011, 4), (1000, 1099, 4), (1000, 1100, 5), (1000, 1999, 5),
               (1000, 2000, 6), (0, 1000, 6), (1000, 995, 3), (1000, 980, 2), (1000, 920, 2), (1000, 900, 1),
               (1000, 501, 1), (1000, 500, 0))
    stacks = Stacks("difference")
    for i, (before, now, _) in enumerate(changes):
        stacks.add(now, "a", [("F", "f%d" % i, "/x")], before=before)
    looks = {box["text"]: box["class"] for box in stacks.draw().boxes}
    for i, (before, now, change) in enumerate(changes):
        equal("%d, then %d" % (before, now), "d%d" % change, looks["f%d" % i])


def test_nothing_and_next_to_nothing():
    picture = Stacks().draw()
    picture.has("Nothing was counted")
    check("no script where there is nothing to do", b"<script" not in picture.text)
    picture = Stacks("difference", "processes").add(0, "a", [MAIN], before=5).draw()
    picture.has("Nothing was counted", "before 5: \u22125 (\u2212100.0 %)",
                "5 faults before, and none now, in what has vanished:", "5: a")
    picture = Stacks().add(0, "a", [COPY]).add(3, "a", [MAIN]).draw()
    equal("what none was counted of is no frame", 3, len(picture.boxes))
    picture = Stacks().add(3, "a", []).draw()
    equal("a stack without frames", ["all", "[anon] [object]"], [box["name"] for box in picture.boxes])
    picture = Stacks().add(2 ** 64 - 1, "a", [MAIN]).draw()
    equal("the largest of counts", "18,446,744,073,709,551,615 faults (calls)", picture.note("sums"))


def test_deep_stacks():
    frames = [("F", "user%d" % i, "/bin/x") for i in range(127)] + [("K", "kernel%d" % i, None) for i in range(127)]
    stacks = Stacks("processes").add(10, "deep", frames).add(10, "deep", frames[:3])
    picture = stacks.draw()
    equal("lost", 0, check_boxes(picture, stacks.sums))
    top, height = min(box["y"] for box in picture.boxes), float(picture.root.get("height"))
    check("the height is that of the stacks", top == 80 and height > 257 * ROW, top, height)


def hostile(*words):
    stacks = Stacks("processes", "title=" + hexadecimal(HOSTILE[0] + HOSTILE[2]), *words)
    for i, name in enumerate(HOSTILE):
        stacks.add(50, name, [("F", name, b"/" + name), ("K", HOSTILE[i - 1], None), ("M", name, HOSTILE[i - 2])],
                   name if i % 2 else b"/long/path/to/" + name, before=i)
        stacks.add(0, name, [("F", b"gone" + name, b"/x")], name, before=1000 - i)
    return stacks


def test_hostile_names_stay_text():
    wanted = re.findall(rb"<script>.*?</script>", small().draw().text, re.S)
    for words in ((), ("difference",)):
        stacks = hostile(*words)
        picture = stacks.draw()
        equal("one script, and always the same", wanted, re.findall(rb"<script.*?</script>", picture.text, re.S))
        equal("data", {key: n if words else [n[0], 0] for key, n in stacks.sums.items() if n[0]}, picture.sums())
        names = {box["name"] for box in picture.boxes}
        for name in HOSTILE:
            check("%r is there" % name, shown(name) + " [process]" in names or shown(name) in names, *sorted(names))
        check("nothing from elsewhere", not any(
            key.endswith("href") or key.startswith("on") for one in picture.root.iter() for key in one.keys()))
        equal("kinds of elements", set("svg title desc style rect g text metadata script".split()),
              {one.tag.replace(SVG, "") for one in picture.root.iter()})
        control = [c for c in picture.text.decode() if ord(c) < 32 and c not in "\n\t" or 127 <= ord(c) < 160]
        equal("no control characters", [], control)


def test_texts_are_shortened():
    texts = {box["name"]: box for box in hostile().draw().boxes}
    wide = texts["W" * 3000 + " [process]"]
    check("the end of a function gives way", re.fullmatch("W+…", wide["text"]), wide)
    paths = [box["name"] for box in texts.values() if box["class"][0] == "b" and (box["text"] or "").startswith("…")]
    check("the beginning of a path gives way", paths and all(name.startswith("/long") for name in paths), *paths)
    for box in texts.values():
        width = sum(2 if ord(c) >= 0x2e80 else 1 for c in box["text"] or "")
        check("it fits", width * 7.2 <= box["width"] + GAP - 6, box)


def test_the_script_is_javascript():
    if not shutil.which("node"):
        raise Skip("no node here; the browser's tests run the script")
    script = small().draw().root.find(SVG + "script").text
    path = save("flames.js", script.encode())
    done = subprocess.run(["node", "--check", path], capture_output=True, text=True, check=False)
    equal("node --check", 0, done.returncode, done.stderr)
    check("nothing makes a program or markup of a text",
          not re.search(r"eval|Function\(|innerHTML|document\.write|setTimeout|import\b", script))
    check("no end of its own", "]]>" not in script)


def plain_driver():
    """Without sanitizers, as users have it."""
    build, reader = os.path.abspath(os.path.dirname(PLAIN)), os.path.join(HERE, "..", "..", "userspace")
    path = os.path.join(SCRATCH, "driver")
    subprocess.run(["make", "-s", "-C", reader, "O=" + build, "CFLAGS=-O2 -g -Werror", "parts"], check=True)
    subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-I", reader,
                    "-I", os.path.join(reader, "..", "module"), "-o", path,
                    os.path.join(HERE, "flamegraph.c"), os.path.join(build, "parts.a"),
                    *os.environ["KFAULTSTAT_LIBRARIES"].split()], check=True)
    return path


def large(labels, change):
    """20,000 stacks of 32 frames. @labels: of how many; @change: how often a frame is another one."""
    stacks, dice = Stacks("processes"), random.Random(1)
    tokens = ["F%s:%s" % (hexadecimal("ns::some_class<int>::function_%d(char const*)" % i),
                          hexadecimal("/usr/lib/lib%d.so" % (i % 20))) for i in range(labels)]
    frames = tokens[:32]
    for i in range(20000):
        frames = [frames[j] if dice.random() > change * j else dice.choice(tokens) for j in range(32)]
        stacks.lines.append("%d 0 %s %s bottom %s" % (dice.randrange(1, 1000), hexadecimal("comm%d" % (i % 5)),
                                                      hexadecimal("[anon]"), " ".join(frames[::-1])))
    return stacks


def test_twenty_thousand_stacks():
    driver = plain_driver()
    for labels, change in ((3000, 0.002), (100000, 1)):
        stacks = large(labels, change)
        picture = stacks.draw("large.svg", driver)
        print("# %d labels: %s ms, %s KiB, %d bytes, %d frames drawn, %d kept, %s" % (
            labels, stacks.took["milliseconds"], stacks.took["KiB"], len(picture.text), len(picture.boxes),
            len(picture.data["frames"]) // 3, picture.note("narrow")))
        check("time", int(stacks.took["milliseconds"]) <= MILLISECONDS, stacks.took)
        check("memory", int(stacks.took["KiB"]) <= KIBIBYTES, stacks.took)
        check("not too much for a browser", len(picture.boxes) <= 20000 and len(picture.data["frames"]) <= 3 * 200000)


class Browser:
    """Chromium without a window, in which one picture after the other is opened."""

    def __init__(self):
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if not program:
            raise Skip("no Chromium here")
        (to_us, from_it), (to_it, from_us) = os.pipe(), os.pipe()
        self.process = subprocess.Popen(
            ["sh", "-c", 'exec "$@" 3<&%d 4>&%d' % (to_it, from_it), "sh", program, "--headless=new", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
             "--remote-debugging-pipe", "--user-data-dir=" + os.path.join(SCRATCH, "browser"), "about:blank"],
            pass_fds=(to_it, from_it), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        atexit.register(self.end)
        os.close(to_it)
        os.close(from_it)
        self.reads, self.writes = os.fdopen(to_us, "rb", 0), os.fdopen(from_us, "wb", 0)
        self.rest, self.number, self.session, self.complaints, self.seen = b"", 0, None, [], []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network"):
            self.ask(domain + ".enable")

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def message(self):
        while b"\0" not in self.rest:
            more = os.read(self.reads.fileno(), 1 << 20)
            if not more:
                raise RuntimeError("Chromium has ended")
            self.rest += more
        text, self.rest = self.rest.split(b"\0", 1)
        said = json.loads(text)
        if said.get("method") in ("Runtime.exceptionThrown", "Page.javascriptDialogOpening"):
            self.complaints.append(said)
        if said.get("method") == "Network.requestWillBeSent":
            self.seen.append(said["params"]["request"]["url"])
        return said

    def ask(self, method, **parameters):
        self.number += 1
        question = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            question["sessionId"] = self.session
        self.writes.write(json.dumps(question).encode() + b"\0")
        while True:
            said = self.message()
            if said.get("id") == self.number:
                check("%s: %s" % (method, said.get("error")), "result" in said)
                return said["result"]

    def open(self, path, width=1200, height=800, scheme="light"):
        self.complaints, self.seen = [], []
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.ask("Page.navigate", url="file://" + path)
        while self.run("document.readyState") != "complete" or self.run("location.href") != "file://" + path:
            time.sleep(0.02)
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self

    def run(self, script):
        said = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        check("a script of ours", "exceptionDetails" not in said, said)
        return said["result"].get("value")

    def key(self, key, modifiers=0, text=""):
        for kind in ("rawKeyDown", "char", "keyUp") if text else ("rawKeyDown", "keyUp"):
            more = {"text": text} if kind == "char" else {}
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, modifiers=modifiers, **more)

    def point(self, box, press=True):
        where = {"x": box["x"] + min(box["width"], 20) / 2, "y": box["y"] + 8}
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", **where)
        for kind in ("mousePressed", "mouseReleased") if press else ():
            self.ask("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **where)

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def boxes(self):
        return json.loads(self.run("""JSON.stringify(Array.from(document.querySelectorAll('.frames g'), group => {
            const [title, rect, text] = ['title', 'rect', 'text'].map(name => group.querySelector(name));
            const box = {class: group.getAttribute('class'), title: title.textContent,
                name: title.textContent.replace(/\\n[^\\n]*$/, ''), text: text ? text.textContent : false};
            for (const key of ['x', 'y', 'width', 'height'])
                box[key] = Number(rect.getAttribute(key));
            return box;
        }))"""))

    def named(self, name):
        found = [box for box in self.boxes() if box["name"] == name or box["name"].startswith(name + " [")]
        check("%r is drawn" % name, found, self.boxes())
        return found[0]

    def text(self, name):
        return self.run("document.querySelector('.%s').textContent" % name)

    def is_quiet(self):
        equal("errors and dialogs", [], self.complaints)
        equal("what was asked of elsewhere", [], [url for url in self.seen if not url.startswith(("file://", "data:"))])
        equal("what hostile names would have done", None, self.run("window.hurt"))


BROWSER = []


def browser():
    if not BROWSER:
        BROWSER.append(Browser())
    return BROWSER[0]


def test_the_script_draws_the_same_at_first():
    seen = browser()
    for stacks in (small(), small("processes", "difference"), hostile(), large(300, 0.002)):
        picture = stacks.draw("same.svg")
        seen.open(picture.path)
        equal("frames", len(picture.boxes), len(seen.boxes()))
        for wanted, found in zip(picture.boxes, seen.boxes()):
            check("the same frame", all(
                abs(wanted[key] - found[key]) < 0.011 if isinstance(wanted[key], float) else wanted[key] == found[key]
                for key in wanted), wanted, found)
        equal("what is too narrow", picture.note("narrow") or "", seen.text("narrow"))
        seen.is_quiet()


def test_a_click_zooms_and_escape_goes_back():
    seen = browser().open(small("processes").draw("zoom.svg").path)
    before = seen.boxes()
    seen.point(seen.named("read_all"))
    box = seen.named("read_all")
    equal("as wide as all", (SIDE, PLOT - GAP), (box["x"], box["width"]))
    equal("what it stands on is, too", {PLOT - GAP}, {one["width"] for one in seen.boxes() if "above" in one["class"]})
    equal("and is pale", ["_start", "all", "main", "search"],
          sorted(one["text"] for one in seen.boxes() if "above" in one["class"]))
    equal("a part of it", round(PLOT * 500 / 600 - GAP, 2), seen.named("memcpy")["width"])
    check("others are away", "java" not in [one["text"] for one in seen.boxes()])
    seen.point(seen.named("memcpy"), press=False)
    equal("what is pointed at", "500 faults, 50.0 % of all, 83.3 % of what is shown: memcpy [/lib/libc.so.6]",
          seen.text("status"))
    seen.key("Escape")
    equal("all again", before, seen.boxes())
    seen.point(seen.named("[heap]"))
    equal("a tip", (PLOT - GAP, "300 faults, 30.0 % of all, 100.0 % of what is shown: [heap] [object]"),
          (seen.named("[heap]")["width"], seen.text("status")))
    seen.point(seen.named("main"))
    equal("a frame below it", (PLOT - GAP, round(PLOT * 300 / 900 - GAP, 2)),
          (seen.named("main")["width"], seen.named("[heap]")["width"]))
    place = json.loads(seen.run("JSON.stringify(document.querySelector('.all').getBoundingClientRect())"))
    seen.point(place)
    equal("by its text", before, seen.boxes())
    equal("the text is away", "none", seen.run("document.querySelector('.all').getAttribute('display')"))
    seen.point(seen.named("main"))
    seen.point(seen.named("all"))
    equal("by the root", before, seen.boxes())
    seen.is_quiet()


def test_what_was_too_narrow_is_drawn_when_zoomed():
    stacks = Stacks("processes").add(10 ** 6, "large", [MAIN])
    for i in range(30):
        stacks.add(3, "small", [("F", "f%02d" % i, "/x")])
    seen = browser().open(stacks.draw("narrow.svg").path)
    equal("not drawn", "90 faults (0.1 %) in frames too narrow to be drawn", seen.text("narrow"))
    stacks.add(900, "small", [COPY])
    seen.open(stacks.draw("narrow.svg").path)
    seen.point(seen.named("small"))
    equal("drawn", (30, ""), (sum(bool(re.match("f[0-9]", box["name"])) for box in seen.boxes()), seen.text("narrow")))
    seen.is_quiet()


def found_of(seen):
    return sorted({box["name"] for box in seen.boxes() if "found" in box["class"].split()})


def test_search():
    seen = browser().open(small("processes").draw("search.svg").path)
    before = seen.boxes()
    seen.key("f", modifiers=2)
    equal("the field has the keys", "field", seen.run("document.activeElement.className"))
    seen.type("^memcpy|read_a")
    equal("found", ["memcpy [/lib/libc.so.6]", "read_all [/usr/bin/search]"], found_of(seen))
    # memcpy on read_all is counted once: 600 of read_all and the other 300 of memcpy.
    equal("result", "Matched: 90.0 % (900 faults)", seen.text("result"))
    seen.key("Enter")
    seen.point(seen.named("read_all"))
    equal("zoomed", ("Matched: 100.0 % (600 faults)", ["memcpy [/lib/libc.so.6]", "read_all [/usr/bin/search]"]),
          (seen.text("result"), found_of(seen)))
    seen.key("Escape")
    equal("zoom first", "Matched: 90.0 % (900 faults)", seen.text("result"))
    seen.key("Escape")
    equal("then the search", ("", before), (seen.text("result"), seen.boxes()))
    for text, result in (("LIBC", "Matched: 0.0 % (0 faults)"), ("libc", "Matched: 80.0 % (800 faults)"),
                         ("kernel", "Matched: 10.0 % (100 faults)"), (r"^\[anon\]", "Matched: 56.0 % (560 faults)"),
                         ("(", "This is no regular expression"), ("", "")):
        seen.key("/")
        seen.type(text) if text else seen.key("Escape")
        equal("result of %r" % text, result, seen.text("result"))
        seen.key("Enter")
    equal("none is left", before, seen.boxes())
    seen.is_quiet()


def test_keys():
    seen = browser().open(small("processes").draw("keys.svg").path)
    check("there is a hint", "arrow keys" in seen.text("status"))
    path = []
    for key in ("ArrowUp", "ArrowUp", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowRight", "ArrowRight", "ArrowDown"):
        seen.key(key)
        path.append([box["text"] for box in seen.boxes() if "chosen" in box["class"].split()][0])
    equal("by arrows", ["search", "_start", "main", "read_all", "memcpy", "read_all", "read_all", "main"], path)
    equal("said", "900 faults, 90.0 % of all: main [/usr/bin/search]", seen.text("status"))
    seen.key("Enter")
    equal("zoomed", PLOT - GAP, seen.named("main")["width"])
    seen.key("Escape")
    equal("and back", round(PLOT * 0.9 - GAP, 2), seen.named("main")["width"])
    seen.key("a", modifiers=2)
    seen.is_quiet()


def test_texts_stay_in_their_frames():
    seen = browser()
    for stacks in (hostile(), small("processes")):
        picture = stacks.draw("inside.svg")
        for path in (picture.path, save("without.svg", re.sub(rb"<script>.*</script>", b"", picture.text, flags=re.S))):
            seen.open(path)
            out = seen.run("""Array.from(document.querySelectorAll('.frames g')).filter(group => {
                const [rect, text] = ['rect', 'text'].map(name => group.querySelector(name));
                const a = rect.getBoundingClientRect(), b = text && text.getBoundingClientRect();
                return b && (b.left < a.left || b.right > a.right + 0.6 ||
                    b.top < a.top - 3 || b.bottom > a.bottom + 3);
            }).map(group => group.textContent)""")
            equal("texts that leave their frames", [], out)
            seen.is_quiet()


def test_the_window_and_the_heading():
    frames = [("F", "user%d" % i, "/bin/x") for i in range(127)]
    path = Stacks().add(10, "deep", frames).add(10, "deep", frames[:3]).draw("window.svg").path
    seen = browser().open(path, width=1500, height=600)
    equal("as wide as the window", 1500 - 2 * SIDE - GAP, seen.named("all")["width"])
    top = "document.querySelector('.title').getBoundingClientRect().top"
    check("it begins at the root", seen.run("scrollY") > 1000)
    check("the heading is in sight", 0 <= seen.run(top) < 40, seen.run(top))
    seen.run("scrollTo(0, 500)")
    time.sleep(0.2)
    check("and stays so", 0 <= seen.run(top) < 40, seen.run(top))
    seen.open(path, width=700, height=600)
    equal("not narrower than its texts", 1000 - 2 * SIDE - GAP, seen.named("all")["width"])
    seen.is_quiet()


def test_a_part_of_a_page():
    picture = hostile().draw("part.svg")
    page = b"<!DOCTYPE html><meta charset=utf-8><title>x</title><p>before</p>" + picture.text + b"<p id=last>after</p>"
    seen = browser().open(save("part.html", page))
    equal("the page goes on", "after", seen.run("document.getElementById('last').parentNode === document.body && "
                                                "document.getElementById('last').textContent"))
    equal("one script", 1, seen.run("document.querySelectorAll('script').length"))
    equal("frames", len(picture.boxes), len(seen.boxes()))
    equal("its own width", PLOT - GAP, seen.named("all")["width"])
    seen.is_quiet()


def test_no_script_where_none_may_run():
    picture = small("processes").draw("image.svg")
    seen = browser().open(save("image.html", b"<!DOCTYPE html><img src=image.svg>"
                               b"<iframe sandbox src=image.svg></iframe>"))
    check("it is a picture", seen.run("document.images[0].naturalWidth") == 1200 and picture.boxes)
    equal("errors and dialogs", [], seen.complaints)
