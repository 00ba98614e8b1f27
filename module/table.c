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
#include "pool.h"
#include "table.h"

struct fs_table fs_table = {
	.lock	= __RAW_SPIN_LOCK_UNLOCKED(fs_table.lock),
	.mutex	= __MUTEX_INITIALIZER(fs_table.mutex),
	.folding = __MUTEX_INITIALIZER(fs_table.folding),
	.rows	= LIST_HEAD_INIT(fs_table.rows),
	.live	= LIST_HEAD_INIT(fs_table.live),
	.ended	= LIST_HEAD_INIT(fs_table.ended),
	.folded	= LIST_HEAD_INIT(fs_table.folded),
	.groups	= LIST_HEAD_INIT(fs_table.groups),
};

DEFINE_PER_CPU(struct fs_counters, fs_table_totals);

/**
 * fs_table_selects - whether a process is to be counted on its own
 * @pid: of the thread group; NULL where it is not known any more
 * @nr: its number in the initial namespace
 *
 * In a hook, under fs_table.lock.
 */
bool fs_table_selects(struct pid *pid, pid_t nr)
{
	return !fs_table.selection || fs_pid_set_has(fs_table.selection, pid, nr);
}

/**
 * fs_table_is_crowded - whether ended processes should be folded to make room
 *
 * Any context. Room is made before the living need it.
 */
bool fs_table_is_crowded(void)
{
	return READ_ONCE(fs_table.rows_used) > fs_table.rows_max - fs_table.rows_max / 8 ||
	       fs_memory_is_tight();
}

/**
 * fs_table_new_epoch - has every task take the slow path at its next call
 *
 * Process context.
 */
void fs_table_new_epoch(void)
{
	unsigned long flags;

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	/* A hook that sees the new epoch sees what has changed. */
	smp_wmb();
	WRITE_ONCE(fs_table.epoch, fs_table.epoch + (1ULL << 32));
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
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
	struct pid *none[PIDS_MAX];
	unsigned long flags;

	if (pids->count) {
		new = kzalloc(sizeof(*new), GFP_KERNEL);
		if (!new)
			return -ENOMEM;
		fs_pid_set_change(new, pids, none);
	}
	fs_hook_lock_irqsave(&fs_table.lock, flags);
	old = fs_table.selection;
	fs_table.selection = new;
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
	fs_table_new_epoch();
	compat_synchronize_hooks();
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

static size_t index_bytes(unsigned int bits)
{
	return sizeof(void *) << bits;
}

/**
 * fs_table_init - makes the table's indexes
 * @max_rows: rows at once, special ones not counted
 * @keep_exited: ended processes that are kept
 *
 * Process context. Returns 0 or -ENOMEM; fs_table_destroy() is right after either.
 */
int fs_table_init(unsigned int max_rows, unsigned int keep_exited)
{
	fs_table.rows_max = max_rows;
	fs_table.keep_exited = keep_exited;
	fs_table.row_bits = clamp(order_base_2(max_rows), 6, 17);
	fs_table.row_mask = (1U << fs_table.row_bits) - 1;
	get_random_bytes(&fs_table.hash_ino, sizeof(fs_table.hash_ino));
	get_random_bytes(&fs_table.hash_dev, sizeof(fs_table.hash_dev));
	get_random_bytes(&fs_table.hash_name, sizeof(fs_table.hash_name));
	fs_table.hash_ino |= 1;
	fs_table.hash_dev |= 1;
	fs_table.process_bits = 12;
	fs_table.name_bits = clamp(order_base_2(max_rows) - 2, 6, 14);
	fs_table.row_index = fs_memory_zalloc(index_bytes(fs_table.row_bits));
	fs_table.process_index = fs_memory_zalloc(index_bytes(fs_table.process_bits));
	fs_table.name_index = fs_memory_zalloc(index_bytes(fs_table.name_bits));
	return fs_table.row_index && fs_table.process_index && fs_table.name_index ? 0 : -ENOMEM;
}

/**
 * fs_table_destroy - frees the indexes
 *
 * Process context, with nothing in the table, and no hook, reader or worker left.
 */
void fs_table_destroy(void)
{
	fs_memory_free(fs_table.row_index, index_bytes(fs_table.row_bits));
	fs_memory_free(fs_table.process_index, index_bytes(fs_table.process_bits));
	fs_memory_free(fs_table.name_index, index_bytes(fs_table.name_bits));
	selection_free(fs_table.selection);
	fs_table.selection = NULL;
}
