// SPDX-License-Identifier: GPL-2.0
/*
 * fields.c - columns: selection, sorting, text, and fitting to the screen. Called by every
 * command that has columns; their contents are the command's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/message.h"
#include "lib/xalloc.h"
#include "ui/fields.h"

/* Rows that are in memory as texts: all of a full table of the module's, not a million of files. */
#define BATCH		20000

#define SORT_SUFFIXES	", at most eight, optionally followed by :asc or :desc"
#define PATH_LEAST	6	/* a path is never cut shorter than that */
#define NAME_LEAST	16	/* nor a name; comm has at most 15 bytes, more only with escapes */

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

static bool find(const struct fields *fields, const char *name, size_t length, size_t *field)
{
	for (*field = 0; *field < fields->nr; (*field)++)
		if (text_is_word(name, length, fields->known[*field].name))
			return true;
	return false;
}

/**
 * view_show() - a list of fields, with commas between, each shown once.
 * @view: changed; a list that begins with + is added to what it has
 * @list: the list
 * @bad: what is no field, if anything is
 *
 * Return: false if the list is not good.
 */
bool view_show(struct view *view, const char *list, const char **bad)
{
	size_t field;

	if (*list == '+')
		list++;
	else
		view->nr_shown = 0;
	for (;; list++) {
		size_t length = strcspn(list, ",");

		*bad = list;
		if (!find(view->fields, list, length, &field))
			return false;
		if (!view_has(view, field))
			view->shown[view->nr_shown++] = field;
		list += length;
		if (!*list)
			return true;
	}
}

/**
 * view_sort() - fields to sort by, the most important first, each with :asc or :desc.
 * @view: changed
 * @list: with commas between; numbers descend and texts ascend unless it is said
 * @bad: what is not understood, if anything is
 *
 * Return: false if the list is not good.
 */
bool view_sort(struct view *view, const char *list, const char **bad)
{
	size_t field;

	view->nr_sorts = 0;
	for (;; list++) {
		size_t whole = strcspn(list, ","), length = strcspn(list, ",:");
		bool ascending;

		*bad = list;
		if (view->nr_sorts == SORTS_MAX || !find(view->fields, list, length, &field))
			return false;
		ascending = !view_is_number(view, field);
		if (!text_direction(list + length, whole - length, &ascending))
			return false;
		view->sorts[view->nr_sorts].field = field;
		view->sorts[view->nr_sorts++].ascending = ascending;
		list += whole;
		if (!*list)
			return true;
	}
}

/* The beginning of a list, up to the next comma, is not good. */
static bool refuse(const struct fields *fields, const char *bad, const char *option,
		   const char *behind)
{
	char *names = xstrdup(""), *longer;
	size_t i;

	for (i = 0; i < fields->nr; i++) {
		longer = xasprintf("%s%s%s", names, i ? ", " : "", fields->known[i].name);
		free(names);
		names = longer;
	}
	complain("%s: unknown column \"%.*s\": columns are %s%s; see --help", option,
		 (int)strcspn(bad, ","), bad, names, behind);
	free(names);
	return false;
}

/**
 * view_choose() - what to show and to sort by.
 * @view: set
 * @fields: what there is
 * @wanted: what is asked for
 * @list: the columns if none are; NULL for all
 * @sorts: the same for sorting; NULL if that is not for this command
 *
 * Return: false after a complaint.
 */
bool view_choose(struct view *view, const struct fields *fields,
		 const struct columns_wanted *wanted, const char *list, const char *sorts)
{
	const char *bad;

	view->fields = fields;
	view->nr_sorts = 0;
	for (view->nr_shown = 0; !list && view->nr_shown < fields->nr; view->nr_shown++)
		view->shown[view->nr_shown] = view->nr_shown;
	if (list)
		view_show(view, list, &bad);
	/* To all there is nothing to add. */
	view->usual = !wanted->output;
	bad = wanted->output;
	if (bad && ((!list && *bad == '+') || !view_show(view, wanted->output, &bad)))
		return refuse(fields, bad, "-o", "");
	if (sorts && !view_sort(view, wanted->sort ? wanted->sort : sorts, &bad))
		return refuse(fields, bad, "-s", SORT_SUFFIXES);
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

/**
 * view_is_number() - whether a field stands at the right and is a number in JSON.
 * @view: what is shown
 * @field: which
 *
 * Return: true if so.
 */
bool view_is_number(const struct view *view, size_t field)
{
	return view->fields->known[field].kind >= FIELD_COUNT;
}

/**
 * view_is_path() - whether a field is of long names of which the end says most.
 * @view: what is shown
 * @field: which
 *
 * Return: true if so.
 */
bool view_is_path(const struct view *view, size_t field)
{
	return view->fields->known[field].kind == FIELD_PATH;
}

/**
 * view_name() - what a field is called with -o, -s and in JSON.
 * @view: what is shown
 * @field: which
 *
 * Return: the name.
 */
const char *view_name(const struct view *view, size_t field)
{
	return view->fields->known[field].name;
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

static int compare_texts(const struct view *view, size_t field, bool ascending, const void *a,
			 const void *b)
{
	char *x, *y;
	int result;

	if (view->fields->compare)
		return view->fields->compare(a, b, field, ascending);
	x = view->fields->text(a, field, TEXT_JSON);
	y = view->fields->text(b, field, TEXT_JSON);
	if (!x || !y)
		result = !x - !y;
	else
		result = ascending ? strcmp(x, y) : strcmp(y, x);
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

		if (view_is_number(view, field))
			result = compare_numbers(view, field, ascending, a, b);
		else
			result = compare_texts(view, field, ascending, a, b);
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

/**
 * view_text() - a field of a row as it is shown.
 * @view: what is shown
 * @field: which
 * @row: of what
 * @mode: for whom
 *
 * Return: the text, to be freed; NULL if it is not known.
 */
char *view_text(const struct view *view, size_t field, const void *row, enum text_mode mode)
{
	enum field_kind kind = view->fields->known[field].kind;
	uint64_t value;

	if (kind < FIELD_COUNT || kind == FIELD_NUMBER)
		return view->fields->text(row, field, mode);
	if (!view->fields->number(row, field, &value))
		return NULL;
	return number_text(kind, value, mode);
}

/* How narrow a column may become; SIZE_MAX is not at all. */
static size_t kept(const struct view *view, size_t field, size_t least)
{
	switch (view->fields->known[field].kind) {
	case FIELD_PATH:
		return least;
	case FIELD_NAME:
		return NAME_LEAST;
	default:
		return SIZE_MAX;
	}
}

/**
 * view_fit() - make columns of paths and of long names narrower, until a line fits; the
 * widest first.
 * @view: what is shown, with one space between
 * @widths: of each as it is, changed
 * @width: of a line
 * @least: what every path keeps
 *
 * Return: false if there is nothing left that could be taken away.
 */
bool view_fit(const struct view *view, size_t *widths, size_t width, size_t least)
{
	size_t used = view->nr_shown ? view->nr_shown - 1 : 0, widest, i;

	for (i = 0; i < view->nr_shown; i++)
		used += widths[i];
	for (; used > width; used--) {
		widest = view->nr_shown;
		for (i = 0; i < view->nr_shown; i++)
			if (widths[i] > kept(view, view->shown[i], least) &&
			    (widest == view->nr_shown || widths[i] > widths[widest]))
				widest = i;
		if (widest == view->nr_shown)
			return false;
		widths[widest]--;
	}
	return true;
}

/**
 * view_drop() - leave the column out that is worth least, the rightmost of several.
 * @view: changed
 * @widths: of its columns, changed with them
 *
 * Return: false if none may go.
 */
bool view_drop(struct view *view, size_t *widths)
{
	int (*worth)(const struct view *, size_t) = view->fields->worth;
	size_t least = 0, i, after;

	if (!worth || view->nr_shown < 2)
		return false;
	for (i = 1; i < view->nr_shown; i++)
		if (worth(view, view->shown[i]) <= worth(view, view->shown[least]))
			least = i;
	after = view->nr_shown - least - 1;
	memmove(&view->shown[least], &view->shown[least + 1], after * sizeof(view->shown[0]));
	memmove(&widths[least], &widths[least + 1], after * sizeof(widths[0]));
	view->nr_shown--;
	return true;
}

/**
 * view_cut() - a path or a name where it is wider than its column.
 * @view: what is shown
 * @field: which
 * @text: as view_text() made it
 * @width: of the column, at least one
 *
 * Return: the text, to be freed instead of @text.
 */
char *view_cut(const struct view *view, size_t field, char *text, size_t width)
{
	switch (view->fields->known[field].kind) {
	case FIELD_PATH:
		return text_shorten(text, width);
	case FIELD_NAME:
		return text_shorten_end(text, width);
	default:
		return text;
	}
}

/* Rows on their way out: of what is not seen together, no more than a batch has its texts. */
struct output {
	const struct view *view;
	const void *const *rows;
	const void *last;		/* behind them, or NULL */
	size_t nr, lines;		/* rows, and with the last one */
	enum text_mode mode;
	struct view fitting;		/* the columns that there is room for */
	/* Widths of these, before and after they are cut. */
	size_t has[FIELDS_MAX], widths[FIELDS_MAX];
};

/* The texts of some lines, row by row, to be freed. */
static char **texts(const struct output *o, size_t from, size_t to)
{
	char **cells = xcalloc((to - from) * o->view->nr_shown, sizeof(*cells)), **cell = cells;
	size_t i, j;

	for (i = from; i < to; i++)
		for (j = 0; j < o->view->nr_shown; j++)
			*cell++ = view_text(o->view, o->view->shown[j],
					    i < o->nr ? o->rows[i] : o->last, o->mode);
	return cells;
}

static void measure(struct output *o, char *const *cells, size_t nr)
{
	size_t i;

	for (i = 0; i < nr * o->view->nr_shown; i++) {
		size_t *has = &o->has[i % o->view->nr_shown];
		size_t width = cells[i] ? text_width(cells[i]) : 1;

		*has = width > *has ? width : *has;
	}
}

/* On a terminal: leaves out usual columns until each line fits, if there are enough of them. */
static void fit(struct output *o, const struct style *style)
{
	const size_t least = style->noheadings ? 1 : PATH_LEAST;

	do {
		memcpy(o->widths, o->has, sizeof(o->widths));
	} while (style->width && !view_fit(&o->fitting, o->widths, style->width, least) &&
		 o->view->usual && view_drop(&o->fitting, o->has));
}

/* Texts to cells; what is too wide is cut, what there is no room for goes. */
static void fill(struct table *t, const struct output *o, char **cells, size_t nr)
{
	size_t i, j, to;

	for (i = 0; i < nr; i++)
		for (j = to = 0; j < o->view->nr_shown; j++, cells++) {
			size_t field = o->view->shown[j];

			if (to == o->fitting.nr_shown || o->fitting.shown[to] != field) {
				free(*cells);
				continue;
			}
			if (*cells && o->widths[to] < o->has[to])
				*cells = view_cut(o->view, field, *cells, o->widths[to]);
			table_cell(t, *cells);
			to++;
		}
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
	struct output o = {
		.view = view, .rows = rows, .last = last, .nr = nr, .fitting = *view,
		.lines = nr + (last && style->format != FORMAT_JSON),
		.mode = style->format == FORMAT_TABLE ? TEXT_TABLE :
			style->format == FORMAT_RAW ? TEXT_RAW : TEXT_JSON,
	};
	bool aligned = style->format == FORMAT_TABLE && (style->width || o.lines > BATCH);
	struct style part = *style;
	char **cells = NULL;
	size_t from, to, i;

	for (i = 0; i < view->nr_shown; i++)
		o.has[i] = style->noheadings ? 1 : strlen(view_name(view, view->shown[i]));
	for (from = 0; aligned && from < o.lines; from = to) {
		to = o.lines - from < BATCH ? o.lines : from + BATCH;
		cells = texts(&o, from, to);
		measure(&o, cells, to - from);
		for (i = 0; o.lines > BATCH && i < (to - from) * view->nr_shown; i++)
			free(cells[i]);
		if (o.lines > BATCH) {
			free(cells);
			cells = NULL;
		}
	}
	if (aligned)
		fit(&o, style);
	else
		memcpy(o.widths, o.has, sizeof(o.widths));
	for (from = 0; !from || from < o.lines; from = to) {
		struct table *t = table_begin(&part, view->fields->name);

		to = o.lines - from < BATCH ? o.lines : from + BATCH;
		for (i = 0; i < o.fitting.nr_shown; i++)
			table_column(t, view_name(view, o.fitting.shown[i]),
				     view_is_number(view, o.fitting.shown[i]),
				     o.lines > BATCH ? o.widths[i] : 0);
		cells = cells ? cells : texts(&o, from, to);
		fill(t, &o, cells, to - from);
		free(cells);
		cells = NULL;
		table_print(t, out, json_before, (from ? 0 : TABLE_BEGINS) |
			    (to == o.lines ? TABLE_ENDS : 0));
		table_free(t);
		part.noheadings = true;
		if (!o.lines)
			break;
	}
}

/**
 * fields_words() - fields of a row that are numbers, as far as they are known, by name.
 * @fields: of the row
 * @row: the row
 * @which: of its fields
 * @nr: how many
 * @json: as members of a JSON object, else as words
 *
 * Return: the text, to be freed.
 */
char *fields_words(const struct fields *fields, const void *row, const size_t *which, size_t nr,
		   bool json)
{
	char *all = xstrdup(""), *longer, *shown;
	uint64_t value;
	size_t i;

	for (i = 0; i < nr; i++) {
		const struct field *field = &fields->known[which[i]];

		if (!fields->number(row, which[i], &value))
			continue;
		shown = number_text(field->kind, value, TEXT_RAW);
		longer = xasprintf(json ? "%s%s\"%s\": %s" : "%s%s%s %s", all,
				   !*all ? "" : json ? ", " : " ", field->name, shown);
		free(shown);
		free(all);
		all = longer;
	}
	return all;
}
