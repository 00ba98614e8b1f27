// SPDX-License-Identifier: GPL-2.0
/*
 * What the worker works at: filling the pools, folding ended processes, making room
 * where rows are short, giving memory back. Process context.
 */
#include <linux/sched.h>
#include "cold.h"
#include "fold.h"
#include "housekeeping.h"
#include "pool.h"
#include "worker.h"

/**
 * fs_house_refill - what fs_worker_refill() asks for
 *
 * Process context; waits for nothing but memory.
 */
void fs_house_refill(void)
{
	fs_pool_refill();
}

/**
 * fs_house_keep - what fs_worker_keep_house() asks for
 *
 * Process context; waits for grace periods.
 */
void fs_house_keep(void)
{
	while (fs_fold_run() && !fs_worker_is_stopping())
		cond_resched();
	fs_cold_run();
	if (fs_pool_has_surplus())
		fs_pool_trim();
	/* What was freed may be what some pool could not get. */
	fs_pool_refill();
}
