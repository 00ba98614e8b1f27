/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cache.h - the options of the command cache, and its parts beside the single look: intervals
 * (cachewatch.c) and ranges (cacheranges.c).
 */
#ifndef KFAULTSTAT_CACHE_H
#define KFAULTSTAT_CACHE_H

#include "commands/interval.h"
#include "commands/options.h"
#include "faults/group.h"
#include "lib/message.h"

struct cache_options {
	struct filter filter;		/* only its pids and object */
	struct grouping_spec grouping;
	struct columns_wanted columns;
	struct style style;
	struct limit limit;
	struct interval interval;
	const char *via;		/* the way to ask the kernel; NULL for the best there is */
	bool one_fs;
	bool ranges, missing;
	char *const *paths;
	size_t nr_paths;
};

enum exit_code cache_watch(struct cache_options *options);
enum exit_code cache_ranges(struct cache_options *options);

#endif
