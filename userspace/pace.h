/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pace.h - time that nobody sets, and intervals that do not drift.
 */
#ifndef KFAULTSTAT_PACE_H
#define KFAULTSTAT_PACE_H

#include <stdbool.h>
#include <time.h>

struct pace {
	struct timespec next;
	double interval;	/* seconds */
};

double clock_now(void);
void pace_begin(struct pace *pace, double interval);
bool pace_wait(struct pace *pace);

#endif
