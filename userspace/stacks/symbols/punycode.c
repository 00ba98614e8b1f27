// SPDX-License-Identifier: GPL-2.0
/*
 * punycode.c - names that are more than ASCII, written in ASCII (RFC 3492). Called by rustname.c.
 */
#include <stdbool.h>
#include <string.h>

#include "stacks/symbols/punycode.h"

struct punycode {
	uint32_t *code;		/* PUNYCODE_MAX of them */
	size_t nr;
	uint32_t bias;
};

static uint32_t adapt(uint32_t delta, size_t nr, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / 700 : delta / 2;
	delta += delta / (uint32_t)nr;
	for (; delta > 455; k += 36)
		delta /= 35;
	return k + 36 * delta / (delta + 38);
}

/* One number of variable length; false if it is none. */
static bool take_delta(const char **at, const char *end, uint32_t bias, uint32_t *delta)
{
	uint64_t weight = 1, sum = 0;
	uint32_t k, least, digit;

	for (k = 36; *at < end; k += 36) {
		const char letter = *(*at)++;

		if (letter >= 'a' && letter <= 'z')
			digit = (uint32_t)(letter - 'a');
		else if (letter >= '0' && letter <= '9')
			digit = (uint32_t)(letter - '0') + 26;
		else
			return false;
		least = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
		sum += digit * weight;
		if (sum > UINT32_MAX)
			return false;
		*delta = (uint32_t)sum;
		if (digit < least)
			return true;
		weight *= 36 - least;
		if (weight > UINT32_MAX)
			return false;
	}
	return false;
}

static bool decode_deltas(struct punycode *p, const char *at, const char *end)
{
	uint64_t code = 0x80, place = 0;
	uint32_t delta;
	bool first = true;

	while (at < end) {
		if (p->nr == PUNYCODE_MAX || !take_delta(&at, end, p->bias, &delta))
			return false;
		p->bias = adapt(delta, p->nr + 1, first);
		first = false;
		place += delta;
		code += place / (p->nr + 1);
		place %= p->nr + 1;
		if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
			return false;
		memmove(p->code + place + 1, p->code + place,
			(p->nr - place) * sizeof(*p->code));
		p->code[place++] = (uint32_t)code;
		p->nr++;
	}
	return true;
}

/**
 * punycode_decode() - decode a name.
 * @codes: set: its characters, up to PUNYCODE_MAX
 * @text: not ended by NUL
 * @length: of it
 * @delimiter: between characters that are ASCII and what tells of the others
 *
 * Return: how many characters; 0 if it is no such name, or too long.
 */
size_t punycode_decode(uint32_t *codes, const char *text, size_t length, char delimiter)
{
	const char *last = memrchr(text, delimiter, length), *at = text;
	struct punycode p = { .code = codes, .bias = 72 };

	for (; last && at < last; at++) {
		if (p.nr == PUNYCODE_MAX)
			return 0;
		p.code[p.nr++] = (unsigned char)*at;
	}
	return decode_deltas(&p, last ? last + 1 : at, text + length) ? p.nr : 0;
}
