/* SPDX-License-Identifier: GPL-2.0 */
/*
 * crowd.h - many processes at once, and the totals around them.
 */
#ifndef SELFTESTS_CROWD_H
#define SELFTESTS_CROWD_H

#include "workload.h"

struct crowd {
	int nr;
	struct gate ready, done;
	struct kid *kids;
	long long minor, major;		/* of all of them, when they have ended */
};

int crowd_start(struct crowd *c, int nr, int (*fn)(void *arg, int nr), void *arg);
int crowd_end(struct crowd *c);

#define MARK_PROCESSES 256

/*
 * The totals at a moment at which it is known what the kernel had counted by then for this process
 * and for all others: even in a quiet machine somebody wakes up now and then.
 */
struct mark {
	struct counts total;
	long long minor, major;
	int nr;
	struct {
		pid_t pid;
		long long minor, major;
	} others[MARK_PROCESSES];
};

int mark_take(struct mark *m);
int mark_wait(const struct mark *before, struct mark *after, long long minor, long long major);
int mark_compare(const struct mark *before, const struct mark *after, long long minor,
		 long long major);

#endif
