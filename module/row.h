/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows: what processes count on objects, in cells of each CPU; and the way to them that the
 * fast path takes (account.h). The rules are in table.h.
 */
#ifndef FAULTSTAT_ROW_H
#define FAULTSTAT_ROW_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/list.h>
#include <asm/local.h>
#include "counters.h"
#include "object.h"
#include "process.h"
#include "table.h"

struct fs_heat_cells;
struct fs_name;

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

/*
 * What searches and the fast path read: the first line of a row, and all of an alias but what it is
 * one of.
 */
#define FS_ROW_HEAD				\
	void *freed;				\
	struct fs_row *index_next;		\
	struct fs_process *process;		\
	struct fs_object_key key;		\
	u64 **cells;				\
	struct fs_heat_cells *heat;		\
	u16 cell;				\
	bool indexed;				\
	bool alias;				\
	bool deleted;				\
	bool dropped;				\
	bool leaving;				\
	bool wanted

/**
 * struct fs_row - a process's calls on one object, in 256 bytes: more would take 512 of kmalloc()
 * @freed: lies over a free item's link, so that @index_next outlives the row
 * @index_next: chain of the index by @process and @key; the shard's lock
 * @process: NULL in a row that is free
 * @key: the object
 * @cells: of its group; NULL for rows that have none: folded and special ones
 * @heat: its calls by region, by CPU, where that was asked for; heat.h
 * @cell: offset of its cells, in words, in the memory of each CPU of the group
 * @indexed: hooks find it; the process's lock
 * @alias: it is a struct fs_alias
 * @deleted: as shown
 * @dropped: emptied by reset, waiting to be freed
 * @leaving: cold.c has taken it out of the index; fs_table.rows_sem for writing
 * @wanted: the last call of some task is in it; cold.c
 * @group: NULL without @cells
 * @name: as shown
 * @ino: inode as shown
 * @dev: device as shown
 * @position: where the snapshot that holds fs_table.rows_sem put it, or ROW_NOT_SEEN
 * @baseline: NULL before the first reset; fs_table.rows_sem for writing
 * @calls_then: its calls when cold.c looked last; of rows of live processes
 * @by_age: in fold.c's lists of folded rows, in the order of their last use
 * @of_process: in the process's rows; the process's lock
 * @shared: counts that could not go to a cell
 *
 * What searches read is in the first line, and written when a row is made and freed.
 */
struct fs_row {
	FS_ROW_HEAD;
	struct fs_group *group;
	struct fs_name *name;
	u64 ino;
	u32 dev;
	u32 position;
	struct fs_baseline *baseline;
	union {
		u64 calls_then;
		struct list_head by_age;
	};
	struct list_head of_process;
	atomic64_t shared[COUNTERS];
};

static_assert(sizeof(struct fs_row) <= 256);
static_assert(fs_line_of(struct fs_row, wanted) == 0);
static_assert(fs_line_of(struct fs_row, shared) > 0);

#define ROW_NOT_SEEN	(~0U)

/**
 * struct fs_alias - lies in the index for a row that has another key than the mapping says
 * @target: the row, whose cells it has
 * @of_process: the process's aliases, the oldest first; the process's lock
 *
 * All shared anonymous memory of a process is one row, but each mapping has an inode of its own.
 * Searches take an alias for a row; whoever wants more of it than its cells asks fs_row_real(). The
 * target never leaves its process before that is folded, and an alias is never another row's.
 */
struct fs_alias {
	FS_ROW_HEAD;
	struct fs_row *target;
	struct list_head of_process;
};

static inline struct fs_row *fs_row_real(struct fs_row *row)
{
	return row->alias ? ((struct fs_alias *)row)->target : row;
}

/* The fast path, for account.h. */

/* Finds a row's counters on a CPU. False where there are none. */
static __always_inline bool fs_row_has_cell(const struct fs_row *row, unsigned int cpu, u64 **cell)
{
	u64 *page = row->cells ? READ_ONCE(row->cells[cpu]) : NULL;

	if (unlikely(!page))
		return false;
	*cell = page + row->cell;
	return true;
}

/* Likewise; NULL where there are none. */
static inline u64 *fs_row_cell(const struct fs_row *row, unsigned int cpu)
{
	u64 *cell;

	return fs_row_has_cell(row, cpu, &cell) ? cell : NULL;
}

/*
 * A cell is written by one CPU in task context alone, so no lock prefix; a single
 * instruction, where WRITE_ONCE() would make four.
 */
static __always_inline void fs_count_one(u64 *at)
{
	local_inc((local_t *)at);
}

static __always_inline void fs_cell_count(u64 *cell, enum fs_counter counter)
{
	fs_count_one(&cell[counter]);
}

/*
 * By secret multipliers: FUSE lets its users choose inode numbers and generations, as
 * prctl() does names, and a chain that was made long on purpose would be walked
 * with interrupts off.
 */
static __always_inline u32 fs_row_bucket(const struct fs_process *process, struct fs_object_key key)
{
	u64 mixed = process->hash + key.ino * fs_table.hash_ino + key.dev * fs_table.hash_dev;

	/* Masked and not shifted by a variable number, which would take a register from hooks. */
	return mixed >> 32 & fs_table.row_mask;
}

static __always_inline bool fs_row_key_is(const struct fs_row *row, struct fs_object_key key)
{
	/* After the process. */
	barrier();
	return fs_object_key_equal(row->key, key);
}

/**
 * fs_row_find - the row of a process and an object, without a lock
 * @process: a process that cannot end meanwhile
 * @key: as the row was made with
 *
 * In a hook, or wherever else preemption is off. May miss a row that is being made at this moment,
 * or where a row on the way is freed: fs_row_make() looks again. A row that is freed and made again
 * gets its key before its process, so that what is read of it, in the other order, is of one row.
 */
static __always_inline struct fs_row *fs_row_find(const struct fs_process *process,
						  struct fs_object_key key)
{
	struct fs_row *row = READ_ONCE(fs_table.row_index[fs_row_bucket(process, key)]);

	while (row && (row->process != process || !fs_row_key_is(row, key)))
		row = READ_ONCE(row->index_next);
	return row;
}

/* In hooks: */
u64 *fs_row_make_cell(struct fs_row *row, unsigned int cpu);
void fs_row_count(struct fs_row *row, enum fs_counter counter, u64 n);
struct fs_row *fs_row_make(struct fs_process *process, const struct fs_object_key *key,
			   const struct fs_object_shown *shown);
struct fs_row *fs_row_make_region(struct fs_process *process, enum fs_region region);
struct fs_row *fs_row_missed(struct fs_process *process);
void fs_row_make_alias(struct fs_row *row, struct fs_object_key key);
void fs_process_missed(struct fs_process *process, u64 minor, u64 major);

/* In process context: */
int fs_row_make_only(struct fs_process *process, enum fs_region region, bool cells);
struct fs_row *fs_row_look(const struct fs_process *process, struct fs_object_key key);
bool fs_rows_walk(bool (*fn)(struct fs_row *row, void *data), void *data);
void fs_row_read_verdicts(const struct fs_row *row, struct fs_counters *counters);
void fs_row_read_calls(const struct fs_row *row, struct fs_counters *counters);
void fs_row_total(const struct fs_row *row, struct fs_counters *counters);
void fs_row_add(struct fs_row *row, const struct fs_counters *counters);
void fs_row_unlink(struct fs_row *row);
bool fs_row_relink(struct fs_row *row);
bool fs_row_become_other(struct fs_row *row);
void fs_row_move(struct fs_row *row, struct fs_process *process);
void fs_row_release_cells(struct fs_row *row);
void fs_row_forget_baseline(struct fs_row *row);
void fs_row_free(struct fs_row *row);
void fs_rows_flatten(struct fs_process *process);
void fs_row_merge(struct fs_row *row, struct fs_row *into);
bool fs_row_is_empty(const struct fs_row *row);
void fs_row_free_flat(struct fs_row *row);
void fs_rows_pool_sizes(size_t *size);
void fs_rows_destroy(void);

#endif
