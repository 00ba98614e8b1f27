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
#include "fold.h"
#include "pool.h"
#include "process.h"
#include "reset.h"
#include "row.h"
#include "task.h"

static struct fs_exceptions exceptions_before;

/* Nothing counts in such a row any more: it can be emptied, and freed by the next folding. */
static bool row_is_final(const struct fs_row *row)
{
	return row->process->kind == PROCESS_FOLDED || READ_ONCE(row->process->ended);
}

/* Every row that needs one gets room for its baseline before any is changed. */
static int baselines_reserve(void)
{
	struct fs_row *row;

	list_for_each_entry(row, &fs_table.rows, of_table) {
		if (row->baseline || row_is_final(row))
			continue;
		row->baseline = fs_memory_zalloc(sizeof(*row->baseline));
		if (!row->baseline)
			return -ENOMEM;
		cond_resched();
	}
	return 0;
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
		row->process->purge = row->process->kind != PROCESS_FOLDED;
	}
}

/* First step: the verdicts that are known. */
static void take_verdicts(void)
{
	struct fs_row *row;

	list_for_each_entry(row, &fs_table.rows, of_table) {
		if (row->dropped)
			continue;
		if (row->baseline)
			fs_counters_subtract(&fs_table.totals_before, &row->baseline->counters);
		if (row_is_final(row))
			row_drop(row);
		else if (row->baseline)
			fs_row_read_verdicts(row, &row->baseline->counters);
		cond_resched();
	}
}

/* Second step, under fs_table.lock: verdicts that have come on calls not settled yet. */
static void take_open(struct fs_row *row, struct fs_process *process,
		      const struct fs_task_moved *moved, void *data)
{
	/* No row: a task that never had a state, of which only a snapshot wants to hear. */
	if (row && row->baseline && !row->dropped)
		row->baseline->counters.n[moved->verdict]++;
}

/* Third step: the calls, and how many of them have no verdict. */
static void take_calls(void)
{
	struct fs_row *row;

	list_for_each_entry(row, &fs_table.rows, of_table) {
		struct fs_baseline *baseline = row->baseline;

		if (!baseline || row->dropped)
			continue;
		fs_row_read_calls(row, &baseline->counters);
		baseline->carried = fs_counters_pending(&baseline->counters);
		cond_resched();
	}
}

/* Fourth step, under fs_table.lock: calls beyond the verdicts, where their class is known. */
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

/* Returns how many calls were carried over. */
static u64 carry(void)
{
	u64 carried = 0;
	struct fs_row *row;

	list_for_each_entry(row, &fs_table.rows, of_table) {
		if (row->baseline && !row->dropped)
			carried += row->baseline->carried;
		cond_resched();
	}
	fs_task_visit_classes(carry_class, NULL);
	list_for_each_entry(row, &fs_table.rows, of_table) {
		if (!row->baseline || row->dropped)
			continue;
		carry_rest(row->baseline);
		fs_counters_add(&fs_table.totals_before, &row->baseline->counters);
		cond_resched();
	}
	return carried;
}

/* Under fs_table.mutex. Exceptions first, and those of carried calls with them. */
static void baselines_take(void)
{
	u64 carried;

	fs_hooks_read_exceptions(&exceptions_before);
	smp_rmb(); /* against the order of writes in account.h */
	take_verdicts();
	smp_rmb(); /* against the order of writes in account.h */
	fs_task_visit_open(take_open, NULL);
	smp_rmb(); /* against the order of writes in account.h */
	take_calls();
	carried = carry();
	exceptions_before.user -= min(exceptions_before.user, carried);
	fs_table.purge_folded = true;
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

	mutex_lock(&fs_table.mutex);
	err = baselines_reserve();
	if (!err)
		baselines_take();
	mutex_unlock(&fs_table.mutex);
	if (!err)
		fs_fold_run();
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
