/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counters of rows: cells in groups, and what is done with them. row.h has the way to a cell
 * that the fast path takes.
 */
#ifndef FAULTSTAT_CELLS_H
#define FAULTSTAT_CELLS_H

#include <linux/list.h>
#include <linux/types.h>
#include "counters.h"
#include "row.h"

/* A row on one CPU. No other CPU writes in the memory, so cells need not begin a cache line. */
#define CELL_WORDS	(sizeof(struct fs_counters) / sizeof(u64))

/*
 * Rows that share memory for their cells: a process's first few, so that one with few takes little;
 * the others.
 */
#define GROUP_ROWS_FIRST	(1024 / sizeof(struct fs_counters))
#define GROUP_ROWS		(4096 / sizeof(struct fs_counters))

/**
 * struct fs_group - the cells of some rows of a process, with memory for each CPU that counted in
 * one
 * @used: which places have a row; the process's lock
 * @full: @used when no place is free
 * @link: in the process's groups, those with a free place first; likewise
 * @cells: by CPU; an entry is written once, by that CPU, and cleared when the group is freed
 * @pool: where the cells are from
 * @cpus: which may have cells: a bit is set before there are any
 *
 * Free groups are all zeroes. What faults read is @cells alone, which rows have, too: it is in
 * memory of its own, of a power of two where the number of CPUs is one.
 */
struct fs_group {
	u64 used;
	u64 full;
	struct list_head link;
	u64 **cells;
	u8 pool;
	unsigned long cpus[];
};

/* Counters since the last reset are those of the row less its baseline. */
struct fs_baseline {
	struct fs_counters counters;
	u64 carried;		/* calls under way at the reset: they count after it */
};

/* In hooks: */
u64 *fs_row_make_cell(struct fs_row *row, unsigned int cpu);
void fs_row_count(struct fs_row *row, enum fs_counter counter, u64 n);
bool fs_row_place(struct fs_row *row, struct fs_process *process);
void fs_row_unplace(struct fs_row *row);

/* In process context: */
void fs_row_release_cells(struct fs_row *row);
void fs_row_free_groups(struct fs_process *process);
void fs_row_read_verdicts(const struct fs_row *row, struct fs_counters *counters);
void fs_row_read_calls(const struct fs_row *row, struct fs_counters *counters);
void fs_row_total(const struct fs_row *row, struct fs_counters *counters);
void fs_row_add(struct fs_row *row, const struct fs_counters *counters);
bool fs_row_is_empty(const struct fs_row *row);
void fs_row_forget_baseline(struct fs_row *row);
void fs_row_flatten(struct fs_row *row);

#endif
