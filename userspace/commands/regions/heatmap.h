/* SPDX-License-Identifier: GPL-2.0 */
/*
 * heatmap.h - faults by time and offset, ready to be drawn: a column per interval, a row per
 * region.
 */
#ifndef KFAULTSTAT_HEATMAP_H
#define KFAULTSTAT_HEATMAP_H

#include "commands/regions/regionfile.h"

#define HEATMAP_COLUMNS	512	/* before two become one */

struct heatmap_cell {
	uint32_t column, region;
	struct heat_count count;
};

struct heatmap_file {
	char *path;
	uint64_t dev, inode;
	uint64_t extent;		/* pages */
	unsigned int shift;		/* a region is 1 << shift pages */
	struct heat_count total;
	struct heatmap_cell *cells;	/* that are not empty, by column and region */
	size_t nr, room;
	struct region *now;		/* its regions when it was last looked at */
	size_t nr_now;
	bool has_cached, has_mapped;
};

struct heatmap_column {
	double begin, seconds;	/* boottime; no seconds if it is not known since when */
};

/* All zero at first. */
struct heatmap {
	struct heatmap_column columns[HEATMAP_COLUMNS];
	size_t nr_columns;
	unsigned int merged;	/* intervals in a column */
	double realtime;	/* when the first began */
	char *whose;		/* processes, in words */
	struct heatmap_file *files;
	size_t nr;
};

void heatmap_add(struct heatmap *map, const struct region_files *files, const struct heat *heat,
		 double seconds);
void heatmap_free(struct heatmap *map);
char *heatmap_svg(struct heatmap *map, size_t *size);

#endif
