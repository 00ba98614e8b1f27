// SPDX-License-Identifier: GPL-2.0
/*
 * Reset takes baselines: what a row has now is subtracted from what it will show.
 * No cell is written, so no CPU is disturbed, and the lifetime totals go on.
 *
 * A call whose verdict has come belongs to the time before, even if its task has
 * not settled it yet; one whose verdict is still to come belongs to the time after.
 * So the baseline of a row has exactly as many calls as verdicts, read in the order
 * of a snapshot, and the rest is carried over: a pending call is never lost nor
 * negative. settings.c calls this under its lock, in process context.
 */
#include <linux/list.h>
#include "cells.h"
#include "ended.h"
#include "fold.h"
#include "memory.h"
#include "process.h"
#include "reset.h"
#include "row.h"
#include "task.h"

static struct fs_exceptions exceptions_before;

/* Nothing counts in such a row any more: it can be emptied, and freed by the next folding. */
static bool row_is_final(const struct fs_row *row)
{
	return READ_ONCE(row->process->kind) == PROCESS_FOLDED || READ_ONCE(row->process->ended);
}

static bool reserve(struct fs_row *row, void *data)
{
	if (!row->baseline && !row_is_final(row))
		row->baseline = fs_memory_zalloc(sizeof(*row->baseline));
	return row->baseline || row_is_final(row);
}

/* Every row that needs one gets room for its baseline before any is changed. */
static int baselines_reserve(void)
{
	return fs_rows_walk(reserve, NULL) ? 0 : -ENOMEM;
}

/* What the row would show goes behind the totals' baseline with it. */
static void row_drop(struct fs_row *row)
{
	struct fs_counters counters;
	int i;

	fs_row_read_verdicts(row, &counters);
	fs_row_read_calls(row, &counters);
	fs_counters_add(&fs_table.totals_before, &counters);
	if (row->process->only) {
		for (i = 0; i < COUNTERS; i++)
			atomic64_set(&row->shared[i], 0);
	} else {
		row->dropped = true;
		row->process->purge = READ_ONCE(row->process->kind) != PROCESS_FOLDED;
	}
}

/* First step: the verdicts that are known. */
static bool take_verdicts(struct fs_row *row, void *data)
{
	if (row->dropped)
		return true;
	if (row->baseline)
		fs_counters_subtract(&fs_table.totals_before, &row->baseline->counters);
	if (row_is_final(row))
		row_drop(row);
	else if (row->baseline)
		fs_row_read_verdicts(row, &row->baseline->counters);
	return true;
}

/* Second step, under a task's shard's lock: verdicts that have come on calls not settled yet. */
static void take_open(struct fs_row *row, struct fs_process *process,
		      const struct fs_task_moved *moved, void *data)
{
	if (row->baseline && !row->dropped)
		row->baseline->counters.n[moved->verdict]++;
}

/* Third step: the calls, and how many of them have no verdict. */
static bool take_calls(struct fs_row *row, void *data)
{
	struct fs_baseline *baseline = row->baseline;

	if (!baseline || row->dropped)
		return true;
	fs_row_read_calls(row, &baseline->counters);
	baseline->carried = fs_counters_pending(&baseline->counters);
	*(u64 *)data += baseline->carried;
	return true;
}

/*
 * Fourth step, under a task's shard's lock: calls beyond the verdicts, where their class is known.
 */
static void carry_class(struct fs_row *row, enum fs_counter class, void *data)
{
	struct fs_baseline *baseline = row->baseline;

	if (!baseline || row->dropped || !baseline->carried || !baseline->counters.n[class])
		return;
	baseline->counters.n[class]--;
	baseline->carried--;
}

/* Those that the task states did not tell: calls that came while we were reading. */
static void carry_rest(struct fs_baseline *baseline)
{
	int i;

	for (i = COUNT_FIRST_CLASS; i <= COUNT_LAST_CLASS; i++) {
		u64 some = min(baseline->counters.n[i], baseline->carried);

		baseline->counters.n[i] -= some;
		baseline->carried -= some;
	}
}

static bool carry_row(struct fs_row *row, void *data)
{
	if (row->baseline && !row->dropped) {
		carry_rest(row->baseline);
		fs_counters_add(&fs_table.totals_before, &row->baseline->counters);
	}
	return true;
}

static bool is_to_be_purged(const struct llist_node *ended)
{
	return container_of(ended, struct fs_process, due)->purge;
}

/* Under fs_table.rows_sem, for writing. Exceptions first, and those of carried calls with them. */
static void baselines_take(void)
{
	u64 carried = 0;

	fs_exceptions_read(&exceptions_before);
	fs_task_visit_begin();
	smp_rmb(); /* against the order of writes in account.h */
	fs_rows_walk(take_verdicts, NULL);
	smp_rmb(); /* against the order of writes in account.h */
	fs_task_visit_open(take_open, NULL);
	fs_task_visit_end();
	smp_rmb(); /* against the order of writes in account.h */
	fs_rows_walk(take_calls, &carried);
	fs_task_visit_classes(carry_class, NULL);
	fs_rows_walk(carry_row, NULL);
	exceptions_before.user -= min(exceptions_before.user, carried);
	fs_ended_make_due_if(is_to_be_purged);
	fs_table.resets++;
}

/**
 * fs_reset_run - lets everything but the lifetime totals count from nothing
 *
 * Process context; sleeps. Returns 0, or -ENOMEM with no count changed.
 */
int fs_reset_run(void)
{
	int err;

	down_write(&fs_table.rows_sem);
	err = baselines_reserve();
	if (!err)
		baselines_take();
	up_write(&fs_table.rows_sem);
	if (!err)
		fs_fold_all(true);
	return err;
}

/**
 * fs_reset_exceptions_before - the exceptions that the last reset left behind
 * @before: result
 *
 * Process context.
 */
void fs_reset_exceptions_before(struct fs_exceptions *before)
{
	*before = exceptions_before;
}
