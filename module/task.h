/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is remembered of a task between two of its calls, so that the second can
 * settle the first. A task is its pointer, from its first call until the kernel
 * frees it: exec changes pid and start time of a thread, never the pointer.
 */
#ifndef FAULTSTAT_TASK_H
#define FAULTSTAT_TASK_H

#include <linux/cache.h>
#include <linux/sched.h>
#include <linux/seqlock.h>
#include "heat.h"
#include "row.h"
#include "table.h"

/**
 * struct fs_task_state - one task, written by itself alone while it lives
 * @task: whose; also lies over a free item's link, which equals no task
 * @seen: the task's min_flt (lower half) and maj_flt (upper half) at its last call
 * @key: object of the last call, as fs_object_key_plain() says; OBJECT_NONE to look again;
 *	with OBJECT_HEATED as its device where @heat is that of @row, with OBJECT_STACKED
 *	where its calls are counted by stack
 * @cell: the row's counters on @cpu
 * @row: row of the last call
 * @generation: exec id and selection epoch that @process was found for
 * @cpu: where @cell is valid; NO_CPU where there is no cell
 * @open: class of the last call, whose verdict is not known yet; 0 before the first
 * @index_next: chain of the index
 * @process: whose rows it counts in
 * @page: of the last call in its file, if that counts by region; or HEAT_NO_PAGE
 * @heat: where its row counts by region on @cpu, while @key says so
 * @waiting: in its shard's list: the task has been freed while a reader was looking
 * @final: its counters then
 * @named: the last row that was found by a name of anonymous memory, while the task lives; or NULL
 * @bucket: of the index
 * @stack: the slot of the last call's stack (stack.h); 0 where it has none
 *
 * The first eight words are all that the usual call needs: one cache line.
 */
struct fs_task_state {
	const struct task_struct *task;
	u64 seen;
	struct fs_object_key key;
	u64 *cell;
	struct fs_row *row;
	u64 generation;
	u32 cpu;
	u32 open;

	struct fs_task_state *index_next;
	struct fs_process *process;
	u64 page;
	struct fs_heat_cells *heat;
	struct list_head waiting;
	union {
		u64 final;
		struct fs_row *named;
	};
	u32 bucket;
	u32 stack;
} ____cacheline_aligned;

static_assert(fs_line_of(struct fs_task_state, open) == 0);
static_assert(fs_line_of(struct fs_task_state, index_next) == 1);
static_assert(sizeof(struct fs_task_state) == 2 * FS_LINE_SIZE);

#define NO_CPU		(~0U)
#define NO_GENERATION	(~0ULL)

/*
 * Read at each fault, written at load alone; what is written at births and deaths is in the shards.
 */
struct fs_task_index {
	struct fs_task_state **buckets;
	u32 mask;
	struct fs_shards shards;
} ____cacheline_aligned_in_smp;

extern struct fs_task_index fs_task_index;

static __always_inline u32 fs_task_bucket(const struct task_struct *task)
{
	/* As in fs_row_bucket(). */
	return (unsigned long)task * TABLE_HASH >> 32 & fs_task_index.mask;
}

/*
 * Without a lock: a task's own state is put in and taken out by itself alone while
 * it runs. A state that is freed and used again meanwhile may lead the search into
 * another chain; a search that finds nothing is repeated under the shard's lock.
 */
static __always_inline struct fs_task_state *fs_task_state_find(const struct task_struct *task)
{
	struct fs_task_state *state = READ_ONCE(fs_task_index.buckets[fs_task_bucket(task)]);

	while (state && READ_ONCE(state->task) != task)
		state = READ_ONCE(state->index_next);
	return state;
}

/* Counters move by less than 2^32 between two calls. */
static __always_inline u64 fs_task_counters(const struct task_struct *task)
{
	return (u32)READ_ONCE(task->min_flt) | (u64)READ_ONCE(task->maj_flt) << 32;
}

static __always_inline u64 fs_task_generation(const struct task_struct *task)
{
	return compat_task_exec_id(task) | READ_ONCE(fs_table.epoch);
}

/**
 * struct fs_task_moved - what the kernel counted since a task's last call
 * @verdict: the part that is that call's; NO_VERDICT where there was no call
 * @missed_minor: the rest
 * @missed_major: the rest
 * @heat: where that call was counted by region
 * @stack: the slot of its stack; 0 where it has none
 */
#define NO_VERDICT	COUNTERS

struct fs_task_moved {
	enum fs_counter verdict;
	u32 missed_minor;
	u32 missed_major;
	struct fs_heat_place heat;
	u32 stack;
};

/* Where the last call was counted by region. */
static inline struct fs_heat_place fs_task_heat_place(const struct fs_task_state *state)
{
	struct fs_heat_place place = {
		.page = READ_ONCE(state->page),
		.cells = READ_ONCE(state->heat),
		.generation = READ_ONCE(state->generation),
	};

	return place;
}

void fs_task_moved(struct fs_task_moved *moved, u64 before, u64 now, bool open);

struct fs_task_state *fs_task_state_make(struct task_struct *task, bool *made);
void fs_task_state_resolve(struct fs_task_state *state, struct task_struct *task);

typedef void (*fs_task_open_fn)(struct fs_row *row, struct fs_process *process,
				const struct fs_task_moved *moved, void *data);
typedef void (*fs_task_class_fn)(struct fs_row *row, enum fs_counter class, void *data);
typedef void (*fs_task_row_fn)(struct fs_row *row);

void fs_task_visit_begin(void);
void fs_task_visit_open(fs_task_open_fn fn, void *data);
void fs_task_visit_end(void);
void fs_task_visit_classes(fs_task_class_fn fn, void *data);
void fs_task_visit_rows(fs_task_row_fn fn);
bool fs_task_is_counting(void);
void fs_task_retire(struct task_struct *task);
void fs_task_counting_begin(void);
void fs_task_counting_end(void);

void fs_task_forked(struct task_struct *child);
void fs_task_renamed(struct task_struct *task, const char *comm);
void fs_task_freed(struct task_struct *task);

int fs_task_init(unsigned int max_tasks);
void fs_task_destroy(void);

#endif
