// SPDX-License-Identifier: GPL-2.0
/*
 * Sweeping names: those that a row has are marked, the others are taken out of the index; a grace
 * period later, when every hook that may have found one has given it to a row, they are freed
 * unless they are marked by now. Housekeeping; process context.
 */
#include <linux/slab.h>
#include "memory.h"
#include "name.h"
#include "row.h"
#include "sweep.h"
#include "table.h"

/* At once, which bounds the memory for it: the next time there are others. */
#define SWEPT_MAX	4096

static u32 sweep;

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

/**
 * fs_sweep_run - frees names that are not in use
 *
 * Process context, one at a time; waits for a grace period.
 */
void fs_sweep_run(void)
{
	struct fs_name **idle = fs_memory_zalloc(SWEPT_MAX * sizeof(*idle));
	unsigned int count;

	if (!idle)
		return;
	sweep++;
	mark_all();
	count = fs_names_take_idle(sweep, idle, SWEPT_MAX);
	compat_synchronize_hooks();
	mark_all();
	fs_names_drop(sweep, idle, count);
	fs_memory_free(idle, SWEPT_MAX * sizeof(*idle));
}
