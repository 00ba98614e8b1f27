// SPDX-License-Identifier: GPL-2.0
/*
 * The account of memory: all that the module takes, the pools' items and the fixed tables, is
 * charged against max_memory. Allocation is for process context; hooks take from pools.
 */
#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/slab.h>
#include "memory.h"

static unsigned long long memory_max __read_mostly;

/* Written where memory comes and goes, read at births; in a line of its own. */
static struct {
	atomic64_t charged;
} memory ____cacheline_aligned_in_smp;

/* Never the OOM killer for what we can do without, nor a word in the log. */
#define MEMORY_GFP	(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)

/**
 * fs_memory_start - says how much there may be
 * @limit: bytes that fs_memory_used() may reach
 *
 * Process context, before all else here.
 */
void fs_memory_start(unsigned long long limit)
{
	memory_max = limit;
}

/**
 * fs_memory_stop - looks that all has been given back
 *
 * Process context.
 */
void fs_memory_stop(void)
{
	WARN_ON_ONCE(atomic64_read(&memory.charged));
}

/* Charges @size bytes; false where max_memory does not allow them. */
static bool memory_charge(size_t size)
{
	if (atomic64_add_return(size, &memory.charged) <= memory_max)
		return true;
	atomic64_sub(size, &memory.charged);
	return false;
}

/**
 * fs_memory_zalloc - zeroed memory of any size, charged against max_memory
 * @size: bytes
 *
 * Process context. Returns NULL where there is no memory or no allowance left.
 */
void *fs_memory_zalloc(size_t size)
{
	void *ptr;

	if (!memory_charge(size))
		return NULL;
	ptr = kvzalloc(size, MEMORY_GFP);
	if (!ptr)
		atomic64_sub(size, &memory.charged);
	return ptr;
}

/**
 * fs_memory_zalloc_node - zeroed memory of a node, as far as it has any; charged likewise
 * @size: bytes, as fs_memory_bucket() makes them
 * @node: may be offline
 *
 * Process context. Returns NULL where there is no memory or no allowance left.
 */
void *fs_memory_zalloc_node(size_t size, int node)
{
	void *ptr;

	if (!memory_charge(size))
		return NULL;
	ptr = kzalloc_node(size, MEMORY_GFP, node_online(node) ? node : NUMA_NO_NODE);
	if (!ptr)
		atomic64_sub(size, &memory.charged);
	return ptr;
}

/**
 * fs_memory_free - gives back what fs_memory_zalloc() or fs_memory_zalloc_node() gave
 * @ptr: may be NULL
 * @size: as asked for
 *
 * Process context.
 */
void fs_memory_free(void *ptr, size_t size)
{
	if (!ptr)
		return;
	kvfree(ptr);
	atomic64_sub(size, &memory.charged);
}

/**
 * fs_memory_used - bytes charged now
 *
 * Any context.
 */
unsigned long long fs_memory_used(void)
{
	return atomic64_read(&memory.charged);
}

/**
 * fs_memory_is_tight - whether ended processes should be folded to make room
 *
 * True above seven eighths of max_memory. Any context.
 */
bool fs_memory_is_tight(void)
{
	return fs_memory_used() > memory_max - memory_max / 8;
}

/**
 * fs_memory_bucket - what kmalloc() really takes, so that the account is honest
 * @size: bytes
 *
 * Any context.
 */
size_t fs_memory_bucket(size_t size)
{
	if (size > 64 && size <= 96)
		return 96;
	if (size > 128 && size <= 192)
		return 192;
	return roundup_pow_of_two(size);
}

/**
 * fs_memory_part - how many items are a part of max_memory, at least one
 * @part: an eighth is 8
 * @size: bytes of an item
 *
 * Any context.
 */
unsigned int fs_memory_part(unsigned int part, size_t size)
{
	return max_t(u64, div64_u64(memory_max, part * fs_memory_bucket(size)), 1);
}
