// SPDX-License-Identifier: GPL-2.0
/*
 * What request.h says: the list of who asks, and its changes.
 */
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "lock.h"
#include "request.h"

static bool request_selects(struct fs_requests *requests, struct fs_request *request,
			    struct pid *pid, pid_t nr, u64 mark)
{
	unsigned long flags;
	bool selects;

	fs_hook_lock_irqsave(&requests->lock, flags);
	selects = fs_pid_set_has(request->set, pid, nr) || (mark && request->mark == mark);
	fs_hook_unlock_irqrestore(&requests->lock, flags);
	return selects;
}

/**
 * fs_requests_select - whether a process is asked for
 * @requests: all that may ask
 * @pid: of the thread group
 * @nr: its number in the initial namespace
 * @mark: of the process; 0 where it has none
 *
 * In a hook; or, with @nr 0, in process context.
 */
bool fs_requests_select(struct fs_requests *requests, struct pid *pid, pid_t nr, u64 mark)
{
	struct fs_request *request;
	bool selects;

	rcu_read_lock();
	/* Each of them is asked, for an id in it may get its meaning. */
	selects = request_selects(requests, &requests->parameter, pid, nr, mark);
	list_for_each_entry_rcu(request, &requests->parameter.link, link)
		selects |= request_selects(requests, request, pid, nr, mark);
	rcu_read_unlock();
	return selects;
}

/* Asking. Under the requests' mutex. */

static int apply(struct fs_requests *requests)
{
	WRITE_ONCE(requests->asked,
		   requests->count || !fs_pids_is_empty(&requests->parameter.set->list));
	return requests->apply(requests->asked);
}

/* One that asks for nothing yet; NULL where there is no memory. */
static struct fs_request *request_new(void)
{
	struct fs_request *request = kzalloc(sizeof(*request), GFP_KERNEL | __GFP_NORETRY);

	if (request) {
		INIT_LIST_HEAD(&request->link);
		request->set = request->sets;
	}
	return request;
}

/* Hooks walk the list: what leaves it is freed after apply(), which waits for them. */
static void request_leave(struct fs_requests *requests, struct fs_request *request)
{
	unsigned long flags;

	fs_hook_lock_irqsave(&requests->lock, flags);
	list_del_rcu(&request->link);
	requests->count--;
	WRITE_ONCE(requests->changes, requests->changes + 1);
	fs_hook_unlock_irqrestore(&requests->lock, flags);
}

/* What is asked for: as struct fs_request has it. */
struct wish {
	struct fs_pid_set *set;
	u64 mark;
	unsigned int mode;
};

static void request_wish(struct fs_requests *requests, struct fs_request *request,
			 const struct wish *wish, bool joins)
{
	unsigned long flags;

	fs_hook_lock_irqsave(&requests->lock, flags);
	request->set = wish->set;
	request->mark = wish->mark;
	request->mode = wish->mode;
	if (joins) {
		list_add_tail_rcu(&request->link, &requests->parameter.link);
		requests->count++;
	}
	WRITE_ONCE(requests->changes, requests->changes + 1);
	fs_hook_unlock_irqrestore(&requests->lock, flags);
}

/*
 * Asks for these processes instead of those before; waits for grace periods. Returns as
 * fs_request_ask() does.
 */
static int request_change(struct fs_requests *requests, struct fs_request *request,
			  const struct fs_pid_list *pids, u64 mark, unsigned int mode)
{
	struct wish before, wish;
	bool is_new;
	int err;

	mutex_lock(&requests->mutex);
	before.set = request->set;
	before.mark = request->mark;
	before.mode = request->mode;
	is_new = request != &requests->parameter && list_empty(&request->link);
	if (is_new && requests->count == REQUESTS_MAX) {
		mutex_unlock(&requests->mutex);
		return -EBUSY;
	}
	wish.set = before.set == request->sets ? request->sets + 1 : request->sets;
	wish.mark = mark;
	wish.mode = mode;
	/* Looking for processes is not for under the lock. */
	fs_pid_set_make(wish.set, pids);
	request_wish(requests, request, &wish, is_new);
	err = apply(requests);
	if (err) {
		if (is_new)
			request_leave(requests, request);
		request_wish(requests, request, &before, false);
		/* Waits for the hooks that may be at it. */
		apply(requests);
		if (is_new)
			INIT_LIST_HEAD(&request->link);
		before.set = wish.set;
	}
	fs_pid_set_put(before.set->held);
	memset(before.set, 0, sizeof(*before.set));
	mutex_unlock(&requests->mutex);
	return err;
}

/**
 * fs_request_ask - asks for these processes instead of those before
 * @requests: what for
 * @request: whose, under a lock of its own; NULL before it has asked, and set then
 * @pids: in the initial namespace
 * @mark: and all processes with this mark; 0: no others
 * @mode: what of it; 0 where there is one thing only
 *
 * Process context; waits for grace periods. Returns 0; -EBUSY where as many ask already as may; or
 * why it cannot be had: then nothing is asked for that was not before.
 */
int fs_request_ask(struct fs_requests *requests, struct fs_request **request,
		   const struct fs_pid_list *pids, u64 mark, unsigned int mode)
{
	if (!*request)
		*request = request_new();
	return *request ? request_change(requests, *request, pids, mark, mode) : -ENOMEM;
}

/**
 * fs_request_end - asks for nothing any more
 * @requests: what for
 * @request: is freed; may be NULL
 *
 * Process context; waits for grace periods.
 */
void fs_request_end(struct fs_requests *requests, struct fs_request *request)
{
	if (!request)
		return;
	mutex_lock(&requests->mutex);
	if (!list_empty(&request->link)) {
		request_leave(requests, request);
		/* Waits for the hooks that may be at it. */
		apply(requests);
	}
	mutex_unlock(&requests->mutex);
	fs_pid_set_put(request->set->held);
	kfree(request);
}

/**
 * fs_requests_set_parameter - what the parameter asks for
 * @requests: what for
 * @pids: in the initial namespace
 * @mode: what of it
 *
 * Process context; waits for grace periods. Returns 0 or why it cannot be had.
 */
int fs_requests_set_parameter(struct fs_requests *requests, const struct fs_pid_list *pids,
			      unsigned int mode)
{
	return request_change(requests, &requests->parameter, pids, 0, mode);
}

/**
 * fs_requests_modes - what any of them asks for
 * @requests: what for
 *
 * Process context, under the requests' mutex.
 */
unsigned int fs_requests_modes(struct fs_requests *requests)
{
	struct fs_request *request;
	unsigned int modes = 0;

	if (!fs_pids_is_empty(&requests->parameter.set->list))
		modes = requests->parameter.mode;
	list_for_each_entry(request, &requests->parameter.link, link)
		modes |= request->mode;
	return modes;
}

/**
 * fs_requests_status - who asks
 * @requests: what for
 * @count: result: open files
 * @pids: result: of the parameter
 *
 * Process context.
 */
void fs_requests_status(struct fs_requests *requests, unsigned int *count,
			struct fs_pid_list *pids)
{
	unsigned long flags;

	fs_hook_lock_irqsave(&requests->lock, flags);
	*count = requests->count;
	*pids = requests->parameter.set->list;
	fs_hook_unlock_irqrestore(&requests->lock, flags);
}

/**
 * fs_requests_destroy - gives up what the parameter holds
 * @requests: what for
 *
 * Process context, with no hook and no reader left.
 */
void fs_requests_destroy(struct fs_requests *requests)
{
	fs_pid_set_put(requests->parameter.set->held);
}
