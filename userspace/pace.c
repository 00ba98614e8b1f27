// SPDX-License-Identifier: GPL-2.0
/*
 * pace.c - waits from one interval to the next, for show and sys; and the clock, for all
 * that measure time.
 */
#include <errno.h>
#include <stdio.h>

#include "pace.h"

/**
 * clock_now() - the time, for differences.
 *
 * Return: seconds.
 */
double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/**
 * pace_begin() - the first interval begins.
 * @pace: set
 * @interval: seconds
 */
void pace_begin(struct pace *pace, double interval)
{
	clock_gettime(CLOCK_MONOTONIC, &pace->next);
	pace->interval = interval;
}

/**
 * pace_wait() - let what was written out, and wait for the end of the interval.
 * @pace: begun
 *
 * An interval that was over before we came is not made up for.
 *
 * Return: false if nobody takes our output any more.
 */
bool pace_wait(struct pace *pace)
{
	time_t whole = (time_t)pace->interval;
	struct timespec now;

	if (fflush(stdout) || ferror(stdout))
		return false;
	pace->next.tv_sec += whole;
	pace->next.tv_nsec += (long)((pace->interval - (double)whole) * 1e9);
	if (pace->next.tv_nsec >= 1000000000) {
		pace->next.tv_nsec -= 1000000000;
		pace->next.tv_sec++;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec > pace->next.tv_sec ||
	    (now.tv_sec == pace->next.tv_sec && now.tv_nsec > pace->next.tv_nsec))
		pace->next = now;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &pace->next, NULL) == EINTR)
		;
	return true;
}
