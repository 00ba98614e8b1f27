// SPDX-License-Identifier: GPL-2.0
/*
 * pace.c - waits from one interval to the next without drift, and reads clocks. Called by the
 * commands that run in intervals or measure time.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/pace.h"
#include "lib/text.h"

/* The first second that has no four digits for its year. */
#define YEAR_10000	253402300800.0

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
 * clock_text() - a time of the day, for people.
 * @text: CLOCK_TEXT bytes, set
 * @realtime: seconds since 1970; a copy may say anything
 */
void clock_text(char *text, double realtime)
{
	struct tm tm;
	time_t when;

	strcpy(text, "at an unknown time");
	if (realtime >= YEAR_10000)
		return;
	when = (time_t)realtime;
	if (localtime_r(&when, &tm))
		strftime(text, CLOCK_TEXT, "%Y-%m-%d %H:%M:%S", &tm);
}

/**
 * pace_begin() - the first interval begins.
 * @pace: set
 * @interval: seconds
 * @signals: that are blocked and end the waiting; NULL for none
 */
void pace_begin(struct pace *pace, double interval, const sigset_t *signals)
{
	clock_gettime(CLOCK_MONOTONIC, &pace->next);
	pace->interval = interval;
	pace->signals = signals;
	pace->signal = 0;
}

/**
 * pace_catch() - block those signals by which somebody ends us, for pace_begin().
 * @signals: set
 *
 * What was counted until then can be shown, or written.
 */
void pace_catch(sigset_t *signals)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	size_t i;

	sigemptyset(signals);
	/* nohup, and a shell's background, have it that they are ignored. */
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!sigaction(numbers[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(signals, numbers[i]);
	sigprocmask(SIG_BLOCK, signals, NULL);
}

/* They are blocked, so that none can come between two looks at a flag and the waiting. */
static bool wait_for_signals(struct pace *pace)
{
	for (;;) {
		struct timespec now, left = { 0 };
		int number;

		clock_gettime(CLOCK_MONOTONIC, &now);
		left.tv_sec = pace->next.tv_sec - now.tv_sec;
		left.tv_nsec = pace->next.tv_nsec - now.tv_nsec;
		if (left.tv_nsec < 0) {
			left.tv_nsec += 1000000000;
			left.tv_sec--;
		}
		if (left.tv_sec < 0)
			left = (struct timespec){ 0 };
		number = sigtimedwait(pace->signals, NULL, &left);
		if (number > 0)
			pace->signal = number;
		if (number > 0 || errno != EINTR)
			return number < 0;
	}
}

/**
 * pace_wait() - let what was written out, and wait for the end of the interval.
 * @pace: begun
 *
 * An interval that was over before we came is not made up for.
 *
 * Return: false if nobody takes our output any more, or one of the signals has come.
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
	if (pace->signals)
		return wait_for_signals(pace);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &pace->next, NULL) == EINTR)
		;
	return true;
}
