// SPDX-License-Identifier: GPL-2.0
/*
 * The table as a whole: its beginning and end, its totals, and which processes are
 * counted on their own. Process context, but for table_selects(). Rows and processes
 * have files of their own; the rules are in table.h.
 */
#include <linux/log2.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include "pool.h"
#include "table.h"

struct table table = {
	.lock	= __RAW_SPIN_LOCK_UNLOCKED(table.lock),
	.mutex	= __MUTEX_INITIALIZER(table.mutex),
	.folding = __MUTEX_INITIALIZER(table.folding),
	.rows	= LIST_HEAD_INIT(table.rows),
	.live	= LIST_HEAD_INIT(table.live),
	.ended	= LIST_HEAD_INIT(table.ended),
	.folded	= LIST_HEAD_INIT(table.folded),
	.groups	= LIST_HEAD_INIT(table.groups),
};

DEFINE_PER_CPU(struct counters, table_totals);

/**
 * table_selects - whether a process is to be counted on its own
 * @tgid: its pid in the initial namespace
 *
 * In a hook: preemption is off.
 */
bool table_selects(pid_t tgid)
{
	const struct selection *selection = READ_ONCE(table.selection);
	unsigned int i;

	if (!selection)
		return true;
	for (i = 0; i < selection->count; i++)
		if (selection->pids[i] == tgid)
			return true;
	return false;
}

/**
 * table_new_epoch - has every task leave the usual way at its next call
 *
 * Process context.
 */
void table_new_epoch(void)
{
	unsigned long flags;

	hook_lock_irqsave(&table.lock, flags);
	/* What has changed is seen by whoever sees the new epoch. */
	smp_wmb();
	WRITE_ONCE(table.epoch, table.epoch + (1ULL << 32));
	hook_unlock_irqrestore(&table.lock, flags);
}

/**
 * table_select - changes which processes are counted on their own
 * @pids: in the initial namespace
 * @count: 0 for all processes
 *
 * Process context; waits for the hooks. Returns 0 or -ENOMEM.
 */
int table_select(const pid_t *pids, unsigned int count)
{
	struct selection *new = NULL, *old = table.selection;

	if (count) {
		new = kmalloc(sizeof(*new) + count * sizeof(*pids), GFP_KERNEL);
		if (!new)
			return -ENOMEM;
		new->count = count;
		memcpy(new->pids, pids, count * sizeof(*pids));
	}
	/* The list is whole before it can be found. */
	smp_wmb();
	WRITE_ONCE(table.selection, new);
	table_new_epoch();
	compat_synchronize_hooks();
	kfree(old);
	return 0;
}

static void totals_read(struct counters *counters, int first, int last)
{
	int cpu, i;

	for (i = first; i <= last; i++)
		counters->n[i] = 0;
	for_each_possible_cpu(cpu)
		for (i = first; i <= last; i++)
			counters->n[i] += READ_ONCE(per_cpu(table_totals, cpu).n[i]);
}

/**
 * totals_read_verdicts - sums the totals' verdicts and missed counts over the CPUs
 * @counters: these are set, the others left alone
 *
 * Process context. As with rows, verdicts before calls.
 */
void totals_read_verdicts(struct counters *counters)
{
	totals_read(counters, COUNT_FIRST_VERDICT, COUNT_LAST_VERDICT);
}

/**
 * totals_read_calls - sums the totals' calls by class over the CPUs
 * @counters: these are set, the others left alone
 *
 * Process context.
 */
void totals_read_calls(struct counters *counters)
{
	totals_read(counters, COUNT_FIRST_CLASS, COUNT_LAST_CLASS);
}

/* Beginning and end. */

/* A process that is in no list and no index, and has one row for everything. */
static int special_init(struct process *process, enum process_kind kind, enum region region,
			const char *comm, bool cells)
{
	memset(process, 0, sizeof(*process));
	INIT_LIST_HEAD(&process->rows);
	INIT_LIST_HEAD(&process->link);
	process->kind = kind;
	strscpy(process->comm, comm, TASK_COMM_LEN);
	return row_make_only(process, region, cells);
}

/**
 * table_pool_sizes - the item sizes of the pools that the table uses
 * @size: by pool
 *
 * Any context.
 */
void table_pool_sizes(size_t *size)
{
	static const size_t names[] = { 64, 128, 256, 1024 };
	int i;

	size[POOL_PROCESS] = sizeof(struct process);
	size[POOL_ROW] = sizeof(struct row);
	size[POOL_GROUP] = sizeof(struct group) + nr_cpu_ids * sizeof(u64 *);
	size[POOL_CELLS] = GROUP_ROWS * sizeof(struct counters);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		size[POOL_NAME_FIRST + i] = names[i];
	size[POOL_NAME_LAST] = offsetof(struct name, text) + NAME_SIZE_MAX + 1;
}

static size_t index_bytes(unsigned int bits)
{
	return sizeof(void *) << bits;
}

/**
 * table_init - makes the table's indexes
 * @max_rows: rows at once, special ones not counted
 * @keep_exited: ended processes that are kept
 *
 * Process context. Returns 0 or -ENOMEM; table_destroy() is right after either.
 */
int table_init(unsigned int max_rows, unsigned int keep_exited)
{
	table.rows_max = max_rows;
	table.keep_exited = keep_exited;
	table.row_bits = clamp(order_base_2(max_rows), 6, 17);
	table.row_mask = (1U << table.row_bits) - 1;
	get_random_bytes(&table.hash_ino, sizeof(table.hash_ino));
	get_random_bytes(&table.hash_dev, sizeof(table.hash_dev));
	get_random_bytes(&table.hash_name, sizeof(table.hash_name));
	table.hash_ino |= 1;
	table.hash_dev |= 1;
	table.process_bits = 12;
	table.name_bits = clamp(order_base_2(max_rows) - 2, 6, 14);
	table.row_index = memory_zalloc(index_bytes(table.row_bits));
	table.process_index = memory_zalloc(index_bytes(table.process_bits));
	table.name_index = memory_zalloc(index_bytes(table.name_bits));
	return table.row_index && table.process_index && table.name_index ? 0 : -ENOMEM;
}

/**
 * table_start - makes the special rows
 *
 * Process context, the indexes and the pools being ready. Returns 0 or -ENOMEM.
 */
int table_start(void)
{
	int err;

	err = special_init(&table.overflow, PROCESS_OVERFLOW, REGION_OVERFLOW, "-", true);
	if (!err)
		err = special_init(&table.unselected, PROCESS_UNSELECTED, REGION_UNSELECTED, "-",
				   true);
	if (!err)
		err = special_init(&table.others, PROCESS_FOLDED, REGION_OTHER,
				   object_region_name(REGION_OTHER), false);
	return err;
}

static void processes_destroy(struct list_head *list)
{
	struct process *process, *next;

	list_for_each_entry_safe(process, next, list, link) {
		list_del(&process->link);
		process_free(process);
	}
}

/**
 * table_destroy - frees everything in the table
 *
 * Process context, with no hook, reader or worker left.
 */
void table_destroy(void)
{
	struct row *row, *next;

	list_for_each_entry_safe(row, next, &table.rows, of_table) {
		row_free(row);
		cond_resched();
	}
	processes_destroy(&table.live);
	processes_destroy(&table.ended);
	processes_destroy(&table.folded);
	memory_free(table.row_index, index_bytes(table.row_bits));
	memory_free(table.process_index, index_bytes(table.process_bits));
	memory_free(table.name_index, index_bytes(table.name_bits));
	kfree(table.selection);
	table.selection = NULL;
}
