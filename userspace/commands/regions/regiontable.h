/* SPDX-License-Identifier: GPL-2.0 */
/*
 * regiontable.h - the table of the command regions.
 */
#ifndef KFAULTSTAT_REGIONTABLE_H
#define KFAULTSTAT_REGIONTABLE_H

#include "commands/regions/regionrow.h"

/* Since when faults are counted that are shown. */
enum region_since {
	REGION_SINCE_HEAT,	/* since heat is counted, whoever asked for that */
	REGION_SINCE_BEFORE,	/* in the interval */
	REGION_SINCE_RELOAD,
	REGION_SINCE_RESET,
};

struct region_table {
	struct options *options;
	struct view view;
};

bool region_table_begin(struct region_table *table, struct options *options);
void region_table_print(struct region_table *table, const struct region_files *files,
			const struct heat *heat, enum region_since since, double seconds);

#endif
