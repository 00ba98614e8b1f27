/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cachelook.h - a walk through all files that cache is asked for.
 */
#ifndef KFAULTSTAT_CACHELOOK_H
#define KFAULTSTAT_CACHELOOK_H

#include "commands/cache/cache.h"
#include "kernel/walk.h"

enum exit_code cache_look(struct walk *walk, const struct cache_options *options, size_t *nr_live);

#endif
