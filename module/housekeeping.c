// SPDX-License-Identifier: GPL-2.0
/*
 * What the worker works at: filling the pools; folding ended processes, on the CPU that ended them;
 * and, one after the other, what is left: making room where rows are short, freeing names, giving
 * memory back. Each does what there is and is done; none waits for a moment of quiet. Process
 * context.
 */
#include <linux/sched.h>
#include "code.h"
#include "cold.h"
#include "ended.h"
#include "fold.h"
#include "housekeeping.h"
#include "pool.h"
#include "stack.h"
#include "sweep.h"
#include "table.h"

/* Where rows are short, ended processes go first, the oldest before others: an eighth at a time. */
static void make_room(void)
{
	unsigned int ended = fs_ended_count(), some = ended / 8 + 1;

	while (ended && fs_table_is_crowded() && !fs_worker_is_stopping()) {
		fs_ended_make_due(some);
		fs_fold_all(false);
		ended -= min(ended, some);
	}
	fs_cold_run();
}

static void keep_house(void)
{
	make_room();
	/* What CPUs have left that are gone. */
	fs_fold_all(false);
	if (fs_code_is_wanted()) {
		fs_code_fill();
		fs_stacks_place_all();
	}
	if (fs_sweep_is_due())
		fs_sweep_run();
	if (fs_pool_has_surplus())
		fs_pool_trim();
	/* What was freed may be what some pool could not get. */
	fs_pool_refill();
}

const struct fs_works fs_house_works = {
	.refill = fs_pool_refill,
	.fold = fs_fold_cpu,
	.keep_house = keep_house,
};
