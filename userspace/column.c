// SPDX-License-Identifier: GPL-2.0
/*
 * column.c - the names, the text and the order of columns. Called by the options, by
 * render.c, and by top.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "column.h"
#include "message.h"

struct column_info {
	const char *name;
	const char *help;
	bool text;
};

static const struct column_info columns_known[NR_COLUMNS] = {
	[COLUMN_COMM] = { "comm", "name of the process", true },
	[COLUMN_PID] = { "pid", "its pid", false },
	[COLUMN_ID] = { "id", "its id, which is never used again", false },
	[COLUMN_STATE] = { "state", "live, exec, exited, folded, or a special row's kind", true },
	[COLUMN_PPID] = { "ppid", "the parent's pid at birth", false },
	[COLUMN_COUNTS + CALLS] = { "calls", "entries of handle_mm_fault()", false },
	[COLUMN_COUNTS + MINOR] = { "minor", "minor faults", false },
	[COLUMN_COUNTS + MAJOR] = { "major", "major faults", false },
	[COLUMN_COUNTS + UNCOUNTED] = { "uncounted", "calls that were retried or failed", false },
	[COLUMN_COUNTS + PENDING] = { "pending", "calls whose verdict is not known yet", false },
	[COLUMN_COUNTS + MISSED] = { "missed", "faults that no call explains", false },
	[COLUMN_COUNTS + WRITE] = { "write", "calls for a write", false },
	[COLUMN_COUNTS + EXEC] = { "exec", "calls for an instruction", false },
	[COLUMN_COUNTS + FROM_USER] = { "from_user", "calls from user mode", false },
	[COLUMN_COUNTS + FROM_KERNEL] = { "from_kernel", "calls from the kernel touching user memory",
					  false },
	[COLUMN_COUNTS + FROM_GUP] = { "from_gup", "calls without a hardware fault", false },
	[COLUMN_READ] = { "read", "calls for a read", false },
	[COLUMN_CALLS_S] = { "calls_s", "calls per second", false },
	[COLUMN_MINOR_S] = { "minor_s", "minor faults per second", false },
	[COLUMN_MAJOR_S] = { "major_s", "major faults per second", false },
	[COLUMN_PROCESSES] = { "processes", "processes in the group that are not folded", false },
	[COLUMN_RSS] = { "rss", "KiB resident now, of a live process", false },
	[COLUMN_DEV] = { "dev", "device of the file, major:minor", true },
	[COLUMN_INODE] = { "inode", "inode of the file", false },
	[COLUMN_CGROUP] = { "cgroup", "cgroup of a live process", true },
	[COLUMN_DIR] = { "dir", "folder of the file; regions as they are", true },
	[COLUMN_OBJECT] = { "object", "file or region", true },
};

/**
 * column_name() - what a column is called with -o, -s and in JSON.
 * @column: which
 *
 * Return: the name.
 */
const char *column_name(enum column column)
{
	return columns_known[column].name;
}

/**
 * column_help() - what a column means.
 * @column: which
 *
 * Return: a few words.
 */
const char *column_help(enum column column)
{
	return columns_known[column].help;
}

/**
 * column_is_number() - whether a column stands at the right and is a number in JSON.
 * @column: which
 *
 * Return: true if so.
 */
bool column_is_number(enum column column)
{
	return !columns_known[column].text;
}

/**
 * column_is_path() - whether a column is of long names of which the end says most.
 * @column: which
 *
 * Return: true if so.
 */
bool column_is_path(enum column column)
{
	return column == COLUMN_OBJECT || column == COLUMN_DIR || column == COLUMN_CGROUP;
}

static bool column_find(const char *name, size_t length, enum column *column)
{
	size_t i;

	for (i = 0; i < NR_COLUMNS; i++) {
		const char *known = columns_known[i].name;

		if (strlen(known) == length && !strncasecmp(known, name, length)) {
			*column = (enum column)i;
			return true;
		}
	}
	return false;
}

/**
 * columns_parse() - a list of columns, with commas between.
 * @columns: set; a list that begins with + is added to what it has
 * @list: the list
 * @bad: what is no column, if anything is
 *
 * Return: false if the list is not good.
 */
bool columns_parse(struct columns *columns, const char *list, const char **bad)
{
	enum column column;

	if (*list == '+')
		list++;
	else
		columns->nr = 0;
	for (;; list++) {
		size_t length = strcspn(list, ",");

		*bad = list;
		if (columns->nr == COLUMNS_SHOWN_MAX || !column_find(list, length, &column))
			return false;
		if (!columns_have(columns, column))
			columns->at[columns->nr++] = column;
		list += length;
		if (!*list)
			return true;
	}
}

/**
 * columns_have() - whether a column is shown.
 * @columns: what is shown
 * @column: which
 *
 * Return: true if it is.
 */
bool columns_have(const struct columns *columns, enum column column)
{
	size_t i;

	for (i = 0; i < columns->nr; i++)
		if (columns->at[i] == column)
			return true;
	return false;
}

/**
 * columns_fit() - make columns of paths narrower, until a line fits; the widest first.
 * @columns: what is shown, with one space between
 * @widths: of each as it is, changed
 * @width: of a line
 * @least: what every path keeps
 *
 * Return: false if there is nothing left that could be taken away.
 */
bool columns_fit(const struct columns *columns, size_t *widths, size_t width, size_t least)
{
	size_t used = columns->nr ? columns->nr - 1 : 0, widest, i;

	for (i = 0; i < columns->nr; i++)
		used += widths[i];
	for (; used > width; used--) {
		widest = columns->nr;
		for (i = 0; i < columns->nr; i++)
			if (column_is_path(columns->at[i]) && widths[i] > least &&
			    (widest == columns->nr || widths[i] > widths[widest]))
				widest = i;
		if (widest == columns->nr)
			return false;
		widths[widest]--;
	}
	return true;
}

/**
 * sorts_parse() - columns to sort by, the most important first, each with :asc or :desc.
 * @sorts: set
 * @list: with commas between; numbers descend and texts ascend unless it is said
 * @bad: what is not understood, if anything is
 *
 * Return: false if the list is not good.
 */
bool sorts_parse(struct sorts *sorts, const char *list, const char **bad)
{
	sorts->nr = 0;
	for (;; list++) {
		size_t whole = strcspn(list, ","), length = strcspn(list, ",:");
		enum column column;
		bool ascending;

		*bad = list;
		if (sorts->nr == SORTS_MAX || !column_find(list, length, &column))
			return false;
		ascending = !column_is_number(column);
		if (!text_direction(list + length, whole - length, &ascending))
			return false;
		sorts->by[sorts->nr].column = column;
		sorts->by[sorts->nr++].ascending = ascending;
		list += whole;
		if (!*list)
			return true;
	}
}

static uint64_t reads(const struct counts *counts)
{
	uint64_t others = counts->n[WRITE] + counts->n[EXEC];

	return counts->n[CALLS] > others ? counts->n[CALLS] - others : 0;
}

/* The length of the folder of a path, or of the whole if it has none. */
static int dir_length(const char *object)
{
	const char *slash = strrchr(object, '/');

	if (*object != '/')
		return (int)strlen(object);
	return slash == object ? 1 : (int)(slash - object);
}

/* A column that is a number; false if it is not known. */
static bool column_number(enum column column, const struct item *item, uint64_t *value)
{
	const struct row *row = &item->row;

	if (item->is_total && (column < COLUMN_COUNTS || column > COLUMN_COUNTS + MISSED) &&
	    (column < COLUMN_CALLS_S || column > COLUMN_MAJOR_S))
		return false;
	switch (column) {
	case COLUMN_PID:
		*value = (uint64_t)row->pid;
		return row->pid != 0;
	case COLUMN_PPID:
		*value = (uint64_t)row->ppid;
		return row->ppid != 0;
	case COLUMN_ID:
		*value = row->id;
		return row->id != 0;
	case COLUMN_READ:
		*value = reads(&row->counts);
		return true;
	case COLUMN_PROCESSES:
		*value = item->processes;
		return true;
	case COLUMN_RSS:
		*value = (uint64_t)item->rss_kib;
		return item->rss_kib >= 0;
	case COLUMN_INODE:
		*value = row->inode;
		return row->inode != 0;
	case COLUMN_CALLS_S:
	case COLUMN_MINOR_S:
	case COLUMN_MAJOR_S:
		*value = row->counts.n[CALLS + (column - COLUMN_CALLS_S)];
		return true;
	default:
		*value = row->counts.n[column - COLUMN_COUNTS];
		return true;
	}
}

/* A column that is a name as it is kept; NULL if there is none. */
static const char *column_string(enum column column, const struct item *item)
{
	switch (column) {
	case COLUMN_COMM:
		return item->row.comm;
	case COLUMN_STATE:
		return item->row.state;
	case COLUMN_CGROUP:
		return item->cgroup;
	case COLUMN_DIR:
		return item->dir;
	default:
		return item->row.object;
	}
}

static char *dir_of(const char *object, enum text_mode mode)
{
	char *dir = strndup(object, (size_t)dir_length(object)), *shown;

	if (!dir)
		return NULL;
	shown = text_shown(dir, mode);
	free(dir);
	return shown;
}

/**
 * column_text() - a column of an item as it is shown.
 * @column: which
 * @item: of what
 * @mode: for whom
 *
 * Return: the text, to be freed; NULL if it is not known.
 */
char *column_text(enum column column, const struct item *item, enum text_mode mode)
{
	const char *string;
	uint64_t value;

	if (column == COLUMN_DEV)
		return row_is_file(&item->row) ? xasprintf("%u:%u", item->row.dev_major,
							   item->row.dev_minor) : NULL;
	if (column_is_number(column)) {
		if (!column_number(column, item, &value))
			return NULL;
		if (column < COLUMN_CALLS_S || column > COLUMN_MAJOR_S)
			return text_of_number(value);
		return item->seconds > 0 ? xasprintf("%.1f", (double)value / item->seconds) : NULL;
	}
	string = column_string(column, item);
	if (column == COLUMN_DIR && !string && item->row.object)
		return dir_of(item->row.object, mode);
	return string ? text_shown(string, mode) : NULL;
}

static int text_compare(const char *a, const char *b)
{
	if (!a || !b)
		return !a - !b;
	return strcmp(a, b);
}

static int dir_compare(const struct item *a, const struct item *b)
{
	const char *x = a->dir ? a->dir : a->row.object, *y = b->dir ? b->dir : b->row.object;
	int length_x = a->dir ? (int)strlen(x) : dir_length(x ? x : "");
	int length_y = b->dir ? (int)strlen(y) : dir_length(y ? y : "");
	int shorter = length_x < length_y ? length_x : length_y;
	int result = x && y ? strncmp(x, y, (size_t)shorter) : 0;

	return result ? result : length_x - length_y;
}

static int dev_compare(const struct row *a, const struct row *b)
{
	uint64_t x = (uint64_t)a->dev_major << 32 | a->dev_minor;
	uint64_t y = (uint64_t)b->dev_major << 32 | b->dev_minor;

	return (x > y) - (x < y);
}

/* What is not known comes last, whatever the direction. */
static int number_compare(enum column column, const struct item *a, const struct item *b,
			  bool ascending)
{
	uint64_t x = 0, y = 0;
	bool known_x = column_number(column, a, &x), known_y = column_number(column, b, &y);

	if (!known_x || !known_y)
		return known_y - known_x;
	return ascending ? (x > y) - (x < y) : (y > x) - (y < x);
}

static int items_compare(const void *left, const void *right, void *data)
{
	const struct item *a = left, *b = right;
	const struct sorts *sorts = data;
	size_t i;

	for (i = 0; i < sorts->nr; i++) {
		enum column column = sorts->by[i].column;
		bool ascending = sorts->by[i].ascending;
		int result;

		if (column_is_number(column)) {
			result = number_compare(column, a, b, ascending);
		} else {
			if (column == COLUMN_DEV)
				result = dev_compare(&a->row, &b->row);
			else if (column == COLUMN_DIR)
				result = dir_compare(a, b);
			else
				result = text_compare(column_string(column, a),
						      column_string(column, b));
			result = ascending ? result : -result;
		}
		if (result)
			return result;
	}
	return (a->order > b->order) - (a->order < b->order);
}

/**
 * items_sort() - put items in order; equal ones stay as they were.
 * @items: the items
 * @nr: how many
 * @sorts: by what
 */
void items_sort(struct item *items, size_t nr, const struct sorts *sorts)
{
	size_t i;

	for (i = 0; i < nr; i++)
		items[i].order = i;
	qsort_r(items, nr, sizeof(*items), items_compare, (void *)sorts);
}
