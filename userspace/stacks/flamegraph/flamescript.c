// SPDX-License-Identifier: GPL-2.0
/*
 * flamescript.c - the style and the script of a flame graph. Without the script the picture is
 * what flamegraph.c has drawn; the script draws the frames again from the data in <metadata>, the
 * same at first, then as they are zoomed into and searched for. It makes elements and sets their
 * texts, and never makes a program or markup of a text; it wants nothing from outside.
 *
 * Neither may hold "]]>". Shares, changes and shortened texts are as in flametext.c.
 */
#include "stacks/flamegraph/flamescript.h"

/* Classes of a frame: a letter for its kind and a digit for its shade, or d and how it changed. */
const char flame_style[] =
	"<style>\n"
	"svg{color-scheme:light dark;background:#fff;font:12px ui-sans-serif,system-ui,\"Helvetica Neue\",Arial,sans-serif}\n"
	"svg:focus{outline:none}\n"
	".paper{fill:#fff}.ink{fill:#1f2328}.dim{fill:#57606a}\n"
	".title{font-size:17px;font-weight:600}.end{text-anchor:end}\n"
	".frames text,.fixed{font:12px ui-monospace,\"DejaVu Sans Mono\",Menlo,Consolas,monospace;white-space:pre}\n"
	".frames text{fill:#1f2328;pointer-events:none}\n"
	".live .frames g,.link{cursor:pointer}.link{fill:#0969da;text-decoration:underline}\n"
	".frames .above rect{fill-opacity:.45}\n"
	".frames g:hover rect,.frames .chosen rect{stroke:#1f2328;stroke-width:1.5}\n"
	".field{box-sizing:border-box;width:100%;height:100%;font:12px ui-monospace,\"DejaVu Sans Mono\",Menlo,Consolas,monospace}\n"
	".a0{fill:#d0d7de}.o0{fill:#f4b6b2}\n"
	".p0{fill:#e1e5ea}.p1{fill:#dbe0e6}.p2{fill:#e6e9ed}.p3{fill:#d8dde3}.p4{fill:#e3e8e8}\n"
	".f0{fill:#fdd3a5}.f1{fill:#f9c488}.f2{fill:#fddcb9}.f3{fill:#f7b877}.f4{fill:#fbcf94}\n"
	".m0{fill:#bfe6c3}.m1{fill:#b0dfb6}.m2{fill:#cdebc9}.m3{fill:#a6d8b0}.m4{fill:#c6e9d0}\n"
	".k0{fill:#bcd8fb}.k1{fill:#adcff8}.k2{fill:#c9e0fc}.k3{fill:#a3c8f5}.k4{fill:#c0dcf5}\n"
	".b0{fill:#e3d3fa}.b1{fill:#dac7f7}.b2{fill:#eadefb}.b3{fill:#d5bff4}.b4{fill:#e6d2f2}\n"
	".d0{fill:#7aa9f0}.d1{fill:#aac9f8}.d2{fill:#d7e6fd}.d3{fill:#dfe3e8}.d4{fill:#fcdedb}.d5{fill:#f8b4ad}.d6{fill:#f0837b}\n"
	".frames .found rect,.found{fill:#a3116b}.frames .found text{fill:#fff}\n"
	"@media (prefers-color-scheme:dark){\n"
	"svg{background:#0d1117}.paper{fill:#0d1117}.ink{fill:#e6edf3}.dim{fill:#9da7b3}\n"
	".frames text{fill:#f0f4f8}.link{fill:#58a6ff}\n"
	".frames g:hover rect,.frames .chosen rect{stroke:#fff}\n"
	".a0{fill:#4a525c}.o0{fill:#8b2f38}\n"
	".p0{fill:#353c46}.p1{fill:#3a424d}.p2{fill:#303740}.p3{fill:#3f4752}.p4{fill:#343e42}\n"
	".f0{fill:#804618}.f1{fill:#70400f}.f2{fill:#8c4f1d}.f3{fill:#663711}.f4{fill:#7c4c22}\n"
	".m0{fill:#1d5a2e}.m1{fill:#235f38}.m2{fill:#194f2b}.m3{fill:#2a653a}.m4{fill:#1f5540}\n"
	".k0{fill:#1f4b82}.k1{fill:#24548f}.k2{fill:#1b4274}.k3{fill:#2a5a91}.k4{fill:#224a73}\n"
	".b0{fill:#533a88}.b1{fill:#5c4295}.b2{fill:#4a347a}.b3{fill:#63499b}.b4{fill:#5a3b7e}\n"
	".d0{fill:#2c62bf}.d1{fill:#274b86}.d2{fill:#253a5c}.d3{fill:#3a424d}.d4{fill:#56302f}.d5{fill:#85322f}.d6{fill:#b8392f}\n"
	".frames .found rect,.found{fill:#ff8fd0}.frames .found text{fill:#0d1117}\n"
	"}\n"
	"</style>\n";

/* Names and frames from <metadata>, and their texts. */
#define SCRIPT_DATA \
	"(function () {\n" \
	"'use strict';\n" \
	"const svgns = 'http://www.w3.org/2000/svg', xhtml = 'http://www.w3.org/1999/xhtml';\n" \
	"const root = document.currentScript.ownerSVGElement;\n" \
	"const alone = root === document.documentElement;\n" \
	"const data = JSON.parse(root.querySelector('metadata').textContent);\n" \
	"const names = data.names.map(function (name) {\n" \
	"	return {look: name[0], text: name[1], full: name[1] + name[2], found: false};\n" \
	"});\n" \
	"const frames = [];\n" \
	"\n" \
	"function read() {\n" \
	"	const stride = data.difference ? 5 : 3, flat = data.frames, path = [], next = [0];\n" \
	"	for (let i = 0; i < flat.length; i += stride) {\n" \
	"		const depth = flat[i], n = flat[i + 2], start = next[depth], name = names[flat[i + 1]];\n" \
	"		next[depth] += n;\n" \
	"		next[depth + 1] = start;\n" \
	"		path[depth] = {depth, name, n, start, before: flat[i + 3], index: frames.length,\n" \
	"			end: frames.length + 1, parent: path[depth - 1] || null, box: null,\n" \
	"			look: data.difference ? 'd' + flat[i + 4] : name.look};\n" \
	"		frames.push(path[depth]);\n" \
	"	}\n" \
	"	for (let i = frames.length - 1; i > 0; i--)\n" \
	"		frames[i].parent.end = Math.max(frames[i].parent.end, frames[i].end);\n" \
	"}\n" \
	"\n" \
	"function number(n) {\n" \
	"	return String(n).replace(/\\B(?=(\\d{3})+$)/g, ',');\n" \
	"}\n" \
	"\n" \
	"function counted(n) {\n" \
	"	return number(n) + ' ' + data.unit + (n === 1 ? '' : 's');\n" \
	"}\n" \
	"\n" \
	"function share(part, whole) {\n" \
	"	let tenths = Math.floor(part * 1000 / whole + 0.5);\n" \
	"	if (part > 0 && part < whole)\n" \
	"		tenths = Math.min(999, Math.max(1, tenths));\n" \
	"	return (tenths / 10).toFixed(1) + ' %';\n" \
	"}\n" \
	"\n" \
	"function change(now, before) {\n" \
	"	const by = Math.abs(now - before), sign = now > before ? '+' : '\\u2212';\n" \
	"	const percent = (Math.floor(by * 1000 / before + 0.5) / 10).toFixed(1);\n" \
	"	return 'before ' + number(before) + ': ' + (!by ? 'same' : sign + number(by) +\n" \
	"		(before ? ' (' + sign + percent + ' %)' : ' (new)'));\n" \
	"}\n" \
	"\n" \
	"function described(f) {\n" \
	"	return counted(f.n) + ', ' + share(f.n, frames[0].n) +\n" \
	"		(data.difference ? '; ' + change(f.n, f.before) : '');\n" \
	"}\n" \
	"\n" \
	"function columnsOf(character) {\n" \
	"	const c = character.codePointAt(0);\n" \
	"	return c >= 0x1100 && c < 0x1200 || c >= 0x2e80 ? 2 : 1;\n" \
	"}\n" \
	"\n" \
	"function columns(text) {\n" \
	"	return Array.from(text).reduce(function (sum, one) { return sum + columnsOf(one); }, 0);\n" \
	"}\n" \
	"\n" \
	"function shorten(text, room, keepEnd) {\n" \
	"	const characters = Array.from(text);\n" \
	"	let kept = '';\n" \
	"	if (columns(text) <= room)\n" \
	"		return text;\n" \
	"	room--;\n" \
	"	for (const one of keepEnd ? characters.reverse() : characters) {\n" \
	"		room -= columnsOf(one);\n" \
	"		if (room < 0)\n" \
	"			break;\n" \
	"		kept = keepEnd ? one + kept : kept + one;\n" \
	"	}\n" \
	"	return keepEnd ? '\\u2026' + kept : kept + '\\u2026';\n" \
	"}\n"

/* What is on the screen. */
#define SCRIPT_DRAW \
	"\n" \
	"const head = root.querySelector('.head'), narrow = root.querySelector('.narrow');\n" \
	"const status = root.querySelector('.status');\n" \
	"const boxes = new WeakMap();\n" \
	"let group = root.querySelector('.frames');\n" \
	"let width = data.width, zoomed = null, chosen = null, pattern = null, wrong = false;\n" \
	"\n" \
	"function element(name, attributes, text) {\n" \
	"	const made = document.createElementNS(svgns, name);\n" \
	"	for (const key in attributes)\n" \
	"		made.setAttribute(key, attributes[key]);\n" \
	"	if (text !== undefined)\n" \
	"		made.textContent = text;\n" \
	"	return made;\n" \
	"}\n" \
	"\n" \
	"function say(f) {\n" \
	"	let text = 'Click on a frame to zoom, or use the arrow keys and Enter. Ctrl-F searches.';\n" \
	"	if (f) {\n" \
	"		text = described(f).replace(' %', ' % of all');\n" \
	"		if (zoomed.n < frames[0].n && f.index >= zoomed.index && f.index < zoomed.end)\n" \
	"			text += ', ' + share(f.n, zoomed.n) + ' of what is shown';\n" \
	"		text += ': ' + f.name.full;\n" \
	"	}\n" \
	"	status.textContent = shorten(text, Math.floor((width - 2 * data.side) / data.column), false);\n" \
	"}\n" \
	"\n" \
	"function box(f, x, wide, above) {\n" \
	"	const made = element('g', {class: f.look + (above ? ' above' : '') + (f.name.found ? ' found' : '') +\n" \
	"		(f === chosen ? ' chosen' : '')});\n" \
	"	const y = data.base - f.depth * data.row;\n" \
	"	const room = Math.floor((wide - 2 * data.inside) / data.column), name = f.name;\n" \
	"	made.append(element('title', {}, name.full + '\\n' + described(f)), element('rect', {x: x.toFixed(2), y,\n" \
	"		width: (wide > data.gap * 4 ? wide - data.gap : wide).toFixed(2), height: data.row - 1}));\n" \
	"	if (room > 0 && name.text && (room >= 3 || columns(name.text) <= room)) {\n" \
	"		const text = shorten(name.text, room, name.look[0] === 'b' && name.text[0] === '/');\n" \
	"		made.append(element('text', {x: (x + data.inside).toFixed(2), y: y + data.row - 5,\n" \
	"			textLength: (columns(text) * data.column).toFixed(1)}, text));\n" \
	"	}\n" \
	"	boxes.set(made, f);\n" \
	"	f.box = made;\n" \
	"	group.append(made);\n" \
	"}\n" \
	"\n" \
	"function each(least, work) {\n" \
	"	for (let i = zoomed.index; i < zoomed.end;) {\n" \
	"		const f = frames[i], drawn = f.n >= least;\n" \
	"		if (drawn)\n" \
	"			work(f);\n" \
	"		i = drawn ? i + 1 : f.end;\n" \
	"	}\n" \
	"}\n" \
	"\n" \
	"function leastDrawn(scale) {\n" \
	"	let least = data.narrow / scale, nr;\n" \
	"	do {\n" \
	"		nr = 0;\n" \
	"		each(least, function () { nr++; });\n" \
	"		least *= data.more;\n" \
	"	} while (nr > data.most);\n" \
	"	return least / data.more;\n" \
	"}\n" \
	"\n" \
	"function draw() {\n" \
	"	const plot = width - 2 * data.side, scale = plot / zoomed.n, least = leastDrawn(scale);\n" \
	"	let missing = zoomed.n;\n" \
	"	for (const f of frames)\n" \
	"		f.box = null;\n" \
	"	group.replaceChildren();\n" \
	"	for (let f = zoomed.parent; f; f = f.parent)\n" \
	"		box(f, data.side, plot, true);\n" \
	"	each(least, function (f) {\n" \
	"		box(f, data.side + (f.start - zoomed.start) * scale, f.n * scale, false);\n" \
	"		missing -= f.name.look[0] === 'b' ? f.n : 0;\n" \
	"	});\n" \
	"	narrow.textContent = missing ? counted(missing) + ' (' + share(missing, zoomed.n) +\n" \
	"		') in frames too narrow to be drawn' : '';\n" \
	"	all.setAttribute('display', zoomed.index ? 'inline' : 'none');\n" \
	"}\n" \
	"\n" \
	"function zoom(f) {\n" \
	"	zoomed = f;\n" \
	"	choose(f.index ? f : null);\n" \
	"	draw();\n" \
	"	match();\n" \
	"}\n" \
	"\n" \
	"function choose(f) {\n" \
	"	if (chosen && chosen.box)\n" \
	"		chosen.box.classList.remove('chosen');\n" \
	"	chosen = f;\n" \
	"	if (f && f.box)\n" \
	"		f.box.classList.add('chosen');\n" \
	"	say(f);\n" \
	"}\n"

/* Search: a frame that stands on one that was found is not counted a second time. */
#define SCRIPT_SEARCH \
	"\n" \
	"const all = element('text', {class: 'link all', y: 28, display: 'none'}, 'Show all (Esc)');\n" \
	"const result = element('text', {class: 'ink result', y: 50}, '');\n" \
	"const place = element('foreignObject', {y: 10, height: 24});\n" \
	"const field = document.createElementNS(xhtml, 'input');\n" \
	"\n" \
	"function match() {\n" \
	"	let sum = 0, inside = zoomed;\n" \
	"	while (inside && !inside.name.found)\n" \
	"		inside = inside.parent;\n" \
	"	for (let i = zoomed.index; i < zoomed.end;) {\n" \
	"		const f = frames[i], counts = f.name.found;\n" \
	"		sum += counts ? f.n : 0;\n" \
	"		i = counts ? f.end : i + 1;\n" \
	"	}\n" \
	"	sum = inside ? zoomed.n : sum;\n" \
	"	result.textContent = wrong ? 'This is no regular expression' : !pattern ? '' :\n" \
	"		'Matched' + (data.cut ? ' at least' : '') + ': ' + share(sum, zoomed.n) + ' (' + counted(sum) + ')';\n" \
	"}\n" \
	"\n" \
	"function search(text) {\n" \
	"	pattern = null;\n" \
	"	wrong = false;\n" \
	"	try {\n" \
	"		pattern = text ? new RegExp(text, /[A-Z]/.test(text) ? '' : 'i') : null;\n" \
	"	} catch (error) {\n" \
	"		wrong = true;\n" \
	"	}\n" \
	"	for (const name of names)\n" \
	"		name.found = pattern !== null && pattern.test(name.full);\n" \
	"	for (const f of frames)\n" \
	"		if (f.box)\n" \
	"			f.box.classList.toggle('found', f.name.found);\n" \
	"	match();\n" \
	"}\n" \
	"\n" \
	"function clear() {\n" \
	"	field.value = '';\n" \
	"	search('');\n" \
	"}\n"

/* Keys, the pointer and the size of the window. */
#define SCRIPT_INPUT \
	"\n" \
	"function step(key) {\n" \
	"	const f = chosen && chosen.box ? chosen : zoomed, drawn = frames.filter(function (one) { return one.box; });\n" \
	"	if (key === 'ArrowDown')\n" \
	"		return f.parent || f;\n" \
	"	if (key === 'ArrowUp')\n" \
	"		return drawn.filter(function (one) { return one.parent === f; }).reduce(function (a, b) {\n" \
	"			return a === f || b.n > a.n ? b : a;\n" \
	"		}, f);\n" \
	"	const row = drawn.filter(function (one) { return one.depth === f.depth; });\n" \
	"	return row[row.indexOf(f) + (key === 'ArrowLeft' ? -1 : 1)] || f;\n" \
	"}\n" \
	"\n" \
	"function back() {\n" \
	"	if (zoomed.index)\n" \
	"		zoom(frames[0]);\n" \
	"	else\n" \
	"		clear();\n" \
	"}\n" \
	"\n" \
	"function isSearch(event) {\n" \
	"	return (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'f' ||\n" \
	"		event.key === '/' && !event.ctrlKey && !event.metaKey;\n" \
	"}\n" \
	"\n" \
	"function onKey(event) {\n" \
	"	if (event.target === field) {\n" \
	"		if (event.key === 'Escape')\n" \
	"			clear();\n" \
	"		if (event.key === 'Escape' || event.key === 'Enter')\n" \
	"			root.focus();\n" \
	"		return;\n" \
	"	}\n" \
	"	const modified = event.ctrlKey || event.metaKey || event.altKey;\n" \
	"	if (isSearch(event)) {\n" \
	"		field.focus();\n" \
	"		field.select();\n" \
	"	} else if (!modified && event.key.startsWith('Arrow')) {\n" \
	"		choose(step(event.key));\n" \
	"	} else if (!modified && (event.key === 'Enter' || event.key === ' ') && chosen && chosen.box) {\n" \
	"		zoom(chosen);\n" \
	"	} else if (event.key === 'Escape') {\n" \
	"		back();\n" \
	"	} else {\n" \
	"		return;\n" \
	"	}\n" \
	"	event.preventDefault();\n" \
	"}\n" \
	"\n" \
	"function frameOf(event) {\n" \
	"	const at = event.target.closest ? event.target.closest('g') : null;\n" \
	"	return at && boxes.get(at);\n" \
	"}\n" \
	"\n" \
	"/* The heading stays in sight of who scrolls. */\n" \
	"function stick() {\n" \
	"	const place = root.getScreenCTM();\n" \
	"	head.setAttribute('transform', 'translate(0 ' + Math.max(0, -place.f / place.d).toFixed(1) + ')');\n" \
	"}\n" \
	"\n" \
	"function fit() {\n" \
	"	const height = root.viewBox.baseVal.height;\n" \
	"	if (alone)\n" \
	"		width = Math.max(data.least, document.documentElement.clientWidth || window.innerWidth);\n" \
	"	root.setAttribute('width', width);\n" \
	"	root.setAttribute('viewBox', '0 0 ' + width + ' ' + height);\n" \
	"	place.setAttribute('x', width - data.side - data.field);\n" \
	"	place.setAttribute('width', data.field);\n" \
	"	result.setAttribute('x', width - data.side - data.field);\n" \
	"	all.setAttribute('x', width - data.side - data.field - 110);\n" \
	"	draw();\n" \
	"	say(chosen);\n" \
	"	stick();\n" \
	"}\n" \
	"\n" \
	"function begin() {\n" \
	"	read();\n" \
	"	zoomed = frames[0];\n" \
	"	root.classList.add('live');\n" \
	"	root.setAttribute('tabindex', '0');\n" \
	"	status.setAttribute('aria-live', 'polite');\n" \
	"	result.setAttribute('aria-live', 'polite');\n" \
	"	field.type = 'search';\n" \
	"	field.className = 'field';\n" \
	"	field.placeholder = 'Search: a regular expression';\n" \
	"	field.setAttribute('aria-label', field.placeholder);\n" \
	"	place.append(field);\n" \
	"	head.append(place, result, all);\n" \
	"	field.addEventListener('input', function () { search(field.value); });\n" \
	"	all.addEventListener('click', function () { zoom(frames[0]); });\n" \
	"	(alone ? document : root).addEventListener('keydown', onKey);\n" \
	"	root.addEventListener('click', function (event) {\n" \
	"		const f = frameOf(event);\n" \
	"		if (f)\n" \
	"			zoom(f);\n" \
	"	});\n" \
	"	root.addEventListener('pointerover', function (event) { say(frameOf(event) || chosen); });\n" \
	"	window.addEventListener('scroll', stick, true);\n" \
	"	window.addEventListener('resize', fit);\n" \
	"	fit();\n" \
	"	if (alone)\n" \
	"		window.addEventListener('load', function () { window.scrollTo(0, root.viewBox.baseVal.height); });\n" \
	"}\n" \
	"\n" \
	"begin();\n" \
	"}());\n"

const char flame_script[] =
	"<script><![CDATA[\n" SCRIPT_DATA SCRIPT_DRAW SCRIPT_SEARCH SCRIPT_INPUT "]]></script>\n";
