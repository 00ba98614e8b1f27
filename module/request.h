/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who asks for more than counting, and for which processes: a parameter and open files. What it is
 * that they ask for, heat_request.c and stack_request.c know.
 */
#ifndef FAULTSTAT_REQUEST_H
#define FAULTSTAT_REQUEST_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include "pids.h"

/* Open files that may ask for one thing at once. */
#define REQUESTS_MAX	16

/**
 * struct fs_request - a parameter or an open file that asks
 * @link: from that of the parameter on
 * @set: which processes; the lock of the requests
 * @sets: that one, and the one that is made while it is still in use
 * @mark: all processes with this mark, too; 0: no such
 * @mode: what of it, where there are several things; bits
 */
struct fs_request {
	struct list_head link;
	struct fs_pid_set *set;
	struct fs_pid_set sets[2];
	u64 mark;
	unsigned int mode;
};

/**
 * struct fs_requests - all that ask for one thing
 * @mutex: one change at a time: by who asks, or closes his file; before fs_table.rows_sem
 * @lock: hooks take it, at births and execs, while anything is asked for; each time for one request
 * @parameter: which is always there, and leads the open files: @lock to change, RCU to walk
 * @count: open files that ask
 * @changes: of what is asked for; @lock to write
 * @asked: whether any of them asks for anything; @mutex
 * @apply: puts what is asked for now into effect; under @mutex
 */
struct fs_requests {
	struct mutex mutex;	/* one change at a time */
	raw_spinlock_t lock;
	struct fs_request parameter;
	unsigned int count;
	unsigned int changes;
	bool asked;
	int (*apply)(bool asked);
};

/* In a hook: */
bool fs_requests_select(struct fs_requests *requests, struct pid *pid, pid_t nr, u64 mark);

/* Differs after what is asked for has changed. Any context. */
static inline unsigned int fs_requests_changes(const struct fs_requests *requests)
{
	return READ_ONCE(requests->changes);
}

/*
 * Whether fs_requests_select() is worth asking. In a hook. Who has not heard of it yet asks again
 * in the next epoch.
 */
static inline bool fs_requests_ask(const struct fs_requests *requests)
{
	return READ_ONCE(requests->asked);
}

/* In process context: */
int fs_request_ask(struct fs_requests *requests, struct fs_request **request,
		   const struct fs_pid_list *pids, u64 mark, unsigned int mode);
void fs_request_end(struct fs_requests *requests, struct fs_request *request);
int fs_requests_set_parameter(struct fs_requests *requests, const struct fs_pid_list *pids,
			      unsigned int mode);
unsigned int fs_requests_modes(struct fs_requests *requests);
void fs_requests_status(struct fs_requests *requests, unsigned int *count,
			struct fs_pid_list *pids);
void fs_requests_destroy(struct fs_requests *requests);

#endif
