/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Heat: which parts of a file are touched. A row of a process that it was asked for
 * counts calls and majors by region as well: at most HEAT_REGIONS of equal size, a power
 * of two of pages, which doubles when the file outgrows them. Each CPU has regions of
 * its own, with a size of its own, so it doubles them without asking the others; a
 * reader adds them up by the largest size.
 *
 * A small file needs few regions, and there are three sizes of memory for them: 16, 64
 * and 256. A file that grows gets a larger one before its regions double. Where memory
 * has run out, fewer and larger regions do.
 *
 * Bound: 16 bytes a region, so from 256 bytes to 4 KiB for a row on a CPU; all of 256
 * regions together at most a quarter of max_memory, all of 64 and all of 16 a sixteenth
 * each. While there are none, or none yet, a row's CPUs share 256 under a lock; all those
 * are a sixteenth as well. Where not even these can be had, calls are counted as lost.
 * What a row has beside, about 24 bytes for each possible CPU, is at most an eighth.
 */
#ifndef FAULTSTAT_HEAT_H
#define FAULTSTAT_HEAT_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mm.h>
#include "pids.h"
#include "regions.h"
#include "row.h"

/**
 * struct fs_heat - a row's calls by region; the row points at its cells
 * @link: in the list of those that are being freed
 * @first_page: the file's last one when it was made
 * @epoch: fs_table.epoch when it was made
 * @lock: for @shared
 * @told: the line of a snapshot under way that has read this heat, and to which verdicts
 *	that come later are to be added; fs_table.rows_sem for writing
 * @lost: calls that found no memory for their region
 * @lost_major: majors likewise
 * @shared: of CPUs that have none of their own
 * @cpu: by CPU; made and moved by that CPU in task context alone, and counted in by
 *	that CPU alone
 */
struct fs_heat {
	struct list_head link;
	u64 first_page;
	u64 epoch;
	raw_spinlock_t lock;
	void *told;
	atomic64_t lost;
	atomic64_t lost_major;
	struct fs_heat_cells shared;
	struct fs_heat_cells cpu[];
};

/* NULL where the row has none. */
static inline struct fs_heat *fs_heat_of(const struct fs_row *row)
{
	struct fs_heat_cells *cells = READ_ONCE(row->heat);

	return cells ? container_of(cells, struct fs_heat, cpu[0]) : NULL;
}

/* The page of a call that is not counted by region; of one that was to be, and is lost. */
#define HEAT_NO_PAGE	(~0ULL)
#define HEAT_LOST_PAGE	(~1ULL)

/* Further on in a file a call counts as here: then regions have at most 2^58 bytes. */
#define HEAT_PAGE_LAST	((1ULL << 50) - 1)

/**
 * struct fs_heat_place - where a task's last call was counted by region
 * @page: in the file; HEAT_NO_PAGE, HEAT_LOST_PAGE
 * @cells: of the row, of some CPU; only compared, for they may be gone
 * @generation: of the task's state
 */
struct fs_heat_place {
	u64 page;
	const struct fs_heat_cells *cells;
	u64 generation;
};

/* In a hook: a call's page in its file. */
static __always_inline u64 fs_heat_page(const struct vm_area_struct *vma, unsigned long address)
{
	return vma->vm_pgoff + ((address - vma->vm_start) >> PAGE_SHIFT);
}

/* In hooks: */
struct fs_heat_cells *fs_heat_call(struct fs_row *row, u64 *cell, u64 page,
				   const struct vm_area_struct *vma);
u64 fs_heat_page_in_file(const struct vm_area_struct *vma, unsigned long address);
void fs_heat_major(struct fs_row *row, const struct fs_heat_place *place);
void fs_heat_major_at_end(struct fs_row *row, const struct fs_heat_place *place);
bool fs_heat_has_call(const struct fs_heat *heat, const struct fs_heat_place *place);

/* In process context: */
void fs_heat_destroy(void);
void fs_heat_forget_lost(void);
void fs_heat_release(struct fs_heat *heat);
void fs_heat_free(struct fs_row *row);
void fs_heat_pool_sizes(size_t *size);

void fs_heat_read(const struct fs_heat *heat, struct fs_heat_read *read);

/**
 * struct fs_heat_status - what the header of the file says
 * @requests: open files that ask for it
 * @pids: what the parameter asks for
 * @memory: bytes in use
 * @lost: calls whose row could not have heat
 */
struct fs_heat_status {
	unsigned int requests;
	struct fs_pid_list pids;
	unsigned long long memory;
	u64 lost;
};

void fs_heat_status(struct fs_heat_status *status);

#endif
