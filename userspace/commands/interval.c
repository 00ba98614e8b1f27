// SPDX-License-Identifier: GPL-2.0
/*
 * interval.c - parses interval and count. Called by command.c for commands without other
 * arguments, and by commands that have others in front.
 */
#include <string.h>

#include "commands/interval.h"
#include "kernel/procfs.h"
#include "lib/message.h"
#include "lib/text.h"

#define PID_LEAST	10	/* shorter intervals are usual, and such pids are not */

#define usage(...) (complain(__VA_ARGS__), false)

/**
 * interval_parse() - parse arguments that are interval and count and nothing else.
 * @interval: set
 * @arguments: the arguments
 * @nr: how many
 * @hint: end of the complaint about a bad interval
 *
 * Return: false after a complaint.
 */
bool interval_parse(struct interval *interval, char **arguments, int nr, const char *hint)
{
	if (nr > 2)
		return usage("unexpected argument \"%s\" after interval and count", arguments[2]);
	if (nr > 0 && (!text_seconds(arguments[0], &interval->seconds) ||
		       interval->seconds < INTERVAL_LEAST || interval->seconds > INTERVAL_MOST))
		return usage("invalid interval \"%s\": seconds, from %g to %.0f%s",
			     arguments[0], INTERVAL_LEAST, INTERVAL_MOST, hint);
	if (nr > 1 && (!text_number(arguments[1], &interval->count) || !interval->count))
		return usage("invalid count \"%s\": a number from 1", arguments[1]);
	return true;
}

/**
 * interval_take() - take interval and count from behind other arguments: the last one or two
 * if they are numbers; ./5 is a file.
 * @interval: set
 * @arguments: the arguments
 * @nr: how many; they become fewer
 * @least: arguments at the front that are neither, whatever they look like
 *
 * Return: false after a complaint.
 */
bool interval_take(struct interval *interval, char **arguments, int *nr, int least)
{
	int left = *nr;
	double number;

	if (left - 2 >= least && text_seconds(arguments[left - 2], &interval->seconds)) {
		if (!text_number(arguments[left - 1], &interval->count) || !interval->count)
			return usage("invalid count \"%s\": a number from 1",
				     arguments[left - 1]);
		left -= 2;
	} else if (left - 1 >= least && text_seconds(arguments[left - 1], &number)) {
		interval->seconds = number;
		left--;
	}
	if (left < *nr &&
	    (interval->seconds < INTERVAL_LEAST || interval->seconds > INTERVAL_MOST))
		return usage("invalid interval \"%s\": seconds, from %g to %.0f", arguments[left],
			     INTERVAL_LEAST, INTERVAL_MOST);
	*nr = left;
	return true;
}

/**
 * interval_warn_pid() - say what a number was taken for, if it is also the pid of a process.
 * @interval: as it was parsed
 * @word: the interval as it was given
 *
 * Not with a count, which only an interval has, and not of kernel threads.
 */
void interval_warn_pid(const struct interval *interval, const char *word)
{
	uint64_t pid;

	if (interval->seconds <= 0 || interval->count || !text_number(word, &pid) ||
	    pid < PID_LEAST || pid > INT32_MAX)
		return;
	if (procfs_rss_kib((int32_t)pid) > 0)
		complain("%s is the interval in seconds; for process %s use -p %s", word,
			 word, word);
}

/**
 * interval_can_read() - whether an input can be read as often as is asked for.
 * @interval: what is asked for
 * @input: a file, - for standard input, or NULL
 *
 * Return: false after a complaint.
 */
bool interval_can_read(const struct interval *interval, const char *input)
{
	if (interval->seconds > 0 && input && !strcmp(input, "-"))
		return usage("cannot read standard input in intervals: use --input FILE");
	return true;
}

/**
 * interval_next() - wait until it is time for the next look.
 * @interval: what is asked for
 * @pace: begun
 * @turn: looks so far, without the last one; counted on
 *
 * Return: false if there is none, or after a signal.
 */
bool interval_next(const struct interval *interval, struct pace *pace, uint64_t *turn)
{
	return interval->seconds > 0 && ++*turn != interval->count && pace_wait(pace);
}
