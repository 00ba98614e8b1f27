/* SPDX-License-Identifier: GPL-2.0 */
/*
 * heat.h - faults by region of a file: the module's text, parsed, and the difference of two of
 * them.
 */
#ifndef KFAULTSTAT_HEAT_H
#define KFAULTSTAT_HEAT_H

#include "faults/parse.h"

#define HEAT_REGIONS_MAX	256	/* of a row */
#define HEAT_REGION_LEAST	4096u	/* bytes */
#define HEAT_REGION_MOST	0x400000000000000ull
#define HEAT_EXTENT_MOST	0x4000000000000000ull	/* bytes to the end of the last region */

struct heat_count {
	uint64_t calls, major;
};

struct heat_cell {
	struct heat_count count;
	uint32_t region;
};

/* A process and a file. */
struct heat_row {
	const char *comm;	/* any bytes but NUL, as those of object */
	const char *state;
	const char *object;
	uint64_t id;		/* of the process; never used again in a load */
	uint64_t dev, inode;	/* as /proc/PID/maps has them */
	uint64_t region_size;	/* bytes, a power of two */
	uint64_t calls, major, lost;
	size_t from, nr;	/* of the cells */
	int32_t pid;
	bool deleted;		/* the file had no name any more when the row was new */
	bool has_deleted;	/* that is known: an older module does not say */
};

struct heat {
	char *text;		/* what all strings below point into */
	const char *load;	/* a load of the module, by its random number */
	double at, now, realtime;	/* seconds */
	uint64_t resets;
	uint64_t requests, lost;
	uint64_t wanted_rows;	/* by its header */
	struct heat_row *rows;
	size_t nr_rows;
	struct heat_cell *cells;
	size_t nr_cells;
};

/* A row's regions, of a size of the row's own. */
struct heat_regions {
	uint64_t region_size;	/* bytes */
	uint64_t lost;		/* calls that have no region */
	struct heat_count at[HEAT_REGIONS_MAX];
};

bool heat_begins(const char *text, size_t size);
bool heat_parse(struct heat *heat, char *text, size_t size, char *error);
bool heat_seems_cut(const struct heat *heat);
void heat_free(struct heat *heat);
bool heat_is_of_load(const struct heat *heat, const struct heat *before);
void heat_since(struct heat_regions *regions, const struct heat *now, const struct heat_row *row,
		const struct heat *before);

#endif
