/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A row's regions on one CPU, for heat.c.
 */
#ifndef FAULTSTAT_CELLS_H
#define FAULTSTAT_CELLS_H

#include "heat.h"

unsigned int regions_of(u8 size);
u32 shift_wanted(u32 shift, u64 page, unsigned int count);

bool cells_make(struct heat_cells *cells, u64 last);
bool cells_make_shared(struct heat_cells *cells, u64 last);
struct heat_region *cells_region(struct heat_cells *cells, u64 page);
void cells_add(const struct heat_cells *cells, struct heat_read *read);
void cells_release(struct heat_cells *cells);
void cells_release_shared(struct heat_cells *cells);

#endif
