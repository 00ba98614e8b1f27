// SPDX-License-Identifier: GPL-2.0
/*
 * Rows come and go. Hooks, in task context with preemption off or in softirq (a task's end), make
 * them under the process's lock; in process context those of ended processes are made flat, merged
 * and freed. The rules are in table.h.
 */
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/rculist.h>
#include "cells.h"
#include "name.h"
#include "pool.h"
#include "process.h"
#include "row_life.h"
#include "worker.h"

/*
 * All but its process. A free row has none: searches that step on it go on, and must not find it
 * half made.
 */
static void row_setup(struct fs_row *row, const struct fs_object_key *key,
		      const struct fs_object_shown *shown, struct fs_name *name)
{
	int i;

	row->key = *key;
	row->name = name;
	row->ino = shown->ino;
	row->dev = shown->dev;
	row->deleted = shown->deleted;
	row->group = NULL;
	row->cells = NULL;
	row->cell = 0;
	row->alias = false;
	row->indexed = false;
	row->dropped = false;
	row->leaving = false;
	row->wanted = false;
	row->calls_then = 0;
	row->position = ROW_NOT_SEEN;
	row->baseline = NULL;
	row->heat = NULL;
	row->stacks = NULL;
	row->index_next = NULL;
	for (i = 0; i < COUNTERS; i++)
		atomic64_set(&row->shared[i], 0);
}

/* A search that finds the process finds the key, and the place of the cells. */
static void row_belongs(struct fs_row *row, struct fs_process *process)
{
	smp_wmb(); /* whoever sees the process sees the rest */
	WRITE_ONCE(row->process, process);
}

/* A row that nobody finds yet, of no process and without a place for its cells. */
static struct fs_row *row_new(const struct fs_object_key *key, const struct fs_object_shown *shown,
			      struct fs_name *name)
{
	struct fs_row *row = fs_pool_get(POOL_ROW);

	if (row)
		row_setup(row, key, shown, name);
	return row;
}

/* Gives back what row_new() made and nobody has seen. */
static void row_unmake(struct fs_row *row)
{
	WRITE_ONCE(row->process, NULL);
	fs_pool_put(POOL_ROW, row);
}

/*
 * Under the process's lock: has hooks find a new row. Returns it; or the one that another CPU has
 * made meanwhile; or NULL where there is no room for its cells.
 */
static struct fs_row *row_join(struct fs_process *process, struct fs_row *row)
{
	struct fs_row *other;

	if (!fs_row_place(row, process))
		return NULL;
	row_belongs(row, process);
	other = fs_row_link_alone(row);
	if (other) {
		fs_row_unplace(row);
		return other;
	}
	/* A reader may be walking the list. */
	list_add_tail_rcu(&row->of_process, &process->rows);
	return row;
}

static struct fs_row *row_make(struct fs_process *process, const struct fs_object_key *key,
			       const struct fs_object_shown *shown, struct fs_name *name)
{
	/* What can be made without the lock is, for the sake of who waits for it. */
	struct fs_row *row = name ? row_new(key, shown, name) : NULL, *joined = NULL;
	unsigned long flags;

	if (row) {
		fs_hook_lock_irqsave(&process->lock, flags);
		joined = row_join(process, row);
		fs_hook_unlock_irqrestore(&process->lock, flags);
		if (joined != row)
			row_unmake(row);
	}
	if (fs_table_is_crowded())
		fs_worker_make_room();
	return joined;
}

/**
 * fs_row_make - finds or makes the row of a process and an object
 * @process: not special, and cannot end meanwhile
 * @key: the object
 * @shown: how it is shown; its name is shorter than NAME_SIZE_MAX
 *
 * In a hook, or in process context with preemption off. Returns NULL where there is neither row
 * nor memory.
 */
struct fs_row *fs_row_make(struct fs_process *process, const struct fs_object_key *key,
			   const struct fs_object_shown *shown)
{
	return row_make(process, key, shown, fs_name_get(shown->name, shown->length));
}

/* The names of regions are looked up once, and stay. */
static struct fs_name *region_name(enum fs_region region)
{
	static struct fs_name *names[REGIONS];
	struct fs_name *name = READ_ONCE(names[region]);
	struct fs_object_shown shown;

	if (name)
		return name;
	fs_object_show_region(&shown, region);
	name = fs_name_get(shown.name, shown.length);
	if (name) {
		fs_name_pin(name);
		WRITE_ONCE(names[region], name);
	}
	return name;
}

/**
 * fs_row_make_region - finds or makes the row of a process and a region
 * @process: not special, and cannot end meanwhile
 * @region: which
 *
 * In a hook, or in process context with a folded process. Returns NULL where there is
 * neither row nor memory.
 */
struct fs_row *fs_row_make_region(struct fs_process *process, enum fs_region region)
{
	const struct fs_object_key key = { .ino = region, .dev = OBJECT_REGION };
	struct fs_object_shown shown;
	struct fs_row *row;

	fs_preempt_disable();
	row = fs_row_find(process, key);
	if (!row) {
		fs_object_show_region(&shown, region);
		row = row_make(process, &key, &shown, region_name(region));
	}
	fs_preempt_enable();
	return row;
}

/**
 * fs_row_missed - the row that takes counts of a process which no call explains
 * @process: any, that cannot end meanwhile
 *
 * In a hook, or in process context. Where there is no room for one, it is the overflow's.
 */
struct fs_row *fs_row_missed(struct fs_process *process)
{
	struct fs_row *row;

	if (process->only)
		return process->only;
	row = fs_row_make_region(process, REGION_MISSED);
	if (row)
		return row;
	fs_process_overlooked(process);
	return fs_special.overflow.only;
}

/**
 * fs_process_missed - counts of a process that no call explains
 * @process: whose; cannot end meanwhile
 * @minor: faults
 * @major: faults
 *
 * In a hook, without the process's lock.
 */
void fs_process_missed(struct fs_process *process, u64 minor, u64 major)
{
	struct fs_row *row;

	if (!minor && !major)
		return;
	row = fs_row_missed(process);
	fs_row_count(row, COUNT_MISSED_MINOR, minor);
	fs_row_count(row, COUNT_MISSED_MAJOR, major);
}

/**
 * fs_row_make_only - makes the single row of a special process
 * @process: it is all of its rows, and never freed before the table is
 * @region: what the row is called
 * @cells: whether it has counters on each CPU
 *
 * Process context. Returns 0 or -ENOMEM.
 */
int fs_row_make_only(struct fs_process *process, enum fs_region region, bool cells)
{
	const struct fs_object_key key = { .ino = region, .dev = OBJECT_REGION };
	struct fs_object_shown shown;
	struct fs_row *row = NULL;
	struct fs_name *name;
	unsigned long flags;
	bool placed;

	fs_object_show_region(&shown, region);
	fs_preempt_disable();
	name = fs_name_get(shown.name, shown.length);
	if (name)
		row = row_new(&key, &shown, name);
	if (row) {
		fs_hook_lock_irqsave(&process->lock, flags);
		placed = !cells || fs_row_place(row, process);
		if (placed) {
			row_belongs(row, process);
			process->only = row;
			process->detour = row;
			list_add_tail(&row->of_process, &process->rows);
		}
		fs_hook_unlock_irqrestore(&process->lock, flags);
		if (!placed)
			row_unmake(row);
	}
	fs_preempt_enable();
	return process->only ? 0 : -ENOMEM;
}

/* Going; process context, fs_table.rows_sem held. */

/**
 * fs_row_free - frees a row
 * @row: unlinked, or never linked, without heat and stacks; of an ended process, or a grace period
 *	ago
 *
 * Process context, fs_table.rows_sem held.
 */
void fs_row_free(struct fs_row *row)
{
	unsigned long flags;

	fs_row_release_cells(row);
	fs_row_forget_baseline(row);
	WARN_ON_ONCE(row->heat || row->stacks);
	fs_hook_lock_irqsave(&row->process->lock, flags);
	list_del(&row->of_process);
	fs_hook_unlock_irqrestore(&row->process->lock, flags);
	/* No search finds it, from before another process can lie where this one is. */
	WRITE_ONCE(row->process, NULL);
	fs_pool_put(POOL_ROW, row);
}

/**
 * fs_rows_flatten - takes an ended process's rows out of the index, and their cells from them
 * @process: ended
 *
 * Process context, fs_table.rows_sem held. From here on a row's counters are its shared ones, since
 * the last reset, and are nobody's but the caller's.
 */
void fs_rows_flatten(struct fs_process *process)
{
	struct fs_row *row;

	fs_row_free_aliases(process);
	list_for_each_entry(row, &process->rows, of_process) {
		fs_row_unlink_ended(row);
		fs_row_flatten(row);
		cond_resched();
	}
	fs_row_free_groups(process);
	process->row_count = 0;
}

/**
 * fs_row_merge - adds a flat row's counters to another's, and frees it; the totals have them
 * already
 * @row: without heat and stacks
 * @into: likewise flat, or of a special process
 *
 * Process context, with nobody else writing @into.
 */
void fs_row_merge(struct fs_row *row, struct fs_row *into)
{
	int i;

	for (i = 0; i < COUNTERS; i++) {
		u64 n = atomic64_read(&row->shared[i]);

		if (into->dropped)
			atomic64_set(&into->shared[i], n);
		else if (n)
			atomic64_set(&into->shared[i], atomic64_read(&into->shared[i]) + n);
	}
	into->dropped = false;
	fs_row_free_flat(row);
}

/**
 * fs_row_free_flat - frees a flat row of an ended process
 * @row: without heat and stacks
 *
 * Process context.
 */
void fs_row_free_flat(struct fs_row *row)
{
	WARN_ON_ONCE(row->heat || row->stacks);
	list_del(&row->of_process);
	/* No search finds it, from before another process can lie where this one is. */
	WRITE_ONCE(row->process, NULL);
	fs_pool_put(POOL_ROW, row);
}

static bool rows_destroy(struct fs_process *process, void *data)
{
	struct fs_alias *alias, *next_alias;
	struct fs_row *row, *next;

	list_for_each_entry_safe(alias, next_alias, &process->aliases, of_process)
		fs_pool_put(POOL_ALIAS, alias);

	list_for_each_entry_safe(row, next, &process->rows, of_process) {
		fs_row_free(row);
		cond_resched();
	}
	/* One that was made for a row which another CPU had made before. */
	fs_row_free_groups(process);
	return true;
}

/**
 * fs_rows_destroy - frees all rows
 *
 * Process context, with no hook, reader or worker left.
 */
void fs_rows_destroy(void)
{
	fs_row_owners_walk(rows_destroy, NULL);
}

/**
 * fs_rows_pool_sizes - the item sizes of the pools that rows use
 * @size: by pool
 *
 * Any context.
 */
void fs_rows_pool_sizes(size_t *size)
{
	size[POOL_ROW] = sizeof(struct fs_row);
	size[POOL_ALIAS] = sizeof(struct fs_alias);
	size[POOL_GROUP] = sizeof(struct fs_group) + BITS_TO_LONGS(nr_cpu_ids) * sizeof(long);
	size[POOL_GROUP_CELLS] = nr_cpu_ids * sizeof(u64 *);
	size[POOL_CELLS_FIRST] = GROUP_ROWS_FIRST * sizeof(struct fs_counters);
	size[POOL_CELLS] = GROUP_ROWS * sizeof(struct fs_counters);
}
