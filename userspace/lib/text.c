// SPDX-License-Identifier: GPL-2.0
/*
 * text.c - text for output: undoes the escapes of the module's files, and escapes what a
 * terminal could take for a command or cannot show. An escape is the same as in the files: a
 * backslash and three octal digits for each byte.
 *
 * The locale decides one thing, its character set: whether tables for people may hold
 * characters beyond ASCII, and how wide these are. What programs read is ASCII in every
 * locale, and nothing here asks the locale for letters, their case or their order.
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "lib/text.h"
#include "lib/xalloc.h"

#define REPLACEMENT	0xfffd

static bool utf8;

/**
 * text_init() - take the character set from the environment.
 *
 * Only the character set: a decimal comma would be wrong in what programs read.
 */
void text_init(void)
{
	setlocale(LC_CTYPE, "");
	utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
}

/**
 * text_is_utf8() - whether output may hold more than ASCII.
 *
 * Return: true if the terminal is said to understand UTF-8.
 */
bool text_is_utf8(void)
{
	return utf8;
}

/**
 * text_decode() - one character of UTF-8, strictly: nothing overlong, no surrogates.
 * @text: ended by NUL, not empty
 * @code: the character, set if there is one
 *
 * Return: its length in bytes, 0 if the first byte begins no character.
 */
size_t text_decode(const char *text, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t length, i;
	uint32_t c;

	if (*s < 0x80) {
		*code = *s;
		return 1;
	}
	length = *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : 2;
	if (*s < 0xc2 || *s > 0xf4)
		return 0;
	c = *s & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*code = c;
	return length;
}

/* Commands to a terminal, and what turns the direction of writing or ends a line. */
static bool is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/**
 * text_unescape() - undo the escapes of the file, in place.
 * @text: a column; what is no escape stays, and so does an escaped NUL
 */
void text_unescape(char *text)
{
	char *to = strchr(text, '\\'), *from = to;

	if (!to)
		return;
	while (*from) {
		int value;

		if (*from == '\\' && from[1] >= '0' && from[1] <= '3' && is_octal(from[2]) &&
		    is_octal(from[3])) {
			value = (from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0');
			if (value) {
				*to++ = (char)value;
				from += 4;
				continue;
			}
		}
		*to++ = *from++;
	}
	*to = '\0';
}

/* Printable ASCII, which is nearly everything, needs no second look. */
static bool is_plain(const char *text, enum text_mode mode)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c >= 0x7f || c == '\\' || (c == ' ' && mode == TEXT_RAW))
			return false;
	}
	return true;
}

/* Whether the character can stand as it is. */
static bool is_shown(uint32_t c, enum text_mode mode)
{
	if (c == '\\' || is_unsafe(c) || (mode == TEXT_RAW && c == ' '))
		return false;
	/* Programs get the same from every locale; and to some terminals half of these commands. */
	return c < 0x80 || (mode == TEXT_TABLE && utf8 && wcwidth((wchar_t)c) >= 0);
}

static char *put_octal(char *to, const char *from, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		to += sprintf(to, "\\%03o", (unsigned char)from[i]);
	return to;
}

/**
 * text_shown() - a name as it is put out.
 * @text: any bytes
 * @mode: for whom
 *
 * In raw output - stands for an empty name, so that one which is - is escaped.
 *
 * Return: the text, to be freed.
 */
char *text_shown(const char *text, enum text_mode mode)
{
	char *shown, *to;

	if (mode == TEXT_RAW && !*text)
		return xstrdup("-");
	if (mode == TEXT_RAW && !strcmp(text, "-"))
		return xstrdup("\\055");
	if (mode == TEXT_JSON || is_plain(text, mode))
		return xstrdup(text);
	shown = xmalloc(4 * strlen(text) + 1);
	for (to = shown; *text;) {
		uint32_t c = 0;
		size_t length = text_decode(text, &c);

		if (length && is_shown(c, mode)) {
			to = mempcpy(to, text, length);
		} else {
			length = length ? length : 1;
			to = put_octal(to, text, length);
		}
		text += length;
	}
	*to = '\0';
	return shown;
}

/* The character at @shown: its bytes, and the columns it takes. */
static size_t character(const char *shown, size_t *columns)
{
	uint32_t c = 0;
	size_t length = text_decode(shown, &c);
	int width = length > 1 ? wcwidth((wchar_t)c) : 1;

	*columns = width < 0 ? 1 : (size_t)width;
	return length ? length : 1;
}

/**
 * text_width() - how many columns of a terminal it takes.
 * @shown: as text_shown() made it
 *
 * Return: columns.
 */
size_t text_width(const char *shown)
{
	size_t width = 0, columns;

	while (*shown) {
		shown += character(shown, &columns);
		width += columns;
	}
	return width;
}

/* Where something was taken away; one column. */
static const char *mark(void)
{
	return utf8 ? "\xe2\x80\xa6" : "~";
}

/**
 * text_shorten() - take away from the beginning what is too wide; paths differ at the end.
 * @shown: as text_shown() made it, from malloc
 * @width: columns that there are, at least one
 *
 * Return: the text, to be freed instead of @shown.
 */
char *text_shorten(char *shown, size_t width)
{
	size_t has = text_width(shown), columns, length;
	const char *from = shown;
	char *shortened;

	if (has <= width)
		return shown;
	/* One column is the mark's. What takes none belongs to the character before it. */
	for (; *from; from += length) {
		length = character(from, &columns);
		if (has < width && columns)
			break;
		has -= columns;
	}
	shortened = xasprintf("%s%s", mark(), from);
	free(shown);
	return shortened;
}

/**
 * text_clip() - take away from the end what is too wide.
 * @shown: as text_shown() made it, changed in place
 * @width: columns that there are
 *
 * Return: @shown.
 */
char *text_clip(char *shown, size_t width)
{
	char *at = shown;

	while (*at) {
		size_t columns, length = character(at, &columns);

		if (columns > width)
			break;
		width -= columns;
		at += length;
	}
	*at = '\0';
	return shown;
}

/**
 * text_shorten_end() - text_clip() with a mark where something was taken away.
 * @shown: as text_shown() made it, from malloc
 * @width: columns that there are, at least one
 *
 * Return: the text, to be freed instead of @shown.
 */
char *text_shorten_end(char *shown, size_t width)
{
	char *shortened;

	if (text_width(shown) <= width)
		return shown;
	shortened = xasprintf("%s%s", text_clip(shown, width - 1), mark());
	free(shown);
	return shortened;
}

/**
 * dir_length() - the folder of a path.
 * @path: the path
 * @depth: of its first folders at most so many; 0 for all
 *
 * Return: how many bytes of the path; 0 for a file that is named without one.
 */
size_t dir_length(const char *path, unsigned int depth)
{
	const char *end = strrchr(path, '/'), *at = path;

	if (!end)
		return 0;
	if (end == path)
		return 1;
	/* Where . was named it is no folder of its own. */
	if (depth && !strncmp(path, "./", 2) && path[2] != '/')
		at = path + 1;
	while (depth && at && at < end) {
		at = strchr(at + 1, '/');
		depth--;
	}
	return (size_t)((!depth && at && at < end && at != path ? at : end) - path);
}

/* A character as JSON spells it in ASCII: two halves of UTF-16 beyond 0xffff. */
static void put_escape(FILE *out, uint32_t c)
{
	if (c > 0xffff) {
		fprintf(out, "\\u%04x", 0xd800 + ((c - 0x10000) >> 10));
		c = 0xdc00 + ((c - 0x10000) & 0x3ff);
	}
	fprintf(out, "\\u%04x", c);
}

/**
 * text_put_json() - a JSON string with its quotes, in ASCII: the same in every locale, and
 * nothing to a terminal of any character set.
 * @out: where to
 * @text: any bytes; what is no UTF-8 becomes U+FFFD
 */
void text_put_json(FILE *out, const char *text)
{
	putc_unlocked('"', out);
	while (*text) {
		const char *begin = text;
		uint32_t c = REPLACEMENT;
		size_t length;

		/* Nearly all of it stays as it is. */
		while (*text >= ' ' && *text < 0x7f && *text != '"' && *text != '\\')
			text++;
		fwrite_unlocked(begin, 1, (size_t)(text - begin), out);
		if (!*text)
			break;
		length = text_decode(text, &c);
		text += length ? length : 1;
		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (char)c);
		else
			put_escape(out, c);
	}
	putc_unlocked('"', out);
}

/**
 * text_upper() - capitals for the letters of ASCII, whatever the locale takes for a letter.
 * @text: changed
 *
 * Return: @text.
 */
char *text_upper(char *text)
{
	char *c;

	for (c = text; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	return text;
}

static char small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/**
 * text_is_word() - whether a word is a name of ours; its letters may be capitals.
 * @text: the word, and what follows it
 * @length: of the word
 * @name: small letters of ASCII
 *
 * Return: true if it is.
 */
bool text_is_word(const char *text, size_t length, const char *name)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (!name[i] || small(text[i]) != name[i])
			return false;
	return !name[i];
}

/**
 * text_of_number() - a count in decimal, without the long way through printf.
 * @value: the count
 *
 * Return: the text, to be freed.
 */
char *text_of_number(uint64_t value)
{
	char digits[24], *at = digits + sizeof(digits);

	*--at = '\0';
	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return xstrdup(at);
}

/**
 * text_number() - a count, decimal, nothing else.
 * @text: what is written
 * @value: the count, set on success
 *
 * Return: false if it is none, or too large.
 */
bool text_number(const char *text, uint64_t *value)
{
	uint64_t sum = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned int digit = (unsigned int)(*text - '0');

		if (digit > 9 || sum > (UINT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return true;
}

/**
 * text_seconds() - a time in decimal, nothing else.
 * @text: what is written
 * @value: the time, set on success
 *
 * Return: false if it is none.
 */
bool text_seconds(const char *text, double *value)
{
	char *end;

	if (!*text || strspn(text, "0123456789.") != strlen(text) || strlen(text) > 40)
		return false;
	errno = 0;
	*value = strtod(text, &end);
	return !*end && end != text && !errno;
}

/**
 * text_direction() - what stands behind the name of a column to sort by.
 * @text: ":asc", ":desc" or nothing
 * @length: of it
 * @ascending: set if it says so, else left alone
 *
 * Return: false if it is something else.
 */
bool text_direction(const char *text, size_t length, bool *ascending)
{
	if (length == strlen(":asc") && !strncmp(text, ":asc", length))
		*ascending = true;
	else if (length == strlen(":desc") && !strncmp(text, ":desc", length))
		*ascending = false;
	else if (length)
		return false;
	return true;
}
