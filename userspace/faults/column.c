// SPDX-License-Identifier: GPL-2.0
/*
 * column.c - the columns of the module's rows, for ui/fields.c. Used by every command that shows
 * such rows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults/column.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "ui/fields.h"

static const struct field known[NR_COLUMNS] = {
	[COLUMN_COMM] = { "comm", FIELD_NAME, "name of the process" },
	[COLUMN_PID] = { "pid", FIELD_COUNT, "pid of the process" },
	[COLUMN_ID] = { "id", FIELD_COUNT, "id of the process, never reused" },
	[COLUMN_STATE] = { "state", FIELD_TEXT,
			   "live, exec, exited, folded, or a special row's kind" },
	[COLUMN_PPID] = { "ppid", FIELD_COUNT, "pid of the parent when the process was created" },
	[COLUMN_COUNTS + CALLS] = { "calls", FIELD_COUNT, "entries of handle_mm_fault()" },
	[COLUMN_COUNTS + MINOR] = { "minor", FIELD_COUNT, "minor faults" },
	[COLUMN_COUNTS + MAJOR] = { "major", FIELD_COUNT, "major faults" },
	[COLUMN_COUNTS + UNCOUNTED] = { "uncounted", FIELD_COUNT,
					"calls that were retried or failed" },
	[COLUMN_COUNTS + PENDING] = { "pending", FIELD_COUNT,
				      "calls whose outcome is not known yet" },
	[COLUMN_COUNTS + MISSED] = { "missed", FIELD_COUNT, "faults not matched to a call" },
	[COLUMN_COUNTS + WRITE] = { "write", FIELD_COUNT, "calls for a write" },
	[COLUMN_COUNTS + EXEC] = { "exec", FIELD_COUNT, "calls for an instruction" },
	[COLUMN_COUNTS + FROM_USER] = { "from_user", FIELD_COUNT, "calls from user mode" },
	[COLUMN_COUNTS + FROM_KERNEL] = { "from_kernel", FIELD_COUNT,
					  "calls from the kernel touching user memory" },
	[COLUMN_COUNTS + FROM_GUP] = { "from_gup", FIELD_COUNT, "calls without a hardware fault" },
	[COLUMN_READ] = { "read", FIELD_COUNT, "calls for a read" },
	[COLUMN_CALLS_S] = { "calls_s", FIELD_NUMBER, "calls per second" },
	[COLUMN_MINOR_S] = { "minor_s", FIELD_NUMBER, "minor faults per second" },
	[COLUMN_MAJOR_S] = { "major_s", FIELD_NUMBER, "major faults per second" },
	[COLUMN_PROCESSES] = { "processes", FIELD_COUNT,
			       "processes in the group that are not folded" },
	[COLUMN_KERNEL_MINOR] = { "kernel_minor", FIELD_COUNT,
				  "minor faults of the process, counted by the kernel" },
	[COLUMN_KERNEL_MAJOR] = { "kernel_major", FIELD_COUNT,
				  "major faults of the process, counted by the kernel" },
	[COLUMN_RSS] = { "rss", FIELD_BYTES, "resident memory of a live process, now" },
	[COLUMN_DEV] = { "dev", FIELD_TEXT, "device of the file, major:minor" },
	[COLUMN_INODE] = { "inode", FIELD_COUNT, "inode of the file" },
	[COLUMN_DELETED] = { "deleted", FIELD_COUNT,
			     "1 if the file had been deleted when the row was new" },
	[COLUMN_CGROUP] = { "cgroup", FIELD_PATH, "cgroup of a live process" },
	[COLUMN_DIR] = { "dir", FIELD_PATH, "folder of the file; areas as they are" },
	[COLUMN_OBJECT] = { "object", FIELD_PATH, "file or area" },
};

_Static_assert(NR_COLUMNS <= FIELDS_MAX, "all of them can be shown");

static uint64_t reads(const struct counts *counts)
{
	uint64_t others = counts->n[WRITE] + counts->n[EXEC];

	return counts->n[CALLS] > others ? counts->n[CALLS] - others : 0;
}

/* The length of the folder of an object, or of the whole if that is no path. */
static int object_dir_length(const char *object)
{
	return (int)(*object == '/' ? dir_length(object, 0) : strlen(object));
}

static bool is_rate(size_t column)
{
	return column >= COLUMN_CALLS_S && column <= COLUMN_MAJOR_S;
}

/* A column that is a number; false if it is not known. */
static bool number(const void *data, size_t column, uint64_t *value)
{
	const struct item *item = data;
	const struct row *row = &item->row;

	if (item->is_total && (column < COLUMN_COUNTS || column > COLUMN_COUNTS + MISSED) &&
	    !is_rate(column))
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
	case COLUMN_KERNEL_MINOR:
		*value = row->kernel.minor;
		return row->kernel.has_minor;
	case COLUMN_KERNEL_MAJOR:
		*value = row->kernel.major;
		return row->kernel.has_major;
	case COLUMN_RSS:
		*value = (uint64_t)item->rss_kib << 10;
		return item->rss_kib >= 0;
	case COLUMN_INODE:
		*value = row->inode;
		return row->inode != 0;
	case COLUMN_DELETED:
		*value = row->deleted;
		return row->has_deleted;
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
static const char *column_string(size_t column, const struct item *item)
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
	char *dir = strndup(object, (size_t)object_dir_length(object)), *shown;

	if (!dir)
		return NULL;
	shown = text_shown(dir, mode);
	free(dir);
	return shown;
}

static char *rate_text(const struct item *item, size_t column)
{
	uint64_t value;

	if (!number(item, column, &value) || item->seconds <= 0)
		return NULL;
	return xasprintf("%.1f", (double)value / item->seconds);
}

static char *text(const void *data, size_t column, enum text_mode mode)
{
	const struct item *item = data;
	const char *string;

	if (is_rate(column))
		return rate_text(item, column);
	if (item->is_total)
		return column == item->label ? text_shown(item->row.comm, mode) : NULL;
	if (column == COLUMN_DEV)
		return row_is_file(&item->row) ? xasprintf("%u:%u", item->row.dev_major,
							   item->row.dev_minor) : NULL;
	string = column_string(column, item);
	if (column == COLUMN_DIR && !string && item->row.object)
		return dir_of(item->row.object, mode);
	/* The module, too, has this for an empty name or for none. */
	if (string && !strcmp(string, "-"))
		return xstrdup(string);
	return string ? text_shown(string, mode) : NULL;
}

static int text_compare(const char *a, const char *b, bool ascending)
{
	if (!a || !b)
		return !a - !b;
	return ascending ? strcmp(a, b) : strcmp(b, a);
}

static int dir_compare(const struct item *a, const struct item *b)
{
	const char *x = a->dir ? a->dir : a->row.object, *y = b->dir ? b->dir : b->row.object;
	int length_x = a->dir ? (int)strlen(x) : object_dir_length(x ? x : "");
	int length_y = b->dir ? (int)strlen(y) : object_dir_length(y ? y : "");
	int shorter = length_x < length_y ? length_x : length_y;
	int result = x && y ? strncmp(x, y, (size_t)shorter) : 0;

	return result ? result : length_x - length_y;
}

static int dev_compare(const struct row *a, const struct row *b, bool ascending)
{
	uint64_t x = (uint64_t)a->dev_major << 32 | a->dev_minor;
	uint64_t y = (uint64_t)b->dev_major << 32 | b->dev_minor;

	if (!row_is_file(a) || !row_is_file(b))
		return row_is_file(b) - row_is_file(a);
	return ascending ? (x > y) - (x < y) : (x < y) - (x > y);
}

static int compare(const void *left, const void *right, size_t column, bool ascending)
{
	const struct item *a = left, *b = right;

	if (column == COLUMN_DEV)
		return dev_compare(&a->row, &b->row, ascending);
	if (column == COLUMN_DIR)
		return ascending ? dir_compare(a, b) : dir_compare(b, a);
	return text_compare(column_string(column, a), column_string(column, b), ascending);
}

/* Paths always stay, and what is sorted by. */
static int worth(const struct view *view, size_t column)
{
	if (view_is_path(view, column))
		return 9;
	if (view->nr_sorts && view->sorts[0].field == column)
		return 8;
	switch (column) {
	case COLUMN_COMM:
		return 7;
	case COLUMN_PID:
		return 6;
	case COLUMN_COUNTS + MAJOR:
	case COLUMN_RSS:
		return 5;
	case COLUMN_COUNTS + MINOR:
		return 4;
	case COLUMN_COUNTS + CALLS:
		return 3;
	case COLUMN_CALLS_S:
	case COLUMN_MINOR_S:
	case COLUMN_MAJOR_S:
		return 1;
	default:
		return 2;
	}
}

const struct fields item_fields = {
	.name = "faults",
	.known = known,
	.nr = NR_COLUMNS,
	.number = number,
	.text = text,
	.compare = compare,
	.worth = worth,
};

static int items_compare(const void *left, const void *right, void *data)
{
	const struct item *a = left, *b = right;
	int result = view_compare(data, a, b);

	return result ? result : (a->order > b->order) - (a->order < b->order);
}

/**
 * items_sort() - put items in order; equal ones stay as they were.
 * @items: the items
 * @nr: how many
 * @view: by what
 */
void items_sort(struct item *items, size_t nr, const struct view *view)
{
	size_t i;

	for (i = 0; i < nr; i++)
		items[i].order = i;
	qsort_r(items, nr, sizeof(*items), items_compare, (void *)view);
}

/* Where the name of a total stands: with names of processes, else in the last text. */
static size_t label_column(const struct view *view)
{
	size_t label = NR_COLUMNS, i;

	for (i = 0; i < view->nr_shown; i++) {
		if (view->shown[i] == COLUMN_COMM)
			return COLUMN_COMM;
		if (!view_is_number(view, view->shown[i]))
			label = view->shown[i];
	}
	return label;
}

/*
 * A program must not take it for a row, and where there is no text nobody could tell: the line
 * is the header's, then.
 */
static void print_total(const struct item *total, FILE *out)
{
	int i;

	fprintf(out, "# %s", total->row.comm);
	for (i = 0; i <= MISSED; i++)
		fprintf(out, " %s %" PRIu64, count_names[i], total->row.counts.n[i]);
	putc('\n', out);
}

/**
 * items_print() - put items out as a table.
 * @items: the items
 * @nr: how many
 * @view: what is shown of them
 * @style: how
 * @last: a total behind them, or NULL; not in JSON
 * @out: where to
 * @json_before: members of the JSON object that come before the table, or NULL
 */
void items_print(const struct item *items, size_t nr, const struct view *view,
		 const struct style *style, const struct item *last, FILE *out,
		 const char *json_before)
{
	const void **rows = xcalloc(nr, sizeof(*rows));
	bool apart = style->format == FORMAT_RAW;
	struct item total;
	size_t i;

	for (i = 0; i < nr; i++)
		rows[i] = &items[i];
	if (last) {
		total = *last;
		total.label = label_column(view);
		apart = apart || (style->format == FORMAT_TABLE && total.label == NR_COLUMNS);
	}
	view_print(view, rows, nr, last && !apart ? &total : NULL, style, out, json_before);
	if (last && apart)
		print_total(&total, out);
	free(rows);
}
