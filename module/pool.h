/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pools. Hooks may not allocate, so everything they may need first lies in a pool, which the
 * worker fills and trims in process context, with memory of memory.h.
 */
#ifndef FAULTSTAT_POOL_H
#define FAULTSTAT_POOL_H

#include <linux/types.h>

enum fs_pool_id {
	POOL_TASK,		/* struct fs_task_state */
	POOL_PROCESS,		/* struct fs_process */
	POOL_ROW,		/* struct fs_row */
	POOL_ALIAS,		/* struct fs_alias */
	POOL_GROUP,		/* a zeroed struct fs_group */
	POOL_GROUP_CELLS,	/* the zeroed pointers to a group's cells */
	POOL_CELLS_FIRST,	/* zeroed cells of a process's first rows */
	POOL_CELLS,		/* a zeroed page of cells */
	POOL_SCRATCH,		/* a page to build a path in */
	POOL_NAME_FIRST,	/* struct fs_name with its text, by size */
	POOL_NAME_LAST = POOL_NAME_FIRST + 4,
	POOL_HEAT,		/* struct fs_heat */
	POOL_HEAT_FIRST,	/* zeroed regions, by size */
	POOL_HEAT_LAST = POOL_HEAT_FIRST + 2,
	POOL_HEAT_SHARED,	/* of the last size */
	POOL_IMAGE,		/* struct fs_image */
	POOL_CODE_FIRST,	/* struct fs_code with its ranges, by size */
	POOL_CODE_LAST,
	POOL_STACK_FIRST,	/* struct fs_stack with its frames, by size */
	POOL_STACK_LAST = POOL_STACK_FIRST + 3,
	POOL_STACK_CELLS,	/* a zeroed page of the counters of stacks on a CPU */
	POOLS
};

/* Longest name that is kept, its NUL included: what fits the scratch page. */
#define NAME_SIZE_MAX 4096

int fs_pool_init(unsigned int max_rows, unsigned int max_tasks, const size_t size[POOLS]);
int fs_pool_fill(void);
void fs_pool_destroy(void);
void *fs_pool_get(enum fs_pool_id id);
bool fs_pool_is_empty(enum fs_pool_id id);
bool fs_pool_is_starved(enum fs_pool_id id);
void fs_pool_put(enum fs_pool_id id, void *item);
size_t fs_pool_item_size(enum fs_pool_id id);
unsigned int fs_pool_used(enum fs_pool_id id);
bool fs_pool_is_crowded(enum fs_pool_id id);
unsigned long long fs_pool_bytes_used(enum fs_pool_id id);
void fs_pool_aim(enum fs_pool_id id, unsigned int target);
void fs_pool_refill(void);
bool fs_pool_has_surplus(void);
void fs_pool_trim(void);

#endif
