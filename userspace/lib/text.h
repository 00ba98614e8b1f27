/* SPDX-License-Identifier: GPL-2.0 */
/*
 * text.h - names of processes and files may contain any byte; what is shown of them must be
 * harmless to a terminal and valid in JSON.
 */
#ifndef KFAULTSTAT_TEXT_H
#define KFAULTSTAT_TEXT_H

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum text_mode {
	TEXT_TABLE,	/* for people: spaces stay, and what the locale's character set has */
	TEXT_RAW,	/* for programs: one word of ASCII, nothing lost */
	TEXT_JSON,	/* as it is, for text_put_json() */
};

void text_init(void);
bool text_is_utf8(void);
size_t text_decode(const char *text, uint32_t *code);
void text_unescape(char *text);
char *text_shown(const char *text, enum text_mode mode);
size_t text_width(const char *shown);
char *text_shorten(char *shown, size_t width);
char *text_shorten_end(char *shown, size_t width);
char *text_clip(char *shown, size_t width);
size_t dir_length(const char *path, unsigned int depth);
void text_put_json(FILE *out, const char *text);
char *text_upper(char *text);
bool text_is_word(const char *text, size_t length, const char *name);

char *text_of_number(uint64_t value);
bool text_number(const char *text, uint64_t *value);
bool text_seconds(const char *text, double *value);
bool text_direction(const char *text, size_t length, bool *ascending);

#endif
