/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of stacks: what is in it, and how it is kept. stack.c counts in it in hooks,
 * stack_merge.c has stacks change their rows; see stack.h.
 */
#ifndef FAULTSTAT_STACK_TABLE_H
#define FAULTSTAT_STACK_TABLE_H

#include <linux/atomic.h>
#include <linux/types.h>
#include "code.h"
#include "counters.h"
#include "pool.h"
#include "request.h"
#include "row.h"
#include "shard.h"
#include "table.h"
#include "walk.h"

/* Which frames are taken. */
enum fs_stack_mode {
	STACKS_OFF	= 0,
	STACKS_USER	= 1,
	STACKS_KERNEL	= 2,
	STACKS_BOTH	= STACKS_USER | STACKS_KERNEL,
};

#define STACK_DEPTH_DEFAULT	32
#define STACK_EVERY_MAX		1000000

/* What is counted of a stack. */
enum fs_stack_counter {
	STACK_CALLS,
	STACK_MINOR,
	STACK_MAJOR,
	STACK_UNCOUNTED,
	STACK_COUNTERS
};

struct fs_stack_counts {
	u64 n[STACK_COUNTERS];
};

/**
 * struct fs_stack - calls of a row that came the same way
 * @freed: lies over a free item's link, so that @index_next outlives the stack
 * @index_next: chain of the index by @row and frames; the shard's lock
 * @row: NULL in one that is free
 * @hash: of row and frames
 * @slot: of its counters, from 1 on
 * @shape: how many frames there are, and why no more
 * @pool: which it is from
 * @overflow: it stands for those that found no room
 * @indexed: hooks find it; the shard's lock
 * @version: of the mappings that its places are of; VERSION_NONE where they are not known
 * @of_row: the next of the row's; the process's lock to change
 * @shared: counts that had no cell
 * @frames: addresses, the innermost first: of the kernel, of the program; then the program's places
 */
struct fs_stack {
	void *freed;
	struct fs_stack *index_next;
	struct fs_row *row;
	u32 hash;
	u32 slot;
	union fs_walk_shape shape;
	u8 pool;
	bool overflow;
	bool indexed;
	u32 version;
	struct fs_stack *of_row;
	atomic64_t shared[STACK_COUNTERS];
	u64 frames[];
};

static inline u64 *fs_stack_places(struct fs_stack *stack)
{
	return stack->frames + fs_walk_frames(&stack->shape);
}

/* Who asks; stack_request.c puts it into effect. */
extern struct fs_requests fs_stack_requests;

#define STACK_SIZES	(POOL_STACK_LAST - POOL_STACK_FIRST + 1)

#define CELLS_IN_PAGE	(4096 / sizeof(struct fs_stack_counts))

/* A slot for what is of no stack. */
#define SLOT_LOST	(~0U)

/**
 * struct fs_stack_cpu - what a CPU has of its own, all on its node
 * @skip: calls that are not to be counted by stack, before the next one is
 * @walk: the one that is under way
 * @places: likewise
 * @cells: pages of counters, by slot; NULL until one of it is counted in
 */
struct fs_stack_cpu {
	unsigned int skip;
	struct fs_walk walk;
	u64 places[WALK_DEPTH_MAX];
	struct fs_stack_counts *cells[];
};

/*
 * Read-mostly, but for the second half, which is written where stacks are new, or merge.
 */
struct fs_stack_table {
	bool on;
	u8 mode;
	unsigned int depth;
	unsigned int every;
	struct fs_stack **index;
	u32 mask;
	u32 slots_max;
	struct fs_stack_cpu **cpus;
	struct fs_stack **of_slot;
	struct fs_shards shards;
	u64 epoch;

	raw_spinlock_t lock ____cacheline_aligned_in_smp;
	u32 slots;				/* in use, or spare; @lock */
	u32 used;				/* likewise: in use */
	struct fs_stack *spare[STACK_SIZES];	/* with a slot; by @freed; @lock */
	atomic64_t lost[STACK_COUNTERS];
};

extern struct fs_stack_table fs_stack_table;

static inline struct fs_stack_counts *fs_stack_cell(const struct fs_stack_cpu *own, u32 slot)
{
	struct fs_stack_counts *page = READ_ONCE(own->cells[slot / CELLS_IN_PAGE]);

	return page ? &page[slot % CELLS_IN_PAGE] : NULL;
}

/*
 * By secret multipliers: programs choose their addresses. What differs at the top of one could be
 * made up for in the next, if it were not brought down in between.
 */
static __always_inline u64 fs_stack_hash_begin(const struct fs_row *row)
{
	return (unsigned long)row * fs_table.hash_dev;
}

static __always_inline u64 fs_stack_hash_more(u64 hash, u64 word)
{
	hash = (hash ^ word) * fs_table.hash_ino;
	return hash ^ hash >> 32;
}

static __always_inline u32 fs_stack_hash_end(u64 hash)
{
	return hash;
}

static __always_inline u32 fs_stack_hash(const struct fs_row *row, const u64 *words,
					 unsigned int count)
{
	const u64 *end = words + count;
	u64 hash = fs_stack_hash_begin(row);

	while (words != end)
		hash = fs_stack_hash_more(hash, *words++);
	return fs_stack_hash_end(hash);
}

static __always_inline bool fs_words_equal(const u64 *a, const u64 *b, unsigned int count)
{
	const u64 *end = a + count;

	while (a != end)
		if (*a++ != *b++)
			return false;
	return true;
}

static __always_inline struct fs_stack *fs_stack_find(const struct fs_row *row, u32 hash, u32 shape,
						      const u64 *frames, unsigned int count)
{
	struct fs_stack *stack = READ_ONCE(fs_stack_table.index[hash & fs_stack_table.mask]);

	while (stack && (READ_ONCE(stack->row) != row || stack->hash != hash ||
			 stack->shape.word != shape ||
			 !fs_words_equal(stack->frames, frames, count)))
		stack = READ_ONCE(stack->index_next);
	return stack;
}

static inline struct fs_shard *fs_stack_shard(u32 hash)
{
	return fs_shard_of(&fs_stack_table.shards, hash & fs_stack_table.mask);
}

/* In hooks, too: */
void fs_stack_link(struct fs_stack *stack, struct fs_row *row);
void fs_stack_unlink(struct fs_stack *stack);
enum fs_pool_id fs_stack_pool(unsigned int words);
bool fs_stack_has_room(void);
struct fs_stack *fs_stack_get(enum fs_pool_id pool, bool overflow);
void fs_stack_put(struct fs_stack *stack);

/* In process context: */
void fs_stack_read(const struct fs_stack *stack, struct fs_stack_counts *counts);
int fs_stacks_start(void);
void fs_stacks_stop(void);
bool fs_stacks_are_on(void);
enum fs_stack_mode fs_stacks_mode(void);
void fs_stacks_set(enum fs_stack_mode mode, unsigned int depth, unsigned int every);
void fs_stacks_pool_sizes(size_t *size);

/**
 * struct fs_stack_status - what the header of the file says
 * @stacks: there are
 * @slots: the largest that any of them may have
 * @memory: bytes in use
 * @lost: calls and verdicts that are of no stack, for want of memory
 */
struct fs_stack_status {
	unsigned int stacks;
	u32 slots;
	unsigned long long memory;
	struct fs_stack_counts lost;
};

void fs_stacks_status(struct fs_stack_status *status);

#endif
