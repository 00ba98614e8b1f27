// SPDX-License-Identifier: GPL-2.0
/*
 * What stack_merge.h says. Process context, fs_table.rows_sem held; no hook counts in the
 * row whose stacks move.
 */
#include <linux/cpumask.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "process.h"
#include "stack_merge.h"
#include "stack_table.h"

/* Nothing counts in it any more: what it has, and zeroes instead. */
static void counts_take(struct fs_stack *stack, struct fs_stack_counts *counts)
{
	struct fs_stack_counts *cell;
	int cpu, i;

	memset(counts, 0, sizeof(*counts));
	for_each_possible_cpu(cpu) {
		cell = fs_stack_cell(fs_stack_table.cpus[cpu], stack->slot);
		for (i = 0; cell && i < STACK_COUNTERS; i++) {
			counts->n[i] += cell->n[i];
			cell->n[i] = 0;
		}
	}
	for (i = 0; i < STACK_COUNTERS; i++)
		counts->n[i] += atomic64_xchg(&stack->shared[i], 0);
}

/* No place has it, for there are not as many images; nor has an address. */
#define TOLD_BY_ADDRESS	BIT_ULL(63)

/* What a frame is for who compares stacks of several processes. */
static u64 frame_told(const struct fs_stack *stack, unsigned int i)
{
	const u64 *user = stack->frames + stack->shape.kernel, *places = user + stack->shape.user;

	if (i < stack->shape.kernel)
		return stack->frames[i];
	i -= stack->shape.kernel;
	return fs_place_image(places[i]) ? places[i] : user[i] | TOLD_BY_ADDRESS;
}

static u32 told_hash(const struct fs_row *row, const struct fs_stack *stack)
{
	u64 hash = fs_stack_hash_begin(row);
	unsigned int i;

	for (i = 0; i < fs_walk_frames(&stack->shape); i++)
		hash = fs_stack_hash_more(hash, frame_told(stack, i));
	return fs_stack_hash_end(hash);
}

static bool told_equal(const struct fs_stack *a, const struct fs_stack *b)
{
	unsigned int i;

	if (a->shape.word != b->shape.word)
		return false;
	for (i = 0; i < fs_walk_frames(&a->shape); i++)
		if (frame_told(a, i) != frame_told(b, i))
			return false;
	return true;
}

static struct fs_stack *told_find(const struct fs_row *row, u32 hash, const struct fs_stack *like)
{
	struct fs_stack *stack = READ_ONCE(fs_stack_table.index[hash & fs_stack_table.mask]);

	while (stack && (READ_ONCE(stack->row) != row || stack->hash != hash ||
			 !told_equal(stack, like)))
		stack = READ_ONCE(stack->index_next);
	return stack;
}

/* Adds a stack of an ended process to a row that only such have, or its counts to one like it. */
static void stack_settle(struct fs_stack *stack, struct fs_row *into)
{
	u32 hash = told_hash(into, stack);
	struct fs_shard *shard = fs_stack_shard(hash);
	struct fs_stack_counts counts;
	struct fs_stack *other;
	unsigned long flags;
	int i;

	/* Nobody else is at the row, and what is read on the way stays while rows_sem is held. */
	other = told_find(into, hash, stack);
	if (!other) {
		fs_hook_lock_irqsave(&shard->lock, flags);
		stack->hash = hash;
		fs_stack_link(stack, into);
		fs_hook_unlock_irqrestore(&shard->lock, flags);
		stack->of_row = into->stacks;
		into->stacks = stack;
		return;
	}
	counts_take(stack, &counts);
	for (i = 0; i < STACK_COUNTERS; i++)
		atomic64_add(counts.n[i], &other->shared[i]);
	fs_stack_put(stack);
}

/**
 * fs_stacks_merge - gives the stacks of a row to another
 * @row: of an ended process, or a folded one
 * @into: likewise; the same for stacks that are to be told apart by places from now on
 *
 * Process context, fs_table.rows_sem held, with nobody else at either row.
 */
void fs_stacks_merge(struct fs_row *row, struct fs_row *into)
{
	struct fs_stack *stack = row->stacks, *next;

	row->stacks = NULL;
	for (; stack; stack = next) {
		next = stack->of_row;
		fs_stack_unlink(stack);
		stack_settle(stack, into);
		cond_resched();
	}
}

/* Whether the addresses of two stacks that are equal are in the same places, as far as is known. */
static bool mean_the_same(const struct fs_stack *a, const struct fs_stack *b)
{
	const u64 *places = a->frames + fs_walk_frames(&a->shape);
	const u64 *others = b->frames + fs_walk_frames(&b->shape);

	return READ_ONCE(a->version) == VERSION_NONE || READ_ONCE(b->version) == VERSION_NONE ||
	       fs_words_equal(places, others, a->shape.user);
}

/* Gives a stack of a live process to another row of it, in which hooks count. */
static void stack_move(struct fs_stack *stack, struct fs_row *into)
{
	unsigned int frames = fs_walk_frames(&stack->shape);
	u32 hash = fs_stack_hash(into, stack->frames, frames);
	struct fs_shard *shard = fs_stack_shard(hash);
	bool was_indexed = stack->indexed;
	struct fs_stack_counts counts;
	struct fs_stack *other = NULL;
	unsigned long flags;
	int i;

	fs_stack_unlink(stack);
	fs_hook_lock_irqsave(&shard->lock, flags);
	if (was_indexed)
		other = fs_stack_find(into, hash, stack->shape.word, stack->frames, frames);
	if (other && !mean_the_same(stack, other)) {
		other = NULL;
		was_indexed = false;
	}
	if (!other) {
		stack->hash = hash;
		/* One whose addresses mean something else by now is for who reads alone. */
		if (was_indexed)
			fs_stack_link(stack, into);
		else
			WRITE_ONCE(stack->row, into);
	}
	fs_hook_unlock_irqrestore(&shard->lock, flags);
	if (!other) {
		fs_hook_lock_irqsave(&into->process->lock, flags);
		stack->of_row = into->stacks;
		smp_wmb(); /* for readers of the list */
		WRITE_ONCE(into->stacks, stack);
		fs_hook_unlock_irqrestore(&into->process->lock, flags);
		return;
	}
	counts_take(stack, &counts);
	for (i = 0; i < STACK_COUNTERS; i++)
		atomic64_add(counts.n[i], &other->shared[i]);
	fs_stack_put(stack);
}

/**
 * fs_stacks_leave - gives the stacks of a row that leaves to another of its process
 * @row: of a live process, in which no hook counts any more
 * @into: in which hooks may count
 *
 * Process context, fs_table.rows_sem held for writing.
 */
void fs_stacks_leave(struct fs_row *row, struct fs_row *into)
{
	struct fs_stack *stack = row->stacks, *next;

	row->stacks = NULL;
	for (; stack; stack = next) {
		next = stack->of_row;
		stack_move(stack, into);
		cond_resched();
	}
}

/**
 * fs_stacks_free - forgets the stacks of a row that counts nothing
 * @row: in which no hook counts any more
 *
 * Process context, fs_table.rows_sem held.
 */
void fs_stacks_free(struct fs_row *row)
{
	struct fs_stack *stack = row->stacks, *next;
	struct fs_stack_counts counts;

	row->stacks = NULL;
	for (; stack; stack = next) {
		next = stack->of_row;
		fs_stack_unlink(stack);
		counts_take(stack, &counts);
		fs_stack_put(stack);
		cond_resched();
	}
}
