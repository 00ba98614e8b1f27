// SPDX-License-Identifier: GPL-2.0
/*
 * Task states: making them at a task's first call, binding them to processes,
 * settling them when the kernel frees the task or a reader wants to know. All of
 * it is off the fast path. Runs in hooks: in a fault or a fork with preemption on
 * or off, in softirq (free), and from the reader in process context. Task states
 * are put in and taken out under the lock of their shard of the index.
 */
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include "cells.h"
#include "code.h"
#include "heat_request.h"
#include "memory.h"
#include "pool.h"
#include "process.h"
#include "row_life.h"
#include "stack.h"
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
	moved->stack = 0;
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

/* Differs after what is asked for has changed: each of the two only grows. */
static unsigned int changes_asked(void)
{
	return fs_requests_changes(&fs_heat_requests) + fs_requests_changes(&fs_stack_requests);
}

/*
 * What is written under the lock is of now, so that a task which has heard of a request is not
 * overtaken by one that has not. Hooks of the process's other tasks may be reading it at this
 * moment.
 */
static void find_detour(struct fs_process *process, struct pid *pid, pid_t nr)
{
	static struct fs_row * const detours[] = { NULL, ROW_HEATED, ROW_STACKED, ROW_BOTH };
	u64 mark = fs_process_mark_id(process);
	unsigned int changes, which;
	unsigned long flags;
	bool stale;

	do {
		changes = changes_asked();
		/* requests that are newer than that may be asked, but none that are older */
		smp_rmb();
		which = fs_requests_select(&fs_heat_requests, pid, nr, mark);
		which |= fs_requests_select(&fs_stack_requests, pid, nr, mark) << 1;
		fs_hook_lock_irqsave(&process->lock, flags);
		/* A change waits for the hooks: at most a few come in one. */
		stale = changes != changes_asked();
		if (!stale)
			WRITE_ONCE(process->detour, detours[which]);
		fs_hook_unlock_irqrestore(&process->lock, flags);
	} while (stale);
}

static bool anything_is_asked_for(void)
{
	return fs_requests_ask(&fs_heat_requests) || fs_requests_ask(&fs_stack_requests);
}

/* Under RCU: the process that current belongs to, made if new, with one more task state. */
static struct fs_process *process_of(struct task_struct *task)
{
	struct pid *pid = task_tgid(task);
	struct fs_process *process;

	if (!fs_table_selects(pid, task->tgid))
		return &fs_special.unselected;
	process = fs_process_join(task, rcu_dereference(task->real_parent));
	if (!process)
		return &fs_special.overflow;
	if (anything_is_asked_for() || READ_ONCE(process->detour))
		find_detour(process, pid, task->tgid);
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
	struct fs_process *process, *old = state->process;

	rcu_read_lock();
	process = process_of(task);
	rcu_read_unlock();
	WRITE_ONCE(state->process, process);
	WRITE_ONCE(state->named, NULL);
	WRITE_ONCE(state->generation,
		   process == &fs_special.overflow ? NO_GENERATION : generation);
	if (!old)
		return;
	/* Of a program that exec has replaced nothing is to be looked up any more. */
	if (READ_ONCE(old->code) && READ_ONCE(old->gone))
		fs_code_release(old);
	fs_process_leave(old);
}

static struct fs_shard *task_shard(const struct task_struct *task)
{
	return fs_shard_of(&fs_task_index.shards, fs_task_bucket(task));
}

/* Without a lock: surely no state, since the shard has not changed during the search. */
static bool state_is_missing(const struct task_struct *task)
{
	seqcount_t *changes = &task_shard(task)->changes;
	unsigned int sequence = raw_seqcount_begin(changes);

	return !fs_task_state_find(task) && !read_seqcount_retry(changes, sequence);
}

/* Under the shard's lock. */
static void state_link(struct fs_shard *shard, struct fs_task_state *state)
{
	struct fs_task_state **bucket = &fs_task_index.buckets[state->bucket];

	raw_write_seqcount_begin(&shard->changes);
	state->index_next = *bucket;
	/* A walk of the chain sees a whole state. */
	smp_wmb();
	WRITE_ONCE(*bucket, state);
	raw_write_seqcount_end(&shard->changes);
}

/* Under the shard's lock. @state's own link stays, for searches that are at it. */
static void state_unlink(struct fs_shard *shard, struct fs_task_state *state)
{
	struct fs_task_state **at = &fs_task_index.buckets[state->bucket];

	while (*at != state)
		at = &(*at)->index_next;
	raw_write_seqcount_begin(&shard->changes);
	WRITE_ONCE(*at, state->index_next);
	raw_write_seqcount_end(&shard->changes);
}

/* A state that nobody finds yet. Returns NULL where max_tasks or memory is used up. */
static struct fs_task_state *state_new(struct task_struct *task)
{
	struct fs_task_state *state = fs_pool_get(POOL_TASK);

	if (!state)
		return NULL;
	memset(state, 0, sizeof(*state));
	state->task = task;
	state->bucket = fs_task_bucket(task);
	INIT_LIST_HEAD(&state->waiting);
	state->seen = fs_task_counters(task);
	state->row = fs_special.overflow.only;
	state->process = &fs_special.overflow;
	state->cpu = NO_CPU;
	state->generation = NO_GENERATION;
	state->page = HEAT_NO_PAGE;
	return state;
}

/**
 * fs_task_state_make - finds or makes the state of a task whose search found nothing
 * @task: current
 * @made: whether it is new
 *
 * In a fault. Returns NULL where max_tasks or memory is used up.
 */
struct fs_task_state *fs_task_state_make(struct task_struct *task, bool *made)
{
	struct fs_shard *shard = task_shard(task);
	struct fs_task_state *state;
	unsigned long flags;
	bool missed;

	*made = false;
	/* With max_tasks used up, every fault of the others comes here: not for a lock. */
	if (fs_pool_is_starved(POOL_TASK) && state_is_missing(task)) {
		fs_table_overlooked();
		return NULL;
	}
	fs_hook_lock_irqsave(&shard->lock, flags);
	state = fs_task_state_find(task);
	if (!state) {
		state = state_new(task);
		if (state)
			state_link(shard, state);
		*made = state;
	}
	fs_hook_unlock_irqrestore(&shard->lock, flags);

	if (!state)
		fs_table_overlooked();
	if (*made) {
		/* A task seen since birth has not been counted before its first call. */
		missed = state->seen && compat_task_start_ns(task) >= READ_ONCE(counting_since);
		/* Which of its programs it was, if it has called exec, is not known. */
		if (missed)
			fs_table_overlooked();
		fs_task_state_resolve(state, task);
		if (missed)
			fs_process_missed(state->process, (u32)state->seen, state->seen >> 32);
	}
	return state;
}

/*
 * A reader sums rows, and then asks the tasks. What a task settles at its end between the two would
 * be in neither, so it waits until the reader is done. Set under fs_table.rows_sem, for writing.
 */
static bool visiting;

static u64 state_counters(const struct fs_task_state *state)
{
	return list_empty(&state->waiting) ? fs_task_counters(state->task) : state->final;
}

/* Under the shard's lock: no verdict can come any more. Takes it out of the index. */
static void state_settle(struct fs_shard *shard, struct fs_task_state *state)
{
	struct fs_task_moved moved;

	fs_task_moved(&moved, state->seen, state_counters(state), state->open);
	moved.heat = fs_task_heat_place(state);
	if (state->open)
		fs_row_count(fs_row_real(state->row), moved.verdict, 1);
	if (moved.verdict == COUNT_MAJOR)
		fs_heat_major_at_end(fs_row_real(state->row), &moved.heat);
	if (state->open && state->stack)
		fs_stack_verdict_at_end(state->stack, state->generation, moved.verdict);
	fs_process_missed(state->process, moved.missed_minor, moved.missed_major);
	list_del_init(&state->waiting);
	state_unlink(shard, state);
}

static void state_free(struct fs_task_state *state)
{
	struct fs_process *process = state->process;

	fs_pool_put(POOL_TASK, state);
	fs_process_leave(process);
}

/*
 * Under the shard's lock: it can be found by no task any more, not even by one that will lie where
 * this did.
 */
static void state_wait(struct fs_shard *shard, struct fs_task_state *state)
{
	state->final = fs_task_counters(state->task);
	list_add_tail(&state->waiting, &shard->list);
	WRITE_ONCE(state->task, (const struct task_struct *)state);
}

/*
 * Ends the state of a task that is dead, or is current and counts no longer. Returns whether it had
 * one.
 */
static bool state_end(const struct task_struct *task)
{
	struct fs_shard *shard = task_shard(task);
	struct fs_task_state *state;
	unsigned long flags;
	bool waits = false;

	fs_hook_lock_irqsave(&shard->lock, flags);
	state = fs_task_state_find(task);
	if (state) {
		waits = READ_ONCE(visiting);
		if (waits)
			state_wait(shard, state);
		else
			state_settle(shard, state);
	}
	fs_hook_unlock_irqrestore(&shard->lock, flags);
	if (state && !waits)
		state_free(state);
	return state;
}

/* A task that was born and is gone without ever having a state: nothing explains its counts. */
static void stateless_end(const struct task_struct *task)
{
	struct fs_process *process, *special;
	struct fs_task_moved moved;

	fs_task_moved(&moved, 0, fs_task_counters(task), false);
	if (!moved.missed_minor && !moved.missed_major)
		return;
	/* A task that is being freed has no pid any more, its process has. */
	process = fs_process_rejoin(task);
	special = &fs_special.overflow;
	if (!fs_table_selects(process ? process->pid : NULL, task->tgid))
		special = &fs_special.unselected;
	else if (process)
		special = process;
	fs_process_missed(special, moved.missed_minor, moved.missed_major);
	if (process)
		fs_process_leave(process);
}

/* The mappings of a process that is gone. */
static void forget_code(const struct task_struct *task)
{
	struct fs_process *process = fs_process_rejoin(task);

	if (!process)
		return;
	fs_code_release(process);
	fs_process_leave(process);
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
	if (!state_end(task) && fs_task_is_counting() &&
	    compat_task_start_ns(task) >= READ_ONCE(counting_since))
		stateless_end(task);
	/*
	 * The count of threads falls before this, so that whichever task of the
	 * group comes here last finds zero.
	 */
	if (!task->signal || READ_ONCE(task->signal->nr_threads))
		return;
	if (fs_requests_ask(&fs_stack_requests))
		forget_code(task);
	fs_process_group_dead(task);
}

/* Its parent's mappings, if its stacks will be asked for. Under RCU. */
static void give_code(struct task_struct *child)
{
	struct fs_process *to = fs_process_rejoin(child), *from;

	if (!to)
		return;
	fs_preempt_disable();
	from = fs_process_rejoin(current);
	/* Else what the parent knows may be of before, and of images that are gone. */
	if (from && fs_stacks_are_on() &&
	    fs_requests_select(&fs_stack_requests, to->pid, child->tgid, fs_process_mark_id(to)))
		fs_code_forked(from, to);
	fs_preempt_enable();
	if (from)
		fs_process_leave(from);
	fs_process_leave(to);
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
	if (!thread_group_leader(child) || child->flags & PF_KTHREAD || !fs_task_is_counting())
		return;
	rcu_read_lock();
	if (fs_table_selects(task_tgid(child), child->tgid) &&
	    fs_process_make(child, rcu_dereference(child->real_parent)) &&
	    fs_requests_ask(&fs_stack_requests))
		give_code(child);
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
	if (thread_group_leader(task))
		fs_process_renamed(task, comm);
}

/*
 * Under the shard's lock, which keeps the task from being freed. The task may be in the
 * midst of a call: what was read is good if row and counters seen have not changed
 * meanwhile, since the difference then belongs to that row.
 */
static bool state_read_open(const struct fs_task_state *state, struct fs_row **row,
			    struct fs_task_moved *moved)
{
	struct fs_heat_place place;
	struct fs_row *seen_row;
	u64 seen, now;
	u32 stack;
	int tries;

	for (tries = 0; tries < 8; tries++) {
		seen = READ_ONCE(state->seen);
		seen_row = READ_ONCE(state->row);
		*row = fs_row_real(seen_row);
		place = fs_task_heat_place(state);
		stack = READ_ONCE(state->stack);
		smp_rmb(); /* row and counters seen stand around the counters */
		now = state_counters(state);
		smp_rmb(); /* row and counters seen stand around the counters */
		if (READ_ONCE(state->seen) != seen || READ_ONCE(state->row) != seen_row ||
		    READ_ONCE(state->page) != place.page || READ_ONCE(state->stack) != stack)
			continue;
		if (!READ_ONCE(state->open))
			return false;
		fs_task_moved(moved, seen, now, true);
		moved->heat = place;
		moved->stack = fs_stack_is_of_now(place.generation) ? stack : 0;
		return moved->verdict != COUNT_UNCOUNTED;
	}
	return false;
}

/**
 * fs_task_visit_begin - before a reader sums the verdicts of rows
 *
 * Process context, fs_table.rows_sem held for writing.
 */
void fs_task_visit_begin(void)
{
	unsigned long flags;
	u32 i;

	WRITE_ONCE(visiting, true);
	/* Those that have not heard of it are done, and what they settled can be seen. */
	for (i = 0; i <= fs_task_index.shards.mask; i++) {
		fs_hook_lock_irqsave(&fs_task_index.shards.of[i].lock, flags);
		fs_hook_unlock_irqrestore(&fs_task_index.shards.of[i].lock, flags);
	}
}

static struct fs_task_state *shard_settle_one(struct fs_shard *shard)
{
	struct fs_task_state *state;
	unsigned long flags;

	fs_hook_lock_irqsave(&shard->lock, flags);
	state = list_first_entry_or_null(&shard->list, struct fs_task_state, waiting);
	if (state)
		state_settle(shard, state);
	fs_hook_unlock_irqrestore(&shard->lock, flags);
	return state;
}

/**
 * fs_task_visit_end - after the tasks were asked: those that have ended settle
 *
 * Process context, fs_table.rows_sem held for writing.
 */
void fs_task_visit_end(void)
{
	struct fs_task_state *state;
	u32 i;

	WRITE_ONCE(visiting, false);
	for (i = 0; i <= fs_task_index.shards.mask; i++) {
		while ((state = shard_settle_one(&fs_task_index.shards.of[i]))) {
			state_free(state);
			cond_resched();
		}
	}
}

/*
 * Tells of all states, each under its shard's lock with interrupts off, which are on again between
 * two buckets of the index. fs_table.rows_sem held for writing.
 */
static void states_visit(void (*fn)(const struct fs_task_state *state, void *data), void *data)
{
	unsigned long flags;
	u32 i;

	for (i = 0; i <= fs_task_index.mask; i++) {
		struct fs_shard *shard = fs_shard_of(&fs_task_index.shards, i);
		const struct fs_task_state *state;

		if (!READ_ONCE(fs_task_index.buckets[i]))
			continue;
		fs_hook_lock_irqsave(&shard->lock, flags);
		for (state = fs_task_index.buckets[i]; state; state = state->index_next)
			fn(state, data);
		fs_hook_unlock_irqrestore(&shard->lock, flags);
		cond_resched();
	}
}

struct visit {
	fs_task_open_fn open;
	fs_task_class_fn class;
	fs_task_row_fn row;
	void *data;
};

static void tell_open(const struct fs_task_state *state, void *data)
{
	const struct visit *visit = data;
	struct fs_task_moved moved;
	struct fs_row *row;

	if (state_read_open(state, &row, &moved))
		visit->open(row, READ_ONCE(state->process), &moved, visit->data);
}

/**
 * fs_task_visit_open - tells of every last call whose verdict has come
 * @fn: called under a shard's lock with interrupts off
 * @data: for @fn
 *
 * Process context, fs_table.rows_sem held for writing. Writes no task state.
 */
void fs_task_visit_open(fs_task_open_fn fn, void *data)
{
	struct visit visit = { .open = fn, .data = data };

	states_visit(tell_open, &visit);
}

static void tell_class(const struct fs_task_state *state, void *data)
{
	const struct visit *visit = data;
	u32 class = READ_ONCE(state->open);

	if (class)
		visit->class(fs_row_real(READ_ONCE(state->row)), class, visit->data);
}

/**
 * fs_task_visit_classes - tells of every last call's row and class
 * @fn: called under a shard's lock with interrupts off
 * @data: for @fn
 *
 * Process context, fs_table.rows_sem held for writing.
 */
void fs_task_visit_classes(fs_task_class_fn fn, void *data)
{
	struct visit visit = { .class = fn, .data = data };

	states_visit(tell_class, &visit);
}

static void tell_rows(const struct fs_task_state *state, void *data)
{
	const struct visit *visit = data;
	struct fs_row *named = READ_ONCE(state->named);

	if (READ_ONCE(state->open))
		visit->row(fs_row_real(READ_ONCE(state->row)));
	/* None waits here: that is only during a snapshot. */
	if (named)
		visit->row(named);
}

/**
 * fs_task_visit_rows - tells of every row that a task may count in without looking for it
 * @fn: called under a shard's lock with interrupts off
 *
 * Process context, fs_table.rows_sem held for writing.
 */
void fs_task_visit_rows(fs_task_row_fn fn)
{
	struct visit visit = { .row = fn };

	states_visit(tell_rows, &visit);
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
 * @task: current, which has a state unless fs_task_counting_end() was here first
 *
 * In a fault. The call that is open is settled as at any call.
 */
void fs_task_retire(struct task_struct *task)
{
	state_end(task);
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

/*
 * The lock keeps the task from being freed until it is settled. Once counting has ended no more
 * come.
 */
static struct fs_task_state *bucket_settle_one(u32 bucket)
{
	struct fs_shard *shard = fs_shard_of(&fs_task_index.shards, bucket);
	struct fs_task_state *state;
	unsigned long flags;

	fs_hook_lock_irqsave(&shard->lock, flags);
	state = fs_task_index.buckets[bucket];
	if (state)
		state_settle(shard, state);
	fs_hook_unlock_irqrestore(&shard->lock, flags);
	return state;
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
	struct fs_task_state *state;
	u32 i;

	WRITE_ONCE(counting, false);
	WRITE_ONCE(counting_since, U64_MAX);
	fs_table_overlooked();
	/* Every task leaves the fast path. */
	fs_table_new_epoch();
	compat_synchronize_hooks();
	/* Who was born in a hook that has not heard of it. */
	fs_table_overlooked();

	/* No reader is at it. */
	down_read(&fs_table.rows_sem);
	for (i = 0; i <= fs_task_index.mask; i++) {
		while ((state = bucket_settle_one(i))) {
			state_free(state);
			cond_resched();
		}
	}
	up_read(&fs_table.rows_sem);
}

/**
 * fs_task_init - makes the index
 * @max_tasks: states at once
 *
 * Process context. Returns 0 or -ENOMEM.
 */
int fs_task_init(unsigned int max_tasks)
{
	fs_task_index.mask = (1U << clamp(order_base_2(max_tasks) - 1, 6, 20)) - 1;
	fs_task_index.buckets = fs_memory_zalloc((fs_task_index.mask + 1) * sizeof(void *));
	return fs_task_index.buckets ? fs_shards_init(&fs_task_index.shards) : -ENOMEM;
}

/**
 * fs_task_destroy - frees the index, after fs_task_counting_end()
 *
 * Process context.
 */
void fs_task_destroy(void)
{
	fs_memory_free(fs_task_index.buckets, (fs_task_index.mask + 1) * sizeof(void *));
	fs_task_index.buckets = NULL;
	if (fs_task_index.shards.of)
		fs_shards_destroy(&fs_task_index.shards);
}
