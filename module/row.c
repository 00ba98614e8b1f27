// SPDX-License-Identifier: GPL-2.0
/*
 * Rows, their counters and their names: making, finding, reading, freeing. What hooks
 * call here runs in task context with preemption off, or in softirq (a task's end);
 * rows are read and taken out in process context. The rules are in table.h.
 */
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/string.h>
#include "cold.h"
#include "heat.h"
#include "pool.h"
#include "table.h"
#include "worker.h"

/**
 * row_make_cell - a row's counters on this CPU, made if there are none
 * @row: a row whose process cannot end meanwhile
 * @cpu: this CPU
 *
 * In a hook, in task context. Returns NULL where there is no memory: the shared
 * counters serve then.
 */
u64 *row_make_cell(struct row *row, unsigned int cpu)
{
	u64 *page;

	if (!row->group)
		return NULL;
	page = row->group->cells[cpu];
	if (!page) {
		page = pool_get(POOL_CELLS);
		if (!page)
			return NULL;
		/* Readers sum what they find: the page is clear before they can. */
		smp_wmb();
		WRITE_ONCE(row->group->cells[cpu], page);
	}
	return page + row->cell;
}

/**
 * row_count - adds to a row and to the totals, from anywhere
 * @row: a row that cannot be freed meanwhile
 * @counter: which
 * @n: how many
 *
 * Any context but NMI. Atomic; the usual way writes cells instead.
 */
void row_count(struct row *row, enum counter counter, u64 n)
{
	if (!n)
		return;
	this_cpu_add(table_totals.n[counter], n);
	atomic64_add(n, &row->shared[counter]);
}

/* Names. */

static struct name *name_find(u32 hash, const char *text)
{
	struct name *name = table.name_index[hash_32(hash, table.name_bits)];

	while (name && (name->hash != hash || strcmp(name->text, text)))
		name = name->index_next;
	return name;
}

static u32 name_hash(const char *text)
{
	return jhash(text, strlen(text), table.hash_name);
}

/* From the smallest size that will do, or the next one that is left. */
static struct name *name_new(size_t len)
{
	struct name *name = NULL;
	int id;

	for (id = POOL_NAME_FIRST; id <= POOL_NAME_LAST && !name; id++) {
		if (offsetof(struct name, text) + len + 1 > pool_item_size(id))
			continue;
		name = pool_get(id);
		if (name)
			name->pool = id;
	}
	return name;
}

/* Under table.lock. Returns the name with a reference taken, or NULL. */
static struct name *name_get(const char *text, u32 hash)
{
	struct name **bucket = &table.name_index[hash_32(hash, table.name_bits)];
	struct name *name = name_find(hash, text);
	/* There are few of the last size: without one of them the end has to do. */
	size_t room = pool_item_size(POOL_NAME_LAST - 1) - offsetof(struct name, text) - 1;
	size_t len;
	bool cut;

	if (name) {
		atomic_inc(&name->refs);
		return name;
	}
	len = strlen(text);
	name = name_new(len);
	cut = !name && len > room;
	if (cut) {
		text += len - room;
		len = room;
		name = name_new(len);
	}
	if (!name)
		return NULL;
	name->hash = hash;
	name->length = len;
	atomic_set(&name->refs, 1);
	memcpy(name->text, text, len + 1);
	if (cut)
		memcpy(name->text, "...", 3);
	name->index_next = *bucket;
	*bucket = name;
	return name;
}

/* Under table.lock. */
static void name_unlink(struct name *name)
{
	struct name **at = &table.name_index[hash_32(name->hash, table.name_bits)];

	while (*at != name)
		at = &(*at)->index_next;
	*at = name->index_next;
	pool_put(name->pool, name);
}

/**
 * name_put - gives up a reference to a name
 * @name: may be freed by this
 *
 * Any context but NMI, without table.lock.
 */
void name_put(struct name *name)
{
	unsigned long flags;

	if (atomic_add_unless(&name->refs, -1, 1))
		return;
	hook_lock_irqsave(&table.lock, flags);
	if (atomic_dec_and_test(&name->refs))
		name_unlink(name);
	hook_unlock_irqrestore(&table.lock, flags);
}

/* Rows. */

/* Under table.lock: a place for a row in a group. False where there is no memory. */
static bool row_place(struct row *row)
{
	struct group *group;
	unsigned int place;

	if (list_empty(&table.groups)) {
		group = pool_get(POOL_GROUP);
		if (!group)
			return false;
		group->used = 0;
		memset(group->cells, 0, nr_cpu_ids * sizeof(group->cells[0]));
		list_add(&group->link, &table.groups);
	}
	group = list_first_entry(&table.groups, struct group, link);
	place = __ffs64(~group->used);
	group->used |= 1ULL << place;
	if (group->used == GROUP_FULL)
		list_del_init(&group->link);
	row->group = group;
	row->cell = place * CELL_WORDS;
	return true;
}

static void row_setup(struct row *row, struct process *process, const struct object_key *key)
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

/* Under table.lock. */
static void row_link(struct row *row)
{
	struct row **bucket = &table.row_index[row_bucket(row->process, row->key)];

	row->indexed = true;
	row->process->row_count++;
	row->index_next = *bucket;
	/* Hooks that find the row find it whole. */
	smp_wmb();
	WRITE_ONCE(*bucket, row);
}

/*
 * Under table.lock. In its lists, but neither in the index nor accounted for. @hash is
 * of the name, which is long to make under a lock. Returns NULL where there is no memory.
 */
static struct row *row_new(struct process *process, const struct object_key *key,
			   const struct object_shown *shown, u32 hash, bool cells)
{
	struct row *row = pool_get(POOL_ROW);

	if (!row)
		return NULL;
	row->name = name_get(shown->name, hash);
	if (!row->name)
		goto no_name;
	row->ino = shown->ino;
	row->dev = shown->dev;
	row->group = NULL;
	if (cells && !row_place(row))
		goto no_place;
	row_setup(row, process, key);
	list_add_tail(&row->of_process, &process->rows);
	list_add_tail_rcu(&row->of_table, &table.rows);
	return row;

no_place:
	if (atomic_dec_and_test(&row->name->refs))
		name_unlink(row->name);
no_name:
	pool_put(POOL_ROW, row);
	return NULL;
}

/* Under table.lock. */
static struct row *row_make_locked(struct process *process, const struct object_key *key,
				   const struct object_shown *shown, u32 hash)
{
	struct row *row = row_find(process, *key);

	if (row)
		return row;
	if (table.rows_used >= table.rows_max)
		return NULL;
	row = row_new(process, key, shown, hash, true);
	if (!row)
		return NULL;
	table.rows_used++;
	row_link(row);
	return row;
}

/**
 * row_make_only - makes the single row of a special process
 * @process: it is all of its rows, and never freed before the table is
 * @region: what the row is called
 * @cells: whether it has counters on each CPU
 *
 * Process context. Returns 0 or -ENOMEM.
 */
int row_make_only(struct process *process, enum region region, bool cells)
{
	const struct object_key key = { .ino = region, .dev = OBJECT_REGION };
	struct object_shown shown;
	unsigned long flags;
	u32 hash;

	object_show_region(&shown, region);
	hash = name_hash(shown.name);
	hook_lock_irqsave(&table.lock, flags);
	process->only = row_new(process, &key, &shown, hash, cells);
	process->detour = process->only;
	hook_unlock_irqrestore(&table.lock, flags);
	return process->only ? 0 : -ENOMEM;
}

/**
 * process_has_room - whether a process may have one more row for an object
 * @process: not special
 *
 * In a hook. One process that maps a million files would otherwise take the table
 * from all others: beyond its share new objects go to its row [other], until cold.c
 * has made room.
 */
bool process_has_room(const struct process *process)
{
	return READ_ONCE(process->row_count) < process_rows_max();
}

/**
 * row_missed - the row that takes counts of a process which no call explains
 * @process: any
 *
 * Under table.lock. Where there is no room for one, it is the overflow's.
 */
struct row *row_missed(struct process *process)
{
	const struct object_key key = { .ino = REGION_MISSED, .dev = OBJECT_REGION };
	struct object_shown shown;
	struct row *row;

	if (process->only)
		return process->only;
	object_show_region(&shown, REGION_MISSED);
	row = row_make_locked(process, &key, &shown, name_hash(shown.name));
	return row ? row : table.overflow.only;
}

/**
 * table_is_crowded - whether ended processes should be folded to make room
 *
 * Any context. Room is made before the living need it.
 */
bool table_is_crowded(void)
{
	return READ_ONCE(table.rows_used) > table.rows_max - table.rows_max / 8 ||
	       memory_is_tight();
}

/**
 * row_make - finds or makes the row of a process and an object
 * @process: not special, and cannot end meanwhile
 * @key: the object
 * @shown: how it is shown; its name is shorter than NAME_SIZE_MAX
 *
 * In a hook. Returns NULL where there is neither row nor memory.
 */
struct row *row_make(struct process *process, const struct object_key *key,
		     const struct object_shown *shown)
{
	u32 hash = name_hash(shown->name);
	unsigned long flags;
	struct row *row;

	hook_lock_irqsave(&table.lock, flags);
	row = row_make_locked(process, key, shown, hash);
	hook_unlock_irqrestore(&table.lock, flags);

	if (table_is_crowded()) {
		if (READ_ONCE(table.ended_count))
			worker_keep_house();
		else
			cold_request();
	}
	return row;
}

/**
 * row_make_region - finds or makes the row of a process and a region
 * @process: not special, and cannot end meanwhile
 * @region: which
 *
 * In a hook, or in process context with a folded process. Returns NULL where there is
 * neither row nor memory.
 */
struct row *row_make_region(struct process *process, enum region region)
{
	const struct object_key key = { .ino = region, .dev = OBJECT_REGION };
	struct row *row = row_find(process, key);
	struct object_shown shown;

	if (row)
		return row;
	object_show_region(&shown, region);
	return row_make(process, &key, &shown);
}

/* Reading; process context, table.mutex held. */

static void row_read(const struct row *row, struct counters *counters, int first, int last)
{
	int cpu, i;

	for (i = first; i <= last; i++)
		counters->n[i] = atomic64_read(&row->shared[i]);
	if (!row->group)
		return;
	for_each_possible_cpu(cpu) {
		const u64 *cell = row_cell(row, cpu);

		if (!cell)
			continue;
		for (i = first; i <= last; i++)
			counters->n[i] += READ_ONCE(cell[i]);
	}
}

/**
 * row_read_verdicts - sums a row's verdicts and missed counts over the CPUs
 * @row: the row
 * @counters: these are set, the others left alone
 *
 * Process context, table.mutex held. Verdicts are to be read before calls, with a
 * read barrier between: then no verdict is seen whose call is not.
 */
void row_read_verdicts(const struct row *row, struct counters *counters)
{
	row_read(row, counters, COUNT_FIRST_VERDICT, COUNT_LAST_VERDICT);
}

/**
 * row_read_calls - sums a row's calls by class over the CPUs
 * @row: the row
 * @counters: these are set, the others left alone
 *
 * Process context, table.mutex held.
 */
void row_read_calls(const struct row *row, struct counters *counters)
{
	row_read(row, counters, COUNT_FIRST_CLASS, COUNT_LAST_CLASS);
}

/**
 * row_total - what a row counts since the last reset
 * @row: a row in which nobody counts any more
 * @counters: result
 *
 * Process context, table.mutex held.
 */
void row_total(const struct row *row, struct counters *counters)
{
	row_read_verdicts(row, counters);
	row_read_calls(row, counters);
	if (row->baseline)
		counters_subtract(counters, &row->baseline->counters);
}

/**
 * row_add - adds counts that were another row's; the totals have them already
 * @row: where they go
 * @counters: as row_total() read them
 *
 * Process context, table.mutex held.
 */
void row_add(struct row *row, const struct counters *counters)
{
	int i;

	for (i = 0; i < COUNTERS; i++) {
		if (row->dropped)
			atomic64_set(&row->shared[i], 0);
		atomic64_add(counters->n[i], &row->shared[i]);
	}
	row->dropped = false;
}

/* Taking out; process context, table.mutex held. */

/**
 * row_unlink - takes a row out of the index, if it is in it
 * @row: the row; stays in its lists
 *
 * Process context, table.mutex held. Hooks may still step on the row on their way
 * along the chain: nothing of it may change before they have ended.
 */
void row_unlink(struct row *row)
{
	struct row **at = &table.row_index[row_bucket(row->process, row->key)];
	unsigned long flags;

	hook_lock_irqsave(&table.lock, flags);
	if (row->indexed) {
		while (*at != row)
			at = &(*at)->index_next;
		WRITE_ONCE(*at, row->index_next);
		row->indexed = false;
		row->process->row_count--;
	}
	hook_unlock_irqrestore(&table.lock, flags);
}

/**
 * row_relink - puts a row of the same process back into the index
 * @row: unlinked, and a grace period ago
 *
 * Process context, table.mutex held. Returns false, with nothing changed, where
 * another row has been made for the object meanwhile.
 */
bool row_relink(struct row *row)
{
	unsigned long flags;
	bool alone;

	hook_lock_irqsave(&table.lock, flags);
	alone = !row_find(row->process, row->key);
	if (alone)
		row_link(row);
	hook_unlock_irqrestore(&table.lock, flags);
	return alone;
}

/**
 * row_become_other - makes a row the [other] of its process, with all it counts
 * @row: unlinked, and a grace period ago
 *
 * Process context, table.mutex held. Returns false, with nothing changed, where the
 * process has got one meanwhile.
 */
bool row_become_other(struct row *row)
{
	struct name *before = row->name;
	unsigned long flags;
	bool alone;

	hook_lock_irqsave(&table.lock, flags);
	alone = !row_find(row->process, OBJECT_OTHER);
	if (alone) {
		row->key = OBJECT_OTHER;
		row->ino = 0;
		row->dev = 0;
		row->name = table.others.only->name;
		atomic_inc(&row->name->refs);
		row_link(row);
	}
	hook_unlock_irqrestore(&table.lock, flags);
	if (alone) {
		name_put(before);
		heat_free(row);
	}
	return alone;
}

/**
 * row_move - gives a row to another process and puts it into the index
 * @row: unlinked, and a grace period ago
 * @process: one that no hook counts in
 *
 * Process context, table.mutex held.
 */
void row_move(struct row *row, struct process *process)
{
	unsigned long flags;

	hook_lock_irqsave(&table.lock, flags);
	list_move_tail(&row->of_process, &process->rows);
	row->leaving = false;
	row->process = process;
	row_link(row);
	hook_unlock_irqrestore(&table.lock, flags);
}

static void group_free(struct group *group)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (group->cells[cpu])
			pool_put(POOL_CELLS, group->cells[cpu]);
	pool_put(POOL_GROUP, group);
}

/**
 * row_release_cells - gives up a row's place in its group
 * @row: a row that nobody counts in any more
 *
 * Process context, table.mutex held. What the cells hold is lost: read it before.
 */
void row_release_cells(struct row *row)
{
	struct group *group = row->group;
	unsigned long flags;
	bool unused;
	int cpu;

	if (!group)
		return;
	for_each_possible_cpu(cpu)
		if (group->cells[cpu])
			memset(group->cells[cpu] + row->cell, 0, sizeof(struct counters));
	row->group = NULL;

	hook_lock_irqsave(&table.lock, flags);
	if (group->used == GROUP_FULL)
		list_add_tail(&group->link, &table.groups);
	group->used &= ~(1ULL << row->cell / CELL_WORDS);
	unused = !group->used;
	if (unused)
		list_del(&group->link);
	hook_unlock_irqrestore(&table.lock, flags);
	if (unused)
		group_free(group);
}

/**
 * row_forget_baseline - makes a row count from its birth again
 * @row: the row
 *
 * Process context, table.mutex held.
 */
void row_forget_baseline(struct row *row)
{
	memory_free(row->baseline, sizeof(*row->baseline));
	row->baseline = NULL;
}

/**
 * row_free - frees a row
 * @row: unlinked, or never linked, and a grace period ago
 *
 * Process context, table.mutex held.
 */
void row_free(struct row *row)
{
	unsigned long flags;

	row_release_cells(row);
	row_forget_baseline(row);
	heat_free(row);
	name_put(row->name);
	hook_lock_irqsave(&table.lock, flags);
	list_del(&row->of_process);
	list_del(&row->of_table);
	if (!row->process->only)
		table.rows_used--;
	hook_unlock_irqrestore(&table.lock, flags);
	pool_put(POOL_ROW, row);
}
