// SPDX-License-Identifier: GPL-2.0
/*
 * render.c - prints tables: aligned, raw, or as JSON. Called by every command but top.
 * libsmartcols keeps the cells and aligns them. What is in them is safe when it comes
 * here (text.c), and as wide as it may be (fields.c): only we know which columns can be
 * cut, and at which end. JSON is written here: the library takes an empty text for none.
 */
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib/message.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "ui/render.h"

struct table {
	struct style style;
	struct libscols_table *cells;
	struct libscols_line *line;
	size_t nr_columns, nr_cells;
	struct libscols_line **parents;	/* of a tree: the last line of each depth */
	size_t depth, parent_room;
};

static void *smart(void *p)
{
	if (!p) {
		complain("libsmartcols: out of memory");
		exit(EXIT_ERROR);
	}
	return p;
}

/**
 * table_begin() - an empty table.
 * @style: how it will be put out
 * @name: what it is called in JSON
 *
 * Return: the table, to be freed.
 */
struct table *table_begin(const struct style *style, const char *name)
{
	struct table *t = xcalloc(1, sizeof(*t));

	t->style = *style;
	t->cells = smart(scols_new_table());
	scols_table_set_name(t->cells, name);
	scols_table_enable_noheadings(t->cells, style->noheadings);
	/* It would escape in its own way what is escaped, and cut what must not be. */
	scols_table_enable_noencoding(t->cells, true);
	scols_table_set_termforce(t->cells, SCOLS_TERMFORCE_NEVER);
	return t;
}

/**
 * table_column() - add a column, before any cell.
 * @t: the table
 * @name: small letters; the heading has capitals
 * @number: it stands at the right, and is a number in JSON
 * @least: so wide at least
 */
void table_column(struct table *t, const char *name, bool number, size_t least)
{
	struct libscols_column *column;
	/* The library takes a width as a wish, which headings go before. */
	char *heading = xasprintf("%*s", number ? (int)least : -(int)least, name);

	if (t->style.format != FORMAT_JSON)
		text_upper(heading);
	/* A heading makes room for itself also where it is not shown. */
	if (t->style.noheadings && t->style.format != FORMAT_JSON)
		*heading = '\0';
	column = smart(scols_table_new_column(t->cells, heading, 0, number ? SCOLS_FL_RIGHT : 0));
	if (least)
		scols_column_set_whint(column, (double)least);
	scols_column_set_json_type(column, number ? SCOLS_JSON_NUMBER : SCOLS_JSON_STRING);
	t->nr_columns++;
	free(heading);
}

/**
 * table_tree_column() - add the column that draws the tree, before any cell.
 * @t: the table; not for JSON
 * @name: small letters; the heading has capitals
 */
void table_tree_column(struct table *t, const char *name)
{
	char *heading = xstrdup(t->style.noheadings ? "" : name);

	smart(scols_table_new_column(t->cells, text_upper(heading), 0, SCOLS_FL_TREE));
	t->nr_columns++;
	free(heading);
}

/**
 * table_below() - how deep in the tree the next row is.
 * @t: the table, with a column for it
 * @depth: 0 for the top; at most one more than that of the row before
 */
void table_below(struct table *t, size_t depth)
{
	t->depth = depth;
}

static void line_begin(struct table *t)
{
	t->line = smart(scols_table_new_line(t->cells, t->depth ? t->parents[t->depth - 1] : NULL));
	if (t->depth >= t->parent_room)
		t->parents = xgrow(t->parents, t->depth, &t->parent_room, sizeof(*t->parents));
	t->parents[t->depth] = t->line;
}

/**
 * table_cell() - the next cell, row by row.
 * @t: the table
 * @text: from malloc, becomes the table's; NULL for what is not known
 */
void table_cell(struct table *t, char *text)
{
	size_t column = t->nr_cells++ % t->nr_columns;

	if (!column)
		line_begin(t);
	if (t->style.format != FORMAT_JSON && (!text || !*text)) {
		free(text);
		text = xstrdup("-");
	}
	if (text && scols_line_refer_data(t->line, column, text))
		smart(NULL);
}

static void print_headings(struct table *t, FILE *out)
{
	size_t i;

	for (i = 0; i < t->nr_columns && !t->style.noheadings; i++) {
		fputs_unlocked(scols_column_get_name(scols_table_get_column(t->cells, i)), out);
		putc_unlocked(i + 1 < t->nr_columns ? ' ' : '\n', out);
	}
}

/* Words: the library would escape our backslashes once more. */
static void print_raw(struct table *t, FILE *out)
{
	struct libscols_iter *lines = smart(scols_new_iter(SCOLS_ITER_FORWARD));
	struct libscols_line *line;
	size_t i;

	print_headings(t, out);
	while (!scols_table_next_line(t->cells, lines, &line))
		for (i = 0; i < t->nr_columns; i++) {
			fputs_unlocked(scols_cell_get_data(scols_line_get_cell(line, i)), out);
			putc_unlocked(i + 1 < t->nr_columns ? ' ' : '\n', out);
		}
	scols_free_iter(lines);
}

/* JSON that is written over several lines; on one line these and their indents are left out. */
static void put_json(FILE *out, const char *json, bool compact)
{
	while (compact && *json) {
		size_t length;

		json += strspn(json, "\n ");
		length = strcspn(json, "\n");
		fwrite_unlocked(json, 1, length, out);
		json += length;
	}
	fputs_unlocked(json, out);
}

static void print_json_line(struct table *t, FILE *out, struct libscols_line *line)
{
	bool compact = t->style.compact;
	size_t i;

	for (i = 0; i < t->nr_columns; i++) {
		struct libscols_column *column = scols_table_get_column(t->cells, i);
		const char *text = scols_cell_get_data(scols_line_get_cell(line, i));

		put_json(out, i ? ",\n         " : "\n         ", compact);
		fprintf(out, "\"%s\": ", scols_column_get_name(column));
		if (!text)
			fputs_unlocked("null", out);
		else if (scols_column_get_json_type(column) == SCOLS_JSON_NUMBER)
			fputs_unlocked(text, out);
		else
			text_put_json(out, text);
	}
}

/* An object of one array, that may have something before it, and come in parts. */
static void print_json(struct table *t, FILE *out, const char *before, unsigned int parts)
{
	struct libscols_iter *lines = smart(scols_new_iter(SCOLS_ITER_FORWARD));
	struct libscols_line *line;
	bool compact = t->style.compact, first = parts & TABLE_BEGINS;

	if (parts & TABLE_BEGINS) {
		put_json(out, "{\n", compact);
		if (before) {
			put_json(out, before, compact);
			put_json(out, ",\n", compact);
		}
		put_json(out, "   \"", compact);
		fprintf(out, "%s\": [", scols_table_get_name(t->cells));
	}
	while (!scols_table_next_line(t->cells, lines, &line)) {
		put_json(out, first ? "\n      {" : ",{", compact);
		print_json_line(t, out, line);
		put_json(out, "\n      }", compact);
		first = false;
	}
	if (parts & TABLE_ENDS) {
		put_json(out, "\n   ]\n}", compact);
		putc_unlocked('\n', out);
	}
	scols_free_iter(lines);
}

/**
 * table_print() - put a table out.
 * @t: the table
 * @out: where to
 * @json_before: members of the JSON object that come before the table, or NULL
 * @parts: TABLE_WHOLE, or which part of a larger one it is
 */
void table_print(struct table *t, FILE *out, const char *json_before, unsigned int parts)
{
	scols_table_set_stream(t->cells, out);
	if (t->style.format == FORMAT_JSON)
		print_json(t, out, json_before, parts);
	else if (t->style.format == FORMAT_RAW)
		print_raw(t, out);
	else if (!t->nr_cells)
		print_headings(t, out);	/* the library prints nothing */
	else if (scols_print_table(t->cells) && !ferror(out))
		smart(NULL);
}

/**
 * table_free() - free a table.
 * @t: begun
 */
void table_free(struct table *t)
{
	scols_unref_table(t->cells);
	free(t->parents);
	free(t);
}

/**
 * screen_size() - the size of a terminal.
 * @fd: open on it, or on something else
 * @columns: set; 0 if it is no terminal
 * @lines: the same
 */
void screen_size(int fd, size_t *columns, size_t *lines)
{
	struct winsize size;

	*columns = 0;
	*lines = 0;
	if (ioctl(fd, TIOCGWINSZ, &size))
		return;
	*columns = size.ws_col ? size.ws_col : 80;
	*lines = size.ws_row ? size.ws_row : 24;
}
