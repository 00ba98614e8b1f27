/* SPDX-License-Identifier: GPL-2.0 */
/*
 * column.h - the columns of the module's rows and of groups of rows.
 */
#ifndef KFAULTSTAT_COLUMN_H
#define KFAULTSTAT_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "faults/snapshot.h"

/* One line that is shown: a row, or a group of them. What a group lacks is NULL or 0. */
struct item {
	struct row row;
	const char *dir;	/* of a group by dir */
	const char *cgroup;
	uint64_t processes;	/* that are in the group and not folded */
	int64_t rss_kib;	/* resident now; -1 is unknown */
	double seconds;		/* that were counted in; 0 is unknown, and so are rates */
	size_t order;		/* among equals */
	bool is_total;		/* has the first six counters, and a name as its comm */
	size_t label;		/* of a total: the column where its name stands */
};

/* The fields of an item. */
enum column {
	COLUMN_COMM, COLUMN_PID, COLUMN_ID, COLUMN_STATE, COLUMN_PPID,
	COLUMN_COUNTS,		/* the first of NR_COUNTS */
	COLUMN_READ = COLUMN_COUNTS + NR_COUNTS,
	COLUMN_CALLS_S, COLUMN_MINOR_S, COLUMN_MAJOR_S,
	COLUMN_PROCESSES, COLUMN_KERNEL_MINOR, COLUMN_KERNEL_MAJOR,
	COLUMN_RSS, COLUMN_DEV, COLUMN_INODE,
	COLUMN_DELETED, COLUMN_CGROUP, COLUMN_DIR,
	COLUMN_OBJECT,
	NR_COLUMNS
};

struct fields;
struct view;
struct style;

extern const struct fields item_fields;

void items_sort(struct item *items, size_t nr, const struct view *view);
void items_print(const struct item *items, size_t nr, const struct view *view,
		 const struct style *style, const struct item *last, FILE *out,
		 const char *json_before);

#endif
