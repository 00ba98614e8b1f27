/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pace.h - the monotonic clock, and intervals that do not drift.
 */
#ifndef KFAULTSTAT_PACE_H
#define KFAULTSTAT_PACE_H

#include <signal.h>
#include <stdbool.h>
#include <time.h>

struct pace {
	struct timespec next;
	double interval;	/* seconds */
	const sigset_t *signals;	/* that are blocked and end the waiting; NULL for none */
	int signal;		/* that did */
};

#define CLOCK_TEXT	32	/* bytes */

double clock_now(void);
void clock_text(char *text, double realtime);
void pace_begin(struct pace *pace, double interval, const sigset_t *signals);
void pace_catch(sigset_t *signals);
bool pace_wait(struct pace *pace);

#endif
