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
 * preemption off. The fast path is in this header, so that it is inlined into the hooks
 * and calls nothing: it reads the task's state (one cache line), current,
 * the mapping and for a file its inode; it writes the task's state, a cell of this
 * CPU and the totals of this CPU. No other CPU writes any of these lines: a task's
 * state is written by itself, a cell and the totals by their CPU, and each has lines
 * of its own.
 *
 * The order of writes is counters seen, verdict, row, call. Readers on other CPUs sum
 * verdicts, then look at open calls, then sum calls (snapshot.c): so they see no
 * verdict twice, and none without its call.
 */
#ifndef FAULTSTAT_ACCOUNT_H
#define FAULTSTAT_ACCOUNT_H

#include <linux/sched.h>
#include <linux/smp.h>
#include "compat/fault.h"
#include "counters.h"
#include "process.h"
#include "row.h"
#include "table.h"
#include "task.h"

#define MOVED_MINOR	1ULL
#define MOVED_MAJOR	0x100000000ULL

void fs_account_any(struct fs_task_state *state, struct fs_fault_place place,
		    enum fs_counter class);
void fs_account_named(struct fs_task_state *state, struct fs_fault_place place,
		      enum fs_counter class);
void fs_account_heated(struct fs_task_state *state, struct fs_fault_place place,
		       enum fs_counter class, struct fs_object_key key);
void fs_account_stacked(struct fs_task_state *state, struct fs_fault_place place,
			enum fs_counter class, struct fs_object_key key);
struct fs_process *fs_account_process(void);

static __always_inline void fs_account_in_cell(u64 *cell, enum fs_counter counter)
{
	fs_cell_count(cell, counter);
	fs_totals_count(counter);
}

/**
 * fs_account_call - counts one call of handle_mm_fault()
 * @vma: its mapping, stable
 * @source: what the hook was given
 * @place: which tells the mapping once more, and the address, from that
 * @class: its origin and access
 *
 * Task context, preemption off, at the call's entry.
 */
static __always_inline void fs_account_call(struct vm_area_struct *vma, void *source,
					    fs_fault_place_fn place, enum fs_counter class)
{
	struct task_struct *task = current;
	struct fs_task_state *state = fs_task_state_find(task);
	enum fs_counter verdict = COUNT_MINOR;
	struct fs_object_key key;
	struct fs_row *row;
	u64 now, moved;
	u64 *cell;

	if (unlikely(!state || READ_ONCE(state->cpu) != smp_processor_id() ||
		     state->generation != fs_task_generation(task)))
		goto any;
	if (unlikely(!fs_object_key_is_plain(vma)))
		goto named;

	now = fs_task_counters(task);
	moved = now - state->seen;
	if (unlikely(moved != MOVED_MINOR)) {
		if (moved == 0)
			verdict = COUNT_UNCOUNTED;
		else if (moved == MOVED_MAJOR)
			verdict = COUNT_MAJOR;
		else
			goto any;
	}

	key = fs_object_key_plain(vma);
	if (likely(fs_object_key_equal(key, state->key))) {
		WRITE_ONCE(state->seen, now);
		barrier();
		cell = state->cell;
		fs_account_in_cell(cell, verdict);
	} else {
		row = READ_ONCE(state->process->detour);
		if (likely(!row))
			row = fs_row_find(state->process, key);
		else if (row == ROW_HEATED)
			goto heated;
		else if (row == ROW_STACKED)
			goto stacked;
		else if (row == ROW_BOTH)
			goto any;
		if (unlikely(!row || !fs_row_has_cell(row, READ_ONCE(state->cpu), &cell)))
			goto any;
		WRITE_ONCE(state->seen, now);
		barrier();
		fs_account_in_cell(state->cell, verdict);
		barrier();
		state->key = key;
		state->cell = cell;
		WRITE_ONCE(state->row, row);
	}
	barrier();
	fs_account_in_cell(cell, class);
	WRITE_ONCE(state->open, class);
	return;

	/*
	 * What follows is reached by a barrier and ends in a tail call. So the compiler keeps
	 * no value in a register for it, and the fast path above need not save registers. The
	 * verdict is counted here, so that account_heated() has one thing less to be given.
	 */
heated:
	barrier();
	if (unlikely(verdict == COUNT_MAJOR))
		goto any;
	WRITE_ONCE(state->seen, now);
	barrier();
	fs_account_in_cell(state->cell, verdict);
	barrier();
	fs_account_heated(state, place(source), class, key);
	return;
stacked:
	barrier();
	fs_account_stacked(state, place(source), class, key);
	return;
named:
	barrier();
	fs_account_named(state, place(source), class);
	return;
any:
	barrier();
	fs_account_any(state, place(source), class);
}

#endif
