// SPDX-License-Identifier: GPL-2.0
/*
 * What a row counts: its cells, in groups that belong to its process; its shared counters; what it
 * had at the last reset. Hooks, in task context with preemption off or in softirq (a task's end),
 * make cells and count; they are read, added up and given back in process context.
 */
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/string.h>
#include "cells.h"
#include "memory.h"
#include "pool.h"
#include "process.h"

/**
 * fs_row_make_cell - a row's counters on this CPU, made if there are none
 * @row: a row whose process cannot end meanwhile
 * @cpu: this CPU
 *
 * In a hook, in task context. Returns NULL where there is no memory: the shared
 * counters serve then.
 */
u64 *fs_row_make_cell(struct fs_row *row, unsigned int cpu)
{
	struct fs_group *group = row->group;
	u64 *cells;

	if (!group)
		return NULL;
	cells = group->cells[cpu];
	if (!cells) {
		cells = fs_pool_get(group->pool);
		if (!cells)
			return NULL;
		set_bit(cpu, group->cpus);
		/* Readers sum what they find: it is clear, and its bit is set, before they can. */
		smp_wmb();
		WRITE_ONCE(group->cells[cpu], cells);
	}
	return cells + row->cell;
}

/**
 * fs_row_count - adds to a row and to the totals, from anywhere
 * @row: a row that cannot be freed meanwhile
 * @counter: which
 * @n: how many
 *
 * Any context but NMI. Atomic; the fast path writes cells instead.
 */
void fs_row_count(struct fs_row *row, enum fs_counter counter, u64 n)
{
	if (!n)
		return;
	this_cpu_add(fs_table_totals.n[counter], n);
	atomic64_add(n, &row->shared[counter]);
}

/* Groups. */

static struct fs_group *group_new(bool first)
{
	struct fs_group *group = fs_pool_get(POOL_GROUP);

	if (!group)
		return NULL;
	group->cells = fs_pool_get(POOL_GROUP_CELLS);
	if (!group->cells) {
		fs_pool_put(POOL_GROUP, group);
		return NULL;
	}
	group->pool = first ? POOL_CELLS_FIRST : POOL_CELLS;
	group->full = ~0ULL >> (64 - (first ? GROUP_ROWS_FIRST : GROUP_ROWS));
	return group;
}

/**
 * fs_row_place - gives a row a place for its cells in a group
 * @row: new
 * @process: whose row it is to be
 *
 * With the process's lock. Returns false where there is no memory.
 */
bool fs_row_place(struct fs_row *row, struct fs_process *process)
{
	struct fs_group *group = list_first_entry_or_null(&process->groups, struct fs_group, link);
	unsigned int place;

	if (!group || group->used == group->full) {
		group = group_new(!group);
		if (!group)
			return false;
		list_add(&group->link, &process->groups);
	}
	place = __ffs64(~group->used);
	group->used |= 1ULL << place;
	if (group->used == group->full)
		list_move_tail(&group->link, &process->groups);
	row->group = group;
	row->cells = group->cells;
	row->cell = place * CELL_WORDS;
	return true;
}

/**
 * fs_row_unplace - takes back what fs_row_place() gave
 * @row: its cells have not been used; it has its process
 *
 * With the process's lock.
 */
void fs_row_unplace(struct fs_row *row)
{
	struct fs_group *group = row->group;

	group->used &= ~(1ULL << row->cell / CELL_WORDS);
	list_move(&group->link, &row->process->groups);
}

static void group_free(struct fs_group *group)
{
	int cpu;

	for_each_set_bit(cpu, group->cpus, nr_cpu_ids) {
		if (group->cells[cpu])
			fs_pool_put(group->pool, group->cells[cpu]);
		group->cells[cpu] = NULL;
		clear_bit(cpu, group->cpus);
	}
	fs_pool_put(POOL_GROUP_CELLS, group->cells);
	group->cells = NULL;
	group->used = 0;
	group->full = 0;
	group->pool = 0;
	memset(&group->link, 0, sizeof(group->link));
	fs_pool_put(POOL_GROUP, group);
}

/**
 * fs_row_release_cells - gives up a row's place in its group
 * @row: a row in which nothing counts any more
 *
 * Process context, fs_table.rows_sem held. What the cells hold is lost: read it before.
 */
void fs_row_release_cells(struct fs_row *row)
{
	struct fs_group *group = row->group;
	unsigned long flags;
	bool unused;
	int cpu;

	if (!group)
		return;
	for_each_set_bit(cpu, group->cpus, nr_cpu_ids)
		if (group->cells[cpu])
			memset(group->cells[cpu] + row->cell, 0, sizeof(struct fs_counters));
	row->group = NULL;
	row->cells = NULL;

	fs_hook_lock_irqsave(&row->process->lock, flags);
	group->used &= ~(1ULL << row->cell / CELL_WORDS);
	unused = !group->used;
	if (unused)
		list_del(&group->link);
	else
		list_move(&group->link, &row->process->groups);
	fs_hook_unlock_irqrestore(&row->process->lock, flags);
	if (unused)
		group_free(group);
}

/**
 * fs_row_free_groups - frees the groups of a process, with all cells
 * @process: ended; its rows are flat
 *
 * Process context, fs_table.rows_sem held.
 */
void fs_row_free_groups(struct fs_process *process)
{
	struct fs_group *group, *next;

	list_for_each_entry_safe(group, next, &process->groups, link) {
		list_del(&group->link);
		group_free(group);
	}
}

/* Sums; process context, fs_table.rows_sem held. */

/* Adds those of the CPUs in a word of a group's. */
static __always_inline void row_read_cpus(const struct fs_row *row, struct fs_counters *counters,
					  int first, int last, int cpu, unsigned long cpus)
{
	const u64 *cell;
	int i;

	for (; cpus; cpus &= cpus - 1) {
		cell = fs_row_cell(row, cpu + __ffs64(cpus));
		if (!cell)
			continue;
		for (i = first; i <= last; i++)
			counters->n[i] += READ_ONCE(cell[i]);
	}
}

/* Twice for each row of a snapshot. */
static __always_inline void row_read(const struct fs_row *row, struct fs_counters *counters,
				     int first, int last)
{
	int cpu, i;

	for (i = first; i <= last; i++)
		counters->n[i] = atomic64_read(&row->shared[i]);
	if (!row->group)
		return;
	for (cpu = 0; cpu < nr_cpu_ids; cpu += BITS_PER_LONG)
		row_read_cpus(row, counters, first, last, cpu,
			      READ_ONCE(row->group->cpus[cpu / BITS_PER_LONG]));
}

/**
 * fs_row_read_verdicts - sums a row's verdicts and missed counts over the CPUs
 * @row: the row
 * @counters: these are set, the others left alone
 *
 * Process context, fs_table.rows_sem held. Verdicts are to be read before calls, with a
 * read barrier between: then no verdict is seen whose call is not.
 */
void fs_row_read_verdicts(const struct fs_row *row, struct fs_counters *counters)
{
	row_read(row, counters, COUNT_FIRST_VERDICT, COUNT_LAST_VERDICT);
}

/**
 * fs_row_read_calls - sums a row's calls by class over the CPUs
 * @row: the row
 * @counters: these are set, the others left alone
 *
 * Process context, fs_table.rows_sem held.
 */
void fs_row_read_calls(const struct fs_row *row, struct fs_counters *counters)
{
	row_read(row, counters, COUNT_FIRST_CLASS, COUNT_LAST_CLASS);
}

/**
 * fs_row_total - what a row counts since the last reset
 * @row: a row in which nothing counts any more
 * @counters: result
 *
 * Process context, fs_table.rows_sem held.
 */
void fs_row_total(const struct fs_row *row, struct fs_counters *counters)
{
	fs_row_read_verdicts(row, counters);
	fs_row_read_calls(row, counters);
	if (row->baseline)
		fs_counters_subtract(counters, &row->baseline->counters);
}

/**
 * fs_row_add - adds counts that were another row's; the totals have them already
 * @row: where they go
 * @counters: as fs_row_total() read them
 *
 * Process context, fs_table.rows_sem held.
 */
void fs_row_add(struct fs_row *row, const struct fs_counters *counters)
{
	int i;

	for (i = 0; i < COUNTERS; i++) {
		if (row->dropped)
			atomic64_set(&row->shared[i], 0);
		if (counters->n[i])
			atomic64_add(counters->n[i], &row->shared[i]);
	}
	row->dropped = false;
}

/**
 * fs_row_is_empty - whether a flat row counts nothing
 * @row: the row
 *
 * Process context.
 */
bool fs_row_is_empty(const struct fs_row *row)
{
	int i;

	for (i = 0; i < COUNTERS; i++)
		if (atomic64_read(&row->shared[i]))
			return false;
	return true;
}

/* The check of its process's counts is of its whole life. */
static void forget(struct fs_process *process, const struct fs_counters *counters)
{
	process->forgotten.minor += fs_counters_minor(counters);
	process->forgotten.major += fs_counters_major(counters);
}

/**
 * fs_row_forget_baseline - what a row has counted before the last reset is not in it any more
 * @row: the row
 *
 * Process context, fs_table.rows_sem held.
 */
void fs_row_forget_baseline(struct fs_row *row)
{
	if (!row->baseline)
		return;
	forget(row->process, &row->baseline->counters);
	fs_memory_free(row->baseline, sizeof(*row->baseline));
	row->baseline = NULL;
}

/**
 * fs_row_flatten - adds up a row's counters since the last reset, and clears the cells
 * @row: of an ended process
 *
 * Process context, fs_table.rows_sem held. The sums are in the shared counters then.
 */
void fs_row_flatten(struct fs_row *row)
{
	struct fs_counters sum;
	int cpu, i;

	for (i = 0; i < COUNTERS; i++)
		sum.n[i] = atomic64_read(&row->shared[i]);
	if (row->group) {
		for_each_set_bit(cpu, row->group->cpus, nr_cpu_ids) {
			u64 *cell = fs_row_cell(row, cpu);

			for (i = 0; cell && i < COUNTERS; i++) {
				sum.n[i] += cell[i];
				cell[i] = 0;
			}
		}
		row->group = NULL;
		row->cells = NULL;
	}
	if (row->baseline)
		fs_counters_subtract(&sum, &row->baseline->counters);
	fs_row_forget_baseline(row);
	if (row->dropped)
		forget(row->process, &sum);
	for (i = 0; i < COUNTERS; i++)
		atomic64_set(&row->shared[i], row->dropped ? 0 : sum.n[i]);
	row->dropped = false;
}
