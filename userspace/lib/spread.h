/* SPDX-License-Identifier: GPL-2.0 */
/*
 * spread.h - how pages are spread over a file or an address range, counted in regions of
 * equal size.
 */
#ifndef KFAULTSTAT_SPREAD_H
#define KFAULTSTAT_SPREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPREAD_MAX	256

/* Pages of a range, counted by region. */
struct spread {
	uint64_t pages;		/* of the range */
	unsigned int shift;	/* a region is 1 << shift pages; 0 and nr: nr parts of all */
	size_t nr;
	bool filled;		/* by who counts */
	/* A bit for each page that has counted, and does not again; or NULL. */
	unsigned char *once;
	uint64_t at[SPREAD_MAX];
};

void spread_parts(struct spread *spread, uint64_t pages, size_t parts);
void spread_regions(struct spread *spread, uint64_t pages, unsigned int shift, size_t most);
uint64_t spread_begin(const struct spread *spread, size_t region);
size_t spread_region(const struct spread *spread, uint64_t page);
void spread_add(struct spread *spread, uint64_t first, uint64_t nr);

#endif
