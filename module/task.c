// SPDX-License-Identifier: GPL-2.0
/*
 * Task states: making them at a task's first call, binding them to processes,
 * settling them when the kernel frees the task or a reader wants to know. All of
 * it is off the fast path. Runs in hooks: in a fault or a fork with preemption on
 * or off, in softirq (free), and from the reader in process context. Task states
 * are put in and taken out under fs_table.lock.
 */
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include "heat_request.h"
#include "pool.h"
#include "process.h"
#include "task.h"

struct fs_task_index fs_task_index;

/* Tasks born later than this have been seen by the hooks since birth. */
static u64 counting_since = U64_MAX;

/* Between fs_task_counting_begin() and fs_task_counting_end(); else calls are passed over. */
static bool counting;

/**
 * fs_task_moved - splits a movement of a task's counters into verdict and missed
 * @moved: result
 * @before: counters at the last call
 * @now: counters now
 * @open: whether there was a last call that may explain one count
 *
 * Any context. Of several counts one is the call's; a major one if there is one,
 * because the call that led to it is the one that was seen.
 */
void fs_task_moved(struct fs_task_moved *moved, u64 before, u64 now, bool open)
{
	moved->missed_minor = (u32)now - (u32)before;
	moved->missed_major = (u32)(now >> 32) - (u32)(before >> 32);
	moved->verdict = open ? COUNT_UNCOUNTED : NO_VERDICT;
	moved->heat.page = HEAT_NO_PAGE;
	if (!open)
		return;
	if (moved->missed_major) {
		moved->missed_major--;
		moved->verdict = COUNT_MAJOR;
	} else if (moved->missed_minor) {
		moved->missed_minor--;
		moved->verdict = COUNT_MINOR;
	}
}

/* Under fs_table.lock. */
static void missed_locked(struct fs_process *process, u64 minor, u64 major)
{
	struct fs_row *row;

	if (!minor && !major)
		return;
	row = fs_row_missed(process);
	fs_row_count(row, COUNT_MISSED_MINOR, minor);
	fs_row_count(row, COUNT_MISSED_MAJOR, major);
}

/**
 * fs_task_missed - counts of a process that no call explains
 * @process: whose
 * @minor: faults
 * @major: faults
 *
 * In a hook, without fs_table.lock.
 */
void fs_task_missed(struct fs_process *process, u64 minor, u64 major)
{
	unsigned long flags;

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	missed_locked(process, minor, major);
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
}

/* Under fs_table.lock. */
static void state_bind(struct fs_task_state *state, struct fs_process *process)
{
	struct fs_process *old = state->process;

	if (old == process)
		return;
	process->tasks++;
	state->process = process;
	if (old) {
		old->tasks--;
		fs_process_end_if_unused(old);
	}
}

/* Under fs_table.lock: where a task that has no state counts. */
static struct fs_process *process_or_special(const struct task_struct *task)
{
	struct fs_process *process = fs_process_find(task->signal);

	/* A task that is being freed has no pid any more, its process has. */
	if (!fs_table_selects(process ? process->pid : NULL, task->tgid))
		return &fs_special.unselected;
	return process ? process : &fs_special.overflow;
}

/* Under fs_table.lock and RCU: the process that current belongs to, made if new. */
static struct fs_process *process_of(struct task_struct *task)
{
	struct pid *pid = task_tgid(task);
	struct fs_process *process;
	struct fs_row *detour;

	if (!fs_table_selects(pid, task->tgid))
		return &fs_special.unselected;
	process = fs_process_find(task->signal);
	if (!process)
		process = fs_process_make(task, rcu_dereference(task->real_parent));
	else if (process->exec_id != compat_task_exec_id(task))
		process = fs_process_exec(process, task);
	if (!process)
		return &fs_special.overflow;
	/* Hooks of its other tasks may be reading it at this moment. */
	detour = fs_heat_selects(pid, task->tgid) ? ROW_HEATED : NULL;
	if (process->detour != detour)
		WRITE_ONCE(process->detour, detour);
	return process;
}

/**
 * fs_task_state_resolve - finds the process of a task state, after birth, exec or a
 *	change of the selection
 * @state: of @task
 * @task: current
 *
 * In a fault, with the last call settled. Where there is no memory for a process it
 * is the overflow's, and will be looked for again at the next call.
 */
void fs_task_state_resolve(struct fs_task_state *state, struct task_struct *task)
{
	u64 generation = fs_task_generation(task);
	struct fs_process *process;
	unsigned long flags;

	rcu_read_lock();
	fs_hook_lock_irqsave(&fs_table.lock, flags);
	process = process_of(task);
	state_bind(state, process);
	state->generation = process == &fs_special.overflow ? NO_GENERATION : generation;
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
	rcu_read_unlock();
}

/* Without fs_table.lock: surely no state, since the index has not changed during the search. */
static bool state_is_missing(const struct task_struct *task)
{
	unsigned int sequence = raw_seqcount_begin(&fs_task_index.changes);

	return !fs_task_state_find(task) && !read_seqcount_retry(&fs_task_index.changes, sequence);
}

/* Under fs_table.lock. */
static void state_link(struct fs_task_state *state)
{
	struct fs_task_state **bucket = &fs_task_index.buckets[fs_task_bucket(state->task)];

	raw_write_seqcount_begin(&fs_task_index.changes);
	state->index_next = *bucket;
	/* A walk of the chain sees a whole state. */
	smp_wmb();
	WRITE_ONCE(*bucket, state);
	raw_write_seqcount_end(&fs_task_index.changes);
}

/* Under fs_table.lock. @state's own link stays, for searches that are at it. */
static void state_unlink(struct fs_task_state *state)
{
	struct fs_task_state **at = &fs_task_index.buckets[fs_task_bucket(state->task)];

	while (*at != state)
		at = &(*at)->index_next;
	raw_write_seqcount_begin(&fs_task_index.changes);
	WRITE_ONCE(*at, state->index_next);
	raw_write_seqcount_end(&fs_task_index.changes);
}

/**
 * fs_task_state_make - finds or makes the state of a task whose search found nothing
 * @task: current
 * @made: whether it is new, and not bound to a process yet
 *
 * In a fault. Returns NULL where max_tasks or memory is used up.
 */
struct fs_task_state *fs_task_state_make(struct task_struct *task, bool *made)
{
	struct fs_task_state *state;
	unsigned long flags;

	*made = false;
	/* With max_tasks used up, every fault of the others comes here: not for a lock. */
	if (fs_pool_is_starved(POOL_TASK) && state_is_missing(task))
		return NULL;
	fs_hook_lock_irqsave(&fs_table.lock, flags);
	state = fs_task_state_find(task);
	if (state)
		goto out;
	state = fs_pool_get(POOL_TASK);
	if (!state)
		goto out;
	*made = true;
	memset(state, 0, sizeof(*state));
	state->task = task;
	state->seen = fs_task_counters(task);
	state->row = fs_special.overflow.only;
	state->cpu = NO_CPU;
	state->generation = NO_GENERATION;
	state->page = HEAT_NO_PAGE;
	state_link(state);
out:
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);

	if (*made) {
		fs_task_state_resolve(state, task);
		/* A task seen since birth has not been counted before its first call. */
		if (compat_task_start_ns(task) >= READ_ONCE(counting_since))
			fs_task_missed(state->process, (u32)state->seen, state->seen >> 32);
	}
	return state;
}

/* Under fs_table.lock, the task being dead or no hook being left. */
static void state_free(struct fs_task_state *state)
{
	struct fs_process *process = state->process;

	state_unlink(state);
	fs_pool_put(POOL_TASK, state);
	if (process) {
		process->tasks--;
		fs_process_end_if_unused(process);
	}
}

/*
 * The reader that is summing rows and will come to look at the open calls. A task that is freed
 * meanwhile settles in a row that may have been summed already, and its state will
 * be gone: then the visitor hears of it here. fs_table.lock.
 */
static struct {
	fs_task_open_fn fn;
	void *data;
	unsigned int bucket;	/* the next one it will look at */
} visitor;

/* Under fs_table.lock. */
static void visitor_tell(const struct task_struct *task, struct fs_row *row,
			 struct fs_process *process, const struct fs_task_moved *moved)
{
	if (visitor.fn && fs_task_bucket(task) >= visitor.bucket)
		visitor.fn(row, process, moved, visitor.data);
}

/* Under fs_table.lock, likewise: no verdict can come any more. */
static void state_settle(struct fs_task_state *state)
{
	struct fs_task_moved moved;

	fs_task_moved(&moved, state->seen, fs_task_counters(state->task), state->open);
	moved.heat = fs_task_heat_place(state);
	if (state->open)
		fs_row_count(state->row, moved.verdict, 1);
	if (moved.verdict == COUNT_MAJOR)
		fs_heat_major_at_end(state->row, &moved.heat);
	missed_locked(state->process, moved.missed_minor, moved.missed_major);
	visitor_tell(state->task, state->row, state->process, &moved);
}

/* Under fs_table.lock: a task that was born and is gone without ever having a state. */
static void stateless_settle(const struct task_struct *task, struct fs_process *process)
{
	struct fs_task_moved moved;

	fs_task_moved(&moved, 0, fs_task_counters(task), false);
	missed_locked(process, moved.missed_minor, moved.missed_major);
	visitor_tell(task, NULL, process, &moved);
}

/**
 * fs_task_freed - a task is gone for good
 * @task: still whole; the tracepoint sched_process_free comes a grace period after
 *	the task's end
 *
 * Softirq, or any context but NMI.
 */
void fs_task_freed(struct task_struct *task)
{
	struct fs_task_state *state;
	struct fs_process *process;
	unsigned long flags;

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	state = fs_task_state_find(task);
	if (state) {
		state_settle(state);
		state_free(state);
	} else if (counting && compat_task_start_ns(task) >= counting_since) {
		/* Born and gone without a state: nothing explains its counts. */
		stateless_settle(task, process_or_special(task));
	}
	/*
	 * The count of threads falls before this, so that whichever task of the
	 * group comes here last finds zero.
	 */
	if (task->signal && !READ_ONCE(task->signal->nr_threads)) {
		process = fs_process_find(task->signal);
		if (process)
			fs_process_group_dead(process);
	}
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
}

/**
 * fs_task_forked - a task has been born
 * @child: not running yet
 *
 * Process context; preemption may be on (7.x). Knows the parent at birth, which is
 * why the process is made here and not at its first call.
 */
void fs_task_forked(struct task_struct *child)
{
	unsigned long flags;

	if (!thread_group_leader(child) || child->flags & PF_KTHREAD)
		return;
	rcu_read_lock();
	fs_hook_lock_irqsave(&fs_table.lock, flags);
	if (counting && fs_table_selects(task_tgid(child), child->tgid) &&
	    !fs_process_find(child->signal))
		fs_process_make(child, rcu_dereference(child->real_parent));
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
	rcu_read_unlock();
}

/**
 * fs_task_renamed - a task is getting another name
 * @task: any
 * @comm: the new one, of any length
 *
 * Task context, under task_lock().
 */
void fs_task_renamed(struct task_struct *task, const char *comm)
{
	struct fs_process *process;
	unsigned long flags;

	if (!thread_group_leader(task))
		return;
	fs_hook_lock_irqsave(&fs_table.lock, flags);
	process = fs_process_find(task->signal);
	if (process) {
		memcpy(process->comm_before, process->comm, TASK_COMM_LEN);
		memset(process->comm, 0, TASK_COMM_LEN);
		memcpy(process->comm, comm, strnlen(comm, TASK_COMM_LEN - 1));
	}
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
}

/*
 * Under fs_table.lock, which keeps the task from being freed. The task may be in the
 * midst of a call: what was read is good if row and counters seen have not changed
 * meanwhile, since the difference then belongs to that row.
 */
static bool state_read_open(const struct fs_task_state *state, struct fs_row **row,
			    struct fs_task_moved *moved)
{
	struct fs_heat_place place;
	u64 seen, now;
	int tries;

	for (tries = 0; tries < 8; tries++) {
		seen = READ_ONCE(state->seen);
		*row = READ_ONCE(state->row);
		place = fs_task_heat_place(state);
		smp_rmb(); /* row and counters seen stand around the counters */
		now = fs_task_counters(state->task);
		smp_rmb(); /* row and counters seen stand around the counters */
		if (READ_ONCE(state->seen) != seen || READ_ONCE(state->row) != *row ||
		    READ_ONCE(state->page) != place.page)
			continue;
		if (!READ_ONCE(state->open))
			return false;
		fs_task_moved(moved, seen, now, true);
		moved->heat = place;
		return moved->verdict != COUNT_UNCOUNTED;
	}
	return false;
}

/**
 * fs_task_visit_begin - announces a fs_task_visit_open()
 * @fn: told from now on, under fs_table.lock, of every task that is freed before the
 *	visit has come to it
 * @data: for @fn
 *
 * Under fs_table.lock; fs_table.mutex held until the visit is over.
 */
void fs_task_visit_begin(fs_task_open_fn fn, void *data)
{
	visitor.fn = fn;
	visitor.data = data;
	visitor.bucket = 0;
}

/**
 * fs_task_visit_open - tells of every last call whose verdict has come
 * @fn: called under fs_table.lock with interrupts off
 * @data: for @fn
 *
 * Process context, fs_table.mutex held. Writes no task state. Interrupts are on again
 * between two buckets of the index.
 */
void fs_task_visit_open(fs_task_open_fn fn, void *data)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < 1U << fs_task_index.bits; i++) {
		const struct fs_task_state *state;
		struct fs_task_moved moved;
		struct fs_row *row;

		if (!READ_ONCE(fs_task_index.buckets[i]))
			continue;
		fs_hook_lock_irqsave(&fs_table.lock, flags);
		for (state = fs_task_index.buckets[i]; state; state = state->index_next)
			if (state_read_open(state, &row, &moved))
				fn(row, state->process, &moved, data);
		visitor.bucket = i + 1;
		fs_hook_unlock_irqrestore(&fs_table.lock, flags);
		cond_resched();
	}
	fs_hook_lock_irqsave(&fs_table.lock, flags);
	visitor.fn = NULL;
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
}

/**
 * fs_task_visit_classes - tells of every last call's row and class
 * @fn: called under fs_table.lock with interrupts off
 * @data: for @fn
 *
 * Process context, fs_table.mutex held.
 */
void fs_task_visit_classes(fs_task_class_fn fn, void *data)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < 1U << fs_task_index.bits; i++) {
		const struct fs_task_state *state;

		if (!READ_ONCE(fs_task_index.buckets[i]))
			continue;
		fs_hook_lock_irqsave(&fs_table.lock, flags);
		for (state = fs_task_index.buckets[i]; state; state = state->index_next) {
			u32 class = READ_ONCE(state->open);

			if (class)
				fn(READ_ONCE(state->row), class, data);
		}
		fs_hook_unlock_irqrestore(&fs_table.lock, flags);
		cond_resched();
	}
}

/**
 * fs_task_is_counting - whether calls are to be counted
 *
 * In a hook.
 */
bool fs_task_is_counting(void)
{
	return READ_ONCE(counting);
}

/**
 * fs_task_retire - forgets a task at its first call after counting has ended
 * @state: of current
 *
 * In a fault. The call that is open is settled as at any call.
 */
void fs_task_retire(struct fs_task_state *state)
{
	unsigned long flags;

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	/* Unless fs_task_counting_end() was here first. */
	if (state->task == current) {
		state_settle(state);
		state_free(state);
	}
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
}

/**
 * fs_task_counting_begin - calls count from now on
 *
 * Process context, the hook being there.
 */
void fs_task_counting_begin(void)
{
	WRITE_ONCE(counting, true);
	/* Until this is set every task is an older one, whose past is not missed. */
	WRITE_ONCE(counting_since, compat_task_clock_ns());
}

/**
 * fs_task_counting_end - calls count no longer, and every task is forgotten
 *
 * Process context; sleeps. The hook is still there: a task that makes a call after
 * this has begun settles and retires by itself, and of one that does not, the
 * counters have moved by its open call alone. So nothing that goes uncounted now is
 * taken for a verdict or for missed. A call that is under way is uncounted.
 */
void fs_task_counting_end(void)
{
	unsigned long flags;
	unsigned int i;

	WRITE_ONCE(counting, false);
	WRITE_ONCE(counting_since, U64_MAX);
	/* Every task leaves the fast path. */
	fs_table_new_epoch();
	compat_synchronize_hooks();

	for (i = 0; i < 1U << fs_task_index.bits; i++) {
		struct fs_task_state *state;

		fs_hook_lock_irqsave(&fs_table.lock, flags);
		while ((state = fs_task_index.buckets[i])) {
			state_settle(state);
			state_free(state);
		}
		fs_hook_unlock_irqrestore(&fs_table.lock, flags);
		cond_resched();
	}
}

/**
 * fs_task_init - makes the index
 * @max_tasks: states at once
 *
 * Process context. Returns 0 or -ENOMEM.
 */
int fs_task_init(unsigned int max_tasks)
{
	fs_task_index.bits = clamp(order_base_2(max_tasks) - 1, 6, 20);
	fs_task_index.mask = (1U << fs_task_index.bits) - 1;
	seqcount_init(&fs_task_index.changes);
	fs_task_index.buckets = fs_memory_zalloc(sizeof(void *) << fs_task_index.bits);
	return fs_task_index.buckets ? 0 : -ENOMEM;
}

/**
 * fs_task_destroy - frees the index, after fs_task_counting_end()
 *
 * Process context.
 */
void fs_task_destroy(void)
{
	fs_memory_free(fs_task_index.buckets, sizeof(void *) << fs_task_index.bits);
	fs_task_index.buckets = NULL;
}
