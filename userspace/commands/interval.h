/* SPDX-License-Identifier: GPL-2.0 */
/*
 * interval.h - the arguments [interval [count]].
 */
#ifndef KFAULTSTAT_INTERVAL_H
#define KFAULTSTAT_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/pace.h"

/* Seconds. */
#define INTERVAL_LEAST	0.1
#define INTERVAL_MOST	1e6

struct interval {
	double seconds;		/* 0 for once */
	uint64_t count;		/* 0 for ever */
};

bool interval_parse(struct interval *interval, char **arguments, int nr, const char *hint);
bool interval_take(struct interval *interval, char **arguments, int *nr, int least);
void interval_warn_pid(const struct interval *interval, const char *word);
bool interval_next(const struct interval *interval, struct pace *pace, uint64_t *turn);
bool interval_can_read(const struct interval *interval, const char *input);

#endif
