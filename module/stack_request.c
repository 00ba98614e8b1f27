// SPDX-License-Identifier: GPL-2.0
/*
 * Asking for stacks: the parameters stacks and stacks_pid, and open files.
 *
 * The table of stacks is there while anything asks. It goes as heat does: a new epoch has every
 * task look again at its next call, and a grace period later no hook is at it.
 */
#include <linux/sched.h>
#include "code.h"
#include "pool.h"
#include "process.h"
#include "row.h"
#include "stack_request.h"
#include "table.h"
#include "worker.h"

/* Frames at most, and one in how many calls; the requests' mutex to write. */
static unsigned int depth_now = STACK_DEPTH_DEFAULT;
static unsigned int every_now = 1;

/* Has what is mapped told to fs_code_mapped(), or no longer. */
static int (*watch_mappings)(bool on);

/*
 * Sets how many items the pools keep in reserve: some while stacks are asked for, none otherwise.
 */
static void stacks_stock(bool asked)
{
	unsigned int cpus = num_online_cpus();
	int id;

	fs_pool_aim(POOL_IMAGE, asked ? clamp(32 * cpus, 64U, 1024U) : 0);
	fs_pool_aim(POOL_CODE_FIRST, asked ? clamp(32 * cpus, 64U, 1024U) : 0);
	fs_pool_aim(POOL_CODE_LAST, asked ? clamp(4 * cpus, 8U, 64U) : 0);
	for (id = POOL_STACK_FIRST; id <= POOL_STACK_LAST; id++)
		fs_pool_aim(id, asked ? clamp(64 * cpus, 128U, 2048U) : 0);
	fs_pool_aim(POOL_STACK_CELLS, asked ? clamp(4 * cpus, 8U, 256U) : 0);
	if (asked)
		fs_pool_refill();
}

static void set_now(void)
{
	fs_stacks_set(fs_requests_modes(&fs_stack_requests), depth_now, every_now);
}

static int stacks_begin(void)
{
	int err;

	stacks_stock(true);
	set_now();
	err = fs_stacks_start();
	if (err) {
		stacks_stock(false);
		return err;
	}
	/* Without the watch frames have no files, and the file says why. */
	fs_code_watch(!watch_mappings(true));
	return 0;
}

static void stacks_end(void)
{
	fs_table_new_epoch();
	compat_synchronize_hooks();
	fs_code_watch(false);
	watch_mappings(false);
	fs_stacks_stop();
	stacks_stock(false);
	/* Nothing of it is to be kept. */
	fs_worker_keep_house();
}

static bool want_code(struct fs_process *process, void *data)
{
	if (process->pid && READ_ONCE(process->kind) == PROCESS_LIVE &&
	    fs_requests_select(&fs_stack_requests, process->pid, 0, fs_process_mark_id(process)))
		fs_code_want(process);
	return true;
}

/*
 * Where the code of those lies that run already. Not left to the worker, since what is born of them
 * from now on has its parent's.
 */
static void look_at_code(void)
{
	down_write(&fs_table.rows_sem);
	fs_row_owners_walk(want_code, NULL);
	up_write(&fs_table.rows_sem);
	if (fs_code_is_wanted()) {
		fs_code_fill();
		fs_stacks_place_all();
	}
}

static int stacks_apply(bool asked)
{
	int err = 0;

	if (asked && !fs_stacks_are_on())
		err = stacks_begin();
	else if (!asked && fs_stacks_are_on())
		stacks_end();
	set_now();
	fs_table_new_epoch();
	compat_synchronize_hooks();
	if (asked && !err)
		look_at_code();
	return err;
}

/**
 * fs_stack_requests_init - before anything asks
 * @watch: has what is mapped told to fs_code_mapped(), or no longer; returns 0 or why it cannot
 *
 * Process context.
 */
void fs_stack_requests_init(int (*watch)(bool on))
{
	watch_mappings = watch;
	fs_stack_requests.apply = stacks_apply;
}

/**
 * fs_stacks_choose - what the parameters ask for
 * @mode: which frames; off for no stacks
 * @pids: in the initial namespace
 *
 * Process context; waits for grace periods. Returns 0 or -ENOMEM.
 */
int fs_stacks_choose(enum fs_stack_mode mode, const struct fs_pid_list *pids)
{
	static const struct fs_pid_list none;

	if (mode == STACKS_OFF)
		pids = &none;
	return fs_requests_set_parameter(&fs_stack_requests, pids, mode);
}

/**
 * fs_stacks_limit - how deep stacks are, and of which calls
 * @depth: frames at most, from 1 to WALK_DEPTH_MAX
 * @every: one in so many calls of a CPU, from 1 to STACK_EVERY_MAX
 *
 * Process context.
 */
void fs_stacks_limit(unsigned int depth, unsigned int every)
{
	mutex_lock(&fs_stack_requests.mutex);
	depth_now = depth;
	every_now = every;
	set_now();
	mutex_unlock(&fs_stack_requests.mutex);
}

/**
 * fs_stacks_reset - has all stacks count from nothing
 *
 * Process context; waits for grace periods. Returns 0; or -ENOMEM: then there are none until
 * something asks anew.
 */
int fs_stacks_reset(void)
{
	int err = 0;

	mutex_lock(&fs_stack_requests.mutex);
	if (fs_stacks_are_on()) {
		stacks_end();
		err = stacks_begin();
		fs_table_new_epoch();
		compat_synchronize_hooks();
		if (!err)
			look_at_code();
	}
	mutex_unlock(&fs_stack_requests.mutex);
	return err;
}
