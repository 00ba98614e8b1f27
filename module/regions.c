// SPDX-License-Identifier: GPL-2.0
/*
 * A row's regions on one CPU: making them, moving them where the file outgrows them, adding
 * them up. See heat.h for what they are and for the bounds.
 */
#include <linux/log2.h>
#include <linux/string.h>
#include "lock.h"
#include "regions.h"

/**
 * fs_regions_of - how many regions a size has
 * @size: one of the HEAT_SIZES
 *
 * Any context.
 */
unsigned int fs_regions_of(u8 size)
{
	return HEAT_REGIONS_LEAST << 2 * size;
}

/* The least size that has a region for each page up to @last, or the largest. */
static u8 size_wanted(u64 last)
{
	u8 size = 0;

	while (size < HEAT_SIZE_LAST && last >= fs_regions_of(size))
		size++;
	return size;
}

/* Where a region is once all are larger by 2 to the power of @by. */
static unsigned int merged_index(unsigned int i, u32 by)
{
	return by < ilog2(HEAT_REGIONS) ? i >> by : 0;
}

/* Makes regions larger by 2 to the power of @by; what two had is one's. */
static void regions_merge(struct fs_heat_region *regions, unsigned int count, u32 by)
{
	unsigned int i, to;

	for (i = 1; i < count && by; i++) {
		to = merged_index(i, by);
		regions[to].calls += regions[i].calls;
		regions[to].major += regions[i].major;
		regions[i].calls = 0;
		regions[i].major = 0;
	}
}

/**
 * fs_shift_wanted - by how much regions have to grow for a page to be in one of them
 * @shift: log2 of the pages of a region
 * @page: of the file
 * @count: of the regions
 *
 * Any context.
 */
u32 fs_shift_wanted(u32 shift, u64 page, unsigned int count)
{
	page >>= shift;
	return page < count ? 0 : fls64(page) - ilog2(count);
}

/*
 * Gets regions of the size that is wanted, or of another one where there will be none of
 * that: smaller, down to @least, or larger; or NULL. Returns false where there are none
 * yet, for smaller ones would say less for ever.
 */
static bool regions_get(struct fs_heat_region **regions, u8 wanted, u8 least, u8 *size)
{
	int at;

	for (at = wanted; at >= least; at--) {
		*regions = fs_pool_get(POOL_HEAT_FIRST + at);
		if (*regions)
			goto found;
		if (!fs_pool_is_starved(POOL_HEAT_FIRST + at))
			return false;
	}
	for (at = wanted + 1; at < HEAT_SIZES; at++) {
		*regions = fs_pool_get(POOL_HEAT_FIRST + at);
		if (*regions)
			goto found;
	}
	return true;
found:
	*size = at;
	return true;
}

static void regions_put(struct fs_heat_region *regions, u8 size, enum fs_pool_id pool)
{
	memset(regions, 0, fs_regions_of(size) * sizeof(*regions));
	fs_pool_put(pool, regions);
}

/*
 * Makes room for @page: more regions, or larger ones. By one at a time. Returns false
 * where memory for more is on its way. Readers look again if they see it half done; what
 * they may still be looking at stays memory until a grace period has passed.
 */
static bool cells_grow(struct fs_heat_cells *cells, u64 page)
{
	struct fs_heat_region *old = cells->regions, *more = NULL;
	u8 size = cells->size, old_size = size, wanted = size_wanted(page >> cells->shift);
	u32 by;

	if (wanted > size && !regions_get(&more, wanted, size + 1, &size))
		return false;
	if (more)
		memcpy(more, old, fs_regions_of(old_size) * sizeof(*old));
	by = fs_shift_wanted(cells->shift, page, fs_regions_of(size));

	WRITE_ONCE(cells->sequence, cells->sequence + 1);
	smp_wmb(); /* the sequence is odd before anything moves */
	if (more) {
		WRITE_ONCE(cells->regions, more);
		WRITE_ONCE(cells->size, size);
	}
	regions_merge(cells->regions, fs_regions_of(size), by);
	WRITE_ONCE(cells->shift, cells->shift + by);
	smp_wmb(); /* everything has moved before the sequence is even */
	WRITE_ONCE(cells->sequence, cells->sequence + 1);
	if (more)
		regions_put(old, old_size, POOL_HEAT_FIRST + old_size);
	return true;
}

/**
 * fs_cells_region - where a page is counted
 * @cells: with regions; of this CPU, or shared and their lock held
 * @page: of the file
 *
 * In a hook, interrupts off. Returns NULL where memory is on its way, never of shared ones.
 */
struct fs_heat_region *fs_cells_region(struct fs_heat_cells *cells, u64 page)
{
	if (page >> cells->shift >= fs_regions_of(cells->size) && !cells_grow(cells, page))
		return NULL;
	return &cells->regions[page >> cells->shift];
}

/* For a file that ends with page @last; @regions, if there are any, are of @size. */
static bool cells_begin(struct fs_heat_cells *cells, struct fs_heat_region *regions, u8 size,
			u64 last)
{
	if (!regions)
		return false;
	cells->size = size;
	cells->shift = fs_shift_wanted(0, last, fs_regions_of(size));
	/* Readers find the regions with their size, and clear. */
	smp_wmb();
	WRITE_ONCE(cells->regions, regions);
	return true;
}

/**
 * fs_cells_make - makes regions, if there are none
 * @cells: of this CPU
 * @last: the last page of the file
 *
 * In a hook, interrupts off. Returns false where there is no memory, or none yet.
 */
bool fs_cells_make(struct fs_heat_cells *cells, u64 last)
{
	struct fs_heat_region *regions = NULL;
	u8 size = 0;

	if (cells->regions)
		return true;
	return regions_get(&regions, size_wanted(last), 0, &size) &&
	       cells_begin(cells, regions, size, last);
}

/**
 * fs_cells_make_shared - likewise, for CPUs that have none of their own
 * @cells: their lock held
 * @last: the last page of the file
 */
bool fs_cells_make_shared(struct fs_heat_cells *cells, u64 last)
{
	return cells->regions ||
	       cells_begin(cells, fs_pool_get(POOL_HEAT_SHARED), HEAT_SIZE_LAST, last);
}

/**
 * fs_cells_release - gives regions back, if there are any
 * @cells: in which nothing counts any more
 *
 * Process context.
 */
void fs_cells_release(struct fs_heat_cells *cells)
{
	if (cells->regions)
		regions_put(cells->regions, cells->size, POOL_HEAT_FIRST + cells->size);
}

/**
 * fs_cells_release_shared - likewise
 * @cells: in which nothing counts any more
 *
 * Process context.
 */
void fs_cells_release_shared(struct fs_heat_cells *cells)
{
	if (cells->regions)
		regions_put(cells->regions, cells->size, POOL_HEAT_SHARED);
}

/*
 * With preemption off the regions are not freed, wherever they have gone. Returns false
 * where they were being moved.
 */
static bool cells_try_copy(const struct fs_heat_cells *cells, struct fs_heat_region *to, u32 *shift)
{
	unsigned int sequence = READ_ONCE(cells->sequence), count, i;
	const struct fs_heat_region *from;

	smp_rmb(); /* against cells_grow() */
	from = READ_ONCE(cells->regions);
	count = fs_regions_of(READ_ONCE(cells->size));
	*shift = READ_ONCE(cells->shift);
	smp_rmb(); /* against cells_grow() */
	if (sequence & 1 || sequence != READ_ONCE(cells->sequence))
		return false;
	for (i = 0; i < count; i++) {
		to[i].major = READ_ONCE(from[i].major);
		to[i].calls = READ_ONCE(from[i].calls);
	}
	memset(&to[count], 0, (HEAT_REGIONS - count) * sizeof(*to));
	smp_rmb(); /* against cells_grow() */
	return sequence == READ_ONCE(cells->sequence);
}

static void cells_copy(const struct fs_heat_cells *cells, struct fs_heat_region *to, u32 *shift)
{
	bool copied;

	do {
		fs_preempt_disable();
		copied = cells_try_copy(cells, to, shift);
		fs_preempt_enable();
	} while (!copied);
}

/**
 * fs_cells_add - adds regions to a row's
 * @cells: may have none
 * @read: their sum; both get the larger size of the two
 *
 * Process context.
 */
void fs_cells_add(const struct fs_heat_cells *cells, struct fs_heat_read *read)
{
	unsigned int i, to;
	u32 shift;

	if (!READ_ONCE(cells->regions))
		return;
	smp_rmb(); /* against cells_begin() */
	cells_copy(cells, read->scratch, &shift);
	if (shift > read->shift) {
		regions_merge(read->regions, HEAT_REGIONS, shift - read->shift);
		read->shift = shift;
	}
	for (i = 0; i < HEAT_REGIONS; i++) {
		to = merged_index(i, read->shift - shift);
		read->regions[to].calls += read->scratch[i].calls;
		read->regions[to].major += read->scratch[i].major;
	}
}
