// SPDX-License-Identifier: GPL-2.0
/*
 * Asking for heat: the parameter heat_pid and open files.
 *
 * Heat goes when nothing asks for it any more: a new epoch has every task look again at
 * its next call, so a grace period later no hook makes a new one, and another grace
 * period after it was taken from its row no hook counts in it.
 */
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "heat.h"
#include "heat_request.h"
#include "pids.h"
#include "pool.h"
#include "process.h"
#include "row.h"
#include "worker.h"

/**
 * struct heat_request - a parameter or an open file that asks for heat
 * @link: from @parameter on
 * @set: which processes; requests_lock
 * @sets: that one, and the one that is made while it is still in use
 */
struct heat_request {
	struct list_head link;
	struct fs_pid_set *set;
	struct fs_pid_set sets[2];
};

/* Hooks take it, at births and execs, while heat is asked for; each time for one request. */
static DEFINE_RAW_SPINLOCK(requests_lock);

/*
 * The parameter heat_pid, which is always there, and the open files: requests_lock to change, RCU
 * to walk. Hooks ask them all, one after the other, with preemption off.
 */
static struct heat_request parameter = {
	.link = LIST_HEAD_INIT(parameter.link),
	.set = parameter.sets,
};

static unsigned int requests;
static unsigned int changes;	/* of what is asked for; requests_lock to write */

static bool asked;	/* whether any of them asks for anything; heat_mutex */

/* One change at a time: by who asks, or closes his file; before fs_table.rows_sem. */
static DEFINE_MUTEX(heat_mutex);

static bool request_selects(struct heat_request *request, struct pid *pid, pid_t nr)
{
	unsigned long flags;
	bool selects;

	fs_hook_lock_irqsave(&requests_lock, flags);
	selects = fs_pid_set_has(request->set, pid, nr);
	fs_hook_unlock_irqrestore(&requests_lock, flags);
	return selects;
}

/**
 * fs_heat_selects - whether the files of a process are to be counted by region
 * @pid: of the thread group
 * @nr: its number in the initial namespace
 *
 * In a hook; or, with @nr 0, in process context.
 */
bool fs_heat_selects(struct pid *pid, pid_t nr)
{
	struct heat_request *request;
	bool selects;

	rcu_read_lock();
	/* Each of them is asked, for an id in it may get its meaning. */
	selects = request_selects(&parameter, pid, nr);
	list_for_each_entry_rcu(request, &parameter.link, link)
		selects |= request_selects(request, pid, nr);
	rcu_read_unlock();
	return selects;
}

/**
 * fs_heat_changes - differs after what is asked for has changed
 *
 * Any context. What fs_heat_selects() said is still so if this is what it was before.
 */
unsigned int fs_heat_changes(void)
{
	return READ_ONCE(changes);
}

/**
 * fs_heat_is_asked_for - whether fs_heat_selects() is worth asking
 *
 * In a hook. Who has not heard of it yet asks again in the next epoch.
 */
bool fs_heat_is_asked_for(void)
{
	return READ_ONCE(asked);
}

/* Asking. Under heat_mutex. */

static bool row_is_asked_for(const struct fs_row *row)
{
	return row->process->pid && fs_heat_selects(row->process->pid, 0);
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
static void heat_stock(void)
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

static void heat_apply(void)
{
	WRITE_ONCE(asked, requests || !fs_pids_is_empty(&parameter.set->list));
	heat_stock();
	fs_table_new_epoch();
	compat_synchronize_hooks();
	heat_drop(false);
	/* Nothing of it is to be kept. */
	if (!asked)
		fs_worker_keep_house();
}

/**
 * fs_heat_request_begin - makes a request that asks for nothing yet
 *
 * Process context. Returns NULL where there is no memory.
 */
struct heat_request *fs_heat_request_begin(void)
{
	struct heat_request *request = kzalloc(sizeof(*request), GFP_KERNEL | __GFP_NORETRY);

	if (request) {
		INIT_LIST_HEAD(&request->link);
		request->set = request->sets;
	}
	return request;
}

/**
 * fs_heat_request_change - asks for these processes instead of those before
 * @request: whose
 * @pids: in the initial namespace
 *
 * Process context; waits for grace periods. Returns 0, or -EBUSY where as many ask already as may.
 */
int fs_heat_request_change(struct heat_request *request, const struct fs_pid_list *pids)
{
	struct fs_pid_set *before, *set;
	unsigned long flags;
	bool is_new;

	mutex_lock(&heat_mutex);
	is_new = request != &parameter && list_empty(&request->link);
	if (is_new && requests == HEAT_REQUESTS_MAX) {
		mutex_unlock(&heat_mutex);
		return -EBUSY;
	}
	before = request->set;
	set = before == request->sets ? request->sets + 1 : request->sets;
	/* Looking for processes is not for under the lock. */
	fs_pid_set_make(set, pids);
	fs_hook_lock_irqsave(&requests_lock, flags);
	request->set = set;
	if (is_new) {
		list_add_tail_rcu(&request->link, &parameter.link);
		requests++;
	}
	WRITE_ONCE(changes, changes + 1);
	fs_hook_unlock_irqrestore(&requests_lock, flags);
	fs_pid_set_put(before->held);
	memset(before, 0, sizeof(*before));
	heat_apply();
	mutex_unlock(&heat_mutex);
	return 0;
}

/**
 * fs_heat_request_end - asks for nothing any more
 * @request: is freed; may be NULL
 *
 * Process context; waits for grace periods.
 */
void fs_heat_request_end(struct heat_request *request)
{
	unsigned long flags;

	if (!request)
		return;
	mutex_lock(&heat_mutex);
	if (!list_empty(&request->link)) {
		fs_hook_lock_irqsave(&requests_lock, flags);
		list_del_rcu(&request->link);
		requests--;
		WRITE_ONCE(changes, changes + 1);
		fs_hook_unlock_irqrestore(&requests_lock, flags);
		/* Waits for the hooks that may be at it. */
		heat_apply();
	}
	mutex_unlock(&heat_mutex);
	fs_pid_set_put(request->set->held);
	kfree(request);
}

/**
 * fs_heat_select - what the parameter heat_pid asks for
 * @pids: in the initial namespace
 *
 * Process context; waits for grace periods.
 */
void fs_heat_select(const struct fs_pid_list *pids)
{
	fs_heat_request_change(&parameter, pids);
}

/**
 * fs_heat_request_status - what the header of the file says of who asks
 * @status: result
 *
 * Process context.
 */
void fs_heat_request_status(struct fs_heat_status *status)
{
	unsigned long flags;

	fs_hook_lock_irqsave(&requests_lock, flags);
	status->requests = requests;
	status->pids = parameter.set->list;
	fs_hook_unlock_irqrestore(&requests_lock, flags);
}

/**
 * fs_heat_reset - has all heat count from nothing
 *
 * Process context; waits for a grace period.
 */
void fs_heat_reset(void)
{
	mutex_lock(&heat_mutex);
	heat_drop(true);
	fs_heat_forget_lost();
	mutex_unlock(&heat_mutex);
}

/**
 * fs_heat_request_destroy - gives up what the parameter holds
 *
 * Process context, with no hook and no reader left.
 */
void fs_heat_request_destroy(void)
{
	fs_pid_set_put(parameter.set->held);
}
