// SPDX-License-Identifier: GPL-2.0
/*
 * Reset takes baselines: what a row has now is subtracted from what it will show.
 * No cell is written, so no CPU is disturbed, and the lifetime totals go on.
 *
 * A call under way belongs to the time after the reset: its verdict will. So the
 * baseline of a row has exactly as many calls as verdicts, read in that order, and
 * the rest is carried over; a pending call is never lost nor negative. Main.c calls
 * this under its lock, in process context.
 */
#include <linux/list.h>
#include "fold.h"
#include "pool.h"
#include "reset.h"
#include "task.h"

static struct exceptions exceptions_before;

/* Calls beyond the verdicts are not for the baseline; @class of one of them is known. */
static void carry_class(struct row *row, enum counter class, void *data)
{
	struct baseline *baseline = row->baseline;

	if (!baseline || !baseline->carried || !baseline->counters.n[class])
		return;
	baseline->counters.n[class]--;
	baseline->carried--;
}

/* Those that the task states did not tell: calls that began while we were reading. */
static void carry_rest(struct baseline *baseline)
{
	int i;

	for (i = COUNT_FIRST_CLASS; i <= COUNT_LAST_CLASS; i++) {
		u64 some = min(baseline->counters.n[i], baseline->carried);

		baseline->counters.n[i] -= some;
		baseline->carried -= some;
	}
}

static void baseline_take(struct row *row)
{
	struct counters *counters = &row->baseline->counters;

	row_read_verdicts(row, counters);
	smp_rmb();
	row_read_calls(row, counters);
	row->baseline->carried = counters_pending(counters);
}

/* Every row gets room for its baseline before any is changed. */
static int baselines_reserve(void)
{
	struct row *row;

	list_for_each_entry(row, &table.rows, of_table) {
		if (row->baseline || row->process->kind == PROCESS_FOLDED)
			continue;
		row->baseline = memory_zalloc(sizeof(*row->baseline));
		if (!row->baseline)
			return -ENOMEM;
	}
	return 0;
}

/* Nobody counts in a folded row: it is emptied, and freed where it can be. */
static void folded_reset(struct row *row)
{
	int i;

	for (i = 0; i < COUNTERS; i++) {
		table.totals_before.n[i] += atomic64_read(&row->shared[i]);
		atomic64_set(&row->shared[i], 0);
	}
	if (!row->process->only)
		row->dropped = true;
}

/* Ended processes have nothing left to show. */
static void ended_purge(void)
{
	struct process *process;
	unsigned long flags;

	raw_spin_lock_irqsave(&table.lock, flags);
	list_for_each_entry(process, &table.ended, link)
		process->purge = true;
	raw_spin_unlock_irqrestore(&table.lock, flags);
	table.purge_folded = true;
}

static void baselines_take(void)
{
	struct row *row;

	list_for_each_entry(row, &table.rows, of_table) {
		if (row->process->kind == PROCESS_FOLDED) {
			folded_reset(row);
		} else if (row->baseline) {
			counters_subtract(&table.totals_before, &row->baseline->counters);
			baseline_take(row);
		}
	}
	task_visit_classes(carry_class, NULL);
	list_for_each_entry(row, &table.rows, of_table) {
		if (!row->baseline)
			continue;
		carry_rest(row->baseline);
		counters_add(&table.totals_before, &row->baseline->counters);
	}
}

/**
 * reset_run - lets everything but the lifetime totals count from nothing
 *
 * Process context; sleeps. Returns 0, or -ENOMEM with nothing changed.
 */
int reset_run(void)
{
	int err;

	mutex_lock(&table.mutex);
	err = baselines_reserve();
	if (!err) {
		/* First the exceptions: there are never fewer of them than faults. */
		hooks_read_exceptions(&exceptions_before);
		smp_rmb();
		baselines_take();
		ended_purge();
		table.resets++;
	}
	mutex_unlock(&table.mutex);
	if (!err)
		fold_run();
	return err;
}

/**
 * reset_exceptions_before - the exceptions that the last reset left behind
 * @before: result
 *
 * Process context.
 */
void reset_exceptions_before(struct exceptions *before)
{
	*before = exceptions_before;
}
