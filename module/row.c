// SPDX-License-Identifier: GPL-2.0
/*
 * The index of rows: putting rows and aliases in, finding them, taking them out; and the walk over
 * all rows. Hooks, in task context with preemption off or in softirq (a task's end), put in; they
 * find by what row.h has inline. Rows are taken out in process context. The index is under the
 * locks of its shards, taken inside the process's. The rules are in table.h.
 */
#include <linux/rculist.h>
#include "pool.h"
#include "process.h"
#include "row.h"

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

/**
 * fs_row_link_alone - puts a row into the index, unless there is one of the process and the object
 * @row: whole
 *
 * With the process's lock. Returns that other row, and NULL where @row is in.
 */
struct fs_row *fs_row_link_alone(struct fs_row *row)
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

/* Under the process's lock and the shard's: out of the index. */
static void index_unlink(struct fs_row *row)
{
	struct fs_row **at = &fs_table.row_index[fs_row_bucket(row->process, row->key)];

	while (*at != row)
		at = &(*at)->index_next;
	WRITE_ONCE(*at, row->index_next);
}

/* As many mappings of shared anonymous memory, used in turn, are found at once. */
#define ALIASES_MAX	64

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
		smp_wmb(); /* as row_setup() in row_life.c */
		WRITE_ONCE(alias->process, process);
		fs_hook_lock(&shard->lock);
		row_link((struct fs_row *)alias);
		fs_hook_unlock(&shard->lock);
	}
	fs_hook_unlock_irqrestore(&process->lock, flags);
}

/**
 * fs_row_free_aliases - frees the aliases of a process
 * @process: ended
 *
 * Process context, fs_table.rows_sem held.
 */
void fs_row_free_aliases(struct fs_process *process)
{
	struct fs_alias *alias, *next;

	list_for_each_entry_safe(alias, next, &process->aliases, of_process) {
		alias_unlink(alias);
		fs_pool_put(POOL_ALIAS, alias);
	}
}

/* Process context, fs_table.rows_sem held. */

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
 * fs_row_unlink_ended - like fs_row_unlink(), of an ended process: nobody else has its rows
 * @row: the row
 *
 * Process context, fs_table.rows_sem held. The process's number of rows is the caller's.
 */
void fs_row_unlink_ended(struct fs_row *row)
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
	alone = !fs_row_link_alone(row);
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
	alone = !fs_row_link_alone(row);
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
	fs_row_link_alone(row);
	fs_hook_unlock_irqrestore(&process->lock, flags);
}

struct walk {
	bool (*fn)(struct fs_row *row, void *data);
	void *data;
};

static bool walk_process(struct fs_process *process, void *data)
{
	const struct walk *walk = data;
	struct list_head *at, *next;

	/* @fn may free the row. */
	for (at = fs_list_next(&process->rows); at != &process->rows; at = next) {
		next = fs_list_next(at);
		if (!walk->fn(list_entry(at, struct fs_row, of_process), walk->data))
			return false;
		cond_resched();
	}
	return true;
}

static bool list_walk(struct list_head *list, bool (*fn)(struct fs_process *process, void *data),
		      void *data)
{
	struct list_head *at;

	for (at = fs_list_next(list); at != list; at = fs_list_next(at)) {
		if (!fn(list_entry(at, struct fs_process, link), data))
			return false;
		cond_resched();
	}
	return true;
}

/**
 * fs_row_owners_walk - tells of all processes that may have rows, as far as load has come
 * @fn: returns false to end the walk
 * @data: for @fn
 *
 * Process context, as fs_rows_walk(). Returns false where @fn did.
 */
bool fs_row_owners_walk(bool (*fn)(struct fs_process *process, void *data), void *data)
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

	return fs_row_owners_walk(walk_process, &walk);
}
