// SPDX-License-Identifier: GPL-2.0
/*
 * Pools of fixed-size items. fs_pool_get() and fs_pool_put() may be called in any
 * context but NMI: a raw spinlock with interrupts off, a few instructions. The
 * worker calls fs_pool_refill(), fs_pool_trim() in process context; the latter only
 * after a grace period, because hooks look at task states and rows without locks.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "lock.h"
#include "pool.h"
#include "worker.h"

struct item {
	struct item *next;
};

struct pool {
	raw_spinlock_t lock;
	struct item *head;
	unsigned int free;
	unsigned int target;	/* free items the worker aims at */
	unsigned int target_max;
	unsigned int used;	/* items handed out */
	unsigned int used_max;	/* 0: bounded by memory alone */
	bool starved;		/* the worker could not fill it: no use in calling it */
	size_t size;
};

static struct pool pools[POOLS];
static atomic64_t memory = ATOMIC64_INIT(0);
static unsigned long long memory_max;

/* Charges @size bytes; false where max_memory does not allow them. */
static bool memory_charge(size_t size)
{
	if (atomic64_add_return(size, &memory) <= memory_max)
		return true;
	atomic64_sub(size, &memory);
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
	ptr = kvzalloc(size, GFP_KERNEL);
	if (!ptr)
		atomic64_sub(size, &memory);
	return ptr;
}

/**
 * fs_memory_free - gives back what fs_memory_zalloc() gave
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
	atomic64_sub(size, &memory);
}

/**
 * fs_memory_used - bytes charged now
 *
 * Any context.
 */
unsigned long long fs_memory_used(void)
{
	return atomic64_read(&memory);
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

/*
 * Below three quarters: early, since the worker may have to wait for a processor. Not
 * at once when one item of a small pool is out, as the scratch of each new name is.
 */
static bool pool_is_low(const struct pool *pool)
{
	unsigned int target = READ_ONCE(pool->target);

	return READ_ONCE(pool->free) < target - DIV_ROUND_UP(target, 4);
}

/**
 * fs_pool_is_empty - whether fs_pool_get() would fail
 * @id: which pool
 *
 * Any context. A hint, for not doing what would be in vain.
 */
bool fs_pool_is_empty(enum fs_pool_id id)
{
	return !READ_ONCE(pools[id].head);
}

/**
 * fs_pool_is_starved - whether fs_pool_get() would fail, and the worker could not help
 * @id: which pool
 *
 * Any context. A hint, likewise.
 */
bool fs_pool_is_starved(enum fs_pool_id id)
{
	return fs_pool_is_empty(id) && READ_ONCE(pools[id].starved);
}

/**
 * fs_pool_get - takes an item; its memory is not cleared, but for a page of cells and for regions
 * @id: which pool
 *
 * Any context but NMI. Returns NULL where the pool is empty; the worker is on its
 * way then, and the pool will be kept fuller from now on.
 */
void *fs_pool_get(enum fs_pool_id id)
{
	struct pool *pool = &pools[id];
	struct item *item;
	unsigned long flags;
	bool low;

	/* Where memory has run out, faults do not queue for a lock to hear it. */
	if (fs_pool_is_starved(id))
		return NULL;

	fs_hook_lock_irqsave(&pool->lock, flags);
	item = pool->head;
	if (item) {
		pool->head = item->next;
		item->next = NULL;
		pool->free--;
		pool->used++;
	} else {
		pool->target = min(pool->target * 2, pool->target_max);
	}
	low = pool_is_low(pool) && !pool->starved;
	fs_hook_unlock_irqrestore(&pool->lock, flags);

	if (low)
		fs_worker_refill();
	return item;
}

/**
 * fs_pool_put - gives an item back
 * @id: the pool it came from
 * @ptr: the item; one of POOL_CELLS or of regions must be all zeroes
 *
 * Any context but NMI.
 */
void fs_pool_put(enum fs_pool_id id, void *ptr)
{
	struct pool *pool = &pools[id];
	struct item *item = ptr;
	unsigned long flags;

	fs_hook_lock_irqsave(&pool->lock, flags);
	item->next = pool->head;
	pool->head = item;
	pool->free++;
	pool->used--;
	pool->starved = false;
	fs_hook_unlock_irqrestore(&pool->lock, flags);
}

/**
 * fs_pool_item_size - bytes of one item
 * @id: which pool
 *
 * Any context.
 */
size_t fs_pool_item_size(enum fs_pool_id id)
{
	return pools[id].size;
}

/**
 * fs_pool_bytes_used - what the items take that are handed out
 * @id: which pool
 *
 * Any context.
 */
unsigned long long fs_pool_bytes_used(enum fs_pool_id id)
{
	return (unsigned long long)READ_ONCE(pools[id].used) * pools[id].size;
}

static bool pool_has_place(const struct pool *pool)
{
	return !pool->used_max || READ_ONCE(pool->used) + READ_ONCE(pool->free) < pool->used_max;
}

static bool pool_wants(const struct pool *pool)
{
	return READ_ONCE(pool->free) < READ_ONCE(pool->target) && pool_has_place(pool);
}

static void pool_release(struct pool *pool, struct item *list)
{
	while (list) {
		struct item *item = list;

		list = item->next;
		kfree(item);
		atomic64_sub(pool->size, &memory);
	}
}

static bool pool_add(struct pool *pool)
{
	struct item *item;
	unsigned long flags;
	bool fits;

	if (!memory_charge(pool->size))
		return false;
	item = kzalloc(pool->size, GFP_KERNEL | __GFP_NOWARN);
	if (!item) {
		atomic64_sub(pool->size, &memory);
		return false;
	}
	fs_hook_lock_irqsave(&pool->lock, flags);
	/* Two works refill: what is a bound for both is looked at once more. */
	fits = pool_has_place(pool);
	if (fits) {
		item->next = pool->head;
		pool->head = item;
		pool->free++;
	}
	fs_hook_unlock_irqrestore(&pool->lock, flags);
	if (!fits)
		pool_release(pool, item);
	return fits;
}

/* One item, if the pool wants it. Whether it is starved is known now. */
static bool pool_feed(struct pool *pool)
{
	bool fed;

	if (!pool_wants(pool)) {
		/* Not hungry, or full by its bound. */
		WRITE_ONCE(pool->starved, pool_is_low(pool));
		return false;
	}
	fed = pool_add(pool);
	WRITE_ONCE(pool->starved, !fed);
	return fed;
}

/**
 * fs_pool_refill - fills every pool to its target, as far as memory allows
 *
 * Process context; sleeps. One item of each pool in turn, so that scarce memory is
 * not all taken by the first.
 */
void fs_pool_refill(void)
{
	bool again;
	int id;

	do {
		again = false;
		for (id = 0; id < POOLS; id++)
			if (pool_feed(&pools[id]))
				again = true;
	} while (again);
}

/*
 * Twice the target and a little: less is not worth a grace period. Nothing of what is
 * not wanted at all.
 */
static unsigned int pool_keeps(const struct pool *pool)
{
	unsigned int target = READ_ONCE(pool->target);

	return target ? target * 2 + 32 : 0;
}

/**
 * fs_pool_has_surplus - whether fs_pool_trim() has anything to do
 *
 * Any context.
 */
bool fs_pool_has_surplus(void)
{
	int id;

	for (id = 0; id < POOLS; id++)
		if (READ_ONCE(pools[id].free) > pool_keeps(&pools[id]))
			return true;
	return false;
}

/* Takes all free items but @keep out of the pool. */
static struct item *pool_detach(struct pool *pool, unsigned int keep)
{
	struct item *list = NULL, *item;
	unsigned long flags;

	do {
		fs_hook_lock_irqsave(&pool->lock, flags);
		item = pool->free > keep ? pool->head : NULL;
		if (item) {
			pool->head = item->next;
			pool->free--;
		}
		fs_hook_unlock_irqrestore(&pool->lock, flags);
		if (item) {
			item->next = list;
			list = item;
		}
	} while (item);
	return list;
}

/**
 * fs_pool_trim - gives what the pools have in surplus back to the kernel
 *
 * Process context; waits for a grace period, since a hook may still be looking at
 * a task state that was freed a moment ago.
 */
void fs_pool_trim(void)
{
	struct item *surplus[POOLS];
	int id;

	for (id = 0; id < POOLS; id++)
		surplus[id] = pool_detach(&pools[id], pool_keeps(&pools[id]));
	compat_synchronize_hooks();
	for (id = 0; id < POOLS; id++)
		pool_release(&pools[id], surplus[id]);
}

/* What kmalloc() really takes for @size, so that the account is honest. */
static size_t kmalloc_bucket(size_t size)
{
	if (size > 64 && size <= 96)
		return 96;
	if (size > 128 && size <= 192)
		return 192;
	return roundup_pow_of_two(size);
}

/* How many items of a size are a part of max_memory. */
static unsigned int part_of_memory(unsigned int part, size_t size)
{
	return max_t(u64, div64_u64(memory_max, part * kmalloc_bucket(size)), 1);
}

/**
 * fs_pool_aim - says how many free items a pool should have
 * @id: which pool
 * @target: 0 for none: it is not in use
 *
 * Any context but NMI. The worker, or fs_pool_refill(), will see to it.
 */
void fs_pool_aim(enum fs_pool_id id, unsigned int target)
{
	struct pool *pool = &pools[id];
	unsigned long flags;

	fs_hook_lock_irqsave(&pool->lock, flags);
	if (pool->used_max)
		target = min(target, pool->used_max);
	pool->target = target;
	/* What lies ready for bursts stays small beside what may be in use. */
	pool->target_max = clamp(part_of_memory(32, pool->size), target, target * 8);
	fs_hook_unlock_irqrestore(&pool->lock, flags);
}

static void pool_setup(enum fs_pool_id id, size_t size, unsigned int target,
		       unsigned int used_max)
{
	struct pool *pool = &pools[id];

	raw_spin_lock_init(&pool->lock);
	pool->size = kmalloc_bucket(size);
	pool->used_max = used_max;
	fs_pool_aim(id, target);
}

/**
 * fs_pool_init - makes the pools, empty
 * @limit: bytes that fs_memory_used() may reach
 * @max_rows: rows that will ever be in use at once
 * @max_tasks: task states that will ever be in use at once
 * @size: bytes of an item, by pool
 *
 * Process context. The targets grow with the CPUs, since so does the number of
 * first uses in the time the worker needs to come.
 */
void fs_pool_init(unsigned long long limit, unsigned int max_rows, unsigned int max_tasks,
		  const size_t size[POOLS])
{
	/* Most paths have less than a hundred bytes. */
	static const unsigned int names[] = { 128, 128, 32, 4, 2 };
	/* Parts of max_memory: most for those that say most. */
	static const unsigned int regions[] = { 16, 16, 4, 16 };
	unsigned int cpus = num_online_cpus();
	int id;

	memory_max = limit;
	pool_setup(POOL_TASK, size[POOL_TASK], clamp(64 * cpus, 128U, 2048U), max_tasks);
	pool_setup(POOL_PROCESS, size[POOL_PROCESS], clamp(64 * cpus, 128U, 2048U), 0);
	pool_setup(POOL_ROW, size[POOL_ROW], clamp(256 * cpus, 512U, 8192U), max_rows);
	pool_setup(POOL_GROUP, size[POOL_GROUP], clamp(16 * cpus, 32U, 512U), 0);
	/* Without one the row's shared counters do, while without the others a call overflows. */
	pool_setup(POOL_CELLS, size[POOL_CELLS], clamp(8 * cpus, 16U, 512U),
		   part_of_memory(2, size[POOL_CELLS]));
	pool_setup(POOL_SCRATCH, size[POOL_SCRATCH], cpus + 1, 0);
	/* A program that maps files below deep trees is not to use up all memory for names. */
	for (id = POOL_NAME_FIRST; id <= POOL_NAME_LAST; id++)
		pool_setup(id, size[id], clamp(names[id - POOL_NAME_FIRST] * cpus, 4U, 4096U),
			   id == POOL_NAME_LAST ? part_of_memory(8, size[id]) : 0);
	/* Empty until heat is asked for. */
	pool_setup(POOL_HEAT, size[POOL_HEAT], 0, part_of_memory(8, size[POOL_HEAT]));
	for (id = POOL_HEAT_FIRST; id <= POOL_HEAT_SHARED; id++)
		pool_setup(id, size[id], 0,
			   part_of_memory(regions[id - POOL_HEAT_FIRST], size[id]));
}

/**
 * fs_pool_fill - fills the pools for the first time
 *
 * Process context; sleeps. Returns 0, or -ENOMEM where not even one item of each
 * pool that is in use can be had.
 */
int fs_pool_fill(void)
{
	int id;

	fs_pool_refill();
	for (id = 0; id < POOLS; id++)
		if (pools[id].target && !pools[id].free)
			return -ENOMEM;
	return 0;
}

/**
 * fs_pool_destroy - frees every free item
 *
 * Process context, with no hook left. All items have been put back.
 */
void fs_pool_destroy(void)
{
	int id;

	for (id = 0; id < POOLS; id++) {
		WARN_ON_ONCE(pools[id].used);
		pool_release(&pools[id], pool_detach(&pools[id], 0));
	}
	WARN_ON_ONCE(atomic64_read(&memory));
}
