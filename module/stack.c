// SPDX-License-Identifier: GPL-2.0
/*
 * Counting by stack, in hooks: taking a stack, finding or making it, counting in it. See stack.h.
 *
 * Stacks of a live process are told apart by their addresses: that is what a hook has. Those of an
 * ended one are told apart by the places in files: so they are equal for all processes of a
 * program, wherever it lay. stack_merge.c has them change from the one to the other.
 *
 * Rules are those of rows (table.h): what is found is whole; a search without a lock that steps on
 * a stack which goes finds another row there, and at worst finds nothing.
 */
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "process.h"
#include "stack.h"

/* Counters. */

/* In task context: no other makes a page for this CPU. */
static struct fs_stack_counts *cell_make(struct fs_stack_cpu *own, u32 slot)
{
	struct fs_stack_counts *page = fs_pool_get(POOL_STACK_CELLS);

	if (!page)
		return NULL;
	smp_wmb(); /* readers find it zeroed */
	WRITE_ONCE(own->cells[slot / CELLS_IN_PAGE], page);
	return &page[slot % CELLS_IN_PAGE];
}

static void count_shared(u32 slot, enum fs_stack_counter what)
{
	atomic64_inc(slot == SLOT_LOST ? &fs_stack_table.lost[what] :
		     &READ_ONCE(fs_stack_table.of_slot[slot])->shared[what]);
}

static __always_inline void count(struct fs_stack_cpu *own, u32 slot, enum fs_stack_counter what)
{
	struct fs_stack_counts *cell = likely(slot != SLOT_LOST) ? fs_stack_cell(own, slot) : NULL;

	if (unlikely(!cell) && slot != SLOT_LOST)
		cell = cell_make(own, slot);
	if (likely(cell))
		fs_count_one(&cell->n[what]);
	else
		count_shared(slot, what);
}

/* They are in the same order. */
static __always_inline enum fs_stack_counter counter_of(enum fs_counter verdict)
{
	return verdict - COUNT_MINOR + STACK_MINOR;
}

static_assert(COUNT_MAJOR - COUNT_MINOR == STACK_MAJOR - STACK_MINOR);
static_assert(COUNT_UNCOUNTED - COUNT_MINOR == STACK_UNCOUNTED - STACK_MINOR);

/**
 * fs_stack_is_of_now - whether what a task remembers of a stack still means something
 * @generation: of its state, when it was there
 *
 * In a hook, or with fs_table.rows_sem held. Stacks of an earlier time, when somebody else asked
 * for them, are gone.
 */
bool fs_stack_is_of_now(u64 generation)
{
	return READ_ONCE(fs_stack_table.on) && fs_stack_table.epoch <= generation;
}

/**
 * fs_stack_verdict - the kernel's verdict on a call is known
 * @slot: of its stack
 * @generation: of the task's state then
 * @verdict: minor, major or uncounted
 *
 * In a hook, task context, preemption off.
 */
void fs_stack_verdict(u32 slot, u64 generation, enum fs_counter verdict)
{
	if (fs_stack_is_of_now(generation))
		count(fs_stack_table.cpus[smp_processor_id()], slot, counter_of(verdict));
}

/**
 * fs_stack_verdict_at_end - likewise, where a task is freed
 * @slot: of its stack
 * @generation: of the task's state then
 * @verdict: minor, major or uncounted
 *
 * Any context but NMI, interrupts off. It may have interrupted who makes a page of this CPU.
 */
void fs_stack_verdict_at_end(u32 slot, u64 generation, enum fs_counter verdict)
{
	struct fs_stack_counts *cell = NULL;

	if (!fs_stack_is_of_now(generation))
		return;
	if (slot != SLOT_LOST)
		cell = fs_stack_cell(fs_stack_table.cpus[smp_processor_id()], slot);
	if (cell)
		fs_count_one(&cell->n[counter_of(verdict)]);
	else
		count_shared(slot, counter_of(verdict));
}

/* Making. */

#define CHAIN_MAX	64	/* stacks in a bucket: there are more buckets than stacks */

/* A stack without its index, with the frames of a walk. NULL where there is no room. */
static struct fs_stack *stack_new(const struct fs_walk *walk, u32 hash, bool overflow)
{
	unsigned int count = fs_walk_frames(&walk->shape);
	enum fs_pool_id pool = fs_stack_pool(count + walk->shape.user);
	struct fs_stack *stack = fs_stack_get(pool, overflow);
	int i;

	/* A larger one will do, too. */
	while (!stack && pool < POOL_STACK_LAST)
		stack = fs_stack_get(++pool, overflow);
	if (!stack)
		return NULL;
	stack->hash = hash;
	stack->shape = walk->shape;
	stack->overflow = overflow;
	stack->indexed = false;
	stack->version = VERSION_NONE;
	stack->of_row = NULL;
	for (i = 0; i < STACK_COUNTERS; i++)
		atomic64_set(&stack->shared[i], 0);
	memcpy(stack->frames, walk->frames, count * sizeof(u64));
	return stack;
}

/*
 * Under the shard's lock. Whoever makes addresses meet in one bucket gets no more than this of it.
 */
static bool chain_is_long(u32 hash)
{
	struct fs_stack *stack = fs_stack_table.index[hash & fs_stack_table.mask];
	unsigned int count = 0;

	for (; stack && count < CHAIN_MAX; stack = stack->index_next)
		count++;
	return count == CHAIN_MAX;
}

/*
 * Gives it to its row, unless another CPU was here. Returns which is in the index now; NULL where
 * the bucket has no room.
 */
static struct fs_stack *stack_join(struct fs_stack *stack, struct fs_row *row)
{
	struct fs_shard *shard = fs_stack_shard(stack->hash);
	struct fs_stack *other;
	unsigned long flags;
	bool joins;

	fs_hook_lock_irqsave(&shard->lock, flags);
	other = fs_stack_find(row, stack->hash, stack->shape.word, stack->frames,
			      fs_walk_frames(&stack->shape));
	joins = !other && (stack->overflow || !chain_is_long(stack->hash));
	if (joins)
		fs_stack_link(stack, row);
	fs_hook_unlock_irqrestore(&shard->lock, flags);
	if (!joins) {
		fs_stack_put(stack);
		return other;
	}
	fs_hook_lock_irqsave(&row->process->lock, flags);
	stack->of_row = row->stacks;
	/* A reader may be walking the list. */
	smp_wmb();
	WRITE_ONCE(row->stacks, stack);
	fs_hook_unlock_irqrestore(&row->process->lock, flags);
	return stack;
}

/* The row's stack for what finds no room; NULL where there is none for this either. */
static struct fs_stack *overflow_stack(struct fs_row *row)
{
	static const struct fs_walk none = { .shape = { .user_end = WALK_ENDS } };
	u32 hash = fs_stack_hash(row, none.frames, 0);
	struct fs_stack *stack = fs_stack_find(row, hash, none.shape.word, none.frames, 0);

	if (stack)
		return stack;
	stack = stack_new(&none, hash, true);
	return stack ? stack_join(stack, row) : NULL;
}

/* Once, by whoever comes first; readers may be at it. */
static void stack_place(struct fs_stack *stack, struct fs_process *process, const u64 *places,
			u32 version)
{
	u64 *own = fs_stack_places(stack);
	unsigned long flags;
	unsigned int i;

	fs_hook_lock_irqsave(&process->lock, flags);
	if (stack->version == VERSION_NONE) {
		for (i = 0; i < stack->shape.user; i++)
			WRITE_ONCE(own[i], places[i]);
		smp_wmb(); /* who sees the version sees the places */
		WRITE_ONCE(stack->version, version);
	}
	fs_hook_unlock_irqrestore(&process->lock, flags);
}

/*
 * What its addresses mean now. Returns false where they meant something else when it was made: then
 * this is another stack.
 */
static bool stack_is_still(struct fs_stack *stack, struct fs_process *process, u64 *places)
{
	u64 *own = fs_stack_places(stack);
	const u64 *addresses = stack->frames + stack->shape.kernel;
	u32 version = fs_code_places(process, addresses, stack->shape.user, places);

	if (version == VERSION_NONE)
		return true;
	if (READ_ONCE(stack->version) == VERSION_NONE)
		stack_place(stack, process, places, version);
	smp_rmb(); /* the places are of the version that was seen, or of a later one */
	if (!fs_words_equal(own, places, stack->shape.user))
		return false;
	WRITE_ONCE(stack->version, version);
	return true;
}

static noinline struct fs_stack *stack_make(struct fs_stack_cpu *own, struct fs_process *process,
					    struct fs_row *row, u32 hash)
{
	struct fs_stack *stack = stack_new(&own->walk, hash, false);

	if (stack) {
		stack->version = fs_code_places(process, stack->frames + stack->shape.kernel,
						stack->shape.user, fs_stack_places(stack));
		stack = stack_join(stack, row);
	}
	return stack ? stack : overflow_stack(row);
}

/* Counting. */

static __always_inline void take_walk(struct fs_stack_cpu *own, struct fs_process *process,
				      enum fs_counter class, const struct fs_code *code)
{
	struct fs_walk *walk = &own->walk;

	walk->shape.word = 0;
	if (unlikely(!READ_ONCE(process->ran))) {
		/* Of a program that is being loaded the registers are still the old one's. */
		if (current->in_execve) {
			walk->shape.user_end = WALK_REGISTERS;
			return;
		}
		WRITE_ONCE(process->ran, true);
	}
	/* At a fault of the program's own the kernel's frames say nothing. */
	if (unlikely(fs_stack_table.mode & STACKS_KERNEL) && class >= COUNT_GUP)
		fs_walk_kernel(walk, fs_stack_table.depth);
	if (likely(fs_stack_table.mode & STACKS_USER))
		fs_walk_user(walk, fs_stack_table.depth, class,
			     code ? READ_ONCE(code->trampoline) : 0);
}

static_assert(WALK_NONE == 0);

static __always_inline u32 walk_hash(const struct fs_stack_cpu *own, const struct fs_row *row)
{
	return fs_stack_hash(row, own->walk.frames, fs_walk_frames(&own->walk.shape));
}

static __always_inline struct fs_stack *walk_find(const struct fs_stack_cpu *own,
						  const struct fs_row *row, u32 hash)
{
	const struct fs_walk *walk = &own->walk;

	return fs_stack_find(row, hash, walk->shape.word, walk->frames,
			     fs_walk_frames(&walk->shape));
}

/* A stack that is new, or whose addresses may mean something else by now. */
static noinline struct fs_stack *stack_look(struct fs_stack_cpu *own, struct fs_process *process,
					    struct fs_row *row, enum fs_counter class, u32 hash,
					    struct fs_stack *stack)
{
	const struct fs_code *code = READ_ONCE(process->code);
	u64 trampoline;

	if (stack && stack_is_still(stack, process, own->places))
		return stack;
	if (stack)
		fs_stack_unlink(stack);
	if (!fs_stack_has_room())
		return overflow_stack(row);
	/* Beyond a trampoline that was not known the walk has left something out. */
	if (code && !READ_ONCE(code->trampoline)) {
		trampoline = fs_walk_find_trampoline(&own->walk);
		if (trampoline) {
			fs_code_set_trampoline(process, trampoline);
			take_walk(own, process, class, READ_ONCE(process->code));
			hash = walk_hash(own, row);
			stack = walk_find(own, row, hash);
			if (stack)
				return stack;
		}
	}
	return stack_make(own, process, row, hash);
}

static __always_inline u32 count_call(struct fs_stack_cpu *own, struct fs_process *process,
				      struct fs_row *row, enum fs_counter class)
{
	const struct fs_code *code = READ_ONCE(process->code);
	struct fs_stack *stack;
	u32 hash, slot;

	if (unlikely(own->skip)) {
		/* Of a time when fewer calls were taken only as many are left as now. */
		own->skip = min(own->skip, READ_ONCE(fs_stack_table.every)) - 1;
		return 0;
	}
	own->skip = READ_ONCE(fs_stack_table.every) - 1;
	take_walk(own, process, class, code);
	hash = walk_hash(own, row);
	stack = walk_find(own, row, hash);
	if (unlikely(!stack || (code && READ_ONCE(code->version) != stack->version)))
		stack = stack_look(own, process, row, class, hash, stack);
	slot = stack ? stack->slot : SLOT_LOST;
	count(own, slot, STACK_CALLS);
	return slot;
}

/**
 * fs_stack_lose_call - counts a call by stack that no row of the process has
 *
 * In a hook, preemption off. Returns as fs_stack_call() does.
 */
u32 fs_stack_lose_call(void)
{
	if (!READ_ONCE(fs_stack_table.on))
		return 0;
	count_shared(SLOT_LOST, STACK_CALLS);
	return SLOT_LOST;
}

/**
 * fs_stack_call - counts a call by its stack, too
 * @process: of current; its stacks are asked for
 * @row: in which the call is counted
 * @class: its origin and access
 *
 * In a hook, preemption off. Returns the slot in which the verdict is to be counted; 0 for none.
 */
u32 fs_stack_call(struct fs_process *process, struct fs_row *row, enum fs_counter class)
{
	if (unlikely(!READ_ONCE(fs_stack_table.on)))
		return 0;
	return count_call(fs_stack_table.cpus[smp_processor_id()], process, row, class);
}

/**
 * fs_stack_next - counts the verdict on a call by its stack, and the next call
 * @process: of current; its stacks are asked for
 * @row: in which the next call is counted
 * @class: its origin and access
 * @last: slot of the call that the verdict is on, from the same generation; 0 for none
 * @verdict: on it
 *
 * In a hook, preemption off. Returns as fs_stack_call() does.
 */
u32 fs_stack_next(struct fs_process *process, struct fs_row *row, enum fs_counter class, u32 last,
		  enum fs_counter verdict)
{
	struct fs_stack_cpu *own;

	if (unlikely(!READ_ONCE(fs_stack_table.on)))
		return 0;
	own = fs_stack_table.cpus[smp_processor_id()];
	if (likely(last))
		count(own, last, counter_of(verdict));
	return count_call(own, process, row, class);
}

/* In the worker. */

/* What its addresses mean, if that was not known before and is now. */
static bool place_row(struct fs_row *row, void *data)
{
	struct fs_stack *stack;

	for (stack = READ_ONCE(row->stacks); stack; stack = READ_ONCE(stack->of_row)) {
		cond_resched();
		if (READ_ONCE(stack->version) != VERSION_NONE || !stack->shape.user ||
		    !READ_ONCE(row->process->code))
			continue;
		fs_preempt_disable();
		stack_is_still(stack, row->process,
			       fs_stack_table.cpus[smp_processor_id()]->places);
		fs_preempt_enable();
	}
	return true;
}

/**
 * fs_stacks_place_all - has addresses mean something, where mappings have become known
 *
 * In the worker; sleeps.
 */
void fs_stacks_place_all(void)
{
	down_write(&fs_table.rows_sem);
	if (fs_stacks_are_on())
		fs_rows_walk(place_row, NULL);
	up_write(&fs_table.rows_sem);
}
