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
	cells = heat_call(row, page, place.vma);
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
	struct vm_area_struct *vma = place.vma;
	struct task_struct *task = current;
	unsigned int cpu = smp_processor_id();
	struct object_key key, object;
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
 * account_heated - counts one call by region, too, on the object of the task's last call
 * @state: of current
 * @place: its mapping, stable and plain, and address
 * @class: its origin and access
 * @verdict: on the call before it
 * @now: the task's counters
 *
 * Task context, preemption off, at the call's entry. The rest of account_call(), which
 * has all these in registers already and has nothing left to do: so none is saved there,
 * and the usual way does not pay for this one.
 */
void notrace account_heated(struct task_state *state, struct fault_place place,
			    enum counter class, enum counter verdict, u64 now)
{
	struct heat_region *region;
	u64 page, *cell;

	if (unlikely(verdict == COUNT_MAJOR))
		goto any;
	/*
	 * Early, where it does no harm, for the last call was none. (Up to 5.8 a remote access
	 * may make it one at this moment: then that major is counted here.)
	 */
	page = heat_page(place.vma, place.address);
	WRITE_ONCE(state->page, page);
	region = heat_region(state->heat, page);
	if (unlikely(!region))
		goto any;
	WRITE_ONCE(state->seen, now);
	barrier();
	cell = state->cell;
	account_in_cell(cell, verdict);
	count_one(&region->calls);
	barrier();
	account_in_cell(cell, class);
	WRITE_ONCE(state->open, class);
	return;
any:
	account_any(state, place, class);
}

/**
 * account_heated_other - likewise, on another object
 * @state: of current
 * @place: its mapping, stable and plain, and address
 * @class: its origin and access
 * @verdict: on the call before it
 * @now: the task's counters
 *
 * As account_heated(); the hook has looked for the row.
 */
void notrace account_heated_other(struct task_state *state, struct fault_place place,
				  enum counter class, enum counter verdict, u64 now)
{
	struct row *row = state->found;
	struct heat_region *region = NULL;
	struct heat_cells *cells;
	u64 *cell, page;

	if (unlikely(!row || verdict == COUNT_MAJOR))
		goto any;
	cells = READ_ONCE(row->heat);
	if (likely(cells)) {
		page = heat_page(place.vma, place.address);
		WRITE_ONCE(state->page, page);
		cells += READ_ONCE(state->cpu);
		region = heat_region(cells, page);
		if (unlikely(!region))
			goto any;
		state->heat = cells;
	} else if (object_is_file(&row->key)) {
		goto any;
	} else {
		WRITE_ONCE(state->page, HEAT_NO_PAGE);
	}
	cell = row_cell(row, READ_ONCE(state->cpu));
	if (unlikely(!cell))
		goto any;

	WRITE_ONCE(state->seen, now);
	barrier();
	account_in_cell(state->cell, verdict);
	barrier();
	state->key = row->key;
	state->cell = cell;
	WRITE_ONCE(state->row, row);
	barrier();
	if (region) {
		state->key.dev ^= HEAT_MARK;
		count_one(&region->calls);
	}
	account_in_cell(cell, class);
	WRITE_ONCE(state->open, class);
	return;
any:
	account_any(state, place, class);
}
