/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cache.h - the parts of the command cache beside a single look: intervals (cachewatch.c),
 * and ranges (cacheranges.c).
 */
#ifndef KFAULTSTAT_CACHE_H
#define KFAULTSTAT_CACHE_H

#include "commands/options.h"

enum exit_code cache_watch(struct options *options);
enum exit_code cache_ranges(struct options *options);

#endif
