// SPDX-License-Identifier: GPL-2.0
/*
 * The slow path of a call: the first of a task, of a process after exec, on an object,
 * on a CPU; counts that were missed; overflow. Called by the fast path, in account.h, in
 * a hook: task context, preemption off. The order of writes is the same as there.
 */
#include "account.h"
#include "cells.h"
#include "heat.h"
#include "name.h"
#include "pool.h"
#include "row_life.h"
#include "stack.h"
#include "worker.h"

static const struct fs_object_key OBJECT_NONE;

static u64 *any_cell(struct fs_row *row, unsigned int cpu)
{
	u64 *cell = fs_row_cell(row, cpu);

	return cell ? cell : fs_row_make_cell(row, cpu);
}

static void count_in_row(struct fs_row *row, u64 *cell, enum fs_counter counter)
{
	if (cell)
		fs_account_in_cell(cell, counter);
	else
		fs_row_count(row, counter, 1);
}

/* Gives the last call its verdict, whatever has happened since. */
static void settle_any(struct fs_task_state *state, struct task_struct *task, unsigned int cpu)
{
	u64 now = fs_task_counters(task);
	struct fs_row *row = fs_row_real(state->row);
	struct fs_task_moved moved;

	fs_task_moved(&moved, state->seen, now, state->open);
	WRITE_ONCE(state->seen, now);
	barrier();
	if (state->open)
		count_in_row(row, fs_row_cell(row, cpu), moved.verdict);
	moved.heat = fs_task_heat_place(state);
	if (moved.verdict == COUNT_MAJOR)
		fs_heat_major(row, &moved.heat);
	if (state->open && state->stack)
		fs_stack_verdict(state->stack, state->generation, moved.verdict);
	if (moved.missed_minor || moved.missed_major)
		fs_process_missed(state->process, moved.missed_minor, moved.missed_major);
}

/* The row for an object that this process has not touched yet, or that needs a closer look. */
static struct fs_row *first_row(struct fs_process *process, struct fs_object_key *key,
				struct vm_area_struct *vma)
{
	struct fs_object_shown shown;
	struct fs_row *row;
	char *scratch;

	fs_object_canonical(key, vma);
	row = fs_row_find(process, *key);
	if (row)
		return row;
	if (!fs_process_has_room(process)) {
		if (!READ_ONCE(process->crowded))
			WRITE_ONCE(process->crowded, true);
		fs_worker_make_room();
		return fs_row_make_region(process, REGION_OTHER);
	}
	/* Where it would be in vain, the name is not worth making. */
	if (fs_pool_is_starved(POOL_ROW)) {
		fs_worker_make_room();
		return NULL;
	}
	if (key->dev == OBJECT_REGION)
		return fs_row_make_region(process, key->ino);
	scratch = fs_pool_get(POOL_SCRATCH);
	if (!scratch)
		return NULL;
	fs_object_show(&shown, key, vma, scratch);
	row = fs_row_make(process, key, &shown);
	fs_pool_put(POOL_SCRATCH, scratch);
	return row;
}

/* By region, where that is asked for. Returns what the state is to remember as its page. */
static u64 heat_any(struct fs_task_state *state, struct fs_row *row, struct fs_fault_place place)
{
	struct fs_heat_cells *cells;
	u64 page;

	if (!fs_process_is_heated(state->process) || !fs_object_is_file(&row->key))
		return HEAT_NO_PAGE;
	page = fs_heat_page_in_file(place.vma, place.address);
	cells = fs_heat_call(row, state->cell, page, place.vma);
	if (!cells) {
		/* Here again at the next call. */
		state->key = OBJECT_NONE;
		return HEAT_LOST_PAGE;
	}
	/* The fast path does not know such a key. */
	state->key.dev = OBJECT_HEATED;
	WRITE_ONCE(state->heat, cells);
	return page;
}

/* By stack, where that is asked for. Returns what the state is to remember. */
static u32 stack_any(struct fs_task_state *state, struct fs_row *row, enum fs_counter class)
{
	if (!fs_process_is_stacked(state->process))
		return 0;
	/* The fast paths do not know such a key, nor a name that they have not seen. */
	state->key.dev = OBJECT_STACKED;
	WRITE_ONCE(state->named, NULL);
	/* A row of no process in particular has no stacks. */
	if (unlikely(row->process != state->process))
		return fs_stack_lose_call();
	return fs_stack_call(state->process, row, class);
}

/* A call of a task whose last one is settled. */
static void account_settled(struct fs_task_state *state, struct fs_fault_place place,
			    enum fs_counter class)
{
	struct vm_area_struct *vma = place.vma;
	unsigned int cpu = smp_processor_id();
	struct fs_object_key key, object = OBJECT_NONE;
	struct fs_row *row;
	u64 *cell;

	key = fs_object_key_is_plain(vma) ? fs_object_key_plain(vma) : fs_object_key_special(vma);
	row = state->process->only;
	if (!row)
		row = fs_row_find(state->process, key);
	if (row) {
		row = fs_row_real(row);
	} else {
		object = key;
		row = first_row(state->process, &object, vma);
		/*
		 * All of a process's shared anonymous memory is one row, and each mapping has a
		 * key.
		 */
		if (row && fs_object_is_file(&key) && !fs_object_is_file(&object) &&
		    fs_object_key_equal(row->key, object))
			fs_row_make_alias(row, key);
	}
	/* The fast path compares plain keys, which tell these files not apart. */
	state->key = row && !fs_object_is_by_handle(&object) ? key : OBJECT_NONE;
	if (!row) {
		row = fs_special.overflow.only;
		fs_process_overlooked(state->process);
	}

	cell = any_cell(row, cpu);
	state->cell = cell;
	state->cpu = cell ? cpu : NO_CPU;
	WRITE_ONCE(state->page, heat_any(state, row, place));
	WRITE_ONCE(state->stack, stack_any(state, row, class));
	WRITE_ONCE(state->row, row);
	barrier();
	count_in_row(row, cell, class);
	WRITE_ONCE(state->open, class);
}

/**
 * fs_account_any - counts one call of handle_mm_fault(), whatever it is like
 * @state: of current, NULL if the search found none
 * @place: its mapping, stable, and address
 * @class: its origin and access
 *
 * Task context, preemption off, at the call's entry.
 */
void fs_account_any(struct fs_task_state *state, struct fs_fault_place place, enum fs_counter class)
{
	struct task_struct *task = current;
	unsigned int cpu = smp_processor_id();
	bool made = false;
	struct fs_row *row;
	u64 *cell;

	if (unlikely(!fs_task_is_counting())) {
		if (state)
			fs_task_retire(task);
		return;
	}
	if (!state)
		state = fs_task_state_make(task, &made);
	if (!state) {
		/* The kernel's count comes as missed, when the task has a state or ends. */
		row = fs_special.overflow.only;
		cell = any_cell(row, cpu);
		count_in_row(row, cell, class);
		count_in_row(row, cell, COUNT_UNCOUNTED);
		return;
	}
	if (!made)
		settle_any(state, task, cpu);
	if (state->generation != fs_task_generation(task) &&
	    (state->process != &fs_special.overflow || !fs_pool_is_starved(POOL_PROCESS)))
		fs_task_state_resolve(state, task);
	account_settled(state, place, class);
}

/**
 * fs_account_process - the process that current is in, outside of any call
 *
 * In a hook in task context, preemption off. Settles the last call, since exec may have come after
 * it. Returns NULL where nothing is counted, or there is no memory.
 */
struct fs_process *fs_account_process(void)
{
	struct task_struct *task = current;
	struct fs_task_state *state = fs_task_state_find(task);
	bool made = false;

	if (!fs_task_is_counting())
		return NULL;
	if (!state)
		state = fs_task_state_make(task, &made);
	if (!state)
		return NULL;
	if (state->generation == fs_task_generation(task))
		return state->process;
	if (!made) {
		settle_any(state, task, smp_processor_id());
		WRITE_ONCE(state->open, 0);
	}
	/* The next call finds that there is no last one, and nothing of the other process. */
	WRITE_ONCE(state->row, fs_special.overflow.only);
	state->cell = NULL;
	state->cpu = NO_CPU;
	fs_task_state_resolve(state, task);
	return state->process;
}

/*
 * A call on anonymous memory with a name, of a task whose last one the kernel has counted as a
 * minor fault. Returns false where there is more to do.
 */
static __always_inline bool account_in_named(struct fs_task_state *state, struct fs_row *row,
					     u64 now, enum fs_counter class)
{
	u64 *cell = state->cell;
	bool other = row != state->row;

	if (other && !fs_row_has_cell(row, READ_ONCE(state->cpu), &cell))
		return false;
	WRITE_ONCE(state->seen, now);
	barrier();
	fs_account_in_cell(state->cell, COUNT_MINOR);
	barrier();
	if (other) {
		state->key = row->key;
		state->cell = cell;
		WRITE_ONCE(state->row, row);
		barrier();
	}
	fs_account_in_cell(cell, class);
	WRITE_ONCE(state->open, class);
	return true;
}

/* By the name's hash, or [heap] or [stack] in spite of the name. */
static noinline void account_other_named(struct fs_task_state *state,
					 struct fs_fault_place place, enum fs_counter class)
{
	struct fs_row *row = NULL;

	if (likely(!READ_ONCE(state->process->detour)))
		row = fs_row_find(state->process, fs_object_key_anon(place.vma));
	if (!row || !account_in_named(state, row, fs_task_counters(current), class))
		fs_account_any(state, place, class);
	else if (row->key.dev == OBJECT_NAMED)
		WRITE_ONCE(state->named, row);
}

/**
 * fs_account_named - counts one call on anonymous memory with a name, as Go names its heap
 * @state: of current, on its CPU, of the current generation
 * @place: its mapping, stable and not plain, and address
 * @class: its origin and access
 *
 * Task context, preemption off, at the call's entry. The fast path of such memory: out of line,
 * since it would take registers from the other, and with what takes more of them out of it.
 */
void notrace fs_account_named(struct fs_task_state *state, struct fs_fault_place place,
			      enum fs_counter class)
{
	u64 now = fs_task_counters(current);
	struct vm_area_struct *vma = place.vma;
	struct fs_row *row = READ_ONCE(state->named);

	if (unlikely(vma->vm_ops || now - state->seen != MOVED_MINOR))
		goto any;
	if (unlikely(compat_vma_is_heap(vma) || compat_vma_is_stack(vma) ||
		     !row || READ_ONCE(row->leaving) ||
		     !fs_anon_name_is_shown(row->name->text, vma))) {
		account_other_named(state, place, class);
		return;
	}
	if (likely(account_in_named(state, row, now, class)))
		return;
any:
	fs_account_any(state, place, class);
}

/* On another object of a process with heat, which has no regions. Returns whether that is all. */
static __always_inline bool account_without_heat(struct fs_task_state *state, struct fs_row *row,
						 enum fs_counter class)
{
	u64 *cell;

	if (fs_object_is_file(&row->key) ||
	    !fs_row_has_cell(row, READ_ONCE(state->cpu), &cell))
		return false;
	state->key = row->key;
	state->cell = cell;
	WRITE_ONCE(state->page, HEAT_NO_PAGE);
	WRITE_ONCE(state->row, row);
	barrier();
	fs_account_in_cell(cell, class);
	WRITE_ONCE(state->open, class);
	return true;
}

/**
 * fs_account_heated - counts one call by region, too
 * @state: of current, with its last call settled
 * @place: its mapping, stable and plain, and address
 * @class: its origin and access
 * @key: of its object
 *
 * Task context, preemption off, at the call's entry. The rest of fs_account_call(), which has
 * nothing left to do: so it saves no register, and the fast path does not pay for this one. (Up to
 * 5.8 a remote access may be counted as a fault of the task after it was settled, and make a major
 * of this call.)
 */
void notrace fs_account_heated(struct fs_task_state *state, struct fs_fault_place place,
			       enum fs_counter class, struct fs_object_key key)
{
	struct fs_heat_region *region;
	struct fs_heat_cells *cells;
	struct fs_row *row;
	u64 page, *cell;

	if (state->key.dev == OBJECT_HEATED && fs_object_key_equal(key, state->row->key)) {
		page = fs_heat_page(place.vma, place.address);
		if (unlikely(!fs_heat_has_region(state->heat, page, &region)))
			goto any;
		WRITE_ONCE(state->page, page);
		fs_count_one(&region->calls);
		barrier();
		fs_account_in_cell(state->cell, class);
		WRITE_ONCE(state->open, class);
		return;
	}
	row = fs_row_find(state->process, key);
	if (unlikely(!row))
		goto any;
	cells = READ_ONCE(row->heat);
	if (unlikely(!cells)) {
		if (account_without_heat(state, row, class))
			return;
		goto any;
	}
	cells += READ_ONCE(state->cpu);
	page = fs_heat_page(place.vma, place.address);
	if (unlikely(!fs_heat_has_region(cells, page, &region)))
		goto any;
	cell = cells->cell;
	WRITE_ONCE(state->heat, cells);
	state->key.dev = OBJECT_HEATED;
	fs_count_one(&region->calls);
	state->cell = cell;
	WRITE_ONCE(state->page, page);
	WRITE_ONCE(state->row, row);
	barrier();
	fs_account_in_cell(cell, class);
	WRITE_ONCE(state->open, class);
	return;
any:
	account_settled(state, place, class);
}

/**
 * fs_account_stacked - counts one call by stack, too
 * @state: of current, on its CPU, of the current generation; its last call is not settled
 * @place: its mapping, stable and plain, and address
 * @class: its origin and access
 * @key: of its object
 *
 * Task context, preemption off, at the call's entry. The usual way of a process whose stacks are
 * asked for, and nothing else is.
 */
void notrace fs_account_stacked(struct fs_task_state *state, struct fs_fault_place place,
				enum fs_counter class, struct fs_object_key key)
{
	u64 now = fs_task_counters(current), moved = now - state->seen;
	struct fs_row *row = state->row;
	u64 *cell = state->cell;
	enum fs_counter verdict = COUNT_MINOR;

	if (unlikely(moved != MOVED_MINOR)) {
		if (moved)
			goto any;
		verdict = COUNT_UNCOUNTED;
	}
	if (!fs_object_key_equal(key, row->key)) {
		row = fs_row_find(state->process, key);
		if (unlikely(!row || row->alias ||
			     !fs_row_has_cell(row, READ_ONCE(state->cpu), &cell)))
			goto any;
	}
	WRITE_ONCE(state->seen, now);
	barrier();
	fs_account_in_cell(state->cell, verdict);
	state->stack = fs_stack_next(state->process, row, class, state->stack, verdict);
	barrier();
	state->key.dev = OBJECT_STACKED;
	state->cell = cell;
	WRITE_ONCE(state->page, HEAT_NO_PAGE);
	WRITE_ONCE(state->row, row);
	barrier();
	fs_account_in_cell(cell, class);
	WRITE_ONCE(state->open, class);
	return;
any:
	fs_account_any(state, place, class);
}
