// SPDX-License-Identifier: GPL-2.0
/*
 * Pools of fixed-size items. fs_pool_get() and fs_pool_put() may be called in any
 * context but NMI: a raw spinlock with interrupts off, a few instructions.
 *
 * Free items lie in two places. Each CPU has a few of its own, its magazine, behind a lock that
 * only the worker ever takes beside it; so items go in and out without a line that CPUs share. Each
 * NUMA node has the rest, its depot, with which its CPUs exchange a batch at a time, and whose
 * memory lies on that node. An item goes back to the depot of the node that it is from. A
 * CPU whose own node has none left takes from others: memory that is far away beats none.
 *
 * The worker fills depots with fs_pool_refill() and empties them with fs_pool_trim(), in process
 * context; the latter only after a grace period, because hooks look at task states and rows
 * without locks. Only the worker's side makes and frees items, under @work_lock.
 */
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/topology.h>
#include "lock.h"
#include "memory.h"
#include "pool.h"
#include "worker.h"

struct item {
	struct item *next;
};

/* Free items, behind some lock. */
struct stack {
	struct item *head;
	unsigned int free;
};

/*
 * A CPU's free items, of all pools. Written by that CPU, and by the worker when it collects them.
 */
struct magazines {
	raw_spinlock_t lock;
	struct stack of[POOLS];
};

static DEFINE_PER_CPU(struct magazines, magazines);

/**
 * struct depot - a pool's free items on one node
 * @lock: raw, interrupts off; inside a magazine's; taken by a CPU once for a batch, and by the
 *	worker for each item that it adds
 * @stack: the items
 * @target: free items the worker aims at; doubles when it was empty
 * @starved: the worker could not fill it: no use in calling it all the time, or in taking the lock
 * @emptied: it was empty since the worker looked last
 */
struct depot {
	raw_spinlock_t lock;
	struct stack stack;
	unsigned int target;
	bool starved;
	bool emptied;
} ____cacheline_aligned_in_smp;

/**
 * struct pool - read-mostly, but for what the worker counts
 * @depots: by node
 * @size: bytes of an item
 * @batch: how many items a CPU exchanges with its depot
 * @keep: how many a CPU keeps; none where all could not, or the last one would lie idle
 * @aim: a depot's target while it is not emptied
 * @target_max: what a target may grow to
 * @items_max: items in all; 0: bounded by memory alone
 * @items: there are, free or not; work_lock
 */
struct pool {
	struct depot *depots;
	size_t size;
	unsigned int batch;
	unsigned int keep;
	unsigned int aim;
	unsigned int target_max;
	unsigned int items_max;
	unsigned int items;
};

static struct pool pools[POOLS];
static unsigned int nodes;		/* that depots are there for */
static unsigned int nodes_used;		/* that had a CPU at load: the reserves are theirs */
static DECLARE_BITMAP(node_used, MAX_NUMNODES);
/* Taken by the worker, once for all that it refills, or trims. */
static DEFINE_MUTEX(work_lock);

/* Under the lock of where @stack is. */
static struct item *stack_pop(struct stack *stack)
{
	struct item *item = stack->head;

	if (item) {
		WRITE_ONCE(stack->head, item->next);
		WRITE_ONCE(stack->free, stack->free - 1);
	}
	return item;
}

static void stack_push(struct stack *stack, struct item *item)
{
	item->next = stack->head;
	WRITE_ONCE(stack->head, item);
	WRITE_ONCE(stack->free, stack->free + 1);
}

static void stack_move(struct stack *from, struct stack *to, unsigned int count)
{
	while (count-- && from->head)
		stack_push(to, stack_pop(from));
}

/* Nodes may come later; they use the first one's. */
static struct depot *depot_of(const struct pool *pool, int node)
{
	return &pool->depots[node >= 0 && node < nodes ? node : 0];
}

static int item_node(const void *item)
{
	return nodes > 1 ? page_to_nid(virt_to_page(item)) : 0;
}

/*
 * Below three quarters: early, since the worker may have to wait for a processor. Not
 * at once when one item of a small pool is out, as the scratch of each new name is.
 */
static bool depot_is_low(const struct depot *depot)
{
	unsigned int target = READ_ONCE(depot->target);

	return READ_ONCE(depot->stack.free) < target - DIV_ROUND_UP(target, 4);
}

/* Interrupts off, the magazine's lock held: a batch, if there is one. */
static void depot_serve(struct depot *depot, struct stack *stack, unsigned int batch,
			unsigned int target_max)
{
	/* Where memory has run out, faults do not queue for a lock to hear it. */
	if (READ_ONCE(depot->starved) && !READ_ONCE(depot->stack.head))
		return;
	fs_hook_lock(&depot->lock);
	stack_move(&depot->stack, stack, batch);
	if (!stack->head && !depot->emptied) {
		depot->emptied = true;
		WRITE_ONCE(depot->target, min(max(depot->target, batch) * 2, target_max));
	}
	fs_hook_unlock(&depot->lock);
}

/* Likewise, from the nearest depot that has any. Returns whether the own one is low. */
static bool magazine_fill(struct pool *pool, struct stack *stack)
{
	int own = numa_mem_id(), node;
	struct depot *depot = depot_of(pool, own);

	depot_serve(depot, stack, pool->batch, READ_ONCE(pool->target_max));
	for (node = 0; node < nodes && !stack->head; node++)
		if (&pool->depots[node] != depot && READ_ONCE(pool->depots[node].stack.head))
			depot_serve(&pool->depots[node], stack, 1,
				    READ_ONCE(pool->target_max));
	return depot_is_low(depot) && !READ_ONCE(depot->starved);
}

/**
 * fs_pool_is_empty - whether fs_pool_get() would fail
 * @id: which pool
 *
 * Any context. A hint, for not doing what would be in vain.
 */
bool fs_pool_is_empty(enum fs_pool_id id)
{
	int node;

	if (READ_ONCE(this_cpu_ptr(&magazines)->of[id].head))
		return false;
	for (node = 0; node < nodes; node++)
		if (READ_ONCE(pools[id].depots[node].stack.head))
			return false;
	return true;
}

/**
 * fs_pool_is_starved - whether fs_pool_get() would fail, and the worker could not help
 * @id: which pool
 *
 * Any context but NMI. A hint, likewise. The worker is asked to try again by and by.
 */
bool fs_pool_is_starved(enum fs_pool_id id)
{
	bool starved = fs_pool_is_empty(id) &&
		       READ_ONCE(depot_of(&pools[id], numa_mem_id())->starved);

	if (starved)
		fs_worker_refill_again();
	return starved;
}

/**
 * fs_pool_get - takes an item; its memory is not cleared, but for cells and for regions
 * @id: which pool
 *
 * Any context but NMI. Returns NULL where the pool is empty; the worker is on its
 * way then, and the pool will be kept fuller from now on.
 */
void *fs_pool_get(enum fs_pool_id id)
{
	struct pool *pool = &pools[id];
	struct magazines *own;
	struct item *item;
	unsigned long flags;
	bool low = false;

	local_irq_save(flags);
	own = this_cpu_ptr(&magazines);
	fs_hook_lock(&own->lock);
	if (!own->of[id].head)
		low = magazine_fill(pool, &own->of[id]);
	item = stack_pop(&own->of[id]);
	fs_hook_unlock(&own->lock);
	local_irq_restore(flags);

	if (item)
		item->next = NULL;
	if (low)
		fs_worker_refill();
	else if (!item)
		fs_worker_refill_again();
	return item;
}

/**
 * fs_pool_put - gives an item back
 * @id: the pool it came from
 * @ptr: the item; one of cells or of regions must be all zeroes
 *
 * Any context but NMI.
 */
void fs_pool_put(enum fs_pool_id id, void *ptr)
{
	struct pool *pool = &pools[id];
	struct magazines *own;
	struct depot *depot;
	struct stack *stack;
	unsigned long flags;

	local_irq_save(flags);
	own = this_cpu_ptr(&magazines);
	depot = depot_of(pool, item_node(ptr));
	fs_hook_lock(&own->lock);
	stack = &own->of[id];
	/* Memory of another node goes home; it is seldom that a CPU frees what it has not made. */
	if (nodes > 1 && depot != depot_of(pool, numa_mem_id())) {
		fs_hook_lock(&depot->lock);
		stack_push(&depot->stack, ptr);
		WRITE_ONCE(depot->starved, false);
		fs_hook_unlock(&depot->lock);
	} else {
		stack_push(stack, ptr);
	}
	if (stack->free > pool->keep) {
		depot = depot_of(pool, numa_mem_id());
		fs_hook_lock(&depot->lock);
		stack_move(stack, &depot->stack, pool->batch);
		WRITE_ONCE(depot->starved, false);
		fs_hook_unlock(&depot->lock);
	}
	fs_hook_unlock(&own->lock);
	local_irq_restore(flags);
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

/* What lies in depots, where most of what is free does. */
static unsigned int depots_free(const struct pool *pool)
{
	unsigned int free = 0;
	int node;

	for (node = 0; node < nodes; node++)
		free += READ_ONCE(pool->depots[node].stack.free);
	return free;
}

/**
 * fs_pool_used - items that are handed out
 * @id: which pool
 *
 * Any context, without a lock: while items come and go a few less or more than there are.
 */
unsigned int fs_pool_used(enum fs_pool_id id)
{
	unsigned int free = depots_free(&pools[id]), items = READ_ONCE(pools[id].items);
	int cpu;

	for_each_possible_cpu(cpu)
		free += READ_ONCE(per_cpu(magazines, cpu).of[id].free);
	return items > free ? items - free : 0;
}

/**
 * fs_pool_is_crowded - whether less than an eighth of a bounded pool is left
 * @id: which pool
 *
 * Any context. What CPUs keep for themselves counts as handed out: it is little (pool_setup()).
 */
bool fs_pool_is_crowded(enum fs_pool_id id)
{
	const struct pool *pool = &pools[id];
	unsigned int most = pool->items_max - pool->items_max / 8;
	unsigned int items = READ_ONCE(pool->items);

	return items > most && items - min(items, depots_free(pool)) > most;
}

/**
 * fs_pool_bytes_used - what the items take that are handed out
 * @id: which pool
 *
 * Any context.
 */
unsigned long long fs_pool_bytes_used(enum fs_pool_id id)
{
	return (unsigned long long)fs_pool_used(id) * pools[id].size;
}

/* The worker's side; process context, work_lock held. */

static void pool_release(struct pool *pool, struct item *list)
{
	while (list) {
		struct item *item = list;

		list = item->next;
		fs_memory_free(item, pool->size);
		WRITE_ONCE(pool->items, pool->items - 1);
	}
}

static bool pool_has_place(const struct pool *pool)
{
	return !pool->items_max || pool->items < pool->items_max;
}

static bool depot_wants(const struct depot *depot)
{
	return READ_ONCE(depot->stack.free) < READ_ONCE(depot->target);
}

/* One more item on @node, whose depot gets it, wherever the memory lies in the end. */
static bool depot_add(struct pool *pool, int node)
{
	struct depot *depot = &pool->depots[node];
	struct item *item;
	unsigned long flags;

	if (!pool_has_place(pool))
		return false;
	item = fs_memory_zalloc_node(pool->size, node);
	if (!item)
		return false;
	WRITE_ONCE(pool->items, pool->items + 1);
	fs_hook_lock_irqsave(&depot->lock, flags);
	stack_push(&depot->stack, item);
	WRITE_ONCE(depot->starved, false);
	fs_hook_unlock_irqrestore(&depot->lock, flags);
	return true;
}

/* One item, if it is wanted. Whether the depot is starved is known now. */
static bool depot_feed(struct pool *pool, int node)
{
	struct depot *depot = &pool->depots[node];

	if (!depot_wants(depot))
		return false;
	if (depot_add(pool, node))
		return true;
	WRITE_ONCE(depot->starved, !READ_ONCE(depot->stack.head));
	return false;
}

static bool pool_feed(struct pool *pool)
{
	bool fed = false;
	int node;

	for (node = 0; node < nodes; node++)
		fed |= depot_feed(pool, node);
	return fed;
}

/*
 * Where a bound is reached what CPUs keep may be what others lack: it goes to the depots. One
 * magazine is emptied with its lock held, at most two batches.
 */
static void magazines_collect(enum fs_pool_id id)
{
	struct pool *pool = &pools[id];
	unsigned long flags;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct magazines *some = &per_cpu(magazines, cpu);
		struct depot *depot = depot_of(pool, cpu_to_mem(cpu));

		if (!READ_ONCE(some->of[id].head))
			continue;
		fs_hook_lock_irqsave(&some->lock, flags);
		fs_hook_lock(&depot->lock);
		if (some->of[id].head)
			WRITE_ONCE(depot->starved, false);
		stack_move(&some->of[id], &depot->stack, UINT_MAX);
		fs_hook_unlock(&depot->lock);
		fs_hook_unlock_irqrestore(&some->lock, flags);
	}
}

static bool pool_is_starved(const struct pool *pool)
{
	int node;

	for (node = 0; node < nodes; node++)
		if (READ_ONCE(pool->depots[node].starved))
			return true;
	return false;
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

	mutex_lock(&work_lock);
	do {
		again = false;
		for (id = 0; id < POOLS; id++)
			again |= pool_feed(&pools[id]);
		cond_resched();
	} while (again);
	for (id = 0; id < POOLS; id++)
		if (pool_is_starved(&pools[id]))
			magazines_collect(id);
	mutex_unlock(&work_lock);
}

/*
 * Twice the target and a little: less is not worth a grace period. Nothing of what is
 * not wanted at all.
 */
static unsigned int depot_keeps(const struct depot *depot)
{
	unsigned int target = READ_ONCE(depot->target);

	return target ? target * 2 + 32 : 0;
}

/**
 * fs_pool_has_surplus - whether fs_pool_trim() has anything to do
 *
 * Any context.
 */
bool fs_pool_has_surplus(void)
{
	int id, node;

	for (id = 0; id < POOLS; id++)
		for (node = 0; node < nodes; node++)
			if (READ_ONCE(pools[id].depots[node].stack.free) >
			    depot_keeps(&pools[id].depots[node]))
				return true;
	return false;
}

/* Takes free items but @keep out of a depot. One at a time, for the hooks' sake. */
static void depot_detach(struct depot *depot, unsigned int keep, struct item **list)
{
	unsigned long flags;
	struct item *item;

	do {
		fs_hook_lock_irqsave(&depot->lock, flags);
		item = depot->stack.free > keep ? stack_pop(&depot->stack) : NULL;
		fs_hook_unlock_irqrestore(&depot->lock, flags);
		if (item) {
			item->next = *list;
			*list = item;
		}
	} while (item);
}

/* What it grew by when it was empty is given up by and by, once it is not any more. */
static void depot_calm(const struct pool *pool, struct depot *depot)
{
	unsigned long flags;

	fs_hook_lock_irqsave(&depot->lock, flags);
	if (!depot->emptied && depot->target > READ_ONCE(pool->aim))
		WRITE_ONCE(depot->target, max(READ_ONCE(pool->aim),
					      depot->target - depot->target / 4));
	depot->emptied = false;
	fs_hook_unlock_irqrestore(&depot->lock, flags);
}

/**
 * fs_pool_trim - gives what the pools have in surplus back to the kernel
 *
 * Process context, one at a time; waits for a grace period, since a hook may still be looking at
 * a task state that was freed a moment ago. Refills go on meanwhile.
 */
void fs_pool_trim(void)
{
	struct item *surplus[POOLS];
	int id, node;

	mutex_lock(&work_lock);
	for (id = 0; id < POOLS; id++) {
		struct pool *pool = &pools[id];

		surplus[id] = NULL;
		/* What is not in use any more is not kept by CPUs either. */
		if (!READ_ONCE(pool->aim))
			magazines_collect(id);
		for (node = 0; node < nodes; node++) {
			depot_calm(pool, &pool->depots[node]);
			depot_detach(&pool->depots[node], depot_keeps(&pool->depots[node]),
				     &surplus[id]);
		}
	}
	mutex_unlock(&work_lock);
	compat_synchronize_hooks();
	mutex_lock(&work_lock);
	for (id = 0; id < POOLS; id++)
		pool_release(&pools[id], surplus[id]);
	mutex_unlock(&work_lock);
}

/**
 * fs_pool_aim - says how many free items a pool should have
 * @id: which pool
 * @target: on all nodes together; 0 for none: it is not in use
 *
 * Any context but NMI. The worker, or fs_pool_refill(), will see to it.
 */
void fs_pool_aim(enum fs_pool_id id, unsigned int target)
{
	struct pool *pool = &pools[id];
	unsigned long flags;
	int node;

	if (pool->items_max)
		target = min(target, pool->items_max);
	WRITE_ONCE(pool->aim, DIV_ROUND_UP(target, nodes_used));
	/* What lies ready for bursts stays small beside what may be in use. */
	WRITE_ONCE(pool->target_max,
		   DIV_ROUND_UP(clamp(fs_memory_part(32, pool->size), target, target * 8),
				nodes_used));
	for (node = 0; node < nodes; node++) {
		struct depot *depot = &pool->depots[node];

		fs_hook_lock_irqsave(&depot->lock, flags);
		WRITE_ONCE(depot->target, test_bit(node, node_used) ? pool->aim : 0);
		WRITE_ONCE(depot->starved, false);
		fs_hook_unlock_irqrestore(&depot->lock, flags);
	}
}

static void pool_setup(enum fs_pool_id id, size_t size, unsigned int target,
		       unsigned int items_max)
{
	struct pool *pool = &pools[id];
	unsigned int share = items_max ? min(target, items_max / 4) : target;

	/* CPUs together keep at most half of the reserve, and an eighth of what there may be. */
	share /= 4 * num_online_cpus();
	pool->batch = clamp(share, 1U, 32U);
	pool->keep = share ? 2 * pool->batch : !items_max;
	pool->size = fs_memory_bucket(size);
	pool->items_max = items_max;
	fs_pool_aim(id, target);
}

/* A depot for each node and pool, and each CPU's magazines. */
static int places_init(void)
{
	int cpu, id, node;

	nodes = nr_node_ids;
	bitmap_zero(node_used, MAX_NUMNODES);
	for_each_online_cpu(cpu)
		set_bit(cpu_to_mem(cpu), node_used);
	nodes_used = bitmap_weight(node_used, MAX_NUMNODES);
	for_each_possible_cpu(cpu) {
		struct magazines *some = &per_cpu(magazines, cpu);

		memset(some, 0, sizeof(*some));
		raw_spin_lock_init(&some->lock);
	}
	for (id = 0; id < POOLS; id++) {
		pools[id].depots = fs_memory_zalloc(nodes * sizeof(struct depot));
		if (!pools[id].depots)
			return -ENOMEM;
		for (node = 0; node < nodes; node++)
			raw_spin_lock_init(&pools[id].depots[node].lock);
	}
	return 0;
}

/**
 * fs_pool_init - makes the pools, empty
 * @max_rows: rows that will ever be in use at once
 * @max_tasks: task states that will ever be in use at once
 * @size: bytes of an item, by pool
 *
 * Process context. The targets grow with the CPUs, since so does the number of
 * first uses in the time the worker needs to come. Returns 0 or -ENOMEM; fs_pool_destroy() is
 * right after either.
 */
int fs_pool_init(unsigned int max_rows, unsigned int max_tasks, const size_t size[POOLS])
{
	/* Most paths have less than a hundred bytes. */
	static const unsigned int names[] = { 128, 128, 32, 4, 2 };
	/* Parts of max_memory: most for those that say most. */
	static const unsigned int regions[] = { 16, 16, 4, 16 };
	/* Images; mappings; stacks, as stack.c counts on; their cells. */
	static const unsigned int stacks[] = { 32, 32, 32, 16, 8, 16, 32, 8 };
	unsigned int cpus = num_online_cpus();
	int id, err;

	err = places_init();
	if (err)
		return err;
	pool_setup(POOL_TASK, size[POOL_TASK], clamp(64 * cpus, 128U, 2048U), max_tasks);
	pool_setup(POOL_PROCESS, size[POOL_PROCESS], clamp(64 * cpus, 128U, 2048U), 0);
	pool_setup(POOL_ROW, size[POOL_ROW], clamp(256 * cpus, 512U, 8192U), max_rows);
	pool_setup(POOL_ALIAS, size[POOL_ALIAS], clamp(8 * cpus, 16U, 512U),
		   fs_memory_part(32, size[POOL_ALIAS]));
	pool_setup(POOL_GROUP, size[POOL_GROUP], clamp(32 * cpus, 64U, 1024U), 0);
	pool_setup(POOL_GROUP_CELLS, size[POOL_GROUP_CELLS], clamp(32 * cpus, 64U, 1024U), 0);
	/* Without one the row's shared counters do, while without the others a call overflows. */
	pool_setup(POOL_CELLS_FIRST, size[POOL_CELLS_FIRST], clamp(32 * cpus, 64U, 1024U),
		   fs_memory_part(4, size[POOL_CELLS_FIRST]));
	pool_setup(POOL_CELLS, size[POOL_CELLS], clamp(8 * cpus, 16U, 512U),
		   fs_memory_part(4, size[POOL_CELLS]));
	pool_setup(POOL_SCRATCH, size[POOL_SCRATCH], cpus + 1, 0);
	/* A program that maps files below deep trees is not to use up all memory for names. */
	for (id = POOL_NAME_FIRST; id <= POOL_NAME_LAST; id++)
		pool_setup(id, size[id], clamp(names[id - POOL_NAME_FIRST] * cpus, 4U, 4096U),
			   id == POOL_NAME_LAST ? fs_memory_part(8, size[id]) : 0);
	/* Empty until heat is asked for. */
	pool_setup(POOL_HEAT, size[POOL_HEAT], 0, fs_memory_part(8, size[POOL_HEAT]));
	for (id = POOL_HEAT_FIRST; id <= POOL_HEAT_SHARED; id++)
		pool_setup(id, size[id], 0,
			   fs_memory_part(regions[id - POOL_HEAT_FIRST], size[id]));
	/* Empty until stacks are asked for. */
	for (id = POOL_IMAGE; id <= POOL_STACK_CELLS; id++)
		pool_setup(id, size[id], 0,
			   fs_memory_part(stacks[id - POOL_IMAGE], size[id]));
	return 0;
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
		if (pools[id].aim && !depots_free(&pools[id]))
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
	int id, node;

	mutex_lock(&work_lock);
	for (id = 0; id < POOLS && pools[id].depots; id++) {
		struct item *list = NULL;

		magazines_collect(id);
		for (node = 0; node < nodes; node++)
			depot_detach(&pools[id].depots[node], 0, &list);
		pool_release(&pools[id], list);
		WARN_ON_ONCE(pools[id].items);
		fs_memory_free(pools[id].depots, nodes * sizeof(struct depot));
		pools[id].depots = NULL;
	}
	mutex_unlock(&work_lock);
}
