// SPDX-License-Identifier: GPL-2.0
/*
 * Making, finding and freeing processes, rows, names and cells. What hooks call
 * here runs in task context with preemption off, or in softirq (a task's end);
 * what process context calls sleeps where it says so. The rules are in table.h.
 */
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include "pool.h"
#include "table.h"
#include "worker.h"

struct table table = {
	.lock	= __RAW_SPIN_LOCK_UNLOCKED(table.lock),
	.mutex	= __MUTEX_INITIALIZER(table.mutex),
	.rows	= LIST_HEAD_INIT(table.rows),
	.live	= LIST_HEAD_INIT(table.live),
	.ended	= LIST_HEAD_INIT(table.ended),
	.folded	= LIST_HEAD_INIT(table.folded),
	.groups	= LIST_HEAD_INIT(table.groups),
};

DEFINE_PER_CPU(struct counters, table_totals);

/* How many ended processes may wait beyond keep_exited before the worker is called. */
#define ENDED_BATCH	32

static unsigned int process_bucket(const struct signal_struct *signal)
{
	return hash_ptr((void *)signal, table.process_bits);
}

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

static size_t name_bytes(size_t len)
{
	return offsetof(struct name, text) + len + 1;
}

static struct name *name_find(u32 hash, const char *text)
{
	struct name *name = table.name_index[hash_32(hash, table.name_bits)];

	while (name && (name->hash != hash || strcmp(name->text, text)))
		name = name->index_next;
	return name;
}

/* Under table.lock. Returns the name with a reference taken, or NULL. */
static struct name *name_get(const char *text, size_t len, u32 hash)
{
	struct name **bucket = &table.name_index[hash_32(hash, table.name_bits)];
	struct name *name = name_find(hash, text);
	int id = POOL_NAME_FIRST;

	if (name) {
		atomic_inc(&name->refs);
		return name;
	}
	while (id < POOL_NAME_LAST && name_bytes(len) > pool_item_size(id))
		id++;
	name = pool_get(id);
	if (!name)
		return NULL;
	name->hash = hash;
	name->pool = id;
	atomic_set(&name->refs, 1);
	memcpy(name->text, text, len + 1);
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
	raw_spin_lock_irqsave(&table.lock, flags);
	if (atomic_dec_and_test(&name->refs))
		name_unlink(name);
	raw_spin_unlock_irqrestore(&table.lock, flags);
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
	place = ffz(group->used);
	group->used |= 1U << place;
	if (group->used == ~0U)
		list_del_init(&group->link);
	row->group = group;
	row->cell = place * (CELL_SIZE / sizeof(u64));
	return true;
}

static void row_setup(struct row *row, struct process *process, const struct object_key *key)
{
	int i;

	row->process = process;
	row->key = *key;
	row->dropped = false;
	row->position = ROW_NOT_SEEN;
	row->baseline = NULL;
	row->index_next = NULL;
	for (i = 0; i < COUNTERS; i++)
		atomic64_set(&row->shared[i], 0);
}

/* Under table.lock. */
static void row_link(struct row *row)
{
	struct row **bucket = &table.row_index[row_bucket(row->process, row->key)];

	row->index_next = *bucket;
	/* Hooks that find the row find it whole. */
	smp_wmb();
	WRITE_ONCE(*bucket, row);
}

static struct row *row_make_locked(struct process *process, const struct object_key *key,
				   const char *text, size_t len, u32 hash)
{
	struct row *row = row_find(process, *key);

	if (row)
		return row;
	if (table.rows_used >= table.rows_max)
		return NULL;
	row = pool_get(POOL_ROW);
	if (!row)
		return NULL;
	process->row_count++;
	row->name = name_get(text, len, hash);
	if (!row->name)
		goto no_name;
	if (!row_place(row))
		goto no_place;
	row_setup(row, process, key);
	list_add_tail(&row->of_process, &process->rows);
	list_add_tail_rcu(&row->of_table, &table.rows);
	table.rows_used++;
	row_link(row);
	return row;

no_place:
	if (atomic_dec_and_test(&row->name->refs))
		name_unlink(row->name);
no_name:
	process->row_count--;
	pool_put(POOL_ROW, row);
	return NULL;
}

/**
 * table_has_room_for - whether a process may have one more row for an object
 * @process: not special
 *
 * In a hook. One process that maps a million files would otherwise take the table
 * from all others: beyond a quarter of it, and at least eight rows, its new objects
 * share its row [other].
 */
bool table_has_room_for(const struct process *process)
{
	return READ_ONCE(process->row_count) < max(table.rows_max / 4, 8U);
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
	const char *text = object_region_name(REGION_MISSED);
	struct row *row;

	if (process->only)
		return process->only;
	row = row_make_locked(process, &key, text, strlen(text), jhash(text, strlen(text), 0));
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
 * @text: its name, shorter than NAME_SIZE_MAX
 *
 * In a hook. Returns NULL where there is neither row nor memory.
 */
struct row *row_make(struct process *process, const struct object_key *key, const char *text)
{
	size_t len = strlen(text);
	u32 hash = jhash(text, len, 0);
	unsigned long flags;
	struct row *row;

	raw_spin_lock_irqsave(&table.lock, flags);
	row = row_make_locked(process, key, text, len, hash);
	raw_spin_unlock_irqrestore(&table.lock, flags);

	if (table_is_crowded() && READ_ONCE(table.ended_count))
		worker_keep_house();
	return row;
}

/* Processes. */

/**
 * process_find - the process of a thread group
 * @signal: of one of its tasks
 *
 * Under table.lock.
 */
struct process *process_find(const struct signal_struct *signal)
{
	struct process *process = table.process_index[process_bucket(signal)];

	while (process && process->signal != signal)
		process = process->index_next;
	return process;
}

static void process_link(struct process *process)
{
	struct process **bucket = &table.process_index[process_bucket(process->signal)];

	process->index_next = *bucket;
	*bucket = process;
	list_add_tail(&process->link, &table.live);
	table.processes++;
}

static void process_unlink(struct process *process)
{
	struct process **at = &table.process_index[process_bucket(process->signal)];

	while (*at != process)
		at = &(*at)->index_next;
	*at = process->index_next;
	process->signal = NULL;
	process->gone = true;
}

static struct process *process_new(void)
{
	struct process *process = pool_get(POOL_PROCESS);

	if (!process)
		return NULL;
	memset(process, 0, sizeof(*process));
	INIT_LIST_HEAD(&process->rows);
	process->id = ++table.last_id;
	process->kind = PROCESS_LIVE;
	return process;
}

/**
 * process_make - makes the process of a thread group that has none
 * @task: one of its tasks: current, or a child that does not run yet
 * @parent: its parent at birth, as well as that is known
 *
 * Under table.lock and RCU. Returns NULL where there is no memory.
 */
struct process *process_make(struct task_struct *task, struct task_struct *parent)
{
	struct process *process = process_new();

	if (!process)
		return NULL;
	process->signal = task->signal;
	process->exec_id = (u32)task->self_exec_id;
	process->pid = get_pid(task_tgid(task));
	process->ppid = get_pid(task_tgid(parent));
	memcpy(process->comm, task->group_leader->comm, TASK_COMM_LEN);
	process->comm[TASK_COMM_LEN - 1] = '\0';
	memcpy(process->comm_before, process->comm, TASK_COMM_LEN);
	process_link(process);
	return process;
}

/**
 * process_exec - the same thread group, become another program
 * @old: what it was
 * @task: current, its only task
 *
 * Under table.lock. Returns NULL, with nothing changed, where there is no memory.
 */
struct process *process_exec(struct process *old, struct task_struct *task)
{
	struct process *process = process_new();

	if (!process)
		return NULL;
	process->signal = old->signal;
	process->exec_id = (u32)task->self_exec_id;
	process->pid = get_pid(old->pid);
	process->ppid = get_pid(old->ppid);
	memcpy(process->comm, task->comm, TASK_COMM_LEN);
	process->comm[TASK_COMM_LEN - 1] = '\0';
	memcpy(process->comm_before, process->comm, TASK_COMM_LEN);

	/* exec names the task before its exec id changes: the old name is the one before. */
	memcpy(old->comm, old->comm_before, TASK_COMM_LEN);
	old->became_other = true;
	process_unlink(old);
	process_link(process);
	process_end_if_unused(old);
	return process;
}

/**
 * process_group_dead - no task of the thread group is left to make a call
 * @process: of that group
 *
 * Under table.lock.
 */
void process_group_dead(struct process *process)
{
	process_unlink(process);
	process_end_if_unused(process);
}

/**
 * process_end_if_unused - ends a process that is gone and has no task state left
 * @process: not special
 *
 * Under table.lock. From here on its counts do not change.
 */
void process_end_if_unused(struct process *process)
{
	if (!process->gone || process->tasks)
		return;
	process->ended = true;
	process->kind = process->became_other ? PROCESS_EXEC : PROCESS_EXITED;
	list_move_tail(&process->link, &table.ended);
	table.processes--;
	table.ended_count++;
	if (table.ended_count > table.keep_exited + ENDED_BATCH)
		worker_keep_house();
}

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
	/* What has changed is seen by whoever sees the new epoch. */
	smp_wmb();
	WRITE_ONCE(table.epoch, table.epoch + (1ULL << 32));
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
	row_read(row, counters, COUNT_MINOR, COUNT_UNCOUNTED);
	row_read(row, counters, COUNT_MISSED_MINOR, COUNT_MISSED_MAJOR);
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
	totals_read(counters, COUNT_MINOR, COUNT_UNCOUNTED);
	totals_read(counters, COUNT_MISSED_MINOR, COUNT_MISSED_MAJOR);
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

/* Taking out; process context, table.mutex held. */

/**
 * table_unlink_row - takes a row of an ended process out of the index
 * @row: the row; stays in its lists
 *
 * Process context, table.mutex held. Hooks may still step on the row on their way
 * along the chain: nothing of it may change before they have ended.
 */
void table_unlink_row(struct row *row)
{
	struct row **at = &table.row_index[row_bucket(row->process, row->key)];
	unsigned long flags;

	raw_spin_lock_irqsave(&table.lock, flags);
	while (*at != row)
		at = &(*at)->index_next;
	WRITE_ONCE(*at, row->index_next);
	raw_spin_unlock_irqrestore(&table.lock, flags);
}

/**
 * table_move_row - gives a row to another process and puts it into the index
 * @row: unlinked, and a grace period ago
 * @process: one that no hook counts in
 *
 * Process context, table.mutex held.
 */
void table_move_row(struct row *row, struct process *process)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&table.lock, flags);
	list_move_tail(&row->of_process, &process->rows);
	row->process = process;
	row_link(row);
	raw_spin_unlock_irqrestore(&table.lock, flags);
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
 * table_release_cells - gives up a row's place in its group
 * @row: a row that nobody counts in any more
 *
 * Process context, table.mutex held. What the cells hold is lost: read it before.
 */
void table_release_cells(struct row *row)
{
	struct group *group = row->group;
	unsigned long flags;
	bool unused;
	int cpu;

	if (!group)
		return;
	for_each_possible_cpu(cpu)
		if (group->cells[cpu])
			memset(group->cells[cpu] + row->cell, 0, CELL_SIZE);
	row->group = NULL;

	raw_spin_lock_irqsave(&table.lock, flags);
	if (group->used == ~0U)
		list_add_tail(&group->link, &table.groups);
	group->used &= ~(1U << (row->cell / (CELL_SIZE / sizeof(u64))));
	unused = !group->used;
	if (unused)
		list_del(&group->link);
	raw_spin_unlock_irqrestore(&table.lock, flags);
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
 * table_free_row - frees a row
 * @row: unlinked, or never linked, and a grace period ago
 *
 * Process context, table.mutex held.
 */
void table_free_row(struct row *row)
{
	unsigned long flags;

	table_release_cells(row);
	row_forget_baseline(row);
	name_put(row->name);
	raw_spin_lock_irqsave(&table.lock, flags);
	list_del(&row->of_process);
	list_del(&row->of_table);
	if (!row->process->only)
		table.rows_used--;
	raw_spin_unlock_irqrestore(&table.lock, flags);
	pool_put(POOL_ROW, row);
}

/**
 * table_free_process - frees a process without rows
 * @process: in no list and no index any more
 *
 * Process context.
 */
void table_free_process(struct process *process)
{
	put_pid(process->pid);
	put_pid(process->ppid);
	pool_put(POOL_PROCESS, process);
}

/* Beginning and end. */

/* A single row that is never freed; not in the index, reached by process->only. */
static int special_init(struct process *process, enum process_kind kind, enum region region,
			const char *comm)
{
	const struct object_key key = { .ino = region, .dev = OBJECT_REGION };
	const char *text = object_region_name(region);
	struct row *row;

	memset(process, 0, sizeof(*process));
	INIT_LIST_HEAD(&process->rows);
	INIT_LIST_HEAD(&process->link);
	process->kind = kind;
	strscpy(process->comm, comm, TASK_COMM_LEN);

	row = pool_get(POOL_ROW);
	if (!row)
		return -ENOMEM;
	row->name = name_get(text, strlen(text), jhash(text, strlen(text), 0));
	if (!row->name) {
		pool_put(POOL_ROW, row);
		return -ENOMEM;
	}
	row->group = NULL;
	if (kind != PROCESS_FOLDED && !row_place(row)) {
		name_put(row->name);
		pool_put(POOL_ROW, row);
		return -ENOMEM;
	}
	row_setup(row, process, &key);
	list_add_tail(&row->of_process, &process->rows);
	list_add_tail(&row->of_table, &table.rows);
	process->only = row;
	return 0;
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
	size[POOL_CELLS] = GROUP_ROWS * CELL_SIZE;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		size[POOL_NAME_FIRST + i] = names[i];
	size[POOL_NAME_LAST] = name_bytes(NAME_SIZE_MAX);
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
	BUILD_BUG_ON(COUNTERS * sizeof(u64) > CELL_SIZE);
	table.rows_max = max_rows;
	table.keep_exited = keep_exited;
	table.row_bits = clamp(order_base_2(max_rows), 6, 17);
	table.row_shift = 64 - table.row_bits;
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

	err = special_init(&table.overflow, PROCESS_OVERFLOW, REGION_OVERFLOW, "-");
	if (!err)
		err = special_init(&table.unselected, PROCESS_UNSELECTED, REGION_UNSELECTED, "-");
	if (!err)
		err = special_init(&table.others, PROCESS_FOLDED, REGION_OTHER,
				   object_region_name(REGION_OTHER));
	return err;
}

static void processes_destroy(struct list_head *list)
{
	struct process *process, *next;

	list_for_each_entry_safe(process, next, list, link) {
		list_del(&process->link);
		table_free_process(process);
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

	list_for_each_entry_safe(row, next, &table.rows, of_table)
		table_free_row(row);
	processes_destroy(&table.live);
	processes_destroy(&table.ended);
	processes_destroy(&table.folded);
	memory_free(table.row_index, index_bytes(table.row_bits));
	memory_free(table.process_index, index_bytes(table.process_bits));
	memory_free(table.name_index, index_bytes(table.name_bits));
	kfree(table.selection);
	table.selection = NULL;
}
