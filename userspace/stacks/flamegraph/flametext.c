// SPDX-License-Identifier: GPL-2.0
/*
 * flametext.c - texts of a flame graph. A picture is UTF-8 whatever the locale is, so nothing here
 * asks the locale; and the picture's script does the same for texts, shares and changes, so what is
 * changed here is to be changed in flamescript.c. Called by flamegraph.c.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "lib/xalloc.h"
#include "stacks/flamegraph/flametext.h"
#include "ui/fields.h"

#define MARK "\xe2\x80\xa6"	/* where something was taken away: one column */
#define MINUS "\xe2\x88\x92"

/* Whether a character may stand as it is: no XML without these, and nothing that turns the line. */
static bool is_harmless(uint32_t c)
{
	if (c < 0x20 || c == '\\' || (c >= 0x7f && c < 0xa0))
		return false;
	if (c == 0x61c || c == 0x200e || c == 0x200f)
		return false;
	if ((c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
		return false;
	return c != 0xfffe && c != 0xffff;
}

/**
 * flame_shown() - a name as the picture shows it.
 * @text: any bytes
 *
 * Return: UTF-8 with an octal escape for each byte of what is none or is not harmless, to be freed.
 */
char *flame_shown(const char *text)
{
	char *shown = xmalloc(4 * strlen(text) + 1), *to = shown;

	while (*text) {
		uint32_t c = 0;
		size_t length = text_decode(text, &c), i;

		if (length && is_harmless(c)) {
			to = mempcpy(to, text, length);
		} else {
			length = length ? length : 1;
			for (i = 0; i < length; i++)
				to += sprintf(to, "\\%03o", (unsigned char)text[i]);
		}
		text += length;
	}
	*to = '\0';
	return shown;
}

/* The character at @shown: its bytes, and how many columns of a fixed font it may take. */
static size_t character(const char *shown, size_t *columns)
{
	uint32_t c = 0;
	size_t length = text_decode(shown, &c);

	/* Hangul, and all from the radicals of CJK on: some are narrower, none is wider. */
	*columns = (c >= 0x1100 && c < 0x1200) || c >= 0x2e80 ? 2 : 1;
	return length ? length : 1;
}

/**
 * flame_columns() - how wide it is.
 * @shown: from flame_shown()
 *
 * Return: columns of a fixed font.
 */
size_t flame_columns(const char *shown)
{
	size_t sum = 0, columns;

	while (*shown) {
		shown += character(shown, &columns);
		sum += columns;
	}
	return sum;
}

/**
 * flame_shorten() - take away what is too wide, with a mark in its place.
 * @shown: from flame_shown()
 * @columns: that there are, at least one
 * @keep_end: take from the beginning, as paths differ at the end; else from the end
 *
 * Return: the text, to be freed instead of @shown.
 */
char *flame_shorten(char *shown, size_t columns, bool keep_end)
{
	size_t has = flame_columns(shown), room = columns - 1, used = 0, width, length;
	const char *at = shown;
	char *shortened;

	if (has <= columns)
		return shown;
	for (; *at; at += length, used += width) {
		length = character(at, &width);
		if (keep_end ? has - used <= room : used + width > room)
			break;
	}
	if (keep_end)
		shortened = xasprintf(MARK "%s", at);
	else
		shortened = xasprintf("%.*s" MARK, (int)(at - shown), shown);
	free(shown);
	return shortened;
}

static void put_xml_character(FILE *out, char c)
{
	if (c == '&')
		fputs_unlocked("&amp;", out);
	else if (c == '<')
		fputs_unlocked("&lt;", out);
	else if (c == '>')
		fputs_unlocked("&gt;", out);
	else if (c == '"')
		fputs_unlocked("&quot;", out);
	else
		putc_unlocked(c, out);
}

/**
 * flame_put_xml() - text of an element, or of an attribute in double quotes.
 * @out: where to
 * @text: UTF-8 that is harmless, from flame_shown() or our own
 */
void flame_put_xml(FILE *out, const char *text)
{
	for (; *text; text++)
		put_xml_character(out, *text);
}

/**
 * flame_put_shown() - a name as text of an element.
 * @out: where to
 * @text: any bytes
 */
void flame_put_shown(FILE *out, const char *text)
{
	char *shown = flame_shown(text);

	flame_put_xml(out, shown);
	free(shown);
}

/**
 * flame_put_json() - a JSON string with its quotes, as text of an element.
 * @out: where to
 * @shown: from flame_shown(), so without control characters
 */
void flame_put_json(FILE *out, const char *shown)
{
	putc_unlocked('"', out);
	for (; *shown; shown++) {
		if (*shown == '"' || *shown == '\\')
			putc_unlocked('\\', out);
		put_xml_character(out, *shown);
	}
	putc_unlocked('"', out);
}

/**
 * flame_put_count() - a count for people: 1,234,567.
 * @out: where to
 * @count: the count
 */
void flame_put_count(FILE *out, uint64_t count)
{
	char digits[24];
	int nr = sprintf(digits, "%" PRIu64, count), i;

	for (i = 0; i < nr; i++) {
		if (i && (nr - i) % 3 == 0)
			putc_unlocked(',', out);
		putc_unlocked(digits[i], out);
	}
}

/**
 * flame_put_share() - a part in percent.
 * @out: where to
 * @part: not more than
 * @whole: not 0
 */
void flame_put_share(FILE *out, uint64_t part, uint64_t whole)
{
	char *share = share_text(share_of(part, whole));

	fprintf(out, "%s %%", share);
	free(share);
}

/**
 * flame_put_change() - what became of a count: "before 1,000: +234 (+23.4 %)".
 * @out: where to
 * @now: the count
 * @before: the same of the copy before
 */
void flame_put_change(FILE *out, uint64_t now, uint64_t before)
{
	bool grew = now > before;
	uint64_t by = grew ? now - before : before - now;
	const char *sign = grew ? "+" : MINUS;

	fputs("before ", out);
	flame_put_count(out, before);
	fputs(": ", out);
	if (!by) {
		fputs("same", out);
		return;
	}
	fputs(sign, out);
	flame_put_count(out, by);
	if (before) {
		double tenths = floor((double)by * 1000 / (double)before + 0.5);

		fprintf(out, " (%s%.1f %%)", sign, tenths / 10);
	} else {
		fputs(" (new)", out);
	}
}
