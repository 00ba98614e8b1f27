// SPDX-License-Identifier: GPL-2.0
/*
 * fields.c - columns of rows that are not the module's: their choice, their order, their
 * text. Called by the commands that look at memory themselves, as cache and map.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "message.h"

/**
 * fields_help() - the columns, for --help.
 * @fields: they
 */
void fields_help(const struct fields *fields)
{
	size_t i;

	for (i = 0; i < fields->nr; i++)
		printf(" %-14s %s\n", fields->known[i].name, fields->known[i].help);
}

static bool is_number(const struct fields *fields, size_t field)
{
	return fields->known[field].kind >= FIELD_COUNT;
}

static bool find(const struct fields *fields, const char *name, size_t length, size_t *field)
{
	for (*field = 0; *field < fields->nr; (*field)++)
		if (strlen(fields->known[*field].name) == length &&
		    !strncasecmp(fields->known[*field].name, name, length))
			return true;
	return false;
}

static bool parse_shown(struct view *view, const char *list, const char **bad)
{
	size_t field;

	if (*list == '+')
		list++;
	else
		view->nr_shown = 0;
	for (;; list++) {
		size_t length = strcspn(list, ",");

		*bad = list;
		if (view->nr_shown == FIELDS_MAX || !find(view->fields, list, length, &field))
			return false;
		if (!view_has(view, field))
			view->shown[view->nr_shown++] = field;
		list += length;
		if (!*list)
			return true;
	}
}

static bool parse_sorts(struct view *view, const char *list, const char **bad)
{
	size_t field;

	view->nr_sorts = 0;
	for (;; list++) {
		size_t whole = strcspn(list, ","), length = strcspn(list, ",:");
		bool ascending;

		*bad = list;
		if (view->nr_sorts == SORTS_MAX || !find(view->fields, list, length, &field))
			return false;
		ascending = !is_number(view->fields, field);
		if (!text_direction(list + length, whole - length, &ascending))
			return false;
		view->sorts[view->nr_sorts].field = field;
		view->sorts[view->nr_sorts++].ascending = ascending;
		list += whole;
		if (!*list)
			return true;
	}
}

static bool refuse(const char *bad, const char *option, const struct options *options)
{
	complain("%s cannot be %.*s: see kfaultstat %s --help for the columns", option,
		 (int)strcspn(bad, ","), bad, options->command->name);
	return false;
}

/**
 * view_choose() - what to show and to sort by.
 * @view: set
 * @fields: what there is
 * @options: what is wanted
 * @list: the columns if nothing is
 * @sorts: the same for sorting
 *
 * Return: false after a complaint.
 */
bool view_choose(struct view *view, const struct fields *fields, const struct options *options,
		 const char *list, const char *sorts)
{
	const char *bad;

	view->fields = fields;
	parse_shown(view, list, &bad);
	if (options->output && !parse_shown(view, options->output, &bad))
		return refuse(bad, "-o", options);
	if (!parse_sorts(view, options->sort ? options->sort : sorts, &bad))
		return refuse(bad, "-s", options);
	return true;
}

/**
 * view_has() - whether a field is shown.
 * @view: what is shown
 * @field: which
 *
 * Return: true if it is.
 */
bool view_has(const struct view *view, size_t field)
{
	size_t i;

	for (i = 0; i < view->nr_shown; i++)
		if (view->shown[i] == field)
			return true;
	return false;
}

static int compare_numbers(const struct view *view, size_t field, bool ascending, const void *a,
			   const void *b)
{
	const struct fields *fields = view->fields;
	uint64_t x = 0, y = 0;
	bool known_x = fields->number(a, field, &x), known_y = fields->number(b, field, &y);

	if (!known_x || !known_y)
		return known_y - known_x;
	if (fields->known[field].kind == FIELD_CHANGE) {
		x ^= 1ull << 63;
		y ^= 1ull << 63;
	}
	return ascending ? (x > y) - (x < y) : (y > x) - (y < x);
}

static int compare_texts(const struct view *view, size_t field, const void *a, const void *b)
{
	char *x = view->fields->text(a, field, TEXT_JSON);
	char *y = view->fields->text(b, field, TEXT_JSON);
	int result = x && y ? strcmp(x, y) : !x - !y;

	free(x);
	free(y);
	return result;
}

/**
 * view_compare() - which of two rows comes first; what is not known comes last.
 * @view: how they are sorted
 * @a: one row
 * @b: the other
 *
 * Return: less than 0 if @a does, more if @b does, 0 if they are equal.
 */
int view_compare(const struct view *view, const void *a, const void *b)
{
	size_t i;

	for (i = 0; i < view->nr_sorts; i++) {
		size_t field = view->sorts[i].field;
		bool ascending = view->sorts[i].ascending;
		int result;

		if (is_number(view->fields, field))
			result = compare_numbers(view, field, ascending, a, b);
		else
			result = compare_texts(view, field, a, b) * (ascending ? 1 : -1);
		if (result)
			return result;
	}
	return 0;
}

/**
 * share_of() - a part in tenths of a percent.
 * @part: not more than
 * @whole: not 0
 *
 * Return: 0 and 1000 only for nothing and for all, whatever rounding says.
 */
uint64_t share_of(uint64_t part, uint64_t whole)
{
	uint64_t tenths = (uint64_t)((long double)part * 1000 / (long double)whole + 0.5L);

	if (!part)
		return 0;
	if (part >= whole)
		return 1000;
	return tenths < 1 ? 1 : tenths > 999 ? 999 : tenths;
}

/**
 * share_text() - a share for people and programs.
 * @tenths: of a percent
 *
 * Return: the text, to be freed.
 */
char *share_text(uint64_t tenths)
{
	return xasprintf("%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
}

/**
 * bytes_text() - a size for people.
 * @bytes: the size
 *
 * Return: with a unit of 1024 or a power of it, to be freed; three digits at the most in
 * front of it but for 1000 to 1023.
 */
char *bytes_text(uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	size_t unit = 0;
	uint64_t tenths;

	while (unit + 2 < sizeof(units) && bytes >> (10 * unit) >= 1024)
		unit++;
	if (!unit)
		return xasprintf("%" PRIu64 "%s", bytes, bytes ? "B" : "");
	tenths = (uint64_t)((long double)bytes * 10 / (long double)(1ull << (10 * unit)) + 0.5L);
	if (tenths >= 10240 && unit + 2 < sizeof(units)) {
		unit++;
		tenths = 10;
	}
	if (tenths >= 1000 || tenths % 10 == 0)
		return xasprintf("%" PRIu64 "%c", (tenths + 5) / 10, units[unit]);
	return xasprintf("%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10, units[unit]);
}

static char *number_text(enum field_kind kind, uint64_t value, enum text_mode mode)
{
	char *text, *whole;

	if (kind == FIELD_SHARE)
		return share_text(value);
	if (kind == FIELD_CHANGE && mode != TEXT_TABLE)
		return xasprintf("%" PRId64, (int64_t)value);
	if (kind == FIELD_CHANGE) {
		text = bytes_text((int64_t)value < 0 ? -value : value);
		whole = xasprintf("%s%s", (int64_t)value < 0 ? "-" : value ? "+" : "", text);
		free(text);
		return whole;
	}
	if (kind == FIELD_BYTES && mode == TEXT_TABLE)
		return bytes_text(value);
	return text_of_number(value);
}

static char *field_text(const struct fields *fields, size_t field, const void *row,
			enum text_mode mode)
{
	uint64_t value;

	if (!is_number(fields, field))
		return fields->text(row, field, mode);
	if (!fields->number(row, field, &value))
		return NULL;
	return number_text(fields->known[field].kind, value, mode);
}

/* On a terminal: how wide the last column may be, if it is one of paths; 0 is any width. */
static size_t path_width(const struct view *view, const void *const *rows, size_t nr,
			 const void *last, const struct style *style)
{
	size_t used = 0, i, j;

	if (!style->width || style->format != FORMAT_TABLE || !view->nr_shown ||
	    view->fields->known[view->shown[view->nr_shown - 1]].kind != FIELD_PATH)
		return 0;
	for (j = 0; j + 1 < view->nr_shown; j++) {
		size_t field = view->shown[j];
		size_t widest = style->noheadings ? 1 : strlen(view->fields->known[field].name);

		for (i = 0; i < nr + !!last; i++) {
			char *text = field_text(view->fields, field, i < nr ? rows[i] : last,
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
 * view_print() - put rows out as a table.
 * @view: what is shown of them
 * @rows: the rows, in order
 * @nr: how many
 * @last: a row behind them, or NULL; not in JSON
 * @style: how
 * @out: where to
 * @json_before: members of the JSON object that come before the table, or NULL
 */
void view_print(const struct view *view, const void *const *rows, size_t nr, const void *last,
		const struct style *style, FILE *out, const char *json_before)
{
	enum text_mode mode = style->format == FORMAT_TABLE ? TEXT_TABLE :
			      style->format == FORMAT_RAW ? TEXT_RAW : TEXT_JSON;
	struct table *t = table_begin(style, view->fields->name);
	size_t width = path_width(view, rows, nr, last, style), i, j;

	for (j = 0; j < view->nr_shown; j++)
		table_column(t, view->fields->known[view->shown[j]].name,
			     is_number(view->fields, view->shown[j]));
	for (i = 0; i < nr + (last && style->format != FORMAT_JSON); i++) {
		const void *row = i < nr ? rows[i] : last;

		for (j = 0; j < view->nr_shown; j++) {
			char *text = field_text(view->fields, view->shown[j], row, mode);

			if (text && width && j + 1 == view->nr_shown)
				text = text_shorten(text, width);
			table_cell(t, text);
		}
	}
	table_print(t, out, json_before);
	table_free(t);
}
