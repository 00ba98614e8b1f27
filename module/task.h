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
#include "table.h"

/**
 * struct task_state - one task, written by itself alone while it lives
 * @task: whose; also lies over a free item's link, which equals no task
 * @seen: the task's min_flt (lower half) and maj_flt (upper half) at its last call
 * @key: object of the last call, as object_key_plain() says; OBJECT_NONE to look again;
 *	with HEAT_MARK where the usual way is not to know it
 * @cell: the row's counters on @cpu
 * @row: row of the last call
 * @generation: exec id and selection epoch that @process was found for
 * @cpu: where @cell is valid; NO_CPU where there is no cell
 * @open: class of the last call, whose verdict is not known yet; 0 before the first
 * @index_next: chain of the index
 * @process: whose rows it counts in
 * @page: of the last call in its file, if that counts by region; or HEAT_NO_PAGE
 * @heat: where its row counts by region on @cpu, while @key has HEAT_MARK
 *
 * The first eight words are all that the usual call needs: one cache line.
 */
struct task_state {
	const struct task_struct *task;
	u64 seen;
	struct object_key key;
	u64 *cell;
	struct row *row;
	u64 generation;
	u32 cpu;
	u32 open;

	struct task_state *index_next;
	struct process *process;
	u64 page;
	struct heat_cells *heat;
} ____cacheline_aligned;

#define NO_CPU		(~0U)
#define NO_GENERATION	(~0ULL)

struct task_index {
	struct task_state **buckets;
	unsigned int bits;
	u32 mask;
	seqcount_t changes;	/* written under table.lock; raw, as lock.h says */
};

extern struct task_index task_index;

static __always_inline u32 task_bucket(const struct task_struct *task)
{
	/* As in row_bucket(). */
	return (unsigned long)task * TABLE_HASH >> 32 & task_index.mask;
}

/*
 * Without a lock: a task's own state is put in and taken out by nobody else while
 * it runs. A state that is freed and used again meanwhile may lead the search into
 * another chain; who finds nothing searches again under table.lock.
 */
static __always_inline struct task_state *task_state_find(const struct task_struct *task)
{
	struct task_state *state = READ_ONCE(task_index.buckets[task_bucket(task)]);

	while (state && READ_ONCE(state->task) != task)
		state = READ_ONCE(state->index_next);
	return state;
}

/* Counters move by less than 2^32 between two calls. */
static __always_inline u64 task_counters(const struct task_struct *task)
{
	return (u32)READ_ONCE(task->min_flt) | (u64)READ_ONCE(task->maj_flt) << 32;
}

static __always_inline u64 task_generation(const struct task_struct *task)
{
	return compat_task_exec_id(task) | READ_ONCE(table.epoch);
}

/**
 * struct task_moved - what the kernel counted since a task's last call
 * @verdict: the part that is that call's; NO_VERDICT where there was no call
 * @missed_minor: the rest
 * @missed_major: the rest
 * @heat: where that call was counted by region
 */
#define NO_VERDICT	COUNTERS

struct task_moved {
	enum counter verdict;
	u32 missed_minor;
	u32 missed_major;
	struct heat_place heat;
};

/* Where the last call was counted by region. */
static inline struct heat_place task_heat_place(const struct task_state *state)
{
	struct heat_place place = {
		.page = READ_ONCE(state->page),
		.cells = READ_ONCE(state->heat),
		.generation = READ_ONCE(state->generation),
	};

	return place;
}

void task_moved(struct task_moved *moved, u64 before, u64 now, bool open);

struct task_state *task_state_make(struct task_struct *task, bool *made);
void task_state_resolve(struct task_state *state, struct task_struct *task);
void task_missed(struct process *process, u64 minor, u64 major);

typedef void (*task_open_fn)(struct row *row, struct process *process,
			     const struct task_moved *moved, void *data);
typedef void (*task_class_fn)(struct row *row, enum counter class, void *data);

void task_visit_begin(task_open_fn fn, void *data);
void task_visit_open(task_open_fn fn, void *data);
void task_visit_classes(task_class_fn fn, void *data);
bool task_is_counting(void);
void task_retire(struct task_state *state);
void task_counting_begin(void);
void task_counting_end(void);

void task_forked(struct task_struct *child);
void task_renamed(struct task_struct *task, const char *comm);
void task_freed(struct task_struct *task);

int task_init(unsigned int max_tasks);
void task_destroy(void);

#endif
