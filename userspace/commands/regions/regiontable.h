/* SPDX-License-Identifier: GPL-2.0 */
/*
 * regiontable.h - the table of the command regions.
 */
#ifndef KFAULTSTAT_REGIONTABLE_H
#define KFAULTSTAT_REGIONTABLE_H

#include "commands/options.h"
#include "commands/regions/regionrow.h"

/* Since when faults are counted that are shown. */
enum region_since {
	REGION_SINCE_HEAT,	/* since heat is counted, whoever asked for that */
	REGION_SINCE_BEFORE,	/* in the interval */
	REGION_SINCE_RELOAD,
	REGION_SINCE_RESET,
};

/* Set, but for its view, before it begins. */
struct region_table {
	struct style style;
	struct limit limit;
	bool intervals;
	bool saved;		/* faults are from a saved copy */
	struct view view;
};

bool region_table_begin(struct region_table *table, const struct columns_wanted *wanted);
void region_table_print(struct region_table *table, const struct region_files *files,
			const struct heat *heat, enum region_since since, double seconds);

#endif
