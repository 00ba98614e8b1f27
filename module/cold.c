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
#include "cold.h"
#include "heat.h"
#include "process.h"
#include "row.h"
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
	return row->key.dev != OBJECT_REGION ||
	       (row->key.ino != REGION_MISSED && row->key.ino != REGION_OTHER);
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
	if (process->row_count > fs_process_rows_max() - fs_process_rows_max() / 4)
		return true;
	WRITE_ONCE(process->crowded, false);
	return false;
}

/* First step, under fs_table.mutex: oldest first. Returns whether any row was unlinked. */
static bool cold_choose(void)
{
	unsigned int quota = 0;
	bool any = false;
	struct fs_row *row;

	/* While there are ended processes it is their turn. */
	if (fs_table_is_crowded() && !READ_ONCE(fs_table.ended_count))
		quota = fs_table.rows_used / 8;

	list_for_each_entry(row, &fs_table.rows, of_table) {
		if (row_may_leave(row) && row_is_idle(row) &&
		    (process_gives(row->process) || quota)) {
			row->leaving = true;
			fs_row_unlink(row);
			quota -= min(quota, 1U);
			any = true;
		}
		cond_resched();
	}
	return any;
}

/* Under fs_table.lock. */
static void mark_wanted(struct fs_row *row, enum fs_counter class, void *data)
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
		target = fs_row_find(row->process, row->key);
		if (!target)
			target = fs_row_find(row->process, fs_object_other);
	} while (!target && !fs_row_become_other(row));
	fs_heat_free(row);
	if (target) {
		fs_row_add(target, &counters);
		fs_row_free(row);
	} else {
		row->leaving = false;
	}
}

/*
 * Second step, under fs_table.mutex and a grace period later. Returns whether all could
 * leave or go back.
 */
static bool cold_leave(void)
{
	struct fs_row *row, *next;
	bool done = true;

	fs_task_visit_classes(mark_wanted, NULL);
	list_for_each_entry_safe(row, next, &fs_table.rows, of_table) {
		bool wanted = row->wanted;

		row->wanted = false;
		if (!row->leaving)
			continue;
		/* Folding is to have it: reset may have emptied it and its [other] meanwhile. */
		if (READ_ONCE(row->process->ended))
			row->leaving = false;
		else if (!wanted)
			row_leave(row);
		else if (fs_row_relink(row))
			row->leaving = false;
		else
			done = false;
		cond_resched();
	}
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
	mutex_lock(&fs_table.folding);
	mutex_lock(&fs_table.mutex);
	any = cold_choose();
	mutex_unlock(&fs_table.mutex);
	if (any || left_over) {
		compat_synchronize_hooks();
		mutex_lock(&fs_table.mutex);
		left_over = !cold_leave();
		mutex_unlock(&fs_table.mutex);
		if (left_over)
			fs_worker_room_again();
	}
	mutex_unlock(&fs_table.folding);
}
