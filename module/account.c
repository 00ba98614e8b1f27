// SPDX-License-Identifier: GPL-2.0
/*
 * Everything about a call that is not usual: the first of a task, of a process after
 * exec, on an object, on a CPU; counts that were missed; overflow. Called by the usual
 * way, in account.h, in a hook: task context, preemption off. What holds there for the
 * order of writes holds here.
 */
#include "account.h"
#include "cold.h"
#include "heat.h"
#include "pool.h"

static const struct object_key OBJECT_NONE;

static u64 *any_cell(struct row *row, unsigned int cpu)
{
	u64 *cell = row_cell(row, cpu);

	return cell ? cell : row_make_cell(row, cpu);
}

static void count_in_row(struct row *row, u64 *cell, enum counter counter)
{
	if (cell)
		account_in_cell(cell, counter);
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
	moved.heat = task_heat_place(state);
	if (moved.verdict == COUNT_MAJOR)
		heat_major(state->row, &moved.heat);
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
	row = row_find(process, *key);
	if (row)
		return row;
	if (!process_has_room(process)) {
		WRITE_ONCE(process->crowded, true);
		cold_request();
		return row_make_region(process, REGION_OTHER);
	}
	/* Where it would be in vain, the name is not worth making. */
	if (READ_ONCE(table.rows_used) >= table.rows_max || pool_is_starved(POOL_ROW)) {
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

/* By region, where that is asked for. Returns what the state is to remember as its page. */
static u64 heat_any(struct task_state *state, struct row *row, struct fault_place place)
{
	struct heat_cells *cells;
	u64 page;

	if (READ_ONCE(state->process->detour) != ROW_HEATED || !object_is_file(&row->key))
		return HEAT_NO_PAGE;
	page = heat_page_in_file(place.vma, place.address);
	cells = heat_call(row, state->cell, page, place.vma);
	if (!cells) {
		/* Here again at the next call. */
		state->key = OBJECT_NONE;
		return HEAT_LOST_PAGE;
	}
	/* The usual way does not know such a key. */
	state->key.dev ^= HEAT_MARK;
	state->heat = cells;
	return page;
}

/* A call of a task whose last one is settled. */
static void account_settled(struct task_state *state, struct fault_place place,
			    enum counter class)
{
	struct vm_area_struct *vma = place.vma;
	unsigned int cpu = smp_processor_id();
	struct object_key key, object;
	struct row *row;
	u64 *cell;

	key = object_key_is_plain(vma) ? object_key_plain(vma) : object_key_special(vma);
	row = state->process->only;
	if (!row)
		row = row_find(state->process, key);
	if (!row) {
		object = key;
		row = first_row(state->process, &object, vma);
	}
	state->key = row ? key : OBJECT_NONE;
	if (!row)
		row = table.overflow.only;

	cell = any_cell(row, cpu);
	state->cell = cell;
	state->cpu = cell ? cpu : NO_CPU;
	WRITE_ONCE(state->page, heat_any(state, row, place));
	WRITE_ONCE(state->row, row);
	barrier();
	count_in_row(row, cell, class);
	WRITE_ONCE(state->open, class);
}

/**
 * account_any - counts one call of handle_mm_fault(), whatever it is like
 * @state: of current, NULL if the search found none
 * @place: its mapping, stable, and address
 * @class: its origin and access
 *
 * Task context, preemption off, at the call's entry.
 */
void account_any(struct task_state *state, struct fault_place place, enum counter class)
{
	struct task_struct *task = current;
	unsigned int cpu = smp_processor_id();
	bool made = false;
	struct row *row;
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
		row = table.overflow.only;
		cell = any_cell(row, cpu);
		count_in_row(row, cell, class);
		count_in_row(row, cell, COUNT_UNCOUNTED);
		return;
	}
	if (!made)
		settle_any(state, task, cpu);
	if (state->generation != task_generation(task) &&
	    (state->process != &table.overflow || !pool_is_empty(POOL_PROCESS)))
		task_state_resolve(state, task);
	account_settled(state, place, class);
}

/**
 * account_heated - counts one call by region, too, on the object of the task's last call
 * @state: of current, with its last call settled
 * @place: its mapping, stable and plain, and address
 * @class: its origin and access
 *
 * Task context, preemption off, at the call's entry. The rest of account_call(), which
 * has nothing left to do: so it saves no register, and the usual way does not pay for
 * this one. (Up to 5.8 a remote access may be counted as a fault of the task after it was
 * settled, and make a major of this call.)
 */
void notrace account_heated(struct task_state *state, struct fault_place place,
			    enum counter class)
{
	u64 page = heat_page(place.vma, place.address);
	struct heat_region *region = heat_region(state->heat, page);

	if (unlikely(!region)) {
		account_settled(state, place, class);
		return;
	}
	WRITE_ONCE(state->page, page);
	count_one(&region->calls);
	barrier();
	account_in_cell(state->cell, class);
	WRITE_ONCE(state->open, class);
}

/**
 * account_heated_other - likewise, on another object
 * @state: of current, with its last call settled
 * @place: its mapping, stable and plain, and address
 * @class: its origin and access
 * @row: of the object; NULL if the search found none
 *
 * As account_heated().
 */
void notrace account_heated_other(struct task_state *state, struct fault_place place,
				  enum counter class, struct row *row)
{
	struct heat_region *region;
	struct heat_cells *cells;
	u64 *cell, page;

	if (unlikely(!row))
		goto any;
	cells = READ_ONCE(row->heat);
	if (likely(cells)) {
		page = heat_page(place.vma, place.address);
		cells += READ_ONCE(state->cpu);
		region = heat_region(cells, page);
		if (unlikely(!region))
			goto any;
		cell = cells->cell;
		state->heat = cells;
		state->key.dev = row->key.dev ^ HEAT_MARK;
		count_one(&region->calls);
	} else {
		cell = row_cell(row, READ_ONCE(state->cpu));
		if (unlikely(!cell || object_is_file(&row->key)))
			goto any;
		page = HEAT_NO_PAGE;
		state->key.dev = row->key.dev;
	}
	state->key.ino = row->key.ino;
	state->cell = cell;
	WRITE_ONCE(state->page, page);
	WRITE_ONCE(state->row, row);
	barrier();
	account_in_cell(cell, class);
	WRITE_ONCE(state->open, class);
	return;
any:
	account_settled(state, place, class);
}
