/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pprof.h - stacks as a profile, for go tool pprof, Pyroscope, Parca, speedscope.
 */
#ifndef KFAULTSTAT_PPROF_H
#define KFAULTSTAT_PPROF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "stacks/label.h"

/* What a profile says of itself, besides the stacks. */
struct pprof_origin {
	double realtime;	/* when counts were read, seconds since 1970; 0 where not known */
	double seconds;		/* in which it was counted, until then; 0 where not known */
	const char *const *comments;	/* lines for people */
	size_t nr_comments;
	bool bare;		/* code in files that has no name is to get one elsewhere */
};

bool pprof_write(FILE *out, const struct callstacks *stacks, const struct pprof_origin *origin);

#endif
