/* SPDX-License-Identifier: GPL-2.0 */
/*
 * column.h - what can be shown of a row or of a group of rows, by name.
 */
#ifndef KFAULTSTAT_COLUMN_H
#define KFAULTSTAT_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"
#include "text.h"

/* One line that is shown: a row, or a group of them. What a group lacks is NULL or 0. */
struct item {
	struct row row;
	const char *dir;	/* of a group by dir */
	const char *cgroup;
	uint64_t processes;	/* that are in the group and not folded */
	int64_t rss_kib;	/* resident now; -1 is unknown */
	double seconds;		/* that were counted in; 0 is unknown, and so are rates */
	size_t order;		/* among equals */
	bool is_total;		/* has the first six counters and nothing else */
};

enum column {
	COLUMN_COMM, COLUMN_PID, COLUMN_ID, COLUMN_STATE, COLUMN_PPID,
	COLUMN_COUNTS,		/* the first of NR_COUNTS */
	COLUMN_READ = COLUMN_COUNTS + NR_COUNTS,
	COLUMN_CALLS_S, COLUMN_MINOR_S, COLUMN_MAJOR_S,
	COLUMN_PROCESSES, COLUMN_RSS, COLUMN_DEV, COLUMN_INODE, COLUMN_CGROUP, COLUMN_DIR,
	COLUMN_OBJECT,
	NR_COLUMNS
};

#define COLUMNS_SHOWN_MAX 40

struct columns {
	enum column at[COLUMNS_SHOWN_MAX];
	size_t nr;
};

#define SORTS_MAX 8

struct sorts {
	struct {
		enum column column;
		bool ascending;
	} by[SORTS_MAX];
	size_t nr;
};

const char *column_name(enum column column);
const char *column_help(enum column column);
bool column_is_number(enum column column);
bool column_is_path(enum column column);
char *column_text(enum column column, const struct item *item, enum text_mode mode);
bool columns_parse(struct columns *columns, const char *list, const char **bad);
bool columns_fit(const struct columns *columns, size_t *widths, size_t width, size_t least);
bool columns_have(const struct columns *columns, enum column column);
bool sorts_parse(struct sorts *sorts, const char *list, const char **bad);
void items_sort(struct item *items, size_t nr, const struct sorts *sorts);

#endif
