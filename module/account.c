// SPDX-License-Identifier: GPL-2.0
/*
 * Settling at the next entry. The kernel's verdict on a call of handle_mm_fault()
 * is the movement of the task's own min_flt and maj_flt, and it is certain by the
 * time the same task makes its next call. So each call first gives the previous
 * one its verdict, on the row where that one was counted, and then counts itself.
 * No return probe, and exact whether the kernel counts inside (5.9 and later) or
 * after the return.
 *
 * Everything here runs at the entry of handle_mm_fault(), in task context with
 * preemption off. The usual way, account_call(), reads the task's state (one
 * cache line), current, the mapping and for a file its inode; it writes the task's
 * state, a cell of this CPU and the totals of this CPU. No other CPU writes any of
 * these lines.
 *
 * The order of writes is for readers on other CPUs, which sum verdicts, then look
 * at open calls, then sum calls: counters seen, verdict, row, call. Then nobody
 * sees a verdict twice or a verdict without its call.
 */
#include <linux/sched.h>
#include <linux/smp.h>
#include "account.h"
#include "cold.h"
#include "pool.h"
#include "task.h"

#define MOVED_MINOR	1ULL
#define MOVED_MAJOR	0x100000000ULL

static const struct object_key OBJECT_NONE;

static __always_inline void count_in_cell(u64 *cell, enum counter counter)
{
	WRITE_ONCE(cell[counter], cell[counter] + 1);
	totals_count(counter);
}

static void count_in_row(struct row *row, u64 *cell, enum counter counter)
{
	if (cell)
		count_in_cell(cell, counter);
	else
		row_count(row, counter, 1);
}

/* Gives the last call its verdict, whatever has happened since. */
static void settle_any(struct task_state *state, struct task_struct *task, unsigned int cpu)
{
	u64 now = task_counters(task);
	struct task_moved moved;

	task_moved(&moved, state->seen, now, state->open);
	WRITE_ONCE(state->seen, now);
	barrier();
	if (state->open)
		count_in_row(state->row, row_cell(state->row, cpu), moved.verdict);
	if (moved.missed_minor || moved.missed_major)
		task_missed(state->process, moved.missed_minor, moved.missed_major);
}

/* The row for an object that this process has not touched yet, or that needs a closer look. */
static struct row *first_row(struct process *process, struct object_key *key,
			     struct vm_area_struct *vma)
{
	struct object_shown shown;
	struct row *row;
	char *scratch;

	object_canonical(key, vma);
	row = row_find(process, key);
	if (row)
		return row;
	if (!process_has_room(process)) {
		WRITE_ONCE(process->crowded, true);
		cold_request();
		return row_make_region(process, REGION_OTHER);
	}
	/* Where it would be in vain, the name is not worth making. */
	if (READ_ONCE(table.rows_used) >= table.rows_max || pool_is_empty(POOL_ROW)) {
		cold_request();
		return NULL;
	}
	scratch = pool_get(POOL_SCRATCH);
	if (!scratch)
		return NULL;
	object_show(&shown, key, vma, scratch);
	row = row_make(process, key, &shown);
	pool_put(POOL_SCRATCH, scratch);
	return row;
}

/* Everything that is not usual: first uses, exec, migration, missed counts, overflow. */
static noinline void account_any(struct task_state *state, struct vm_area_struct *vma,
				 const struct object_key *key, enum counter class)
{
	struct task_struct *task = current;
	unsigned int cpu = smp_processor_id();
	struct row *row = NULL;
	bool made = false;
	u64 *cell;

	if (unlikely(!task_is_counting())) {
		if (state)
			task_retire(state);
		return;
	}
	if (!state)
		state = task_state_make(task, &made);
	if (!state) {
		/* The kernel's count comes as missed, when the task has a state or ends. */
		row_count(table.overflow.only, class, 1);
		row_count(table.overflow.only, COUNT_UNCOUNTED, 1);
		return;
	}
	if (!made)
		settle_any(state, task, cpu);
	if (state->generation != task_generation(task) &&
	    (state->process != &table.overflow || !pool_is_empty(POOL_PROCESS)))
		task_state_resolve(state, task);

	row = state->process->only;
	if (!row)
		row = row_find(state->process, key);
	if (!row) {
		struct object_key object = *key;

		row = first_row(state->process, &object, vma);
	}
	state->key = row ? *key : OBJECT_NONE;
	if (!row)
		row = table.overflow.only;

	cell = row_cell(row, cpu);
	if (!cell)
		cell = row_make_cell(row, cpu);
	state->cell = cell;
	state->cpu = cell ? cpu : NO_CPU;
	WRITE_ONCE(state->row, row);
	barrier();
	count_in_row(row, cell, class);
	WRITE_ONCE(state->open, class);
}

/**
 * account_call - counts one call of handle_mm_fault()
 * @vma: its mapping, stable
 * @class: its origin and access
 *
 * Task context, preemption off, at the call's entry.
 */
void account_call(struct vm_area_struct *vma, enum counter class)
{
	struct task_struct *task = current;
	struct task_state *state = task_state_find(task);
	enum counter verdict = COUNT_MINOR;
	struct object_key key;
	struct row *row;
	u64 now, moved;
	u64 *cell;

	object_key_of(&key, vma);
	if (unlikely(!state || state->cpu != smp_processor_id() ||
		     state->generation != task_generation(task)))
		goto any;

	now = task_counters(task);
	moved = now - state->seen;
	if (unlikely(moved != MOVED_MINOR)) {
		if (moved == 0)
			verdict = COUNT_UNCOUNTED;
		else if (moved == MOVED_MAJOR)
			verdict = COUNT_MAJOR;
		else
			goto any;
	}

	row = state->row;
	cell = state->cell;
	if (!object_key_equal(&key, &state->key)) {
		row = state->process->only;
		if (likely(!row))
			row = row_find(state->process, &key);
		cell = row ? row_cell(row, state->cpu) : NULL;
		if (unlikely(!cell))
			goto any;
		state->key = key;
	}

	WRITE_ONCE(state->seen, now);
	barrier();
	count_in_cell(state->cell, verdict);
	barrier();
	if (row != state->row) {
		state->cell = cell;
		WRITE_ONCE(state->row, row);
	}
	barrier();
	count_in_cell(cell, class);
	WRITE_ONCE(state->open, class);
	return;
any:
	account_any(state, vma, &key, class);
}
