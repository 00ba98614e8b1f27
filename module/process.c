// SPDX-License-Identifier: GPL-2.0
/*
 * Processes: thread groups between two execs, from the first sign of them to the end
 * of their last task. What changes them runs under fs_table.lock, in hooks or in softirq.
 * The rules are in table.h.
 */
#include <linux/hash.h>
#include <linux/pid.h>
#include <linux/string.h>
#include "pool.h"
#include "process.h"
#include "worker.h"

/* How many ended processes may wait beyond keep_exited before the worker is called. */
#define ENDED_BATCH	32

struct fs_special fs_special;

static unsigned int process_bucket(const struct signal_struct *signal)
{
	return hash_ptr((void *)signal, fs_table.process_bits);
}

/**
 * fs_process_find - the process of a thread group
 * @signal: of one of its tasks
 *
 * Under fs_table.lock.
 */
struct fs_process *fs_process_find(const struct signal_struct *signal)
{
	struct fs_process *process = fs_table.process_index[process_bucket(signal)];

	while (process && process->signal != signal)
		process = process->index_next;
	return process;
}

static void process_link(struct fs_process *process)
{
	struct fs_process **bucket = &fs_table.process_index[process_bucket(process->signal)];

	process->index_next = *bucket;
	*bucket = process;
	list_add_tail(&process->link, &fs_table.live);
	fs_table.processes++;
}

static void process_unlink(struct fs_process *process)
{
	struct fs_process **at = &fs_table.process_index[process_bucket(process->signal)];

	while (*at != process)
		at = &(*at)->index_next;
	*at = process->index_next;
	process->signal = NULL;
	process->gone = true;
}

/* Of @task's thread group; all but whose child it is. */
static struct fs_process *process_new(struct task_struct *task)
{
	struct fs_process *process = fs_pool_get(POOL_PROCESS);

	if (!process)
		return NULL;
	memset(process, 0, sizeof(*process));
	INIT_LIST_HEAD(&process->rows);
	process->id = ++fs_table.last_id;
	process->kind = PROCESS_LIVE;
	process->signal = task->signal;
	process->exec_id = compat_task_exec_id(task);
	process->pid = get_pid(task_tgid(task));
	memcpy(process->comm, task->group_leader->comm, TASK_COMM_LEN);
	process->comm[TASK_COMM_LEN - 1] = '\0';
	memcpy(process->comm_before, process->comm, TASK_COMM_LEN);
	return process;
}

/**
 * fs_process_make - makes the process of a thread group that has none
 * @task: one of its tasks: current, or a child that does not run yet
 * @parent: its parent at birth, as well as that is known
 *
 * Under fs_table.lock and RCU. Returns NULL where there is no memory.
 */
struct fs_process *fs_process_make(struct task_struct *task, struct task_struct *parent)
{
	struct fs_process *process = process_new(task);

	if (!process)
		return NULL;
	process->ppid = get_pid(task_tgid(parent));
	process_link(process);
	return process;
}

/**
 * fs_process_exec - the same thread group, become another program
 * @old: what it was
 * @task: current, its only task
 *
 * Under fs_table.lock. Returns NULL, with nothing changed, where there is no memory.
 */
struct fs_process *fs_process_exec(struct fs_process *old, struct task_struct *task)
{
	struct fs_process *process = process_new(task);

	if (!process)
		return NULL;
	process->ppid = get_pid(old->ppid);
	/* exec names the task before its exec id changes: the old name is the one before. */
	memcpy(old->comm, old->comm_before, TASK_COMM_LEN);
	old->became_other = true;
	process_unlink(old);
	process_link(process);
	fs_process_end_if_unused(old);
	return process;
}

/**
 * fs_process_group_dead - no task of the thread group is left to make a call
 * @process: of that group
 *
 * Under fs_table.lock.
 */
void fs_process_group_dead(struct fs_process *process)
{
	process_unlink(process);
	fs_process_end_if_unused(process);
}

/**
 * fs_process_end_if_unused - ends a process that is gone and has no task state left
 * @process: not special
 *
 * Under fs_table.lock. From here on its counts do not change.
 */
void fs_process_end_if_unused(struct fs_process *process)
{
	if (!process->gone || process->tasks)
		return;
	process->ended = true;
	process->kind = process->became_other ? PROCESS_EXEC : PROCESS_EXITED;
	list_move_tail(&process->link, &fs_table.ended);
	fs_table.processes--;
	fs_table.ended_count++;
	if (fs_table.ended_count > fs_table.keep_exited + ENDED_BATCH)
		fs_worker_keep_house();
}

/**
 * fs_process_free - frees a process without rows
 * @process: in no list and no index any more
 *
 * Process context.
 */
void fs_process_free(struct fs_process *process)
{
	put_pid(process->pid);
	put_pid(process->ppid);
	fs_pool_put(POOL_PROCESS, process);
}

/**
 * fs_process_has_room - whether a process may have one more row for an object
 * @process: not special
 *
 * In a hook. One process that maps a million files would otherwise take the table
 * from all others: beyond its share new objects go to its row [other], until cold.c
 * has made room.
 */
bool fs_process_has_room(const struct fs_process *process)
{
	return READ_ONCE(process->row_count) < fs_process_rows_max();
}

static void list_destroy(struct list_head *list)
{
	struct fs_process *process, *next;

	list_for_each_entry_safe(process, next, list, link) {
		list_del(&process->link);
		fs_process_free(process);
	}
}

/**
 * fs_process_destroy - frees all processes but the special ones
 *
 * Process context, with no row, hook, reader or worker left.
 */
void fs_process_destroy(void)
{
	list_destroy(&fs_table.live);
	list_destroy(&fs_table.ended);
	list_destroy(&fs_table.folded);
}
