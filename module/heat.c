// SPDX-License-Identifier: GPL-2.0
/*
 * Heat: asking for it, counting by region, and its memory. The way of a call that is
 * counted by region is in account.c; what a CPU's first call on a row wants is here, the
 * regions themselves are in regions.c. See heat.h for the bounds.
 *
 * A row's heat appears under fs_table.lock, once its process is known to be asked for. It
 * goes when nothing asks for it any more: a new epoch has every task look again at its next
 * call, so a grace period later no hook makes a new one, and another grace period after
 * it was taken from its row no hook counts in it.
 */
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "pool.h"
#include "process.h"
#include "regions.h"
#include "task.h"
#include "worker.h"

/**
 * struct heat_request - a parameter or an open file that asks for heat
 * @link: from @parameter on
 * @set: which processes; fs_table.lock
 */
struct heat_request {
	struct list_head link;
	struct fs_pid_set set;
};

/* The parameter heat_pid, which is always there, and the open files. fs_table.lock. */
static struct heat_request parameter = { .link = LIST_HEAD_INIT(parameter.link) };
static unsigned int requests;

/* One change at a time; before fs_table.mutex. */
static DEFINE_MUTEX(heat_mutex);

static atomic64_t lost = ATOMIC64_INIT(0);

/**
 * fs_heat_selects - whether the files of a process are to be counted by region
 * @pid: of the thread group
 * @nr: its number in the initial namespace
 *
 * In a hook, under fs_table.lock.
 */
bool fs_heat_selects(struct pid *pid, pid_t nr)
{
	/* Each of them is asked, for an id in it may get its meaning. */
	bool selects = fs_pid_set_has(&parameter.set, pid, nr);
	struct heat_request *request;

	list_for_each_entry(request, &parameter.link, link)
		selects |= fs_pid_set_has(&request->set, pid, nr);
	return selects;
}

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

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	heat = fs_heat_of(row);
	if (!heat) {
		heat = fs_pool_get(POOL_HEAT);
		if (heat) {
			memset(heat, 0, heat_size());
			raw_spin_lock_init(&heat->lock);
			heat->epoch = fs_table.epoch;
			if (size > 0)
				heat->first_page = min((u64)(size - 1) >> PAGE_SHIFT,
						       HEAT_PAGE_LAST);
			/* Hooks on other CPUs find it whole. */
			smp_wmb();
			WRITE_ONCE(row->heat, heat->cpu);
		}
	}
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
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
	region = fs_heat_region(&heat->cpu[smp_processor_id()], place->page);
	if (region)
		region_count(region, true);
	else
		count_shared(heat, place->page, true);
}

/* Reading; process context, fs_table.mutex held. */

/**
 * fs_heat_read - sums a row's regions over the CPUs
 * @heat: of the row
 * @read: result
 *
 * Process context, fs_table.mutex held.
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
 * fs_heat_status - what the header of the file says
 * @status: result
 *
 * Process context.
 */
void fs_heat_status(struct fs_heat_status *status)
{
	unsigned long flags;
	int id;

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	status->requests = requests;
	status->pids = parameter.set.list;
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
	status->memory = fs_pool_bytes_used(POOL_HEAT);
	for (id = POOL_HEAT_FIRST; id <= POOL_HEAT_SHARED; id++)
		status->memory += fs_pool_bytes_used(id);
	status->lost = atomic64_read(&lost);
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

/* A grace period after it was taken from its row. */
static void heat_release(struct fs_heat *heat)
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
 * Process context, fs_table.mutex held.
 */
void fs_heat_free(struct fs_row *row)
{
	struct fs_heat *heat = fs_heat_of(row);

	row->heat = NULL;
	if (heat)
		heat_release(heat);
}

/* Asking. Under heat_mutex, which lets the requests be read without fs_table.lock. */

static bool row_is_asked_for(const struct fs_row *row)
{
	return row->process->pid && fs_heat_selects(row->process->pid, 0);
}

/* Takes heat from rows: from all, or where nothing asks for it any more. */
static void heat_drop(bool all)
{
	struct fs_heat *heat, *next;
	LIST_HEAD(gone);
	struct fs_row *row;

	mutex_lock(&fs_table.mutex);
	list_for_each_entry(row, &fs_table.rows, of_table) {
		heat = fs_heat_of(row);
		if (heat && (all || !row_is_asked_for(row))) {
			WRITE_ONCE(row->heat, NULL);
			list_add(&heat->link, &gone);
		}
		cond_resched();
	}
	mutex_unlock(&fs_table.mutex);
	if (list_empty(&gone))
		return;
	/* Tasks remember where they counted: all look anew, and find nothing there. */
	fs_table_new_epoch();
	compat_synchronize_hooks();
	list_for_each_entry_safe(heat, next, &gone, link) {
		heat_release(heat);
		cond_resched();
	}
}

/*
 * Sets how many items the pools keep in reserve for the first calls on rows: some while
 * heat is asked for, none otherwise.
 */
static void heat_stock(bool asked)
{
	unsigned int cpus = num_online_cpus();
	int id;

	fs_pool_aim(POOL_HEAT, asked ? clamp(128 * cpus, 256U, 4096U) : 0);
	for (id = POOL_HEAT_FIRST; id <= POOL_HEAT_LAST; id++)
		fs_pool_aim(id, asked ? clamp(64 * cpus, 128U, 2048U) : 0);
	fs_pool_aim(POOL_HEAT_SHARED, asked ? 16 : 0);
	if (asked)
		fs_pool_refill();
}

static void heat_apply(void)
{
	bool asked = requests || !fs_pids_is_empty(&parameter.set.list);

	heat_stock(asked);
	fs_table_new_epoch();
	compat_synchronize_hooks();
	heat_drop(false);
	/* Nothing of it is to be kept. */
	if (!asked)
		fs_worker_keep_house();
}

/**
 * fs_heat_request_begin - makes a request that asks for nothing yet
 *
 * Process context. Returns NULL where there is no memory.
 */
struct heat_request *fs_heat_request_begin(void)
{
	struct heat_request *request = kzalloc(sizeof(*request), GFP_KERNEL);

	if (request)
		INIT_LIST_HEAD(&request->link);
	return request;
}

/**
 * fs_heat_request_change - asks for these processes instead of those before
 * @request: whose
 * @pids: in the initial namespace
 *
 * Process context; waits for grace periods.
 */
void fs_heat_request_change(struct heat_request *request, const struct fs_pid_list *pids)
{
	struct pid *before[PIDS_MAX];
	unsigned long flags;

	mutex_lock(&heat_mutex);
	fs_hook_lock_irqsave(&fs_table.lock, flags);
	fs_pid_set_change(&request->set, pids, before);
	if (list_empty(&request->link)) {
		list_add_tail(&request->link, &parameter.link);
		requests++;
	}
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
	fs_pid_set_put(before);
	heat_apply();
	mutex_unlock(&heat_mutex);
}

/**
 * fs_heat_request_end - asks for nothing any more
 * @request: is freed; may be NULL
 *
 * Process context; waits for grace periods.
 */
void fs_heat_request_end(struct heat_request *request)
{
	unsigned long flags;

	if (!request)
		return;
	mutex_lock(&heat_mutex);
	if (!list_empty(&request->link)) {
		fs_hook_lock_irqsave(&fs_table.lock, flags);
		list_del(&request->link);
		requests--;
		fs_hook_unlock_irqrestore(&fs_table.lock, flags);
		heat_apply();
	}
	mutex_unlock(&heat_mutex);
	fs_pid_set_put(request->set.held);
	kfree(request);
}

/**
 * fs_heat_select - what the parameter heat_pid asks for
 * @pids: in the initial namespace
 *
 * Process context; waits for grace periods.
 */
void fs_heat_select(const struct fs_pid_list *pids)
{
	struct pid *before[PIDS_MAX];
	unsigned long flags;

	mutex_lock(&heat_mutex);
	fs_hook_lock_irqsave(&fs_table.lock, flags);
	fs_pid_set_change(&parameter.set, pids, before);
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
	fs_pid_set_put(before);
	heat_apply();
	mutex_unlock(&heat_mutex);
}

/**
 * fs_heat_reset - has all heat count from nothing
 *
 * Process context; waits for a grace period.
 */
void fs_heat_reset(void)
{
	mutex_lock(&heat_mutex);
	heat_drop(true);
	atomic64_set(&lost, 0);
	mutex_unlock(&heat_mutex);
}

/**
 * fs_heat_destroy - gives up what the parameter holds
 *
 * Process context, with no hook and no reader left.
 */
void fs_heat_destroy(void)
{
	fs_pid_set_put(parameter.set.held);
}
