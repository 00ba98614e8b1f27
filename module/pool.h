/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory. Hooks may not allocate, so everything they may need first lies in a
 * pool, which the worker fills and trims in process context. All of it, and the
 * fixed tables, is charged against max_memory.
 */
#ifndef FAULTSTAT_POOL_H
#define FAULTSTAT_POOL_H

#include <linux/types.h>

enum pool_id {
	POOL_TASK,		/* struct task_state */
	POOL_PROCESS,		/* struct process */
	POOL_ROW,		/* struct row */
	POOL_GROUP,		/* struct group */
	POOL_CELLS,		/* a zeroed page of cells */
	POOL_SCRATCH,		/* a page to build a path in */
	POOL_NAME_FIRST,	/* struct name with its text, by size */
	POOL_NAME_LAST = POOL_NAME_FIRST + 4,
	POOL_HEAT,		/* struct heat */
	POOL_HEAT_FIRST,	/* zeroed regions, by size */
	POOL_HEAT_LAST = POOL_HEAT_FIRST + 2,
	POOL_HEAT_SHARED,	/* of the last size */
	POOLS
};

/* Longest name that is kept, its NUL included: what fits the scratch page. */
#define NAME_SIZE_MAX 4096

void pool_init(unsigned long long limit, unsigned int max_rows, unsigned int max_tasks,
	       const size_t size[POOLS]);
int pool_fill(void);
void pool_destroy(void);
void *pool_get(enum pool_id id);
bool pool_is_empty(enum pool_id id);
bool pool_is_starved(enum pool_id id);
void pool_put(enum pool_id id, void *item);
size_t pool_item_size(enum pool_id id);
unsigned long long pool_bytes_used(enum pool_id id);
void pool_aim(enum pool_id id, unsigned int target);
void pool_refill(void);
bool pool_has_surplus(void);
void pool_trim(void);

void *memory_zalloc(size_t size);
void memory_free(void *ptr, size_t size);
unsigned long long memory_used(void);
bool memory_is_tight(void);

#endif
