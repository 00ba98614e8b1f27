/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows: what processes count on objects, in cells of each CPU; their index; and the way to them
 * that the fast path takes (account.h). cells.h has their counters, row_life.h makes and frees
 * them. The rules are in table.h.
 */
#ifndef FAULTSTAT_ROW_H
#define FAULTSTAT_ROW_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <asm/local.h>
#include "counters.h"
#include "object.h"
#include "process.h"
#include "table.h"

struct fs_baseline;
struct fs_group;
struct fs_heat_cells;
struct fs_name;
struct fs_stack;

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
 * @stacks: its calls by stack, where those were asked for; the process's lock to add
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
	struct fs_stack *stacks;
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
struct fs_row *fs_row_link_alone(struct fs_row *row);
void fs_row_make_alias(struct fs_row *row, struct fs_object_key key);

/* In process context: */
void fs_row_free_aliases(struct fs_process *process);
struct fs_row *fs_row_look(const struct fs_process *process, struct fs_object_key key);
void fs_row_unlink(struct fs_row *row);
void fs_row_unlink_ended(struct fs_row *row);
bool fs_row_relink(struct fs_row *row);
bool fs_row_become_other(struct fs_row *row);
void fs_row_move(struct fs_row *row, struct fs_process *process);
bool fs_row_owners_walk(bool (*fn)(struct fs_process *process, void *data), void *data);
bool fs_rows_walk(bool (*fn)(struct fs_row *row, void *data), void *data);

#endif
