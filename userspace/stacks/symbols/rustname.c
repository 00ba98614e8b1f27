// SPDX-License-Identifier: GPL-2.0
/*
 * rustname.c - the parts of names that rustc mangles: letters, numbers, identifiers, and the text
 * that is made of them; and the old way, which needs no more than these. Called by rust.c.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "lib/xalloc.h"
#include "stacks/symbols/punycode.h"
#include "stacks/symbols/rustname.h"

/**
 * rust_next() - the next letter, which is taken.
 * @r: the name
 *
 * Return: it; NUL, and no name, at its end.
 */
char rust_next(struct rust *r)
{
	if (r->at < r->length)
		return r->name[r->at++];
	r->failed = true;
	return '\0';
}

/**
 * rust_eat() - take the next letter if it is a certain one.
 * @r: the name
 * @letter: which
 *
 * Return: whether it was.
 */
bool rust_eat(struct rust *r, char letter)
{
	if (r->at >= r->length || r->name[r->at] != letter)
		return false;
	r->at++;
	return true;
}

static int digit_of(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a' + 10;
	if (letter >= 'A' && letter <= 'Z')
		return letter - 'A' + 36;
	return -1;
}

/**
 * rust_take_base62() - a number such as back-references have.
 * @r: the name
 *
 * Return: it.
 */
uint64_t rust_take_base62(struct rust *r)
{
	uint64_t number = 0;

	if (rust_eat(r, '_'))
		return 0;
	while (!r->failed && !rust_eat(r, '_')) {
		const int digit = digit_of(rust_next(r));

		if (digit < 0 || number > UINT64_MAX / 62 - 62)
			r->failed = true;
		else
			number = number * 62 + (uint64_t)digit;
	}
	return number + 1;
}

/**
 * rust_take_optional() - a number behind a letter, if it is there.
 * @r: the name
 * @tag: the letter
 *
 * Return: one more than the number; 0 if there is none.
 */
uint64_t rust_take_optional(struct rust *r, char tag)
{
	return rust_eat(r, tag) ? rust_take_base62(r) + 1 : 0;
}

static size_t take_decimal(struct rust *r)
{
	size_t number = 0;
	char letter = rust_next(r);

	if (letter < '0' || letter > '9')
		r->failed = true;
	if (r->failed || letter == '0')
		return 0;
	number = (size_t)(letter - '0');
	while (r->at < r->length && r->name[r->at] >= '0' && r->name[r->at] <= '9' &&
	       number <= RUST_NAME_MAX)
		number = number * 10 + (size_t)(r->name[r->at++] - '0');
	return number;
}

/**
 * rust_take_identifier() - a name between others, without what tells it from others of that name.
 * @r: the name
 *
 * Return: it, in the name; may be empty.
 */
struct rust_identifier rust_take_identifier(struct rust *r)
{
	struct rust_identifier name = { .text = "", .encoded = rust_eat(r, 'u') };
	const size_t length = take_decimal(r);

	rust_eat(r, '_');
	if (r->failed || length > r->length - r->at) {
		r->failed = true;
		return name;
	}
	name.text = r->name + r->at;
	name.length = length;
	r->at += length;
	return name;
}

static void put(struct rust *r, const char *text, size_t length)
{
	if (r->failed || r->quiet)
		return;
	if (length > RUST_TEXT_MAX - r->used) {
		r->failed = true;
		return;
	}
	if (r->used + length + 1 > r->room) {
		r->room = 2 * (r->used + length) + 64;
		r->text = xrealloc(r->text, r->room);
	}
	memcpy(r->text + r->used, text, length);
	r->used += length;
}

/**
 * rust_put() - add to the text.
 * @r: the name
 * @text: what
 */
void rust_put(struct rust *r, const char *text)
{
	put(r, text, strlen(text));
}

/**
 * rust_format() - the same, of a few bytes.
 * @r: the name
 * @format: as for printf
 */
void rust_format(struct rust *r, const char *format, ...)
{
	char text[64];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	rust_put(r, text);
}

/**
 * rust_finish() - the text as a whole.
 * @r: the name, not failed
 *
 * Return: it, to be freed.
 */
char *rust_finish(struct rust *r)
{
	r->text = xrealloc(r->text, r->used + 1);
	r->text[r->used] = '\0';
	return r->text;
}

static void put_utf8(struct rust *r, uint32_t code)
{
	char text[4];
	size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	size_t i;

	if (length == 1) {
		text[0] = (char)code;
	} else {
		for (i = length - 1; i; i--, code >>= 6)
			text[i] = (char)(0x80 | (code & 0x3f));
		text[0] = (char)((0xf00 >> length) | code);
	}
	put(r, text, length);
}

/**
 * rust_put_identifier() - add a name.
 * @r: the name it is in
 * @name: taken
 */
void rust_put_identifier(struct rust *r, const struct rust_identifier *name)
{
	uint32_t codes[PUNYCODE_MAX];
	size_t nr, i;

	if (r->failed || r->quiet)
		return;
	nr = name->encoded ? punycode_decode(codes, name->text, name->length, '_') : 0;
	for (i = 0; i < nr; i++)
		put_utf8(r, codes[i]);
	if (nr)
		return;
	rust_put(r, name->encoded ? "punycode{" : "");
	put(r, name->text, name->length);
	rust_put(r, name->encoded ? "}" : "");
}

/**
 * rust_basic_type() - a type that is one letter.
 * @tag: it
 *
 * Return: its name, or NULL.
 */
const char *rust_basic_type(char tag)
{
	static const char * const names[] = {
		"i8", "bool", "char", "f64", "str", "f32", NULL, "u8", "isize", "usize", NULL,
		"i32", "u32", "i128", "u128", "_", NULL, NULL, "i16", "u16", "()", "...", NULL,
		"i64", "u64", "!",
	};

	return tag >= 'a' && tag <= 'z' ? names[tag - 'a'] : NULL;
}

/* Hexadecimal digits up to a low line; @nr is of those without zeroes before them. */
static const char *take_digits(struct rust *r, size_t *nr)
{
	const char *begin;

	while (rust_eat(r, '0'))
		;
	begin = r->name + r->at;
	while (!r->failed && !rust_eat(r, '_')) {
		const char letter = rust_next(r);

		if (digit_of(letter) < 0 || digit_of(letter) > 15)
			r->failed = true;
	}
	*nr = r->failed ? 0 : (size_t)(r->name + r->at - 1 - begin);
	return begin;
}

static uint64_t value_of(const char *digits, size_t nr)
{
	uint64_t value = 0;

	while (nr--)
		value = value << 4 | (uint64_t)digit_of(*digits++);
	return value;
}

static void put_character(struct rust *r, uint64_t code, char quote)
{
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		r->failed = true;
	else if (code == '\n' || code == '\t' || code == '\r')
		rust_put(r, code == '\n' ? "\\n" : code == '\t' ? "\\t" : "\\r");
	else if (code == (unsigned char)quote || code == '\\')
		rust_format(r, "\\%c", (char)code);
	else if (code < 0x20 || code == 0x7f)
		rust_format(r, "\\u{%" PRIx64 "}", code);
	else
		put_utf8(r, (uint32_t)code);
}

/**
 * rust_put_number() - the value of a type that is one letter, which is taken: a number, a
 * character, true or false.
 * @r: the name
 * @type: the letter
 *
 * Return: false if it is of another type; then nothing was taken.
 */
bool rust_put_number(struct rust *r, char type)
{
	const char *digits;
	size_t nr;

	if (!type || !strchr("abchijlmnostxy", type))
		return false;
	if (strchr("ailnsx", type) && rust_eat(r, 'n'))
		rust_put(r, "-");
	digits = take_digits(r, &nr);
	if (r->failed)
		return true;
	if (nr > 16) {
		rust_put(r, "0x");
		put(r, digits, nr);
	} else if (type == 'b') {
		rust_put(r, value_of(digits, nr) ? "true" : "false");
	} else if (type == 'c') {
		rust_put(r, "'");
		put_character(r, value_of(digits, nr), '\'');
		rust_put(r, "'");
	} else {
		rust_format(r, "%" PRIu64, value_of(digits, nr));
	}
	return true;
}

/**
 * rust_put_string() - a text, which is taken: two digits for each byte.
 * @r: the name
 */
void rust_put_string(struct rust *r)
{
	rust_put(r, "\"");
	while (!r->failed && !rust_eat(r, '_')) {
		const int high = digit_of(rust_next(r)), low = digit_of(rust_next(r));
		const int byte = high * 16 + low;
		const char letter = (char)byte;

		if (high < 0 || high > 15 || low < 0 || low > 15)
			r->failed = true;
		else if (byte < 0x80)
			put_character(r, (uint64_t)byte, '"');
		else
			put(r, &letter, 1);
	}
	rust_put(r, "\"");
}

/* The old way. */

/* What stands between dollars for a character that no symbol may have. */
static bool put_escape(struct rust *r, const char *name, size_t length)
{
	static const struct { const char *name, *text; } known[] = {
		{ "SP", "@" }, { "BP", "*" }, { "RF", "&" }, { "LT", "<" }, { "GT", ">" },
		{ "LP", "(" }, { "RP", ")" }, { "C", "," },
	};
	uint64_t code = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (strlen(known[i].name) == length && !strncmp(known[i].name, name, length)) {
			rust_put(r, known[i].text);
			return true;
		}
	}
	if (length < 2 || length > 7 || *name != 'u')
		return false;
	for (i = 1; i < length; i++) {
		if (digit_of(name[i]) < 0 || digit_of(name[i]) > 15)
			return false;
		code = code << 4 | (uint64_t)digit_of(name[i]);
	}
	if (code < 0x20 || code == 0x7f || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return false;
	put_utf8(r, (uint32_t)code);
	return true;
}

static void put_old_part(struct rust *r, const char *part, size_t length)
{
	const char *end = part + length, *dollar;

	/* A symbol may not begin with a dollar. */
	if (length > 1 && part[0] == '_' && part[1] == '$')
		part++;
	while (part < end && !r->failed) {
		dollar = *part == '$' ? memchr(part + 1, '$', (size_t)(end - part) - 1) : NULL;
		if (dollar && put_escape(r, part + 1, (size_t)(dollar - part) - 1)) {
			part = dollar + 1;
		} else if (end - part > 1 && part[0] == '.' && part[1] == '.') {
			rust_put(r, "::");
			part += 2;
		} else {
			put(r, part++, 1);
		}
	}
}

static bool is_hash(const struct rust_identifier *part)
{
	size_t i;

	if (part->length != 17 || *part->text != 'h')
		return false;
	for (i = 1; i < part->length; i++)
		if (digit_of(part->text[i]) < 0 || digit_of(part->text[i]) > 15)
			return false;
	return true;
}

/* All parts but the hash, which is the last; false if there is none. */
static bool put_old_parts(struct rust *r)
{
	struct rust_identifier part;
	bool first = true;

	while (!r->failed) {
		const size_t length = take_decimal(r);

		if (r->failed || !length || length > r->length - r->at)
			return false;
		part = (struct rust_identifier){ .text = r->name + r->at, .length = length };
		r->at += length;
		if (rust_eat(r, 'E'))
			return is_hash(&part) && !first;
		rust_put(r, first ? "" : "::");
		put_old_part(r, part.text, part.length);
		first = false;
	}
	return false;
}

/**
 * rust_demangle_old() - a name of the old way, which looks like one of C++.
 * @name: behind _ZN
 *
 * Return: as people write it, without the hash, to be freed; NULL if it is no such name.
 */
char *rust_demangle_old(const char *name)
{
	struct rust r = { .name = name, .length = strlen(name) };

	if (put_old_parts(&r) && !r.failed) {
		const char *rest = name + r.at;

		if (*rest == '.' && strncmp(rest, ".llvm.", 6))
			rust_put(&r, rest);
		if ((!*rest || *rest == '.') && !r.failed)
			return rust_finish(&r);
	}
	free(r.text);
	return NULL;
}
