// SPDX-License-Identifier: GPL-2.0
/*
 * render.c - puts tables out: aligned, raw, or as JSON. Called by every command but top.
 */
#include <ctype.h>
#include <inttypes.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "message.h"
#include "render.h"

/*
 * Only JSON is libsmartcols' work. To align sixteen thousand rows it takes most of the
 * time that we may take in all: it measures each character several times.
 */
struct table {
	struct style style;
	struct libscols_table *json;
	struct libscols_line *line;
	struct heading {
		char *name;
		bool number;
		size_t width;
	} columns[COLUMNS_SHOWN_MAX];
	char **cells;		/* but of JSON */
	size_t nr_columns, nr_cells, room;
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
	if (style->format == FORMAT_JSON) {
		t->json = smart(scols_new_table());
		scols_table_set_name(t->json, name);
		scols_table_enable_json(t->json, 1);
	}
	return t;
}

/**
 * table_column() - add a column, before any cell.
 * @t: the table; of at most COLUMNS_SHOWN_MAX columns
 * @name: small letters; the heading has capitals
 * @number: it stands at the right, and is a number in JSON
 */
void table_column(struct table *t, const char *name, bool number)
{
	struct heading *heading = &t->columns[t->nr_columns++];
	char *c;

	if (t->json) {
		struct libscols_column *column = smart(scols_table_new_column(t->json, name, 0, 0));

		scols_column_set_json_type(column, number ? SCOLS_JSON_NUMBER : SCOLS_JSON_STRING);
		return;
	}
	heading->name = xstrdup(name);
	heading->number = number;
	for (c = heading->name; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	if (!t->style.noheadings)
		heading->width = strlen(name);
}

static void json_cell(struct table *t, size_t column, char *text)
{
	if (!column)
		t->line = smart(scols_table_new_line(t->json, NULL));
	if (text && scols_line_refer_data(t->line, column, text))
		smart(NULL);
}

/**
 * table_cell() - the next cell, row by row.
 * @t: the table
 * @text: from malloc, becomes the table's; NULL for what is not known
 */
void table_cell(struct table *t, char *text)
{
	size_t column = t->nr_cells++ % t->nr_columns, width;

	if (t->json) {
		json_cell(t, column, text);
		return;
	}
	if (!text || !*text) {
		free(text);
		text = xstrdup("-");
	}
	if (t->nr_cells > t->room) {
		t->room = t->room ? 2 * t->room : 256;
		t->cells = xrealloc(t->cells, t->room * sizeof(*t->cells));
	}
	t->cells[t->nr_cells - 1] = text;
	width = t->style.format == FORMAT_TABLE ? text_width(text) : 0;
	if (width > t->columns[column].width)
		t->columns[column].width = width;
}

static void print_spaces(FILE *out, size_t number)
{
	while (number-- > 0)
		putc_unlocked(' ', out);
}

/* A cell with what goes before and behind it; nothing behind the last of a line. */
static void print_cell(const struct table *t, size_t column, const char *text, FILE *out)
{
	const struct heading *heading = &t->columns[column];
	bool last = column + 1 == t->nr_columns;
	size_t width = t->style.format == FORMAT_TABLE ? text_width(text) : 0;
	size_t fill = heading->width > width ? heading->width - width : 0;

	if (heading->number)
		print_spaces(out, fill);
	fputs_unlocked(text, out);
	if (!heading->number && !last)
		print_spaces(out, fill);
	putc_unlocked(last ? '\n' : ' ', out);
}

static void print_lines(struct table *t, FILE *out)
{
	size_t i;

	for (i = 0; i < t->nr_columns && t->style.format == FORMAT_RAW; i++)
		t->columns[i].width = 0;
	if (t->style.format == FORMAT_TABLE && !t->nr_cells)
		return;
	for (i = 0; i < t->nr_columns && !t->style.noheadings; i++)
		print_cell(t, i, t->columns[i].name, out);
	for (i = 0; i < t->nr_cells; i++)
		print_cell(t, i % t->nr_columns, t->cells[i], out);
}

/* What libsmartcols makes is an object of one array: ours may have something before it. */
static void print_json(struct table *t, FILE *out, const char *before)
{
	char *json = NULL, *whole, *begin, *end;

	if (t->nr_cells) {
		if (scols_print_table_to_string(t->json, &json))
			smart(NULL);
	} else {
		json = xasprintf("{\n   \"%s\": []\n}\n", scols_table_get_name(t->json));
	}
	begin = json + strspn(json, "{\n");
	end = strrchr(json, '}');
	if (end)
		*end = '\0';
	whole = xasprintf("{\n%s%s%s}", before ? before : "", before ? ",\n" : "", begin);
	text_filter_json(out, whole, t->style.compact);
	free(whole);
	free(json);
}

/**
 * table_print() - put a table out.
 * @t: the table
 * @out: where to
 * @json_before: members of the JSON object that come before the table, or NULL
 */
void table_print(struct table *t, FILE *out, const char *json_before)
{
	if (t->json)
		print_json(t, out, json_before);
	else
		print_lines(t, out);
}

/**
 * table_free() - free a table.
 * @t: begun
 */
void table_free(struct table *t)
{
	size_t i;

	for (i = 0; i < t->nr_columns; i++)
		free(t->columns[i].name);
	for (i = 0; i < t->nr_cells && t->cells; i++)
		free(t->cells[i]);
	free(t->cells);
	if (t->json)
		scols_unref_table(t->json);
	free(t);
}

static bool is_path(enum column column)
{
	return column == COLUMN_OBJECT || column == COLUMN_DIR || column == COLUMN_CGROUP;
}

/* On a terminal: how wide the last column may be, if it is one of paths; 0 is any width. */
static size_t path_width(const struct items *items, size_t limit, const struct columns *columns,
			 const struct style *style, double seconds)
{
	size_t used = 0, i, j;

	if (!style->width || style->format != FORMAT_TABLE || !columns->nr ||
	    !is_path(columns->at[columns->nr - 1]))
		return 0;
	for (j = 0; j + 1 < columns->nr; j++) {
		size_t widest = style->noheadings ? 1 : strlen(column_name(columns->at[j]));

		for (i = 0; i < limit; i++) {
			char *text = column_text(columns->at[j], &items->at[i], seconds,
						 TEXT_TABLE);
			size_t width = text ? text_width(text) : 1;

			widest = width > widest ? width : widest;
			free(text);
		}
		used += widest + 1;
	}
	return style->width > used + 16 ? style->width - used : 16;
}

/**
 * items_print() - put items out as a table.
 * @items: the items
 * @limit: how many of them at most
 * @columns: what is shown of them
 * @style: how
 * @seconds: what the counts were counted in, for rates
 * @last: a line of another kind behind them, or NULL; not in JSON
 * @out: where to
 * @json_before: members of the JSON object that come before the table, or NULL
 */
void items_print(const struct items *items, size_t limit, const struct columns *columns,
		 const struct style *style, double seconds, const struct item *last, FILE *out,
		 const char *json_before)
{
	enum text_mode mode = style->format == FORMAT_TABLE ? TEXT_TABLE :
			      style->format == FORMAT_RAW ? TEXT_RAW : TEXT_JSON;
	struct table *t = table_begin(style, "faults");
	size_t nr = items->nr < limit ? items->nr : limit;
	size_t width = path_width(items, nr, columns, style, seconds);
	size_t i, j;

	for (j = 0; j < columns->nr; j++)
		table_column(t, column_name(columns->at[j]), column_is_number(columns->at[j]));
	for (i = 0; i < nr + (last && style->format != FORMAT_JSON); i++) {
		const struct item *item = i < nr ? &items->at[i] : last;

		for (j = 0; j < columns->nr; j++) {
			char *text = column_text(columns->at[j], item, seconds, mode);

			if (text && width && j + 1 == columns->nr)
				text = text_shorten(text, width);
			table_cell(t, text);
		}
	}
	table_print(t, out, json_before);
	table_free(t);
}

/**
 * json_counts() - counters as a JSON object.
 * @counts: the counters
 * @number: how many of them, from the first
 *
 * Return: the text, to be freed.
 */
char *json_counts(const struct counts *counts, int number)
{
	char *text = NULL;
	size_t size;
	FILE *out = smart(open_memstream(&text, &size));
	int i;

	for (i = 0; i < number; i++)
		fprintf(out, "%s\"%s\": %" PRIu64, i ? ", " : "{", count_names[i], counts->n[i]);
	putc('}', out);
	fclose(out);
	return text;
}

/**
 * json_snapshot() - what the header of a snapshot says, as a member of a JSON object.
 * @s: the snapshot
 *
 * Return: the text, to be freed.
 */
char *json_snapshot(const struct snapshot *s)
{
	char *lifetime = json_counts(&s->lifetime, MISSED + 1);
	char *total = json_counts(&s->total, MISSED + 1);
	char *text = NULL;
	size_t size;
	FILE *out = smart(open_memstream(&text, &size));

	fputs("   \"faultstat\": {\"module\": ", out);
	text_put_json(out, s->module);
	fputs(", \"kernel\": ", out);
	text_put_json(out, s->kernel);
	fputs(", \"load\": ", out);
	text_put_json(out, s->load);
	fprintf(out, ", \"at\": %.3f, \"now\": %.3f, \"realtime\": %.3f, \"resets\": %" PRIu64,
		s->at, s->now, s->realtime, s->resets);
	fprintf(out, ", \"exceptions\": {\"user\": %" PRIu64 ", \"kernel\": %" PRIu64 "}",
		s->exceptions_user, s->exceptions_kernel);
	fprintf(out, ", \"lifetime\": %s, \"total\": %s", lifetime, total);
	fprintf(out, ", \"table\": {\"rows\": %" PRIu64 ", \"processes\": %" PRIu64
		", \"ended\": %" PRIu64 ", \"folded\": %" PRIu64 ", \"overflow\": %" PRIu64
		", \"memory\": %" PRIu64 "}}", s->table_rows, s->processes, s->ended, s->folded,
		s->overflow, s->memory);
	fclose(out);
	free(lifetime);
	free(total);
	return text;
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
