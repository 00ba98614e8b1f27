// SPDX-License-Identifier: GPL-2.0
/*
 * Heat: counting by region, and its memory. The way of a call that is counted by region is
 * in account.c; what a CPU's first call on a row wants is here, the regions themselves are
 * in regions.c, and what asks for heat is in heat_request.c. See heat.h for the bounds.
 *
 * A row's heat appears under its process's lock, once its process is known to be asked for.
 */
#include <linux/sched.h>
#include <linux/string.h>
#include "heat.h"
#include "pool.h"
#include "process.h"

static atomic64_t lost = ATOMIC64_INIT(0);

static size_t heat_size(void)
{
	return sizeof(struct fs_heat) + nr_cpu_ids * sizeof(struct fs_heat_cells);
}

/* Counting. */

static void region_count(struct fs_heat_region *region, bool major)
{
	fs_count_one(major ? &region->major : &region->calls);
}

static bool count_shared(struct fs_heat *heat, u64 page, bool major)
{
	unsigned long flags;
	bool counted;

	fs_hook_lock_irqsave(&heat->lock, flags);
	counted = fs_cells_make_shared(&heat->shared, heat->first_page);
	/* These cannot become more, so there always is one. */
	if (counted)
		region_count(fs_cells_region(&heat->shared, page), major);
	fs_hook_unlock_irqrestore(&heat->lock, flags);
	if (!counted)
		atomic64_inc(major ? &heat->lost_major : &heat->lost);
	return counted;
}

/* In a hook, with interrupts off: a task that is freed in one counts on this CPU, too. */
static bool heat_count(struct fs_heat *heat, u64 page, bool major)
{
	struct fs_heat_cells *cells = &heat->cpu[smp_processor_id()];
	struct fs_heat_region *region = NULL;

	if (fs_cells_make(cells, heat->first_page))
		region = fs_cells_region(cells, page);
	if (!region)
		return count_shared(heat, page, major);
	region_count(region, major);
	cells->ready = cells->cell ? fs_regions_of(cells->size) : 0;
	return true;
}

/* With interrupts off. The file's size now is what it is expected to be. */
static struct fs_heat *heat_make(struct fs_row *row, const struct vm_area_struct *vma)
{
	loff_t size = i_size_read(file_inode(vma->vm_file));
	struct fs_heat *heat;
	unsigned long flags;

	fs_hook_lock_irqsave(&row->process->lock, flags);
	heat = fs_heat_of(row);
	if (!heat) {
		heat = fs_pool_get(POOL_HEAT);
		if (heat) {
			memset(heat, 0, heat_size());
			raw_spin_lock_init(&heat->lock);
			heat->epoch = READ_ONCE(fs_table.epoch);
			if (size > 0)
				heat->first_page = min((u64)(size - 1) >> PAGE_SHIFT,
						       HEAT_PAGE_LAST);
			/* Hooks on other CPUs find it whole. */
			smp_wmb();
			WRITE_ONCE(row->heat, heat->cpu);
		}
	}
	fs_hook_unlock_irqrestore(&row->process->lock, flags);
	return heat;
}

/**
 * fs_heat_call - counts a call in its region, made if it is not there
 * @row: of a process that fs_heat_selects(), and a file
 * @cell: the row's counters on this CPU; NULL where there are none
 * @page: of the file
 * @vma: its mapping, stable
 *
 * In a hook, preemption off. Returns this CPU's cells of the row, which may have no
 * regions; NULL where there is no memory: then the call is counted as lost.
 */
struct fs_heat_cells *fs_heat_call(struct fs_row *row, u64 *cell, u64 page,
				   const struct vm_area_struct *vma)
{
	struct fs_heat *heat = fs_heat_of(row);
	struct fs_heat_cells *cells = NULL;
	unsigned long flags;

	local_irq_save(flags);
	/* Where memory has run out, faults do not queue for a lock to hear it. */
	if (!heat && !fs_pool_is_starved(POOL_HEAT))
		heat = heat_make(row, vma);
	if (heat) {
		cells = &heat->cpu[smp_processor_id()];
		cells->cell = cell;
		if (!heat_count(heat, page, false))
			cells = NULL;
	} else {
		atomic64_inc(&lost);
	}
	local_irq_restore(flags);
	return cells;
}

/**
 * fs_heat_page_in_file - the page that a call counts as
 * @vma: its mapping, stable, of a file
 * @address: of the fault
 *
 * In a hook. Beyond the end of the file it is the last one: otherwise a program that
 * touches what is not there would make the regions so large that they say nothing.
 */
u64 fs_heat_page_in_file(const struct vm_area_struct *vma, unsigned long address)
{
	u64 page = min(fs_heat_page(vma, address), HEAT_PAGE_LAST);
	loff_t size = i_size_read(file_inode(vma->vm_file));

	return size > 0 ? min(page, (u64)(size - 1) >> PAGE_SHIFT) : page;
}

/**
 * fs_heat_has_call - whether a row's heat is the one that has a call
 * @heat: of the row
 * @place: of the call
 *
 * Any context. After it was dropped, another one may be there; it may even lie at the
 * same address, but then it is of a later epoch than the call.
 */
bool fs_heat_has_call(const struct fs_heat *heat, const struct fs_heat_place *place)
{
	return place->cells >= heat->cpu && place->cells < heat->cpu + nr_cpu_ids &&
	       heat->epoch <= place->generation;
}

/* The heat in which a major is to be counted; NULL where it is gone, or the call is lost. */
static struct fs_heat *heat_of_major(struct fs_row *row, const struct fs_heat_place *place)
{
	struct fs_heat *heat = fs_heat_of(row);

	if (heat && place->page == HEAT_LOST_PAGE)
		atomic64_inc(&heat->lost_major);
	else if (heat && place->page != HEAT_NO_PAGE && fs_heat_has_call(heat, place))
		return heat;
	return NULL;
}

/**
 * fs_heat_major - the verdict on a call is: major
 * @row: in which it was
 * @place: of the call
 *
 * In a hook, preemption off.
 */
void fs_heat_major(struct fs_row *row, const struct fs_heat_place *place)
{
	struct fs_heat *heat = heat_of_major(row, place);
	unsigned long flags;

	if (!heat)
		return;
	local_irq_save(flags);
	heat_count(heat, place->page, true);
	local_irq_restore(flags);
}

/**
 * fs_heat_major_at_end - likewise, where a task is freed
 * @row: in which it was
 * @place: of the call
 *
 * Any context but NMI, interrupts off. It may have interrupted a hook that is about to
 * count in a region of this CPU: these do not move under its hands.
 */
void fs_heat_major_at_end(struct fs_row *row, const struct fs_heat_place *place)
{
	struct fs_heat *heat = heat_of_major(row, place);
	struct fs_heat_region *region;

	if (!heat)
		return;
	if (fs_heat_has_region(&heat->cpu[smp_processor_id()], place->page, &region))
		region_count(region, true);
	else
		count_shared(heat, place->page, true);
}

/* Reading; process context, fs_table.rows_sem held. */

/**
 * fs_heat_read - sums a row's regions over the CPUs
 * @heat: of the row
 * @read: result
 *
 * Process context, fs_table.rows_sem held.
 */
void fs_heat_read(const struct fs_heat *heat, struct fs_heat_read *read)
{
	int cpu;

	memset(read->regions, 0, sizeof(read->regions));
	read->shift = fs_shift_wanted(0, heat->first_page, HEAT_REGIONS);
	fs_cells_add(&heat->shared, read);
	for_each_possible_cpu(cpu)
		fs_cells_add(&heat->cpu[cpu], read);
}

/**
 * fs_heat_status - what the header of the file says, but for who asks
 * @status: result
 *
 * Process context.
 */
void fs_heat_status(struct fs_heat_status *status)
{
	int id;

	status->memory = fs_pool_bytes_used(POOL_HEAT);
	for (id = POOL_HEAT_FIRST; id <= POOL_HEAT_SHARED; id++)
		status->memory += fs_pool_bytes_used(id);
	status->lost = atomic64_read(&lost);
}

/**
 * fs_heat_forget_lost - no call has been lost that had no heat to be counted in
 *
 * Process context.
 */
void fs_heat_forget_lost(void)
{
	atomic64_set(&lost, 0);
}

/* Memory. */

/**
 * fs_heat_pool_sizes - the item sizes of the pools that heat uses
 * @size: by pool
 *
 * Any context.
 */
void fs_heat_pool_sizes(size_t *size)
{
	u8 at;

	size[POOL_HEAT] = heat_size();
	for (at = 0; at < HEAT_SIZES; at++)
		size[POOL_HEAT_FIRST + at] = fs_regions_of(at) * sizeof(struct fs_heat_region);
	size[POOL_HEAT_SHARED] = HEAT_REGIONS * sizeof(struct fs_heat_region);
}

/**
 * fs_heat_release - frees heat
 * @heat: taken from its row a grace period ago
 *
 * Process context.
 */
void fs_heat_release(struct fs_heat *heat)
{
	int cpu;

	for_each_possible_cpu(cpu)
		fs_cells_release(&heat->cpu[cpu]);
	fs_cells_release_shared(&heat->shared);
	fs_pool_put(POOL_HEAT, heat);
}

/**
 * fs_heat_free - frees a row's heat
 * @row: one that no hook counts in any more
 *
 * Process context, fs_table.rows_sem held.
 */
void fs_heat_free(struct fs_row *row)
{
	struct fs_heat *heat = fs_heat_of(row);

	row->heat = NULL;
	if (heat)
		fs_heat_release(heat);
}

static bool free_row(struct fs_row *row, void *data)
{
	fs_heat_free(row);
	return true;
}

/**
 * fs_heat_destroy - frees all heat
 *
 * Process context, with no hook, reader or worker left.
 */
void fs_heat_destroy(void)
{
	fs_rows_walk(free_row, NULL);
}
