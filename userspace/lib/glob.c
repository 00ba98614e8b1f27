// SPDX-License-Identifier: GPL-2.0
/*
 * glob.c - patterns of names of any bytes, as a shell has them, the same in every locale:
 * fnmatch() goes by the locale's characters, letters and order, and with some C libraries
 * matches nothing that is not all of them. Called by all that take a pattern.
 */
#include <stdint.h>
#include <string.h>

#include "lib/glob.h"
#include "lib/text.h"

/* A character of UTF-8; else one byte, which is none of them. */
static size_t take(const char *text, uint32_t *c)
{
	size_t length = text_decode(text, c);

	if (length)
		return length;
	*c = 0x110000 + (unsigned char)*text;
	return 1;
}

static bool between(uint32_t c, char from, char to)
{
	return c >= (unsigned char)from && c <= (unsigned char)to;
}

/* The classes of POSIX, as in its own locale. */
static bool is_in_class(uint32_t c, const char *name, size_t length)
{
	static const char *const names[] = {
		"lower", "upper", "digit", "space", "blank", "cntrl", "alpha", "alnum", "xdigit",
		"punct", "graph", "print",
	};
	bool letter = between(c, 'a', 'z') || between(c, 'A', 'Z'), digit = between(c, '0', '9');
	bool graph = between(c, '!', '~');
	const bool is[] = {
		between(c, 'a', 'z'), between(c, 'A', 'Z'), digit,
		c == ' ' || between(c, '\t', '\r'), c == ' ' || c == '\t', c < ' ' || c == 0x7f,
		letter, letter || digit, digit || between(c, 'a', 'f') || between(c, 'A', 'F'),
		graph && !letter && !digit, graph, graph || c == ' ',
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == length && !strncmp(names[i], name, length))
			return is[i];
	return false;
}

/* One character in brackets, a backslash before it or not. */
static const char *bracket_take(const char *at, uint32_t *c)
{
	if (*at == '\\' && at[1])
		at++;
	return at + take(at, c);
}

/*
 * Whether @c is one of those in the brackets, of which @at is behind the first; @end is set
 * behind the last, or to NULL if there is no last one, and the first is no bracket but itself.
 */
static bool bracket_has(const char *at, uint32_t c, const char **end)
{
	bool without = *at == '!' || *at == '^', has = false;
	const char *first = at += without;

	while (*at && (*at != ']' || at == first)) {
		const char *colon = at[0] == '[' && at[1] == ':' ? strstr(at + 2, ":]") : NULL;
		uint32_t from, to;

		if (colon) {
			has = has || is_in_class(c, at + 2, (size_t)(colon - at - 2));
			at = colon + 2;
			continue;
		}
		at = bracket_take(at, &from);
		to = from;
		if (at[0] == '-' && at[1] && at[1] != ']')
			at = bracket_take(at + 1, &to);
		has = has || (c >= from && c <= to);
	}
	*end = *at ? at + 1 : NULL;
	return has != without;
}

/* One element of the pattern at the beginning of the text; moves both behind it. */
static bool step(const char **glob, const char **text)
{
	const char *at = *glob, *end;
	uint32_t c;
	size_t length;
	bool has;

	if (!**text)
		return false;
	if (*at == '?') {
		*text += take(*text, &c);
		*glob = at + 1;
		return true;
	}
	if (*at == '[') {
		length = take(*text, &c);
		has = bracket_has(at + 1, c, &end);
		if (end) {
			*text += length;
			*glob = end;
			return has;
		}
	}
	if (*at == '\\' && at[1])
		at++;
	has = *at == **text;
	*glob = at + 1;
	*text += 1;
	return has;
}

/**
 * glob_matches() - whether a pattern matches a whole name.
 * @glob: * is any bytes, / and leading dots among them; ? and [] are one character of
 *	UTF-8, or a byte that is none, ranges by code point; a backslash takes away what the
 *	next character means
 * @text: any bytes
 *
 * Takes no longer than the product of both lengths.
 *
 * Return: true if it does.
 */
bool glob_matches(const char *glob, const char *text)
{
	const char *star = NULL, *from = NULL;

	for (;;) {
		uint32_t c;

		if (*glob == '*') {
			star = ++glob;
			from = text;
			continue;
		}
		if (!*glob && !*text)
			return true;
		if (*glob && step(&glob, &text))
			continue;
		/* The last star takes more: bytes before a byte, characters before ? and []. */
		if (!star || !*from)
			return false;
		from += *star == '?' || *star == '[' ? take(from, &c) : 1;
		text = from;
		glob = star;
	}
}
