// SPDX-License-Identifier: GPL-2.0
/*
 * The table as a whole: its beginning and end, its totals, and which processes are
 * counted on their own. Process context, but for fs_table_selects() and
 * fs_table_is_crowded(). Names, rows and processes have files of their own; the rules are
 * in table.h.
 */
#include <linux/log2.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include "memory.h"
#include "pool.h"
#include "table.h"

struct fs_table fs_table = {
	.watch	= 1,
	.rows_sem = __RWSEM_INITIALIZER(fs_table.rows_sem),
	.folded	= LIST_HEAD_INIT(fs_table.folded),
};

DEFINE_PER_CPU(struct fs_counters, fs_table_totals);

/* Taken by hooks, at births and execs, while processes are selected. */
static DEFINE_RAW_SPINLOCK(selection_lock);

/**
 * fs_table_selects - whether a process is to be counted on its own
 * @pid: of the thread group; NULL where it is not known any more
 * @nr: its number in the initial namespace
 *
 * In a hook, preemption off.
 */
bool fs_table_selects(struct pid *pid, pid_t nr)
{
	unsigned long flags;
	bool selects;

	if (!READ_ONCE(fs_table.selection))
		return true;
	fs_hook_lock_irqsave(&selection_lock, flags);
	selects = !fs_table.selection || fs_pid_set_has(fs_table.selection, pid, nr);
	fs_hook_unlock_irqrestore(&selection_lock, flags);
	return selects;
}

/**
 * fs_table_is_crowded - whether ended processes should be folded to make room
 *
 * Any context. Room is made before the living need it.
 */
bool fs_table_is_crowded(void)
{
	return fs_pool_is_crowded(POOL_ROW) || fs_memory_is_tight();
}

/**
 * fs_table_new_epoch - has every task take the slow path at its next call
 *
 * Process context.
 */
void fs_table_new_epoch(void)
{
	static DEFINE_MUTEX(epoch_lock);	/* taken here, where a setting changes */

	mutex_lock(&epoch_lock);
	/* A hook that sees the new epoch sees what has changed. */
	smp_wmb();
	WRITE_ONCE(fs_table.epoch, fs_table.epoch + (1ULL << 32));
	mutex_unlock(&epoch_lock);
}

/**
 * fs_table_watch - the watch that a process is born in
 *
 * In a hook.
 */
u32 fs_table_watch(void)
{
	u32 watch = READ_ONCE(fs_table.watch);

	/* Who ends this watch without hearing of the birth ends it before that has a call. */
	smp_rmb();
	if (!READ_ONCE(fs_table.born))
		WRITE_ONCE(fs_table.born, true);
	return watch;
}

/**
 * fs_table_overlooked - a call has gone by of which it is not known whose it was
 *
 * Any context but NMI. Writes only where any process has been born since the last time.
 */
void fs_table_overlooked(void)
{
	u32 watch, next;

	if (!READ_ONCE(fs_table.born))
		return;
	/*
	 * Who is born from here on says so again. If another ends the watch, that is for all who
	 * were born before.
	 */
	(void)xchg(&fs_table.born, false);
	watch = READ_ONCE(fs_table.watch);
	next = watch + 1;
	cmpxchg(&fs_table.watch, watch, next ? next : 1);
}

static void selection_free(struct fs_pid_set *selection)
{
	if (selection)
		fs_pid_set_put(selection->held);
	kfree(selection);
}

/**
 * fs_table_select - changes which processes are counted on their own
 * @pids: in the initial namespace; an empty list is all processes
 *
 * Process context; waits for the hooks. Returns 0 or -ENOMEM.
 */
int fs_table_select(const struct fs_pid_list *pids)
{
	struct fs_pid_set *new = NULL, *old;
	unsigned long flags;

	if (pids->count) {
		new = kzalloc(sizeof(*new), GFP_KERNEL | __GFP_NORETRY);
		if (!new)
			return -ENOMEM;
		fs_pid_set_make(new, pids);
	}
	fs_hook_lock_irqsave(&selection_lock, flags);
	old = fs_table.selection;
	WRITE_ONCE(fs_table.selection, new);
	fs_hook_unlock_irqrestore(&selection_lock, flags);
	/* Who was born before, or with the one in a hook, has calls in [unselected], too. */
	fs_table_overlooked();
	fs_table_new_epoch();
	compat_synchronize_hooks();
	fs_table_overlooked();
	selection_free(old);
	return 0;
}

static void totals_read(struct fs_counters *counters, int first, int last)
{
	int cpu, i;

	for (i = first; i <= last; i++)
		counters->n[i] = 0;
	for_each_possible_cpu(cpu)
		for (i = first; i <= last; i++)
			counters->n[i] += READ_ONCE(per_cpu(fs_table_totals, cpu).n[i]);
}

/**
 * fs_totals_read_verdicts - sums the totals' verdicts and missed counts over the CPUs
 * @counters: these are set, the others left alone
 *
 * Process context. As with rows, verdicts before calls.
 */
void fs_totals_read_verdicts(struct fs_counters *counters)
{
	totals_read(counters, COUNT_FIRST_VERDICT, COUNT_LAST_VERDICT);
}

/**
 * fs_totals_read_calls - sums the totals' calls by class over the CPUs
 * @counters: these are set, the others left alone
 *
 * Process context.
 */
void fs_totals_read_calls(struct fs_counters *counters)
{
	totals_read(counters, COUNT_FIRST_CLASS, COUNT_LAST_CLASS);
}

/* Beginning and end. */

static size_t index_bytes(u32 mask)
{
	return (mask + 1) * sizeof(void *);
}

/**
 * fs_table_init - makes the table's indexes
 * @max_rows: rows at once, special ones not counted
 * @max_tasks: tasks at once, and no more processes
 *
 * Process context. Returns 0 or -ENOMEM; fs_table_destroy() is right after either.
 */
int fs_table_init(unsigned int max_rows, unsigned int max_tasks)
{
	int err;

	fs_table.rows_max = max_rows;
	fs_table.row_mask = (1U << clamp(order_base_2(max_rows), 6, 20)) - 1;
	fs_table.process_mask = (1U << clamp(order_base_2(max_tasks) - 3, 6, 17)) - 1;
	get_random_bytes(&fs_table.hash_ino, sizeof(fs_table.hash_ino));
	get_random_bytes(&fs_table.hash_dev, sizeof(fs_table.hash_dev));
	fs_table.hash_ino |= 1;
	fs_table.hash_dev |= 1;
	fs_table.row_index = fs_memory_zalloc(index_bytes(fs_table.row_mask));
	fs_table.process_index = fs_memory_zalloc(index_bytes(fs_table.process_mask));
	if (!fs_table.row_index || !fs_table.process_index)
		return -ENOMEM;
	err = fs_shards_init(&fs_table.row_shards);
	return err ? err : fs_shards_init(&fs_table.process_shards);
}

/**
 * fs_table_destroy - frees the indexes, after what was in them
 *
 * Process context, with no hook, reader or worker left.
 */
void fs_table_destroy(void)
{
	if (fs_table.row_shards.of)
		fs_shards_destroy(&fs_table.row_shards);
	if (fs_table.process_shards.of)
		fs_shards_destroy(&fs_table.process_shards);
	fs_memory_free(fs_table.row_index, index_bytes(fs_table.row_mask));
	fs_memory_free(fs_table.process_index, index_bytes(fs_table.process_mask));
	fs_table.row_index = NULL;
	fs_table.process_index = NULL;
	selection_free(fs_table.selection);
	fs_table.selection = NULL;
}
