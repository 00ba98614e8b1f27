/* SPDX-License-Identifier: GPL-2.0 */
/*
 * parse.h - the common part of the module's texts: lines of keys and values, a line of columns,
 * rows. The texts differ only in keys and columns.
 */
#ifndef KFAULTSTAT_PARSE_H
#define KFAULTSTAT_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARSE_ERROR_MAX		256
#define PARSE_COLUMNS_MAX	64

struct parse {
	char *at, *end;		/* of the text; there is a NUL at the end */
	unsigned long line;
	char *error;
	unsigned char field[PARSE_COLUMNS_MAX];	/* what each column is */
	size_t nr_columns;
};

/* What a key of a header line is, and where its value goes. */
struct parse_key {
	const char *name;
	enum { KEY_TEXT, KEY_NUMBER, KEY_SECONDS } type;
	void *value;
};

/* A line of the header, known by its first word; one that is not known is of a newer module. */
struct parse_header {
	const char *key;
	bool (*parse)(void *data, char *line);	/* what is behind the key */
	bool wanted;				/* in every text of that format */
};

/* The columns that are known, each once; others are of a newer module. */
struct parse_fields {
	const char *(*name)(unsigned int field);
	unsigned int nr, last;
	uint64_t later;		/* a bit for each that an older module does not have */
};

/* A text: how it begins, its version that we know, and what takes its lines. */
struct parse_format {
	const char *begin;
	uint64_t version;
	const struct parse_header *headers;	/* at most 32 */
	size_t nr_headers;
	const struct parse_fields *fields;
	bool (*row)(void *data, char *line);
};

bool parse_text(struct parse *p, char *text, size_t size, char *error,
		const struct parse_format *format, void *data);
bool parse_begins(const char *text, size_t size, const char *begin, uint64_t version);
bool parse_fail(struct parse *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *parse_word(char **line);
bool parse_pairs(struct parse *p, const char *what, char *line, const struct parse_key *keys,
		 size_t nr_keys);
bool parse_cells(struct parse *p, char **line, const struct parse_fields *fields,
		 bool (*cell)(void *row, unsigned int field, char *word), void *row);

bool parse_pid(const char *word, int32_t *pid);
bool parse_dev(char *word, uint32_t *major, uint32_t *minor);
bool parse_flag(const char *word, bool *flag);

#endif
