// SPDX-License-Identifier: GPL-2.0
/*
 * Asking for heat: the parameter heat_pid and open files.
 *
 * Heat goes when nothing asks for it any more: a new epoch has every task look again at
 * its next call, so a grace period later no hook makes a new one, and another grace
 * period after it was taken from its row no hook counts in it.
 */
#include <linux/sched.h>
#include "heat.h"
#include "heat_request.h"
#include "pool.h"
#include "process.h"
#include "row.h"
#include "worker.h"

static bool row_is_asked_for(const struct fs_row *row)
{
	return row->process->pid && fs_requests_select(&fs_heat_requests, row->process->pid, 0, 0);
}

struct drop {
	struct list_head gone;
	bool all;
};

static bool drop_row(struct fs_row *row, void *data)
{
	struct fs_heat *heat = fs_heat_of(row);
	struct drop *drop = data;

	if (heat && (drop->all || !row_is_asked_for(row))) {
		WRITE_ONCE(row->heat, NULL);
		list_add(&heat->link, &drop->gone);
	}
	return true;
}

/* Takes heat from rows: from all, or where nothing asks for it any more. */
static void heat_drop(bool all)
{
	struct drop drop = { .gone = LIST_HEAD_INIT(drop.gone), .all = all };
	struct fs_heat *heat, *next;

	down_write(&fs_table.rows_sem);
	fs_rows_walk(drop_row, &drop);
	up_write(&fs_table.rows_sem);
	if (list_empty(&drop.gone))
		return;
	/* Tasks remember where they counted: all look anew, and find nothing there. */
	fs_table_new_epoch();
	compat_synchronize_hooks();
	list_for_each_entry_safe(heat, next, &drop.gone, link) {
		fs_heat_release(heat);
		cond_resched();
	}
}

/*
 * Sets how many items the pools keep in reserve for the first calls on rows: some while
 * heat is asked for, none otherwise.
 */
static void heat_stock(bool asked)
{
	unsigned int cpus = num_online_cpus();
	int id;

	fs_pool_aim(POOL_HEAT, asked ? clamp(128 * cpus, 256U, 4096U) : 0);
	for (id = POOL_HEAT_FIRST; id <= POOL_HEAT_LAST; id++)
		fs_pool_aim(id, asked ? clamp(64 * cpus, 128U, 2048U) : 0);
	fs_pool_aim(POOL_HEAT_SHARED, asked ? 16 : 0);
	if (asked)
		fs_pool_refill();
}

static int heat_apply(bool asked)
{
	heat_stock(asked);
	fs_table_new_epoch();
	compat_synchronize_hooks();
	heat_drop(false);
	/* Nothing of it is to be kept. */
	if (!asked)
		fs_worker_keep_house();
	return 0;
}

struct fs_requests fs_heat_requests = {
	.mutex = __MUTEX_INITIALIZER(fs_heat_requests.mutex),
	.lock = __RAW_SPIN_LOCK_UNLOCKED(fs_heat_requests.lock),
	.parameter = {
		.link = LIST_HEAD_INIT(fs_heat_requests.parameter.link),
		.set = fs_heat_requests.parameter.sets,
	},
	.apply = heat_apply,
};

/**
 * fs_heat_reset - has all heat count from nothing
 *
 * Process context; waits for a grace period.
 */
void fs_heat_reset(void)
{
	mutex_lock(&fs_heat_requests.mutex);
	heat_drop(true);
	fs_heat_forget_lost();
	mutex_unlock(&fs_heat_requests.mutex);
}
