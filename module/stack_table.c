// SPDX-License-Identifier: GPL-2.0
/*
 * The table of stacks: its index, its memory, its beginning and end. See stack.h.
 */
#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/string.h>
#include <linux/topology.h>
#include "image.h"
#include "lock.h"
#include "memory.h"
#include "process.h"
#include "stack_table.h"

/* Bytes of an item. The last has room for the deepest of both kinds. */
static const size_t stack_sizes[STACK_SIZES] = { 256, 512, 1024, 4096 };

static_assert(sizeof(struct fs_stack) + 3 * WALK_DEPTH_MAX * sizeof(u64) <= 4096);

struct fs_requests fs_stack_requests = {
	.mutex = __MUTEX_INITIALIZER(fs_stack_requests.mutex),
	.lock = __RAW_SPIN_LOCK_UNLOCKED(fs_stack_requests.lock),
	.parameter = {
		.link = LIST_HEAD_INIT(fs_stack_requests.parameter.link),
		.set = fs_stack_requests.parameter.sets,
	},
};

struct fs_stack_table fs_stack_table = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(fs_stack_table.lock),
	.mode = STACKS_USER,
	.depth = STACK_DEPTH_DEFAULT,
	.every = 1,
};

/* The index. */

/**
 * fs_stack_link - has hooks find a stack
 * @stack: whole, but for its row
 * @row: whose it is
 *
 * Under the shard's lock.
 */
void fs_stack_link(struct fs_stack *stack, struct fs_row *row)
{
	struct fs_stack **bucket = &fs_stack_table.index[stack->hash & fs_stack_table.mask];

	smp_wmb(); /* who comes to it by an old link, and finds the row, finds the rest */
	WRITE_ONCE(stack->row, row);
	stack->index_next = *bucket;
	stack->indexed = true;
	smp_wmb(); /* who finds it finds it whole */
	WRITE_ONCE(*bucket, stack);
}

/**
 * fs_stack_unlink - takes a stack out of the index, if it is in
 * @stack: its own link stays for searches that are at it
 *
 * Any context but NMI.
 */
void fs_stack_unlink(struct fs_stack *stack)
{
	struct fs_shard *shard = fs_stack_shard(stack->hash);
	struct fs_stack **at = &fs_stack_table.index[stack->hash & fs_stack_table.mask];
	unsigned long flags;

	fs_hook_lock_irqsave(&shard->lock, flags);
	if (stack->indexed) {
		while (*at != stack)
			at = &(*at)->index_next;
		WRITE_ONCE(*at, stack->index_next);
		stack->indexed = false;
	}
	fs_hook_unlock_irqrestore(&shard->lock, flags);
}

/* Stacks and their slots. */

/**
 * fs_stack_pool - the pool of the smallest stacks that have room
 * @words: for frames and places
 *
 * Any context.
 */
enum fs_pool_id fs_stack_pool(unsigned int words)
{
	int size = 0;

	while (sizeof(struct fs_stack) + words * sizeof(u64) > stack_sizes[size])
		size++;
	return POOL_STACK_FIRST + size;
}

/* One that has been in use, with its slot. Under the lock. */
static struct fs_stack *spare_take(enum fs_pool_id pool)
{
	struct fs_stack **spare = &fs_stack_table.spare[pool - POOL_STACK_FIRST], *stack = *spare;

	if (stack)
		*spare = stack->freed;
	return stack;
}

/* The last slots are for [overflow]. */
static bool has_slot(bool overflow)
{
	u32 kept = overflow ? 0 : fs_stack_table.slots_max / 16;

	return READ_ONCE(fs_stack_table.used) < fs_stack_table.slots_max - kept;
}

/**
 * fs_stack_has_room - whether fs_stack_get() is worth a try
 *
 * Any context. A full table is not to have every new stack take the lock.
 */
bool fs_stack_has_room(void)
{
	return has_slot(false);
}

/**
 * fs_stack_get - takes a stack with a slot, whose counters are zero
 * @pool: of its size
 * @overflow: it is to be an [overflow]
 *
 * Any context but NMI. Returns NULL where there is none.
 */
struct fs_stack *fs_stack_get(enum fs_pool_id pool, bool overflow)
{
	struct fs_stack *stack = NULL;
	unsigned long flags;
	bool fresh = false;

	fs_hook_lock_irqsave(&fs_stack_table.lock, flags);
	if (has_slot(overflow)) {
		stack = spare_take(pool);
		fs_stack_table.used += !!stack;
		fresh = !stack && fs_stack_table.slots < fs_stack_table.slots_max;
	}
	fs_hook_unlock_irqrestore(&fs_stack_table.lock, flags);
	if (!fresh)
		return stack;
	stack = fs_pool_get(pool);
	if (!stack)
		return NULL;
	stack->slot = 0;
	stack->pool = pool;
	fs_hook_lock_irqsave(&fs_stack_table.lock, flags);
	if (fs_stack_table.slots < fs_stack_table.slots_max) {
		stack->slot = ++fs_stack_table.slots;
		fs_stack_table.used++;
		WRITE_ONCE(fs_stack_table.of_slot[stack->slot], stack);
	}
	fs_hook_unlock_irqrestore(&fs_stack_table.lock, flags);
	if (stack->slot)
		return stack;
	fs_pool_put(pool, stack);
	return NULL;
}

/**
 * fs_stack_put - gives a stack back
 * @stack: nobody finds it any more, and its counters are zero
 *
 * Any context but NMI.
 */
void fs_stack_put(struct fs_stack *stack)
{
	struct fs_stack **spare = &fs_stack_table.spare[stack->pool - POOL_STACK_FIRST];
	unsigned long flags;

	WRITE_ONCE(stack->row, NULL);
	fs_hook_lock_irqsave(&fs_stack_table.lock, flags);
	/* Its link in the index stays for searches that are at it. */
	stack->freed = *spare;
	*spare = stack;
	fs_stack_table.used--;
	fs_hook_unlock_irqrestore(&fs_stack_table.lock, flags);
}

/* Reading; process context, fs_table.rows_sem held. */

/* Those from @first on, before @end. */
static void read_counters(const struct fs_stack *stack, struct fs_stack_counts *counts, int first,
			  int end)
{
	const struct fs_stack_counts *cell;
	int cpu, i;

	for (i = first; i < end; i++)
		counts->n[i] += atomic64_read(&stack->shared[i]);
	for_each_possible_cpu(cpu) {
		cell = fs_stack_cell(fs_stack_table.cpus[cpu], stack->slot);
		for (i = first; cell && i < end; i++)
			counts->n[i] += READ_ONCE(cell->n[i]);
	}
}

/**
 * fs_stack_read - what a stack has counted
 * @stack: of a row
 * @counts: result; of calls under way the verdicts may lack, never the calls
 *
 * Process context, fs_table.rows_sem held.
 */
void fs_stack_read(const struct fs_stack *stack, struct fs_stack_counts *counts)
{
	int i;

	for (i = 0; i < STACK_COUNTERS; i++)
		counts->n[i] = 0;
	/* The verdicts first. */
	read_counters(stack, counts, STACK_CALLS + 1, STACK_COUNTERS);
	smp_rmb(); /* calls are counted before their verdicts */
	read_counters(stack, counts, STACK_CALLS, STACK_CALLS + 1);
}

/**
 * fs_stacks_status - what the header of the file says
 * @status: result
 *
 * Process context.
 */
void fs_stacks_status(struct fs_stack_status *status)
{
	int i;

	status->stacks = READ_ONCE(fs_stack_table.used);
	status->memory = 0;
	for (i = POOL_IMAGE; i <= POOL_STACK_CELLS; i++)
		status->memory += fs_pool_bytes_used(i);
	for (i = 0; i < STACK_COUNTERS; i++)
		status->lost.n[i] = atomic64_read(&fs_stack_table.lost[i]);
	status->slots = READ_ONCE(fs_stack_table.slots);
}

/* Beginning and end. */

/**
 * fs_stacks_are_on - whether there is a table of stacks
 *
 * Process context, under the mutex of fs_stack_requests or with fs_table.rows_sem held.
 */
bool fs_stacks_are_on(void)
{
	return READ_ONCE(fs_stack_table.on);
}

/**
 * fs_stacks_mode - which frames are taken
 *
 * Process context.
 */
enum fs_stack_mode fs_stacks_mode(void)
{
	return READ_ONCE(fs_stack_table.mode);
}

/**
 * fs_stacks_set - which frames are taken, and of which calls
 * @mode: of the kernel, of the program, or both
 * @depth: frames at most, of either
 * @every: one in so many calls of a CPU
 *
 * Process context.
 */
void fs_stacks_set(enum fs_stack_mode mode, unsigned int depth, unsigned int every)
{
	WRITE_ONCE(fs_stack_table.mode, mode);
	WRITE_ONCE(fs_stack_table.depth, depth);
	WRITE_ONCE(fs_stack_table.every, every);
}

/* How many stacks of a size a part of max_memory holds. */
static unsigned int stacks_max(int size)
{
	static const unsigned int parts[STACK_SIZES] = { 16, 8, 16, 32 };

	return fs_memory_part(parts[size], stack_sizes[size]);
}

static size_t index_bytes(void)
{
	return (fs_stack_table.mask + 1) * sizeof(*fs_stack_table.index);
}

static size_t of_slot_bytes(void)
{
	return (fs_stack_table.slots_max + 1) * sizeof(*fs_stack_table.of_slot);
}

static size_t cpu_bytes(void)
{
	return fs_memory_bucket(sizeof(struct fs_stack_cpu) +
				(fs_stack_table.slots_max / CELLS_IN_PAGE + 1) * sizeof(void *));
}

static int cpus_start(void)
{
	int cpu;

	fs_stack_table.cpus = fs_memory_zalloc(nr_cpu_ids * sizeof(*fs_stack_table.cpus));
	if (!fs_stack_table.cpus)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		fs_stack_table.cpus[cpu] = fs_memory_zalloc_node(cpu_bytes(), cpu_to_node(cpu));
		if (!fs_stack_table.cpus[cpu])
			return -ENOMEM;
	}
	return 0;
}

static void cpus_stop(void)
{
	u32 page, pages = fs_stack_table.slots_max / CELLS_IN_PAGE + 1;
	struct fs_stack_cpu *own;
	int cpu;

	for (cpu = 0; fs_stack_table.cpus && cpu < nr_cpu_ids; cpu++) {
		own = fs_stack_table.cpus[cpu];
		for (page = 0; own && page < pages; page++) {
			if (!own->cells[page])
				continue;
			memset(own->cells[page], 0, CELLS_IN_PAGE * sizeof(*own->cells[page]));
			fs_pool_put(POOL_STACK_CELLS, own->cells[page]);
		}
		fs_memory_free(own, cpu_bytes());
		cond_resched();
	}
	fs_memory_free(fs_stack_table.cpus, nr_cpu_ids * sizeof(*fs_stack_table.cpus));
	fs_stack_table.cpus = NULL;
}

/**
 * fs_stacks_start - makes an empty table of stacks
 *
 * Process context, with none there. Returns 0 or -ENOMEM.
 */
int fs_stacks_start(void)
{
	int err, i;

	fs_stack_table.slots_max = 0;
	for (i = 0; i < STACK_SIZES; i++)
		fs_stack_table.slots_max += stacks_max(i);
	fs_stack_table.slots_max = min(fs_stack_table.slots_max, 1U << 20);
	fs_stack_table.mask = roundup_pow_of_two(fs_stack_table.slots_max) - 1;
	fs_stack_table.slots = 0;
	fs_stack_table.used = 0;
	for (i = 0; i < STACK_COUNTERS; i++)
		atomic64_set(&fs_stack_table.lost[i], 0);
	fs_stack_table.index = fs_memory_zalloc(index_bytes());
	fs_stack_table.of_slot = fs_memory_zalloc(of_slot_bytes());
	err = -ENOMEM;
	if (fs_stack_table.index && fs_stack_table.of_slot)
		err = fs_shards_init(&fs_stack_table.shards);
	if (!err)
		err = cpus_start();
	if (!err)
		err = fs_images_start();
	if (err) {
		fs_stacks_stop();
		return err;
	}
	fs_table_new_epoch();
	fs_stack_table.epoch = READ_ONCE(fs_table.epoch);
	/* A call that is of a stack is never of a task that has not heard of the epoch. */
	compat_synchronize_hooks();
	smp_wmb(); /* hooks that see it on see the rest */
	WRITE_ONCE(fs_stack_table.on, true);
	return 0;
}

static bool forget_code(struct fs_process *process, void *data)
{
	if (READ_ONCE(process->code) || READ_ONCE(process->code_wanted))
		fs_code_release(process);
	return true;
}

static void free_all(void)
{
	u32 slot;

	for (slot = 1; slot <= fs_stack_table.slots; slot++) {
		struct fs_stack *stack = fs_stack_table.of_slot[slot];

		if (stack->row)
			stack->row->stacks = NULL;
		stack->row = NULL;
		fs_pool_put(stack->pool, stack);
		cond_resched();
	}
	fs_stack_table.slots = 0;
	memset(fs_stack_table.spare, 0, sizeof(fs_stack_table.spare));
}

/**
 * fs_stacks_stop - forgets all stacks, what they name, and what is known of mappings
 *
 * Process context, without fs_table.rows_sem; waits for hooks.
 */
void fs_stacks_stop(void)
{
	WRITE_ONCE(fs_stack_table.on, false);
	compat_synchronize_hooks();
	down_write(&fs_table.rows_sem);
	free_all();
	fs_row_owners_walk(forget_code, NULL);
	up_write(&fs_table.rows_sem);
	/* A hook that looked for a place may be at an image's range. */
	compat_synchronize_hooks();
	fs_images_stop();
	cpus_stop();
	if (fs_stack_table.shards.of)
		fs_shards_destroy(&fs_stack_table.shards);
	fs_memory_free(fs_stack_table.of_slot, of_slot_bytes());
	fs_memory_free(fs_stack_table.index, index_bytes());
	fs_stack_table.of_slot = NULL;
	fs_stack_table.index = NULL;
}

/**
 * fs_stacks_pool_sizes - the item sizes of the pools that stacks use
 * @size: by pool
 *
 * Any context.
 */
void fs_stacks_pool_sizes(size_t *size)
{
	int i;

	for (i = 0; i < STACK_SIZES; i++)
		size[POOL_STACK_FIRST + i] = stack_sizes[i];
	size[POOL_STACK_CELLS] = CELLS_IN_PAGE * sizeof(struct fs_stack_counts);
}
