// SPDX-License-Identifier: GPL-2.0
/*
 * A process that lives for months touches more files than there is room for. When its
 * share of the rows is used up, or the table is, the rows in which nothing was counted
 * since the last look leave for the [other] of their process, the oldest first, so that
 * what is read now has rows of its own. Housekeeping; process context.
 *
 * A hook may count in a row without finding it in the index, if the last call of its
 * task was there. So a row is unlinked first; once every hook that may have found it
 * has ended, only the tasks whose state names it can count in it. Such a row is wanted,
 * and goes back.
 */
#include <linux/list.h>
#include <linux/sched.h>
#include "cells.h"
#include "cold.h"
#include "heat.h"
#include "pool.h"
#include "process.h"
#include "row.h"
#include "row_life.h"
#include "stack_merge.h"
#include "table.h"
#include "task.h"
#include "worker.h"

/* The least time between two looks. A row without a new call since the last one is cold. */
#define COLD_INTERVAL	HZ

/* Neither special rows nor those that lead the rest; the ended ones are folded. */
static bool row_may_leave(const struct fs_row *row)
{
	if (!row->indexed || READ_ONCE(row->process->kind) != PROCESS_LIVE)
		return false;
	/* Nor those that may have aliases. */
	return row->key.dev != OBJECT_REGION ||
	       (row->key.ino != REGION_MISSED && row->key.ino != REGION_OTHER &&
		row->key.ino != REGION_SHM && row->key.ino != REGION_HUGETLB);
}

/* Remembers what it saw. A row that is looked at for the first time is not idle. */
static bool row_is_idle(struct fs_row *row)
{
	struct fs_counters counters;
	u64 calls, then = row->calls_then;

	fs_row_read_calls(row, &counters);
	calls = fs_counters_calls(&counters);
	row->calls_then = calls;
	return calls == then;
}

/* A crowded process gives up rows until a quarter of its share is free. */
static bool process_gives(struct fs_process *process)
{
	if (!READ_ONCE(process->crowded))
		return false;
	if (READ_ONCE(process->row_count) > fs_process_rows_max() - fs_process_rows_max() / 4)
		return true;
	WRITE_ONCE(process->crowded, false);
	return false;
}

struct choice {
	unsigned int quota;	/* that may leave although their process is not crowded */
	bool any;
};

static bool choose_row(struct fs_row *row, void *data)
{
	struct choice *choice = data;

	if (row_may_leave(row) && row_is_idle(row) &&
	    (process_gives(row->process) || choice->quota)) {
		WRITE_ONCE(row->leaving, true);
		fs_row_unlink(row);
		choice->quota -= min(choice->quota, 1U);
		choice->any = true;
	}
	return true;
}

/*
 * First step, under fs_table.rows_sem for writing: oldest first. Returns whether any row was
 * unlinked.
 */
static bool cold_choose(void)
{
	struct choice choice = { .any = false };

	/* Ended processes have made what room they could (housekeeping.c). */
	if (fs_table_is_crowded())
		choice.quota = fs_pool_used(POOL_ROW) / 8;
	fs_rows_walk(choose_row, &choice);
	return choice.any;
}

/* Under a task's shard's lock. */
static void mark_wanted(struct fs_row *row)
{
	row->wanted = true;
}

static void row_leave(struct fs_row *row)
{
	struct fs_counters counters;
	struct fs_row *target;

	fs_row_total(row, &counters);
	do {
		/* The object may have been touched, and got another row, meanwhile. */
		target = fs_row_look(row->process, row->key);
		if (!target)
			target = fs_row_look(row->process, fs_object_other);
	} while (!target && !fs_row_become_other(row));
	fs_heat_free(row);
	if (target) {
		fs_stacks_leave(row, target);
		fs_row_add(target, &counters);
		fs_row_free(row);
	} else {
		WRITE_ONCE(row->leaving, false);
	}
}

static bool leave_row(struct fs_row *row, void *data)
{
	bool *done = data, wanted = row->wanted;

	row->wanted = false;
	if (!row->leaving)
		return true;
	/* Folding is to have it: reset may have emptied it and its [other] meanwhile. */
	if (READ_ONCE(row->process->ended))
		WRITE_ONCE(row->leaving, false);
	else if (!wanted)
		row_leave(row);
	else if (fs_row_relink(row))
		WRITE_ONCE(row->leaving, false);
	else
		*done = false;
	return true;
}

/*
 * Second step, likewise and a grace period later. Returns whether all could
 * leave or go back.
 */
static bool cold_leave(void)
{
	bool done = true;

	fs_task_visit_rows(mark_wanted);
	fs_rows_walk(leave_row, &done);
	return done;
}

/**
 * fs_cold_run - makes room, if that was asked for
 *
 * Process context; sleeps for a grace period where there is anything to do.
 */
void fs_cold_run(void)
{
	static bool left_over;
	bool any;

	if (!fs_worker_room_is_wanted(COLD_INTERVAL))
		return;
	down_write(&fs_table.rows_sem);
	any = cold_choose();
	up_write(&fs_table.rows_sem);
	if (!any && !left_over)
		return;
	compat_synchronize_hooks();
	down_write(&fs_table.rows_sem);
	left_over = !cold_leave();
	up_write(&fs_table.rows_sem);
	if (left_over)
		fs_worker_room_again();
}
