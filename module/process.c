// SPDX-License-Identifier: GPL-2.0
/*
 * Processes: thread groups between two execs, from the first sign of them to the end of their last
 * task. Called in hooks and in softirq. The index is divided into shards by the thread group; what
 * belongs to a process has its lock, which is taken inside the shard's. The rules are in table.h.
 */
#include <linux/hash.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/string.h>
#include "compat/group.h"
#include "ended.h"
#include "pool.h"
#include "process.h"
#include "table.h"

/* They have no rows until they are made, but can be walked: load may fail before. */
struct fs_special fs_special = {
	.unselected.rows = LIST_HEAD_INIT(fs_special.unselected.rows),
	.unselected.groups = LIST_HEAD_INIT(fs_special.unselected.groups),
	.unselected.aliases = LIST_HEAD_INIT(fs_special.unselected.aliases),
	.overflow.rows = LIST_HEAD_INIT(fs_special.overflow.rows),
	.overflow.groups = LIST_HEAD_INIT(fs_special.overflow.groups),
	.overflow.aliases = LIST_HEAD_INIT(fs_special.overflow.aliases),
	.others.rows = LIST_HEAD_INIT(fs_special.others.rows),
	.others.groups = LIST_HEAD_INIT(fs_special.others.groups),
	.others.aliases = LIST_HEAD_INIT(fs_special.others.aliases),
};

/*
 * A CPU takes some ids at once, so that not each is a line that all write. Those of one CPU are in
 * the order of births.
 */
#define IDS_AT_ONCE	64

static atomic64_t last_id ____cacheline_aligned_in_smp = ATOMIC64_INIT(0);
static DEFINE_PER_CPU(u64, own_id);	/* the last one; a multiple of IDS_AT_ONCE if it has no more */

static u32 process_bucket(const struct signal_struct *signal)
{
	return (unsigned long)signal * TABLE_HASH >> 32 & fs_table.process_mask;
}

static struct fs_shard *process_shard(const struct signal_struct *signal)
{
	return fs_shard_of(&fs_table.process_shards, process_bucket(signal));
}

/* Under the shard's lock. */
static struct fs_process *process_find(const struct signal_struct *signal)
{
	struct fs_process *process = fs_table.process_index[process_bucket(signal)];

	while (process && process->signal != signal)
		process = process->index_next;
	return process;
}

/* Under the shard's lock. */
static void process_link(struct fs_shard *shard, struct fs_process *process)
{
	struct fs_process **bucket = &fs_table.process_index[process_bucket(process->signal)];

	process->index_next = *bucket;
	*bucket = process;
	/* A reader may be walking the list. */
	list_add_tail_rcu(&process->link, &shard->list);
	WRITE_ONCE(shard->count, shard->count + 1);
}

/* Under the shard's lock. It stays in the list until it is folded. */
static void process_unlink(struct fs_shard *shard, struct fs_process *process)
{
	struct fs_process **at = &fs_table.process_index[process_bucket(process->signal)];

	while (*at != process)
		at = &(*at)->index_next;
	*at = process->index_next;
	WRITE_ONCE(shard->count, shard->count - 1);
}

/**
 * fs_process_setup - makes a process of memory
 * @process: the memory
 *
 * Any context.
 */
void fs_process_setup(struct fs_process *process)
{
	memset(process, 0, sizeof(*process));
	process->hash = (unsigned long)process * TABLE_HASH;
	raw_spin_lock_init(&process->lock);
	INIT_LIST_HEAD(&process->rows);
	INIT_LIST_HEAD(&process->groups);
	INIT_LIST_HEAD(&process->aliases);
	INIT_LIST_HEAD(&process->link);
}

/**
 * fs_process_new_id - a number that no process has
 *
 * Any context.
 */
u64 fs_process_new_id(void)
{
	unsigned long flags;
	u64 *own, id;

	local_irq_save(flags);
	own = this_cpu_ptr(&own_id);
	if (!(*own % IDS_AT_ONCE))
		*own = atomic64_add_return(IDS_AT_ONCE, &last_id) - IDS_AT_ONCE;
	id = ++*own;
	local_irq_restore(flags);
	return id;
}

/* Of @task's thread group, interrupts off; all but whose child it is. */
static struct fs_process *process_new(struct task_struct *task)
{
	struct fs_process *process = fs_pool_get(POOL_PROCESS);

	if (!process)
		return NULL;
	fs_process_setup(process);
	process->id = fs_process_new_id();
	process->kind = PROCESS_LIVE;
	process->signal = task->signal;
	process->exec_id = compat_task_exec_id(task);
	process->pid = get_pid(task_tgid(task));
	memcpy(process->comm, task->group_leader->comm, TASK_COMM_LEN);
	process->comm[TASK_COMM_LEN - 1] = '\0';
	memcpy(process->comm_before, process->comm, TASK_COMM_LEN);
	return process;
}

/* Under the shard's lock and RCU. Returns NULL where there is no memory. */
static struct fs_process *process_make(struct fs_shard *shard, struct task_struct *task,
				       struct task_struct *parent, bool at_birth)
{
	struct fs_process *process = process_new(task);

	if (!process)
		return NULL;
	if (at_birth)
		process->watched = fs_table_watch();
	process->ran = at_birth;
	process->ppid = get_pid(task_tgid(parent));
	process_link(shard, process);
	return process;
}

/*
 * Under @process->lock: ends it, if it is gone and has no task state left. From there on nothing
 * counts in it.
 */
static bool process_ends(struct fs_process *process)
{
	if (!process->gone || process->tasks || process->ended)
		return false;
	process->ended = true;
	WRITE_ONCE(process->kind, process->became_other ? PROCESS_EXEC : PROCESS_EXITED);
	return true;
}

/* Interrupts off. None is kept that has counted nothing, or where there is no room for it. */
static void process_ended(struct fs_process *process)
{
	fs_ended_add(&process->due, !list_empty(&process->rows) && !fs_table_is_crowded());
}

/* Under @process->lock, which keeps the mark: it is gone. */
static void count_marked(const struct fs_process *process, bool became_other)
{
	struct fs_mark *mark = process->mark;

	atomic64_add(process->kernel.minor, &mark->minor);
	atomic64_add(process->kernel.major, &mark->major);
	if (!READ_ONCE(process->watched))
		atomic64_inc(&mark->unchecked);
	if (!became_other)
		atomic64_inc(&mark->ended);
}

/* Interrupts off; @total is what the kernel has counted for the thread group. */
static void process_is_gone(struct fs_process *process, bool became_other,
			    struct fs_kernel_counts total)
{
	bool ends;

	fs_hook_lock(&process->lock);
	WRITE_ONCE(process->gone, true);
	process->kernel.minor = total.minor - process->kernel.minor;
	process->kernel.major = total.major - process->kernel.major;
	if (READ_ONCE(process->watched) != READ_ONCE(fs_table.watch))
		WRITE_ONCE(process->watched, 0);
	if (process->mark)
		count_marked(process, became_other);
	process->became_other = became_other;
	/* exec names the task before its exec id changes: the old name is the one before. */
	if (became_other)
		memcpy(process->comm, process->comm_before, TASK_COMM_LEN);
	ends = process_ends(process);
	fs_hook_unlock(&process->lock);
	if (ends)
		process_ended(process);
}

/*
 * Under the shard's lock: the same thread group has become another program, and @task is its only
 * task. Returns NULL, with nothing changed, where there is no memory.
 */
static struct fs_process *process_exec(struct fs_shard *shard, struct fs_process *old,
				       struct task_struct *task)
{
	struct fs_process *process = process_new(task);

	if (!process)
		return NULL;
	process->watched = READ_ONCE(old->watched);
	process->mark = old->mark;
	process->kernel.minor = READ_ONCE(task->signal->min_flt) + task->min_flt;
	process->kernel.major = READ_ONCE(task->signal->maj_flt) + task->maj_flt;
	process->ppid = get_pid(old->ppid);
	process_unlink(shard, old);
	process_link(shard, process);
	return process;
}

/*
 * The mark of who makes a child, whoever is said to be its parent. One that was not ending stays
 * until the hook has ended: see fs_mark_end().
 */
static struct fs_mark *process_mark_of(const struct task_struct *task)
{
	struct fs_shard *shard = process_shard(task->signal);
	struct fs_process *process;
	struct fs_mark *mark;
	unsigned long flags;

	fs_hook_lock_irqsave(&shard->lock, flags);
	process = process_find(task->signal);
	mark = process ? process->mark : NULL;
	if (mark && READ_ONCE(mark->ending))
		mark = NULL;
	fs_hook_unlock_irqrestore(&shard->lock, flags);
	return mark;
}

/**
 * fs_process_make - makes the process of a thread group, unless there is one
 * @task: a child that does not run yet
 * @parent: its parent
 *
 * In a hook, under RCU. Returns whether there is one now.
 */
bool fs_process_make(struct task_struct *task, struct task_struct *parent)
{
	struct fs_shard *shard = process_shard(task->signal);
	struct fs_mark *mark = READ_ONCE(fs_table.marks) ? process_mark_of(current) : NULL;
	struct fs_process *process;
	unsigned long flags;
	bool there;

	fs_hook_lock_irqsave(&shard->lock, flags);
	there = process_find(task->signal);
	process = there ? NULL : process_make(shard, task, parent, true);
	if (process && mark) {
		process->mark = mark;
		atomic64_inc(&mark->born);
	} else if (mark && !there) {
		/* It will have a process by and by, but no mark. */
		atomic64_inc(&mark->unchecked);
	}
	fs_hook_unlock_irqrestore(&shard->lock, flags);
	return there || process;
}

/**
 * fs_process_join - attaches a task state to the process that current belongs to, made if new
 * @task: current
 * @parent: its parent
 *
 * In a fault, under RCU; the last call of @task being settled. Returns NULL where there is no
 * memory. fs_process_leave() is to follow.
 */
struct fs_process *fs_process_join(struct task_struct *task, struct task_struct *parent)
{
	struct fs_shard *shard = process_shard(task->signal);
	struct fs_process *process, *old = NULL;
	struct fs_kernel_counts total;
	unsigned long flags;

	fs_hook_lock_irqsave(&shard->lock, flags);
	process = process_find(task->signal);
	if (!process) {
		process = process_make(shard, task, parent, false);
	} else if (process->exec_id != compat_task_exec_id(task)) {
		old = process;
		process = process_exec(shard, old, task);
		if (process) {
			total = process->kernel;
		} else {
			/* The calls of the new program until there is memory are in [overflow]. */
			fs_process_overlooked(old);
			old = NULL;
		}
	}
	if (process) {
		fs_hook_lock(&process->lock);
		process->tasks++;
		fs_hook_unlock(&process->lock);
	}
	fs_hook_unlock(&shard->lock);
	if (old)
		process_is_gone(old, true, total);
	local_irq_restore(flags);
	return process;
}

/**
 * fs_process_rejoin - keeps the process of a task's thread group from ending, if there is one
 * @task: any
 *
 * Any context but NMI. Returns NULL where there is none; else fs_process_leave() is to follow.
 */
struct fs_process *fs_process_rejoin(const struct task_struct *task)
{
	struct fs_shard *shard = process_shard(task->signal);
	struct fs_process *process;
	unsigned long flags;

	fs_hook_lock_irqsave(&shard->lock, flags);
	process = process_find(task->signal);
	if (process) {
		fs_hook_lock(&process->lock);
		process->tasks++;
		fs_hook_unlock(&process->lock);
	}
	fs_hook_unlock_irqrestore(&shard->lock, flags);
	return process;
}

/**
 * fs_process_leave - a task state is not attached any more
 * @process: may be special; ends with its last one, once it is gone
 *
 * Any context but NMI.
 */
void fs_process_leave(struct fs_process *process)
{
	unsigned long flags;
	bool ends;

	if (process->only)
		return;
	fs_hook_lock_irqsave(&process->lock, flags);
	process->tasks--;
	ends = process_ends(process);
	fs_hook_unlock(&process->lock);
	if (ends)
		process_ended(process);
	local_irq_restore(flags);
}

/**
 * fs_process_group_dead - no task of a thread group is left to make a call
 * @task: its last one
 *
 * Any context but NMI.
 */
void fs_process_group_dead(const struct task_struct *task)
{
	struct fs_shard *shard = process_shard(task->signal);
	struct fs_kernel_counts total;
	struct fs_process *process;
	unsigned long flags;

	fs_hook_lock_irqsave(&shard->lock, flags);
	process = process_find(task->signal);
	if (process)
		process_unlink(shard, process);
	fs_hook_unlock(&shard->lock);
	if (process && !compat_group_counts_at_end(task, &total.minor, &total.major)) {
		process->kernel_unknown = true;
		fs_process_overlooked(process);
	}
	if (process)
		process_is_gone(process, false, total);
	local_irq_restore(flags);
}

/**
 * fs_process_renamed - a thread group gets another name
 * @task: its leader
 * @comm: of any length
 *
 * In a hook.
 */
void fs_process_renamed(const struct task_struct *task, const char *comm)
{
	struct fs_shard *shard = process_shard(task->signal);
	struct fs_process *process;
	unsigned long flags;

	fs_hook_lock_irqsave(&shard->lock, flags);
	process = process_find(task->signal);
	if (process) {
		fs_hook_lock(&process->lock);
		memcpy(process->comm_before, process->comm, TASK_COMM_LEN);
		memset(process->comm, 0, TASK_COMM_LEN);
		memcpy(process->comm, comm, strnlen(comm, TASK_COMM_LEN - 1));
		fs_hook_unlock(&process->lock);
	}
	fs_hook_unlock_irqrestore(&shard->lock, flags);
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

/**
 * fs_process_overlooked - a call of a process has gone where the process has no part in
 * @process: any; not to be compared with the kernel's counts
 *
 * In a hook.
 */
void fs_process_overlooked(struct fs_process *process)
{
	if (READ_ONCE(process->watched))
		WRITE_ONCE(process->watched, 0);
}

/**
 * fs_process_kernel_counts - what the kernel counts for a process, or has counted
 * @process: any
 * @counts: result
 *
 * Process context, fs_table.rows_sem held. Of one that lives it may be a little behind or, while
 * threads end, off. Returns false where it is not known.
 */
bool fs_process_kernel_counts(struct fs_process *process, struct fs_kernel_counts *counts)
{
	struct fs_kernel_counts before;
	unsigned long flags;
	bool gone, unknown;

	if (process->only || READ_ONCE(process->kind) == PROCESS_FOLDED)
		return false;
	fs_hook_lock_irqsave(&process->lock, flags);
	gone = process->gone;
	unknown = process->kernel_unknown;
	before = process->kernel;
	fs_hook_unlock_irqrestore(&process->lock, flags);
	*counts = before;
	if (gone)
		return !unknown;
	if (!compat_group_counts_now(process->pid, &counts->minor, &counts->major))
		return false;
	counts->minor -= min(counts->minor, before.minor);
	counts->major -= min(counts->major, before.major);
	return true;
}

/**
 * fs_process_mark - marks the process of a task, and those that will descend from it
 * @task: any task of it, with a memory of its own
 * @mark: in place of the one it has, if any
 *
 * Process context, under RCU. Where there is no memory for a process that has not been seen yet, it
 * has none.
 */
void fs_process_mark(struct task_struct *task, struct fs_mark *mark)
{
	struct fs_shard *shard = process_shard(task->signal);
	struct fs_process *process;
	unsigned long flags;

	fs_hook_lock_irqsave(&shard->lock, flags);
	process = process_find(task->signal);
	if (!process)
		process = process_make(shard, task, rcu_dereference(task->real_parent), false);
	if (process && process->mark != mark) {
		fs_hook_lock(&process->lock);
		/* The other one's sums will lack it. */
		if (process->mark)
			atomic64_inc(&process->mark->unchecked);
		WRITE_ONCE(process->mark, mark);
		fs_hook_unlock(&process->lock);
		atomic64_inc(&mark->born);
	}
	fs_hook_unlock_irqrestore(&shard->lock, flags);
}

static void shard_unmark(struct fs_shard *shard, const struct fs_mark *mark)
{
	struct list_head *at;
	unsigned long flags;

	for (at = fs_list_next(&shard->list); at != &shard->list; at = fs_list_next(at)) {
		struct fs_process *process = list_entry(at, struct fs_process, link);

		cond_resched();
		if (READ_ONCE(process->mark) != mark)
			continue;
		fs_hook_lock_irqsave(&shard->lock, flags);
		fs_hook_lock(&process->lock);
		WRITE_ONCE(process->mark, NULL);
		fs_hook_unlock(&process->lock);
		fs_hook_unlock_irqrestore(&shard->lock, flags);
	}
}

/**
 * fs_processes_unmark - takes a mark from all processes but folded ones
 * @mark: which
 *
 * Process context, fs_table.rows_sem held for writing: none leaves the lists. The mark is ending,
 * as every hook has heard: none is born with it, and what exec makes of a process that has it
 * comes behind that in the list.
 */
void fs_processes_unmark(const struct fs_mark *mark)
{
	u32 i;

	for (i = 0; i <= fs_table.process_shards.mask; i++)
		shard_unmark(&fs_table.process_shards.of[i], mark);
}

/**
 * fs_process_mark_id - the mark of a process, as its file says it
 * @process: any
 *
 * Any context but NMI. 0 where it has none.
 */
u64 fs_process_mark_id(struct fs_process *process)
{
	unsigned long flags;
	u64 id;

	if (!READ_ONCE(process->mark))
		return 0;
	fs_hook_lock_irqsave(&process->lock, flags);
	id = process->mark ? process->mark->id : 0;
	fs_hook_unlock_irqrestore(&process->lock, flags);
	return id;
}

/**
 * fs_processes_live - how many there are that have not ended
 *
 * Process context.
 */
unsigned int fs_processes_live(void)
{
	unsigned int count = 0;
	u32 i;

	for (i = 0; i <= fs_table.process_shards.mask; i++)
		count += READ_ONCE(fs_table.process_shards.of[i].count);
	return count;
}

/**
 * fs_process_read_comm - the name of a process, whole
 * @process: any
 * @comm: result
 *
 * Process context, fs_table.rows_sem held. The process may be getting another name.
 */
void fs_process_read_comm(struct fs_process *process, char comm[TASK_COMM_LEN])
{
	unsigned long flags;

	fs_hook_lock_irqsave(&process->lock, flags);
	memcpy(comm, process->comm, TASK_COMM_LEN);
	fs_hook_unlock_irqrestore(&process->lock, flags);
	comm[TASK_COMM_LEN - 1] = '\0';
}

/**
 * fs_process_delist - takes an ended process out of its shard's list
 * @process: ended, and in no queue
 *
 * Process context, fs_table.rows_sem held.
 */
void fs_process_delist(struct fs_process *process)
{
	struct fs_shard *shard = process_shard(process->signal);
	unsigned long flags;

	fs_hook_lock_irqsave(&shard->lock, flags);
	list_del(&process->link);
	fs_hook_unlock_irqrestore(&shard->lock, flags);
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
 * fs_processes_destroy - frees all processes but the special and the folded ones
 *
 * Process context, with no row, hook, reader or worker left.
 */
void fs_processes_destroy(void)
{
	struct fs_process *process, *next;
	u32 i;

	for (i = 0; fs_table.process_shards.of && i <= fs_table.process_shards.mask; i++) {
		list_for_each_entry_safe(process, next, &fs_table.process_shards.of[i].list, link) {
			list_del(&process->link);
			fs_process_free(process);
		}
		cond_resched();
	}
}
