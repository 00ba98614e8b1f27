// SPDX-License-Identifier: GPL-2.0
/*
 * Sweeping names: those that a row has are marked, the others are taken out of the index; a grace
 * period later, when every hook that may have found one has given it to a row, they are freed
 * unless they are marked by now. Housekeeping; process context.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include "memory.h"
#include "name.h"
#include "row.h"
#include "sweep.h"
#include "table.h"
#include "worker.h"

/* At once, which bounds the memory for it, taken at load: it is short when it is needed. */
#define SWEPT_MAX	1024

static u32 sweep;
static struct fs_name **idle;
static unsigned long tight_not_before;	/* jiffies */

static bool mark(struct fs_row *row, void *data)
{
	fs_name_mark(row->name, sweep);
	return true;
}

static void mark_all(void)
{
	down_write(&fs_table.rows_sem);
	fs_rows_walk(mark, NULL);
	up_write(&fs_table.rows_sem);
}

static unsigned int sweep_some(void)
{
	unsigned int count;

	sweep++;
	mark_all();
	count = fs_names_take_idle(sweep, idle, SWEPT_MAX);
	compat_synchronize_hooks();
	mark_all();
	fs_names_drop(sweep, idle, count);
	return count;
}

/**
 * fs_sweep_is_due - whether names are worth a sweep
 *
 * In housekeeping: there are many, or memory is short, and that was not so a second ago.
 */
bool fs_sweep_is_due(void)
{
	return fs_names_are_many() ||
	       (fs_memory_is_tight() && !time_before(jiffies, tight_not_before));
}

/**
 * fs_sweep_run - frees names that are not in use
 *
 * In housekeeping; waits for grace periods.
 */
void fs_sweep_run(void)
{
	while (sweep_some() == SWEPT_MAX && !fs_worker_is_stopping())
		;
	fs_names_swept();
	tight_not_before = jiffies + HZ;
}

/**
 * fs_sweep_init - takes the memory that sweeps need
 *
 * Process context. Returns 0 or -ENOMEM; fs_sweep_destroy() is right after either.
 */
int fs_sweep_init(void)
{
	tight_not_before = jiffies;
	idle = fs_memory_zalloc(SWEPT_MAX * sizeof(*idle));
	return idle ? 0 : -ENOMEM;
}

/**
 * fs_sweep_destroy - frees it
 *
 * Process context, without a worker.
 */
void fs_sweep_destroy(void)
{
	fs_memory_free(idle, SWEPT_MAX * sizeof(*idle));
	idle = NULL;
}
