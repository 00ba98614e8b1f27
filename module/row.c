// SPDX-License-Identifier: GPL-2.0
/*
 * Rows and their counters: making, finding, reading, freeing. What hooks
 * call here runs in task context with preemption off, or in softirq (a task's end);
 * rows are read and taken out in process context. The rules are in table.h.
 */
#include <linux/string.h>
#include "name.h"
#include "pool.h"
#include "process.h"
#include "row.h"
#include "worker.h"

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
	u64 *page;

	if (!row->group)
		return NULL;
	page = row->group->cells[cpu];
	if (!page) {
		page = fs_pool_get(POOL_CELLS);
		if (!page)
			return NULL;
		/* Readers sum what they find: the page is clear before they can. */
		smp_wmb();
		WRITE_ONCE(row->group->cells[cpu], page);
	}
	return page + row->cell;
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

/* Under fs_table.lock: a place for a row in a group. False where there is no memory. */
static bool row_place(struct fs_row *row)
{
	struct fs_group *group;
	unsigned int place;

	if (list_empty(&fs_table.groups)) {
		group = fs_pool_get(POOL_GROUP);
		if (!group)
			return false;
		group->used = 0;
		memset(group->cells, 0, nr_cpu_ids * sizeof(group->cells[0]));
		list_add(&group->link, &fs_table.groups);
	}
	group = list_first_entry(&fs_table.groups, struct fs_group, link);
	place = __ffs64(~group->used);
	group->used |= 1ULL << place;
	if (group->used == GROUP_FULL)
		list_del_init(&group->link);
	row->group = group;
	row->cell = place * CELL_WORDS;
	return true;
}

static void row_setup(struct fs_row *row, struct fs_process *process,
		      const struct fs_object_key *key)
{
	int i;

	row->process = process;
	row->key = *key;
	row->indexed = false;
	row->dropped = false;
	row->leaving = false;
	row->wanted = false;
	row->calls_then = 0;
	row->position = ROW_NOT_SEEN;
	row->baseline = NULL;
	row->heat = NULL;
	row->index_next = NULL;
	for (i = 0; i < COUNTERS; i++)
		atomic64_set(&row->shared[i], 0);
}

/* Under fs_table.lock. */
static void row_link(struct fs_row *row)
{
	struct fs_row **bucket = &fs_table.row_index[fs_row_bucket(row->process, row->key)];

	row->indexed = true;
	row->process->row_count++;
	row->index_next = *bucket;
	/* Hooks that find the row find it whole. */
	smp_wmb();
	WRITE_ONCE(*bucket, row);
}

/*
 * Under fs_table.lock. In its lists, but neither in the index nor accounted for. @hash is
 * of the name, which is long to make under a lock. Returns NULL where there is no memory.
 */
static struct fs_row *row_new(struct fs_process *process, const struct fs_object_key *key,
			      const struct fs_object_shown *shown, u32 hash, bool cells)
{
	struct fs_row *row = fs_pool_get(POOL_ROW);

	if (!row)
		return NULL;
	row->name = fs_name_get(shown->name, hash);
	if (!row->name)
		goto no_name;
	row->ino = shown->ino;
	row->dev = shown->dev;
	row->deleted = shown->deleted;
	row->group = NULL;
	if (cells && !row_place(row))
		goto no_place;
	row_setup(row, process, key);
	list_add_tail(&row->of_process, &process->rows);
	list_add_tail_rcu(&row->of_table, &fs_table.rows);
	return row;

no_place:
	fs_name_put_locked(row->name);
no_name:
	fs_pool_put(POOL_ROW, row);
	return NULL;
}

/* Under fs_table.lock. */
static struct fs_row *row_make_locked(struct fs_process *process, const struct fs_object_key *key,
				      const struct fs_object_shown *shown, u32 hash)
{
	struct fs_row *row = fs_row_find(process, *key);

	if (row)
		return row;
	if (fs_table.rows_used >= fs_table.rows_max)
		return NULL;
	row = row_new(process, key, shown, hash, true);
	if (!row)
		return NULL;
	fs_table.rows_used++;
	row_link(row);
	return row;
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
	unsigned long flags;
	u32 hash;

	fs_object_show_region(&shown, region);
	hash = fs_name_hash(shown.name);
	fs_hook_lock_irqsave(&fs_table.lock, flags);
	process->only = row_new(process, &key, &shown, hash, cells);
	process->detour = process->only;
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
	return process->only ? 0 : -ENOMEM;
}

/**
 * fs_row_missed - the row that takes counts of a process which no call explains
 * @process: any
 *
 * Under fs_table.lock. Where there is no room for one, it is the overflow's.
 */
struct fs_row *fs_row_missed(struct fs_process *process)
{
	const struct fs_object_key key = { .ino = REGION_MISSED, .dev = OBJECT_REGION };
	struct fs_object_shown shown;
	struct fs_row *row;

	if (process->only)
		return process->only;
	fs_object_show_region(&shown, REGION_MISSED);
	row = row_make_locked(process, &key, &shown, fs_name_hash(shown.name));
	return row ? row : fs_special.overflow.only;
}

/**
 * fs_row_make - finds or makes the row of a process and an object
 * @process: not special, and cannot end meanwhile
 * @key: the object
 * @shown: how it is shown; its name is shorter than NAME_SIZE_MAX
 *
 * In a hook. Returns NULL where there is neither row nor memory.
 */
struct fs_row *fs_row_make(struct fs_process *process, const struct fs_object_key *key,
			   const struct fs_object_shown *shown)
{
	u32 hash = fs_name_hash(shown->name);
	unsigned long flags;
	struct fs_row *row;

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	row = row_make_locked(process, key, shown, hash);
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);

	if (fs_table_is_crowded()) {
		if (READ_ONCE(fs_table.ended_count))
			fs_worker_keep_house();
		else
			fs_worker_make_room();
	}
	return row;
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
	struct fs_row *row = fs_row_find(process, key);
	struct fs_object_shown shown;

	if (row)
		return row;
	fs_object_show_region(&shown, region);
	return fs_row_make(process, &key, &shown);
}

/* Reading; process context, fs_table.mutex held. */

static void row_read(const struct fs_row *row, struct fs_counters *counters, int first, int last)
{
	int cpu, i;

	for (i = first; i <= last; i++)
		counters->n[i] = atomic64_read(&row->shared[i]);
	if (!row->group)
		return;
	for_each_possible_cpu(cpu) {
		const u64 *cell = fs_row_cell(row, cpu);

		if (!cell)
			continue;
		for (i = first; i <= last; i++)
			counters->n[i] += READ_ONCE(cell[i]);
	}
}

/**
 * fs_row_read_verdicts - sums a row's verdicts and missed counts over the CPUs
 * @row: the row
 * @counters: these are set, the others left alone
 *
 * Process context, fs_table.mutex held. Verdicts are to be read before calls, with a
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
 * Process context, fs_table.mutex held.
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
 * Process context, fs_table.mutex held.
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
 * Process context, fs_table.mutex held.
 */
void fs_row_add(struct fs_row *row, const struct fs_counters *counters)
{
	int i;

	for (i = 0; i < COUNTERS; i++) {
		if (row->dropped)
			atomic64_set(&row->shared[i], 0);
		atomic64_add(counters->n[i], &row->shared[i]);
	}
	row->dropped = false;
}

/* Taking out; process context, fs_table.mutex held. */

/**
 * fs_row_unlink - takes a row out of the index, if it is in it
 * @row: the row; stays in its lists
 *
 * Process context, fs_table.mutex held. Hooks may still step on the row on their way
 * along the chain: nothing of it may change before they have ended.
 */
void fs_row_unlink(struct fs_row *row)
{
	struct fs_row **at = &fs_table.row_index[fs_row_bucket(row->process, row->key)];
	unsigned long flags;

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	if (row->indexed) {
		while (*at != row)
			at = &(*at)->index_next;
		WRITE_ONCE(*at, row->index_next);
		row->indexed = false;
		row->process->row_count--;
	}
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
}

/**
 * fs_row_relink - puts a row of the same process back into the index
 * @row: unlinked, and a grace period ago
 *
 * Process context, fs_table.mutex held. Returns false, with nothing changed, where
 * another row has been made for the object meanwhile.
 */
bool fs_row_relink(struct fs_row *row)
{
	unsigned long flags;
	bool alone;

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	alone = !fs_row_find(row->process, row->key);
	if (alone)
		row_link(row);
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
	return alone;
}

/**
 * fs_row_become_other - makes a row the [other] of its process, with all it counts
 * @row: unlinked, and a grace period ago
 *
 * Process context, fs_table.mutex held. Returns false, with nothing changed, where the
 * process has got one meanwhile. Its heat is for the caller to free: [other] is no file.
 */
bool fs_row_become_other(struct fs_row *row)
{
	struct fs_name *before = row->name;
	unsigned long flags;
	bool alone;

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	alone = !fs_row_find(row->process, fs_object_other);
	if (alone) {
		row->key = fs_object_other;
		row->ino = 0;
		row->dev = 0;
		row->deleted = false;
		row->name = fs_special.others.only->name;
		atomic_inc(&row->name->refs);
		row_link(row);
	}
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
	if (alone)
		fs_name_put(before);
	return alone;
}

/**
 * fs_row_move - gives a row to another process and puts it into the index
 * @row: unlinked, and a grace period ago
 * @process: one that no hook counts in
 *
 * Process context, fs_table.mutex held.
 */
void fs_row_move(struct fs_row *row, struct fs_process *process)
{
	unsigned long flags;

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	list_move_tail(&row->of_process, &process->rows);
	row->leaving = false;
	row->process = process;
	row_link(row);
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
}

static void group_free(struct fs_group *group)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (group->cells[cpu])
			fs_pool_put(POOL_CELLS, group->cells[cpu]);
	fs_pool_put(POOL_GROUP, group);
}

/**
 * fs_row_release_cells - gives up a row's place in its group
 * @row: a row in which nothing counts any more
 *
 * Process context, fs_table.mutex held. What the cells hold is lost: read it before.
 */
void fs_row_release_cells(struct fs_row *row)
{
	struct fs_group *group = row->group;
	unsigned long flags;
	bool unused;
	int cpu;

	if (!group)
		return;
	for_each_possible_cpu(cpu)
		if (group->cells[cpu])
			memset(group->cells[cpu] + row->cell, 0, sizeof(struct fs_counters));
	row->group = NULL;

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	if (group->used == GROUP_FULL)
		list_add_tail(&group->link, &fs_table.groups);
	group->used &= ~(1ULL << row->cell / CELL_WORDS);
	unused = !group->used;
	if (unused)
		list_del(&group->link);
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
	if (unused)
		group_free(group);
}

/**
 * fs_row_forget_baseline - makes a row count from its birth again
 * @row: the row
 *
 * Process context, fs_table.mutex held.
 */
void fs_row_forget_baseline(struct fs_row *row)
{
	fs_memory_free(row->baseline, sizeof(*row->baseline));
	row->baseline = NULL;
}

/**
 * fs_row_free - frees a row
 * @row: unlinked, or never linked, and a grace period ago; without heat
 *
 * Process context, fs_table.mutex held.
 */
void fs_row_free(struct fs_row *row)
{
	unsigned long flags;

	fs_row_release_cells(row);
	fs_row_forget_baseline(row);
	WARN_ON_ONCE(row->heat);
	fs_name_put(row->name);
	fs_hook_lock_irqsave(&fs_table.lock, flags);
	list_del(&row->of_process);
	list_del(&row->of_table);
	if (!row->process->only)
		fs_table.rows_used--;
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
	fs_pool_put(POOL_ROW, row);
}

/**
 * fs_row_pool_sizes - the item sizes of the pools that rows use
 * @size: by pool
 *
 * Any context.
 */
void fs_row_pool_sizes(size_t *size)
{
	size[POOL_ROW] = sizeof(struct fs_row);
	size[POOL_GROUP] = sizeof(struct fs_group) + nr_cpu_ids * sizeof(u64 *);
	size[POOL_CELLS] = GROUP_ROWS * sizeof(struct fs_counters);
}

/**
 * fs_row_destroy - frees all rows
 *
 * Process context, with no hook, reader or worker left.
 */
void fs_row_destroy(void)
{
	struct fs_row *row, *next;

	list_for_each_entry_safe(row, next, &fs_table.rows, of_table) {
		fs_row_free(row);
		cond_resched();
	}
}
