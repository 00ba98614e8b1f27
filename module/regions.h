/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A row's regions on one CPU. See heat.h for what they are and for the bounds.
 */
#ifndef FAULTSTAT_REGIONS_H
#define FAULTSTAT_REGIONS_H

#include <linux/compiler.h>
#include <linux/types.h>
#include "pool.h"

#define HEAT_REGIONS	256

struct fs_heat_region {
	u64 calls;
	u64 major;
};

/* The sizes: HEAT_REGIONS_LEAST, four times that, HEAT_REGIONS. */
#define HEAT_SIZES		(POOL_HEAT_LAST - POOL_HEAT_FIRST + 1)
#define HEAT_SIZE_LAST		(HEAT_SIZES - 1)
#define HEAT_REGIONS_LEAST	(HEAT_REGIONS >> 2 * HEAT_SIZE_LAST)

/**
 * struct fs_heat_cells - the regions of a row on one CPU, or the shared ones
 * @regions: as many as @size says; NULL until the first call
 * @cell: the row's counters on the CPU; NULL where there are none
 * @ready: how many regions the fast path may use: all of them, or none before @regions and
 *	@cell are both there
 * @shift: log2 of the pages of a region
 * @size: which of the HEAT_SIZES
 * @sequence: odd while the regions are being moved
 */
struct fs_heat_cells {
	struct fs_heat_region *regions;
	u64 *cell;
	u16 ready;
	u8 shift;
	u8 size;
	u32 sequence;
};

/**
 * struct fs_heat_read - a row's regions, summed over the CPUs
 * @shift: log2 of the pages of a region
 * @scratch: for those of one CPU
 */
struct fs_heat_read {
	struct fs_heat_region regions[HEAT_REGIONS];
	u32 shift;
	struct fs_heat_region scratch[HEAT_REGIONS];
};

/* In a hook: where a page is counted on this CPU. False where fs_heat_call() has to find a way. */
static __always_inline bool fs_heat_has_region(const struct fs_heat_cells *cells, u64 page,
					       struct fs_heat_region **region)
{
	/* Never more than 63: said so that kernels with UBSAN need not check it. */
	page >>= cells->shift & 63;
	if (unlikely(page >= cells->ready))
		return false;
	*region = cells->regions + page;
	return true;
}

unsigned int fs_regions_of(u8 size);
u32 fs_shift_wanted(u32 shift, u64 page, unsigned int count);

bool fs_cells_make(struct fs_heat_cells *cells, u64 last);
bool fs_cells_make_shared(struct fs_heat_cells *cells, u64 last);
struct fs_heat_region *fs_cells_region(struct fs_heat_cells *cells, u64 page);
void fs_cells_add(const struct fs_heat_cells *cells, struct fs_heat_read *read);
void fs_cells_release(struct fs_heat_cells *cells);
void fs_cells_release_shared(struct fs_heat_cells *cells);

#endif
