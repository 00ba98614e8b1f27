/* SPDX-License-Identifier: GPL-2.0 */
/*
 * options.h - options as rows of tables. Each command has its own tables; shared groups of
 * options are here.
 */
#ifndef KFAULTSTAT_OPTIONS_H
#define KFAULTSTAT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/fields.h"

/* Changes what @to points to; false after a complaint. */
typedef bool (*option_set)(void *to, char *value, const char *command);

struct option_info {
	int letter;		/* 0 if it has only a name */
	const char *name;
	const char *argument;	/* as --help calls it; NULL if it takes none */
	option_set set;
	size_t at;		/* where in the group's structure is what @set changes */
	const char *help;	/* NULL: an older name of the one before */
};

#define OPTIONS_END { 0, NULL, NULL, NULL, 0, NULL }

/* Rows, ended by OPTIONS_END, and the structure that they change. */
struct option_group {
	const struct option_info *rows;
	void *to;
};

/* How many rows are shown. */
struct limit {
	size_t lines;		/* at most; 0 if not given */
	bool all;
};

/* Groups; behind each the structure that it changes. */
extern const struct option_info options_input[];	/* const char *, a file */
extern const struct option_info options_root[];		/* const char *, a folder */
extern const struct option_info options_all[];		/* struct limit */
extern const struct option_info options_lines[];	/* struct limit */
extern const struct option_info options_columns[];	/* struct columns_wanted */
extern const struct option_info options_style[];	/* struct style */
extern const struct option_info options_style_live[];	/* struct style, with intervals */
extern const struct option_info options_filter[];	/* struct filter */
extern const struct option_info options_by[];		/* struct grouping_spec */

/* For rows of a command's own. */
bool option_flag(void *to, char *value, const char *command);
bool option_text(void *to, char *value, const char *command);
bool option_pids(void *to, char *value, const char *command);
bool option_glob(void *to, char *value, const char *command);
bool option_by_row(void *to, char *value, const char *command);
bool option_by_dir(void *to, char *value, const char *command);

size_t limit_rows(const struct limit *limit, const struct style *style, size_t lines_else);

#endif
