/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The accounting of one call: settling at the next entry. The kernel's verdict on a
 * call of handle_mm_fault() is the movement of the task's own min_flt and maj_flt,
 * and it is certain by the time the same task makes its next call. So each call
 * first gives the previous one its verdict, on the row where that one was counted,
 * and then counts itself. No return probe, and exact whether the kernel counts
 * inside (5.9 and later) or after the return.
 *
 * Everything here runs at the entry of handle_mm_fault(), in task context with
 * preemption off. The usual way is in this header, so that it stands in the hooks
 * themselves and calls nothing: it reads the task's state (one cache line), current,
 * the mapping and for a file its inode; it writes the task's state, a cell of this
 * CPU and the totals of this CPU. No other CPU writes any of these lines: a task's
 * state is written by itself, a cell and the totals by their CPU, and each has lines
 * of its own.
 *
 * The order of writes is for readers on other CPUs, which sum verdicts, then look
 * at open calls, then sum calls: counters seen, verdict, row, call. Then nobody
 * sees a verdict twice or a verdict without its call.
 */
#ifndef FAULTSTAT_ACCOUNT_H
#define FAULTSTAT_ACCOUNT_H

#include <linux/sched.h>
#include <linux/smp.h>
#include "compat/fault.h"
#include "counters.h"
#include "table.h"
#include "task.h"

#define MOVED_MINOR	1ULL
#define MOVED_MAJOR	0x100000000ULL

void account_any(struct task_state *state, struct fault_place place, enum counter class);
void account_heated(struct task_state *state, struct fault_place place, enum counter class);
void account_heated_other(struct task_state *state, struct fault_place place, enum counter class,
			  struct row *row);

static __always_inline void account_in_cell(u64 *cell, enum counter counter)
{
	cell_count(cell, counter);
	totals_count(counter);
}

/**
 * account_call - counts one call of handle_mm_fault()
 * @vma: its mapping, stable
 * @source: what the hook was given
 * @place: which tells the mapping once more, and the address, from that
 * @class: its origin and access
 *
 * Task context, preemption off, at the call's entry.
 */
static __always_inline void account_call(struct vm_area_struct *vma, void *source,
					 fault_place_fn place, enum counter class)
{
	struct task_struct *task = current;
	struct task_state *state = task_state_find(task);
	enum counter verdict = COUNT_MINOR;
	struct object_key key;
	struct row *row;
	u64 now, moved;
	u64 *cell;

	if (unlikely(!state || READ_ONCE(state->cpu) != smp_processor_id() ||
		     state->generation != task_generation(task) || !object_key_is_plain(vma)))
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

	key = object_key_plain(vma);
	if (likely(object_key_equal(key, state->key))) {
		WRITE_ONCE(state->seen, now);
		barrier();
		cell = state->cell;
		account_in_cell(cell, verdict);
	} else {
		row = READ_ONCE(state->process->detour);
		if (likely(!row))
			row = row_find(state->process, key);
		else if (row == ROW_HEATED)
			goto heated;
		cell = row ? row_cell(row, READ_ONCE(state->cpu)) : NULL;
		if (unlikely(!cell))
			goto any;
		WRITE_ONCE(state->seen, now);
		barrier();
		account_in_cell(state->cell, verdict);
		barrier();
		state->key = key;
		state->cell = cell;
		WRITE_ONCE(state->row, row);
	}
	barrier();
	account_in_cell(cell, class);
	WRITE_ONCE(state->open, class);
	return;

	/*
	 * From here on what is needed is read anew, and these are the last calls: the usual
	 * way does without the registers. The last call is settled before, so that the
	 * heated one needs none of them either.
	 */
heated:
	barrier();
	if (unlikely(verdict == COUNT_MAJOR))
		goto any;
	WRITE_ONCE(state->seen, now);
	barrier();
	account_in_cell(state->cell, verdict);
	barrier();
	if (key.ino == state->key.ino && (key.dev ^ HEAT_MARK) == state->key.dev)
		account_heated(state, place(source), class);
	else
		account_heated_other(state, place(source), class, row_find(state->process, key));
	return;
any:
	barrier();
	account_any(state, place(source), class);
}

#endif
