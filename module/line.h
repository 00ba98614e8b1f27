/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writing the lines of the files: straight into the seq_file's own memory, since the
 * thousands of rows of a full table would spend most of their time in seq_printf().
 * Every function gets the place where text goes and returns the one behind it; there is
 * room, as the caller has seen to. Nothing ends with a NUL.
 *
 * Text is escaped in octal, as in /proc/PID/maps: control characters, DEL and the
 * backslash; in a comm the space as well.
 */
#ifndef FAULTSTAT_LINE_H
#define FAULTSTAT_LINE_H

#include <linux/string.h>
#include <linux/types.h>

/* From 00 to 99. */
extern char fs_line_pairs[200];

void fs_line_init(void);

static inline bool fs_line_is_escaped(unsigned char c)
{
	return c < ' ' || c == 0x7f || c == '\\';
}

static inline char *fs_line_escape(char *at, unsigned char c)
{
	*at++ = '\\';
	*at++ = '0' + (c >> 6);
	*at++ = '0' + (c >> 3 & 7);
	*at++ = '0' + (c & 7);
	return at;
}

static inline char *fs_line_comm(char *at, const char *comm)
{
	for (; *comm; comm++) {
		if (unlikely(*comm == ' ' || fs_line_is_escaped(*comm)))
			at = fs_line_escape(at, *comm);
		else
			*at++ = *comm;
	}
	return at;
}

#define LINE_EACH_BYTE	0x0101010101010101ULL

/* Whether a byte of eight is zero. A byte above one that is may be taken for zero, too. */
static inline bool fs_line_has_zero_byte(u64 word)
{
	return (word - LINE_EACH_BYTE) & ~word & (LINE_EACH_BYTE << 7);
}

static inline bool fs_line_has_escaped(u64 word)
{
	return ((word - LINE_EACH_BYTE * ' ') & ~word & (LINE_EACH_BYTE << 7)) ||
	       fs_line_has_zero_byte(word ^ (LINE_EACH_BYTE * 0x7f)) ||
	       fs_line_has_zero_byte(word ^ (LINE_EACH_BYTE * '\\'));
}

static inline char *fs_line_bytes(char *at, const char *text, size_t length)
{
	for (; length; length--, text++) {
		if (unlikely(fs_line_is_escaped(*text)))
			at = fs_line_escape(at, *text);
		else
			*at++ = *text;
	}
	return at;
}

/* Paths are long and seldom have anything to escape: eight bytes at once. */
static inline char *fs_line_object(char *at, const char *text, size_t length)
{
	u64 word;

	for (; length >= sizeof(word); length -= sizeof(word), text += sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		if (unlikely(fs_line_has_escaped(word))) {
			at = fs_line_bytes(at, text, sizeof(word));
			continue;
		}
		memcpy(at, &word, sizeof(word));
		at += sizeof(word);
	}
	return fs_line_bytes(at, text, length);
}

static inline char *fs_line_text(char *at, const char *text)
{
	while (*text)
		*at++ = *text++;
	return at;
}

static inline unsigned int fs_line_digits(u64 number)
{
	unsigned int digits = 1;

	for (; number >= 10000; number /= 10000)
		digits += 4;
	return digits + (number >= 10) + (number >= 100) + (number >= 1000);
}

/* Up to 99. */
static inline char *fs_line_small(char *at, u32 number)
{
	if (number < 10) {
		*at = '0' + number;
		return at + 1;
	}
	memcpy(at, &fs_line_pairs[number * 2], 2);
	return at + 2;
}

static inline char *fs_line_pair(char *at, u32 number)
{
	memcpy(at, &fs_line_pairs[number * 2], 2);
	return at + 2;
}

/* Two digits at once. */
static inline char *fs_line_number(char *at, char before, u64 number)
{
	char *end;
	u32 rest;

	*at++ = before;
	/* Most are small. */
	if (number < 100)
		return fs_line_small(at, number);
	if (number < 10000) {
		at = fs_line_small(at, (u32)number / 100);
		return fs_line_pair(at, (u32)number % 100);
	}
	if (number < 1000000) {
		rest = (u32)number % 10000;
		at = fs_line_small(at, (u32)number / 10000);
		return fs_line_pair(fs_line_pair(at, rest / 100), rest % 100);
	}
	at += fs_line_digits(number);
	for (end = at; number >= 10; number /= 100) {
		end -= 2;
		memcpy(end, &fs_line_pairs[number % 100 * 2], 2);
	}
	if (number)
		*--end = '0' + number;
	return at;
}

#endif
