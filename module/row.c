// SPDX-License-Identifier: GPL-2.0
/*
 * Rows and their counters: making, finding, reading, freeing. What hooks
 * call here runs in task context with preemption off, or in softirq (a task's end);
 * rows are read and taken out in process context. A row is put into its process under the
 * process's lock, and into the index under that of a shard. The rules are in table.h.
 */
#include <linux/rculist.h>
#include <linux/string.h>
#include "memory.h"
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

/* Making. */

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

/* Under the process's lock: a place for a row in a group. False where there is no memory. */
static bool row_place(struct fs_row *row, struct fs_process *process)
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

/* A free one has no process: searches that step on it go on, and must not find it half made. */
static void row_setup(struct fs_row *row, struct fs_process *process,
		      const struct fs_object_key *key, const struct fs_object_shown *shown,
		      struct fs_name *name)
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
	row->index_next = NULL;
	for (i = 0; i < COUNTERS; i++)
		atomic64_set(&row->shared[i], 0);
	smp_wmb(); /* a search that finds the process finds the key */
	WRITE_ONCE(row->process, process);
}

static struct fs_shard *row_shard(const struct fs_process *process, struct fs_object_key key)
{
	return fs_shard_of(&fs_table.row_shards, fs_row_bucket(process, key));
}

/* Under the shard's lock. */
static void row_link(struct fs_row *row)
{
	struct fs_row **bucket = &fs_table.row_index[fs_row_bucket(row->process, row->key)];

	row->index_next = *bucket;
	/* Hooks that find the row find it whole. */
	smp_wmb();
	WRITE_ONCE(*bucket, row);
}

/* Under the process's lock: into the index, unless there is one of the key. Returns that one. */
static struct fs_row *row_link_alone(struct fs_row *row)
{
	struct fs_shard *shard = row_shard(row->process, row->key);
	struct fs_row *other;

	fs_hook_lock(&shard->lock);
	other = fs_row_find(row->process, row->key);
	if (!other)
		row_link(row);
	fs_hook_unlock(&shard->lock);
	if (other)
		return other;
	row->indexed = true;
	WRITE_ONCE(row->process->row_count, row->process->row_count + 1);
	return NULL;
}

/* A row that is in no list, with a place for its cells; the process's lock held. */
static struct fs_row *row_new(struct fs_process *process, const struct fs_object_key *key,
			      const struct fs_object_shown *shown, struct fs_name *name, bool cells)
{
	struct fs_row *row = fs_pool_get(POOL_ROW);

	if (!row)
		return NULL;
	row_setup(row, process, key, shown, name);
	if (!cells || row_place(row, process))
		return row;
	WRITE_ONCE(row->process, NULL);
	fs_pool_put(POOL_ROW, row);
	return NULL;
}

/* Gives back what row_new() made and nobody has seen; the process's lock held. */
static void row_unmake(struct fs_row *row)
{
	struct fs_group *group = row->group;

	group->used &= ~(1ULL << row->cell / CELL_WORDS);
	list_move(&group->link, &row->process->groups);
	WRITE_ONCE(row->process, NULL);
	fs_pool_put(POOL_ROW, row);
}

/* Under the process's lock. */
static struct fs_row *row_make_locked(struct fs_process *process, const struct fs_object_key *key,
				      const struct fs_object_shown *shown, struct fs_name *name)
{
	struct fs_row *row = row_new(process, key, shown, name, true), *other;

	if (!row)
		return NULL;
	other = row_link_alone(row);
	if (other) {
		row_unmake(row);
		return other;
	}
	/* A reader may be walking the list. */
	list_add_tail_rcu(&row->of_process, &process->rows);
	return row;
}

static struct fs_row *row_make(struct fs_process *process, const struct fs_object_key *key,
			       const struct fs_object_shown *shown, struct fs_name *name)
{
	struct fs_row *row = NULL;
	unsigned long flags;

	if (name) {
		fs_hook_lock_irqsave(&process->lock, flags);
		row = row_make_locked(process, key, shown, name);
		fs_hook_unlock_irqrestore(&process->lock, flags);
	}
	if (fs_table_is_crowded())
		fs_worker_make_room();
	return row;
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

/* As many mappings of shared anonymous memory, used in turn, are found at once. */
#define ALIASES_MAX	64

/* Under the process's lock and the shard's: out of the index. */
static void index_unlink(struct fs_row *row)
{
	struct fs_row **at = &fs_table.row_index[fs_row_bucket(row->process, row->key)];

	while (*at != row)
		at = &(*at)->index_next;
	WRITE_ONCE(*at, row->index_next);
}

static void alias_unlink(struct fs_alias *alias)
{
	struct fs_shard *shard = row_shard(alias->process, alias->key);
	unsigned long flags;

	fs_hook_lock_irqsave(&shard->lock, flags);
	index_unlink((struct fs_row *)alias);
	fs_hook_unlock_irqrestore(&shard->lock, flags);
	list_del(&alias->of_process);
	/* As a row that is freed. */
	WRITE_ONCE(alias->process, NULL);
}

/* Under the process's lock: a new one, or the oldest of the same row, which may be in use there. */
static struct fs_alias *alias_get(struct fs_process *process, const struct fs_row *row)
{
	struct fs_alias *alias;

	if (process->alias_count < ALIASES_MAX) {
		alias = fs_pool_get(POOL_ALIAS);
		process->alias_count += !!alias;
		return alias;
	}
	alias = list_first_entry(&process->aliases, struct fs_alias, of_process);
	if (alias->target != row)
		return NULL;
	alias_unlink(alias);
	return alias;
}

/**
 * fs_row_make_alias - has a row found by another key as well
 * @row: of a region, with cells; its process cannot end meanwhile
 * @key: what fs_object_key_plain() makes of its mapping
 *
 * In a hook. Where there is no memory it is not, and calls take the slow path.
 */
void fs_row_make_alias(struct fs_row *row, struct fs_object_key key)
{
	struct fs_shard *shard = row_shard(row->process, key);
	struct fs_process *process = row->process;
	struct fs_alias *alias;
	unsigned long flags;

	if (process->only || fs_pool_is_starved(POOL_ALIAS))
		return;
	fs_hook_lock_irqsave(&process->lock, flags);
	alias = alias_get(process, row);
	if (alias) {
		alias->key = key;
		alias->cells = row->cells;
		alias->cell = row->cell;
		alias->heat = NULL;
		alias->alias = true;
		alias->wanted = false;
		alias->target = row;
		list_add_tail(&alias->of_process, &process->aliases);
		smp_wmb(); /* as in row_setup() */
		WRITE_ONCE(alias->process, process);
		fs_hook_lock(&shard->lock);
		row_link((struct fs_row *)alias);
		fs_hook_unlock(&shard->lock);
	}
	fs_hook_unlock_irqrestore(&process->lock, flags);
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
	struct fs_name *name;
	unsigned long flags;

	fs_object_show_region(&shown, region);
	fs_preempt_disable();
	name = fs_name_get(shown.name, shown.length);
	fs_hook_lock_irqsave(&process->lock, flags);
	process->only = name ? row_new(process, &key, &shown, name, cells) : NULL;
	process->detour = process->only;
	if (process->only)
		list_add_tail(&process->only->of_process, &process->rows);
	fs_hook_unlock_irqrestore(&process->lock, flags);
	fs_preempt_enable();
	return process->only ? 0 : -ENOMEM;
}

/* Finding and reading; process context, fs_table.rows_sem held. */

/**
 * fs_row_look - the row of a process and an object, surely
 * @process: any
 * @key: as the row was made with
 *
 * Process context, fs_table.rows_sem held.
 */
struct fs_row *fs_row_look(const struct fs_process *process, struct fs_object_key key)
{
	struct fs_shard *shard = row_shard(process, key);
	unsigned long flags;
	struct fs_row *row;

	fs_hook_lock_irqsave(&shard->lock, flags);
	row = fs_row_find(process, key);
	fs_hook_unlock_irqrestore(&shard->lock, flags);
	return row;
}

struct walk {
	bool (*fn)(struct fs_row *row, void *data);
	void *data;
};

static bool walk_process(struct fs_process *process, void *data)
{
	const struct walk *walk = data;
	struct fs_row *row, *next;

	/* @fn may free the row. */
	list_for_each_entry_safe(row, next, &process->rows, of_process) {
		if (!walk->fn(row, walk->data))
			return false;
		cond_resched();
	}
	return true;
}

static bool list_walk(struct list_head *list, bool (*fn)(struct fs_process *process, void *data),
		      void *data)
{
	struct fs_process *process;

	list_for_each_entry(process, list, link) {
		if (!fn(process, data))
			return false;
		cond_resched();
	}
	return true;
}

/* All processes that may have rows, as far as load has come. Returns false where @fn did. */
static bool processes_walk(bool (*fn)(struct fs_process *process, void *data), void *data)
{
	const struct fs_shards *shards = &fs_table.process_shards;
	u32 i;

	if (!fn(&fs_special.overflow, data) || !fn(&fs_special.unselected, data) ||
	    !fn(&fs_special.others, data) || !list_walk(&fs_table.folded, fn, data))
		return false;
	for (i = 0; shards->of && i <= shards->mask; i++)
		if (!list_walk(&shards->of[i].list, fn, data))
			return false;
	return true;
}

/**
 * fs_rows_walk - tells of every row, in the same order each time, but for those that have come
 * @fn: returns false to end the walk
 * @data: for @fn
 *
 * Process context, fs_table.rows_sem held for writing: rows come, each at the end of its process's,
 * but none goes. Returns false where @fn did.
 */
bool fs_rows_walk(bool (*fn)(struct fs_row *row, void *data), void *data)
{
	struct walk walk = { .fn = fn, .data = data };

	return processes_walk(walk_process, &walk);
}

static void row_read(const struct fs_row *row, struct fs_counters *counters, int first, int last)
{
	int cpu, i;

	for (i = first; i <= last; i++)
		counters->n[i] = atomic64_read(&row->shared[i]);
	if (!row->group)
		return;
	for_each_set_bit(cpu, row->group->cpus, nr_cpu_ids) {
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

/* Taking out; process context, fs_table.rows_sem held. */

/**
 * fs_row_unlink - takes a row out of the index, if it is in it
 * @row: the row; stays in its process
 *
 * Process context, fs_table.rows_sem held. Hooks may still step on the row on their way
 * along the chain; those of its own process, if that lives, may have found it.
 */
void fs_row_unlink(struct fs_row *row)
{
	struct fs_shard *shard = row_shard(row->process, row->key);
	unsigned long flags;

	fs_hook_lock_irqsave(&row->process->lock, flags);
	if (row->indexed) {
		fs_hook_lock(&shard->lock);
		index_unlink(row);
		fs_hook_unlock(&shard->lock);
		row->indexed = false;
		WRITE_ONCE(row->process->row_count, row->process->row_count - 1);
	}
	fs_hook_unlock_irqrestore(&row->process->lock, flags);
}

/**
 * fs_row_relink - puts a row of the same process back into the index
 * @row: unlinked, and a grace period ago
 *
 * Process context, fs_table.rows_sem held for writing. Returns false, with nothing changed, where
 * another row has been made for the object meanwhile.
 */
bool fs_row_relink(struct fs_row *row)
{
	unsigned long flags;
	bool alone;

	fs_hook_lock_irqsave(&row->process->lock, flags);
	alone = !row_link_alone(row);
	fs_hook_unlock_irqrestore(&row->process->lock, flags);
	return alone;
}

/**
 * fs_row_become_other - makes a row the [other] of its process, with all it counts
 * @row: unlinked, and a grace period ago
 *
 * Process context, fs_table.rows_sem held. Returns false, with nothing changed, where the
 * process has got one meanwhile. Its heat is for the caller to free: [other] is no file.
 */
bool fs_row_become_other(struct fs_row *row)
{
	const struct fs_object_key key = row->key;
	unsigned long flags;
	bool alone;

	fs_hook_lock_irqsave(&row->process->lock, flags);
	row->key = fs_object_other;
	alone = !row_link_alone(row);
	if (alone) {
		row->ino = 0;
		row->dev = 0;
		row->deleted = false;
		row->name = fs_special.others.only->name;
	} else {
		row->key = key;
	}
	fs_hook_unlock_irqrestore(&row->process->lock, flags);
	return alone;
}

/**
 * fs_row_move - gives a row of an ended process to a folded one and puts it into the index
 * @row: unlinked; without cells
 * @process: one that no hook counts in, and that has no row of the object
 *
 * Process context, fs_table.rows_sem held, and whatever keeps others from @process.
 */
void fs_row_move(struct fs_row *row, struct fs_process *process)
{
	unsigned long flags;

	list_del(&row->of_process);
	row->leaving = false;
	fs_hook_lock_irqsave(&process->lock, flags);
	WRITE_ONCE(row->process, process);
	list_add_tail(&row->of_process, &process->rows);
	row_link_alone(row);
	fs_hook_unlock_irqrestore(&process->lock, flags);
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
 * fs_row_free - frees a row
 * @row: unlinked, or never linked, without heat; of an ended process, or a grace period ago
 *
 * Process context, fs_table.rows_sem held.
 */
void fs_row_free(struct fs_row *row)
{
	unsigned long flags;

	fs_row_release_cells(row);
	fs_row_forget_baseline(row);
	WARN_ON_ONCE(row->heat);
	fs_hook_lock_irqsave(&row->process->lock, flags);
	list_del(&row->of_process);
	fs_hook_unlock_irqrestore(&row->process->lock, flags);
	/* No search finds it, from before another process can lie where this one is. */
	WRITE_ONCE(row->process, NULL);
	fs_pool_put(POOL_ROW, row);
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

/* Adds up a row's counters where no CPU counts any more, and clears the cells. */
static void row_flatten(struct fs_row *row)
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

/* Like fs_row_unlink(), of an ended process: nobody else has its rows. */
static void row_unlink_ended(struct fs_row *row)
{
	struct fs_shard *shard = row_shard(row->process, row->key);
	unsigned long flags;

	if (!row->indexed)
		return;
	fs_hook_lock_irqsave(&shard->lock, flags);
	index_unlink(row);
	fs_hook_unlock_irqrestore(&shard->lock, flags);
	row->indexed = false;
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
	struct fs_alias *alias, *next_alias;
	struct fs_group *group, *next;
	struct fs_row *row;

	list_for_each_entry_safe(alias, next_alias, &process->aliases, of_process) {
		alias_unlink(alias);
		fs_pool_put(POOL_ALIAS, alias);
	}
	list_for_each_entry(row, &process->rows, of_process) {
		row_unlink_ended(row);
		row_flatten(row);
		cond_resched();
	}
	list_for_each_entry_safe(group, next, &process->groups, link) {
		list_del(&group->link);
		group_free(group);
	}
	process->row_count = 0;
}

/**
 * fs_row_merge - adds a flat row's counters to another's, and frees it; the totals have them
 * already
 * @row: without heat
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

/**
 * fs_row_free_flat - frees a flat row of an ended process
 * @row: without heat
 *
 * Process context.
 */
void fs_row_free_flat(struct fs_row *row)
{
	WARN_ON_ONCE(row->heat);
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
	return true;
}

/**
 * fs_rows_destroy - frees all rows
 *
 * Process context, with no hook, reader or worker left.
 */
void fs_rows_destroy(void)
{
	processes_walk(rows_destroy, NULL);
}
