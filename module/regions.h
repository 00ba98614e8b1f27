/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A row's regions on one CPU, for heat.c.
 */
#ifndef FAULTSTAT_REGIONS_H
#define FAULTSTAT_REGIONS_H

#include "heat.h"

unsigned int fs_regions_of(u8 size);
u32 fs_shift_wanted(u32 shift, u64 page, unsigned int count);

bool fs_cells_make(struct fs_heat_cells *cells, u64 last);
bool fs_cells_make_shared(struct fs_heat_cells *cells, u64 last);
struct fs_heat_region *fs_cells_region(struct fs_heat_cells *cells, u64 page);
void fs_cells_add(const struct fs_heat_cells *cells, struct fs_heat_read *read);
void fs_cells_release(struct fs_heat_cells *cells);
void fs_cells_release_shared(struct fs_heat_cells *cells);

#endif
