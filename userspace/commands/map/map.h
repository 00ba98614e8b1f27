/* SPDX-License-Identifier: GPL-2.0 */
/*
 * map.h - the options of the command map.
 */
#ifndef KFAULTSTAT_MAP_H
#define KFAULTSTAT_MAP_H

#include "commands/interval.h"
#include "commands/options.h"
#include "faults/filter.h"

struct map_options {
	struct filter filter;		/* only its pids and object */
	struct columns_wanted columns;
	struct style style;
	struct limit limit;
	struct interval interval;
	const char *via;		/* the way to ask the kernel; NULL for the best there is */
	bool smaps;
};

#endif
