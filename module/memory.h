/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What memory the module takes, charged against max_memory: fixed tables, and the items of pools.
 */
#ifndef FAULTSTAT_MEMORY_H
#define FAULTSTAT_MEMORY_H

#include <linux/types.h>

void fs_memory_start(unsigned long long limit);
void fs_memory_stop(void);
void *fs_memory_zalloc(size_t size);
void *fs_memory_zalloc_node(size_t size, int node);
void fs_memory_free(void *ptr, size_t size);
unsigned long long fs_memory_used(void);
bool fs_memory_is_tight(void);
size_t fs_memory_bucket(size_t size);
unsigned int fs_memory_part(unsigned int part, size_t size);

#endif
