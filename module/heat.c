// SPDX-License-Identifier: GPL-2.0
/*
 * Heat: asking for it, counting by region, and its memory. The way of a call that is
 * counted by region is in account.c; what a CPU's first call on a row wants is here, the
 * regions themselves are in cells.c. See heat.h for the bounds.
 *
 * A row's heat appears under table.lock, once its process is known to be asked for. It
 * goes when nobody asks any more: a new epoch has every task look again at its next
 * call, so a grace period later no hook makes a new one, and another grace period after
 * it was taken from its row no hook counts in it.
 */
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "cells.h"
#include "pool.h"
#include "task.h"
#include "worker.h"

/**
 * struct heat_request - somebody who asks for heat
 * @link: from @parameter on
 * @pids: in the initial namespace; table.lock
 */
struct heat_request {
	struct list_head link;
	struct pid_list pids;
};

/* The parameter heat_pid, which is always there, and the open files. table.lock. */
static struct heat_request parameter = { .link = LIST_HEAD_INIT(parameter.link) };
static unsigned int requests;

/* One change at a time; before table.mutex. */
static DEFINE_MUTEX(heat_mutex);

static unsigned int heat_rows;	/* table.lock */
static atomic64_t lost = ATOMIC64_INIT(0);

/**
 * heat_selects - whether the files of a process are to be counted by region
 * @tgid: its pid in the initial namespace
 *
 * In a hook, under table.lock.
 */
bool heat_selects(pid_t tgid)
{
	const struct heat_request *request;

	if (pids_have(&parameter.pids, tgid))
		return true;
	list_for_each_entry(request, &parameter.link, link)
		if (pids_have(&request->pids, tgid))
			return true;
	return false;
}

static size_t heat_size(void)
{
	return sizeof(struct heat) + nr_cpu_ids * sizeof(struct heat_cells);
}

/* Counting. */

static void region_count(struct heat_region *region, bool major)
{
	count_one(major ? &region->major : &region->calls);
}

static bool count_shared(struct heat *heat, u64 page, bool major)
{
	unsigned long flags;
	bool counted;

	hook_lock_irqsave(&heat->lock, flags);
	counted = cells_make_shared(&heat->shared, heat->first_page);
	/* These cannot become more, so there always is one. */
	if (counted)
		region_count(cells_region(&heat->shared, page), major);
	hook_unlock_irqrestore(&heat->lock, flags);
	if (!counted)
		atomic64_inc(major ? &heat->lost_major : &heat->lost);
	return counted;
}

/* In a hook, with interrupts off: a task that is freed in one counts on this CPU, too. */
static bool heat_count(struct heat *heat, u64 page, bool major)
{
	struct heat_cells *cells = &heat->cpu[smp_processor_id()];
	struct heat_region *region = NULL;

	if (cells_make(cells, heat->first_page))
		region = cells_region(cells, page);
	if (!region)
		return count_shared(heat, page, major);
	region_count(region, major);
	cells->ready = cells->cell ? regions_of(cells->size) : 0;
	return true;
}

/* With interrupts off. The file's size now is what it is expected to be. */
static struct heat *heat_make(struct row *row, const struct vm_area_struct *vma)
{
	loff_t size = i_size_read(file_inode(vma->vm_file));
	struct heat *heat;
	unsigned long flags;

	hook_lock_irqsave(&table.lock, flags);
	heat = heat_of(row);
	if (!heat) {
		heat = pool_get(POOL_HEAT);
		if (heat) {
			memset(heat, 0, heat_size());
			raw_spin_lock_init(&heat->lock);
			heat->epoch = table.epoch;
			if (size > 0)
				heat->first_page = min((u64)(size - 1) >> PAGE_SHIFT,
						       HEAT_PAGE_LAST);
			heat_rows++;
			/* Hooks on other CPUs find it whole. */
			smp_wmb();
			WRITE_ONCE(row->heat, heat->cpu);
		}
	}
	hook_unlock_irqrestore(&table.lock, flags);
	return heat;
}

/**
 * heat_call - counts a call in its region, made if it is not there
 * @row: of a process that heat_selects(), and a file
 * @cell: the row's counters on this CPU; NULL where there are none
 * @page: of the file
 * @vma: its mapping, stable
 *
 * In a hook, preemption off. Returns this CPU's cells of the row, which may have no
 * regions; NULL where there is no memory: then the call is counted as lost.
 */
struct heat_cells *heat_call(struct row *row, u64 *cell, u64 page,
			     const struct vm_area_struct *vma)
{
	struct heat *heat = heat_of(row);
	struct heat_cells *cells = NULL;
	unsigned long flags;

	local_irq_save(flags);
	/* Where memory has run out, faults do not queue for a lock to hear it. */
	if (!heat && !pool_is_starved(POOL_HEAT))
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
 * heat_page_in_file - the page that a call counts as
 * @vma: its mapping, stable, of a file
 * @address: of the fault
 *
 * In a hook. Beyond the end of the file it is the last one, or whoever touches what is
 * not there would make the regions so large that they say nothing.
 */
u64 heat_page_in_file(const struct vm_area_struct *vma, unsigned long address)
{
	u64 page = min(heat_page(vma, address), HEAT_PAGE_LAST);
	loff_t size = i_size_read(file_inode(vma->vm_file));

	return size > 0 ? min(page, (u64)(size - 1) >> PAGE_SHIFT) : page;
}

/**
 * heat_has_call - whether a row's heat is the one that has a call
 * @heat: of the row
 * @place: of the call
 *
 * Any context. After it was dropped, another one may be there; it may even lie at the
 * same address, but then it is of a later epoch than whoever counted in the first.
 */
bool heat_has_call(const struct heat *heat, const struct heat_place *place)
{
	return place->cells >= heat->cpu && place->cells < heat->cpu + nr_cpu_ids &&
	       heat->epoch <= place->generation;
}

/* The heat in which a major is to be counted; NULL where it is gone, or the call is lost. */
static struct heat *heat_of_major(struct row *row, const struct heat_place *place)
{
	struct heat *heat = heat_of(row);

	if (heat && place->page == HEAT_LOST_PAGE)
		atomic64_inc(&heat->lost_major);
	else if (heat && place->page != HEAT_NO_PAGE && heat_has_call(heat, place))
		return heat;
	return NULL;
}

/**
 * heat_major - the verdict on a call is: major
 * @row: in which it was
 * @place: of the call
 *
 * In a hook, preemption off.
 */
void heat_major(struct row *row, const struct heat_place *place)
{
	struct heat *heat = heat_of_major(row, place);
	unsigned long flags;

	if (!heat)
		return;
	local_irq_save(flags);
	heat_count(heat, place->page, true);
	local_irq_restore(flags);
}

/**
 * heat_major_at_end - likewise, where a task is freed
 * @row: in which it was
 * @place: of the call
 *
 * Any context but NMI, interrupts off. It may have interrupted a hook that is about to
 * count in a region of this CPU: these do not move under its hands.
 */
void heat_major_at_end(struct row *row, const struct heat_place *place)
{
	struct heat *heat = heat_of_major(row, place);
	struct heat_region *region;

	if (!heat)
		return;
	region = heat_region(&heat->cpu[smp_processor_id()], place->page);
	if (region)
		region_count(region, true);
	else
		count_shared(heat, place->page, true);
}

/* Reading; process context, table.mutex held. */

/**
 * heat_read - sums a row's regions over the CPUs
 * @heat: of the row
 * @read: result
 *
 * Process context, table.mutex held.
 */
void heat_read(const struct heat *heat, struct heat_read *read)
{
	int cpu;

	memset(read->regions, 0, sizeof(read->regions));
	read->shift = shift_wanted(0, heat->first_page, HEAT_REGIONS);
	cells_add(&heat->shared, read);
	for_each_possible_cpu(cpu)
		cells_add(&heat->cpu[cpu], read);
}

/**
 * heat_status - what the header of the file says
 * @status: result
 *
 * Process context.
 */
void heat_status(struct heat_status *status)
{
	unsigned long flags;
	int id;

	hook_lock_irqsave(&table.lock, flags);
	status->rows = heat_rows;
	status->requests = requests;
	status->pids = parameter.pids;
	hook_unlock_irqrestore(&table.lock, flags);
	status->memory = pool_bytes_used(POOL_HEAT);
	for (id = POOL_HEAT_FIRST; id <= POOL_HEAT_SHARED; id++)
		status->memory += pool_bytes_used(id);
	status->lost = atomic64_read(&lost);
}

/* Memory. */

/**
 * heat_pool_sizes - the item sizes of the pools that heat uses
 * @size: by pool
 *
 * Any context.
 */
void heat_pool_sizes(size_t *size)
{
	u8 at;

	size[POOL_HEAT] = heat_size();
	for (at = 0; at < HEAT_SIZES; at++)
		size[POOL_HEAT_FIRST + at] = regions_of(at) * sizeof(struct heat_region);
	size[POOL_HEAT_SHARED] = HEAT_REGIONS * sizeof(struct heat_region);
}

/* A grace period after it was taken from its row. */
static void heat_release(struct heat *heat)
{
	unsigned long flags;
	int cpu;

	for_each_possible_cpu(cpu)
		cells_release(&heat->cpu[cpu]);
	cells_release_shared(&heat->shared);
	pool_put(POOL_HEAT, heat);
	hook_lock_irqsave(&table.lock, flags);
	heat_rows--;
	hook_unlock_irqrestore(&table.lock, flags);
}

/**
 * heat_free - frees a row's heat
 * @row: one that no hook counts in any more
 *
 * Process context, table.mutex held.
 */
void heat_free(struct row *row)
{
	struct heat *heat = heat_of(row);

	row->heat = NULL;
	if (heat)
		heat_release(heat);
}

/* Asking. Under heat_mutex, which lets the requests be read without table.lock. */

static bool row_is_asked_for(const struct row *row)
{
	return row->process->pid && heat_selects(pid_nr(row->process->pid));
}

/* Takes heat from rows: from all, or where nobody asks for it any more. */
static void heat_drop(bool all)
{
	struct heat *heat, *next;
	LIST_HEAD(gone);
	struct row *row;

	mutex_lock(&table.mutex);
	list_for_each_entry(row, &table.rows, of_table) {
		heat = heat_of(row);
		if (heat && (all || !row_is_asked_for(row))) {
			WRITE_ONCE(row->heat, NULL);
			list_add(&heat->link, &gone);
		}
		cond_resched();
	}
	mutex_unlock(&table.mutex);
	if (list_empty(&gone))
		return;
	/* Tasks remember where they counted: all look anew, and find nothing there. */
	table_new_epoch();
	compat_synchronize_hooks();
	list_for_each_entry_safe(heat, next, &gone, link) {
		heat_release(heat);
		cond_resched();
	}
}

/* What lies ready for the first calls on rows while somebody asks; nothing else. */
static void heat_stock(bool asked)
{
	unsigned int cpus = num_online_cpus();
	int id;

	pool_aim(POOL_HEAT, asked ? clamp(128 * cpus, 256U, 4096U) : 0);
	for (id = POOL_HEAT_FIRST; id <= POOL_HEAT_LAST; id++)
		pool_aim(id, asked ? clamp(64 * cpus, 128U, 2048U) : 0);
	pool_aim(POOL_HEAT_SHARED, asked ? 16 : 0);
	if (asked)
		pool_refill();
}

static void heat_apply(void)
{
	bool asked = requests || !pids_is_empty(&parameter.pids);

	heat_stock(asked);
	table_new_epoch();
	compat_synchronize_hooks();
	heat_drop(false);
	/* Nothing of it is to be kept. */
	if (!asked)
		worker_keep_house();
}

/**
 * heat_request_begin - makes a request that asks for nothing yet
 *
 * Process context. Returns NULL where there is no memory.
 */
struct heat_request *heat_request_begin(void)
{
	struct heat_request *request = kzalloc(sizeof(*request), GFP_KERNEL);

	if (request)
		INIT_LIST_HEAD(&request->link);
	return request;
}

/**
 * heat_request_change - asks for these processes instead of those before
 * @request: whose
 * @pids: in the initial namespace
 *
 * Process context; waits for grace periods.
 */
void heat_request_change(struct heat_request *request, const struct pid_list *pids)
{
	unsigned long flags;

	mutex_lock(&heat_mutex);
	hook_lock_irqsave(&table.lock, flags);
	request->pids = *pids;
	if (list_empty(&request->link)) {
		list_add_tail(&request->link, &parameter.link);
		requests++;
	}
	hook_unlock_irqrestore(&table.lock, flags);
	heat_apply();
	mutex_unlock(&heat_mutex);
}

/**
 * heat_request_end - asks for nothing any more
 * @request: is freed; may be NULL
 *
 * Process context; waits for grace periods.
 */
void heat_request_end(struct heat_request *request)
{
	unsigned long flags;

	if (!request)
		return;
	mutex_lock(&heat_mutex);
	if (!list_empty(&request->link)) {
		hook_lock_irqsave(&table.lock, flags);
		list_del(&request->link);
		requests--;
		hook_unlock_irqrestore(&table.lock, flags);
		heat_apply();
	}
	mutex_unlock(&heat_mutex);
	kfree(request);
}

/**
 * heat_select - what the parameter heat_pid asks for
 * @pids: in the initial namespace
 *
 * Process context; waits for grace periods.
 */
void heat_select(const struct pid_list *pids)
{
	unsigned long flags;

	mutex_lock(&heat_mutex);
	hook_lock_irqsave(&table.lock, flags);
	parameter.pids = *pids;
	hook_unlock_irqrestore(&table.lock, flags);
	heat_apply();
	mutex_unlock(&heat_mutex);
}

/**
 * heat_reset - has all heat count from nothing
 *
 * Process context; waits for a grace period.
 */
void heat_reset(void)
{
	mutex_lock(&heat_mutex);
	heat_drop(true);
	atomic64_set(&lost, 0);
	mutex_unlock(&heat_mutex);
}
