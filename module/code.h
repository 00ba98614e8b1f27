/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which file an address of a process's code is in. No mapping is looked at when a stack is taken:
 * what is executable is written down when it is mapped (hooks.c watches), for processes of which
 * stacks are asked, and by the worker for those that ran already. So it is known without a lock
 * that a fault could not take, and it is known of each stack whether the mappings have moved since.
 */
#ifndef FAULTSTAT_CODE_H
#define FAULTSTAT_CODE_H

#include <linux/mm.h>
#include <linux/types.h>
#include "pool.h"

struct fs_process;

/**
 * struct fs_code_range - a range of addresses and what is mapped there
 * @start: first address
 * @end: behind the last
 * @place: of @start
 */
struct fs_code_range {
	unsigned long start;
	unsigned long end;
	u64 place;
};

/*
 * A place is an image's number and an offset in its file; or, with no number, why it is not known.
 * PLACE_EXACT says that the instruction there is the next to be executed, not what a call returns
 * to.
 */
#define PLACE_IMAGE_SHIFT	44
#define PLACE_EXACT		BIT_ULL(43)
#define PLACE_OFFSET_MASK	(PLACE_EXACT - 1)

enum fs_place {
	PLACE_LATER,		/* the mappings are not known yet */
	PLACE_NO_FILE,		/* no file is mapped executable there */
	PLACE_NO_ROOM,		/* too many mappings, or images */
	PLACE_REASONS
};

/* What of fs_process.code_wanted. */
enum fs_code_wanted {
	CODE_NOT_WANTED,
	CODE_WANTED,
	CODE_BUSY,		/* the mappings were being changed: wanted again */
};

static inline u32 fs_place_image(u64 place)
{
	return place >> PLACE_IMAGE_SHIFT;
}

/**
 * struct fs_code - the executable mappings of a process
 * @freed: lies over a free item's link, so that @sequence goes on
 * @sequence: odd while it is being changed; the process's lock to write
 * @version: changes when what an address means has changed; likewise, never VERSION_NONE
 * @known: all that is mapped is here; else the worker is to look. Changes as ranges do
 * @full: there are more than have room
 * @pool: which it is from
 * @count: of @ranges
 * @trampoline: where signal handlers return to, 0 before that is known
 * @ranges: ascending
 */
struct fs_code {
	void *freed;
	u32 sequence;
	u32 version;
	bool known;
	bool full;
	u8 pool;
	u16 count;
	u64 trampoline;
	struct fs_code_range ranges[];
};

#define VERSION_NONE	0

/* In a hook: */
void fs_code_begin(struct fs_process *process, const struct mm_struct *mm);
void fs_code_mapped(struct fs_process *process, struct vm_area_struct *vma);
void fs_code_missed(struct fs_process *process);
void fs_code_forked(struct fs_process *parent, struct fs_process *child);
u32 fs_code_places(struct fs_process *process, const u64 *addresses, unsigned int count,
		   u64 *places);
void fs_code_set_trampoline(struct fs_process *process, u64 address);
void fs_code_release(struct fs_process *process);

/* In process context: */
bool fs_code_is_wanted(void);
void fs_code_want(struct fs_process *process);
void fs_code_watch(bool watched);
void fs_code_fill(void);
void fs_code_pool_sizes(size_t *size);

#endif
