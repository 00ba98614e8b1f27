/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fields.h - the columns of a command, by name: selected with -o, sorted by with -s, fitted to
 * the screen, printed as a table, as words or as JSON.
 */
#ifndef KFAULTSTAT_FIELDS_H
#define KFAULTSTAT_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/text.h"
#include "ui/render.h"

enum field_kind {
	FIELD_TEXT,
	FIELD_NAME,	/* on a terminal the end gives way where it is longer than usual */
	FIELD_PATH,	/* on a terminal the beginning gives way */
	/* From here on numbers. */
	FIELD_COUNT,
	FIELD_NUMBER,	/* as text() writes it; number() says what it is sorted by */
	FIELD_BYTES,	/* in a table with a unit */
	FIELD_CHANGE,	/* bytes, an int64_t in the uint64_t */
	FIELD_SHARE,	/* tenths of a percent, from share_of() */
};

struct view;

struct field {
	const char *name;
	enum field_kind kind;
	const char *help;
};

#define FIELDS_MAX	32
#define SORTS_MAX	8

/* The fields of a kind of row, and how they are got. */
struct fields {
	const char *name;	/* of the rows in JSON */
	const struct field *known;
	size_t nr;
	/* A field that is a number; false if it is not known. */
	bool (*number)(const void *row, size_t field, uint64_t *value);
	/* Any other, to be freed; NULL if it is not known. */
	char *(*text)(const void *row, size_t field, enum text_mode mode);
	/*
	 * Which of two comes first by a text, faster than by its text(); NULL is by that. What is
	 * not known comes last, whichever way.
	 */
	int (*compare)(const void *a, const void *b, size_t field, bool ascending);
	/* How much is lost without a field, where there is no room for all; NULL if none may go. */
	int (*worth)(const struct view *view, size_t field);
};

/* What is shown of them. */
struct view {
	const struct fields *fields;
	size_t shown[FIELDS_MAX];
	size_t nr_shown;
	struct {
		size_t field;
		bool ascending;
	} sorts[SORTS_MAX];
	size_t nr_sorts;
	bool usual;	/* nobody asked for these columns */
};

/* What is asked for, as lists with commas between; NULL for what is usual. */
struct columns_wanted {
	const char *output;	/* columns to show */
	const char *sort;	/* columns to sort by */
};

void fields_help(const struct fields *fields);
bool view_choose(struct view *view, const struct fields *fields,
		 const struct columns_wanted *wanted, const char *list, const char *sorts);
bool view_show(struct view *view, const char *list, const char **bad);
bool view_sort(struct view *view, const char *list, const char **bad);
bool view_has(const struct view *view, size_t field);
bool view_is_number(const struct view *view, size_t field);
bool view_is_path(const struct view *view, size_t field);
const char *view_name(const struct view *view, size_t field);
char *view_text(const struct view *view, size_t field, const void *row, enum text_mode mode);
bool view_drop(struct view *view, size_t *widths);
char *view_cut(const struct view *view, size_t field, char *text, size_t width);
bool view_fit(const struct view *view, size_t *widths, size_t width, size_t least);
int view_compare(const struct view *view, const void *a, const void *b);
void view_print(const struct view *view, const void *const *rows, size_t nr, const void *last,
		const struct style *style, FILE *out, const char *json_before);

char *fields_words(const struct fields *fields, const void *row, const size_t *which, size_t nr,
		   bool json);

uint64_t share_of(uint64_t part, uint64_t whole);
char *share_text(uint64_t tenths);
char *bytes_text(uint64_t bytes);

#endif
