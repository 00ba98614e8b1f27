/* SPDX-License-Identifier: GPL-2.0 */
/*
 * filter.h - selection of rows.
 */
#ifndef KFAULTSTAT_FILTER_H
#define KFAULTSTAT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "faults/snapshot.h"

#define FILTER_PIDS_MAX 1024

struct filter {
	int32_t pids[FILTER_PIDS_MAX];
	size_t nr_pids;
	const char *comm;	/* glob, NULL for all */
	const char *object;
	bool files, areas;	/* only these; an area, as [heap], has no file */
};

bool filter_pids(struct filter *filter, const char *list);
void filter_glob(char *glob);
bool filter_is_any(const struct filter *filter);
bool filter_passes(const struct filter *filter, const struct row *row);

#endif
