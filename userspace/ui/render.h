/* SPDX-License-Identifier: GPL-2.0 */
/*
 * render.h - tables: aligned for people, raw for programs, JSON.
 */
#ifndef KFAULTSTAT_RENDER_H
#define KFAULTSTAT_RENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum format { FORMAT_TABLE, FORMAT_RAW, FORMAT_JSON };

struct style {
	enum format format;
	bool noheadings;
	bool compact;		/* JSON on one line */
	size_t width;		/* of the terminal; 0 if there is none */
};

/* Of a table that is put out in parts. */
enum { TABLE_BEGINS = 1, TABLE_ENDS = 2, TABLE_WHOLE = 3 };

/* Any table: texts, row by row. */
struct table;

struct table *table_begin(const struct style *style, const char *name);
void table_column(struct table *t, const char *name, bool number, size_t least);
void table_tree_column(struct table *t, const char *name);
void table_cell(struct table *t, char *text);
void table_below(struct table *t, size_t depth);
void table_print(struct table *t, FILE *out, const char *json_before, unsigned int parts);
void table_free(struct table *t);

void screen_size(int fd, size_t *columns, size_t *lines);

#endif
