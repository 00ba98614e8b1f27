// SPDX-License-Identifier: GPL-2.0
/*
 * callstacks.c - makes stacks in words of the module's. Called by the command stacks.
 *
 * Two copies are compared by process and frames. What an ended process had is found where it was
 * folded, by the name of the process and frames: the module adds it up in the same way.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/glob.h"
#include "lib/index.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "stacks/callstacks.h"
#include "uapi/faultstat.h"

/* Labels of a stack at most: 127 frames of either kind, and what is inlined into them. */
#define LABELS_MAX	4096

static bool is_wanted(const struct callstacks_wanted *wanted, const struct stack *stack)
{
	const struct filter *filter = wanted->filter;
	size_t i;

	if (wanted->not_pid && stack->pid == wanted->not_pid)
		return false;
	for (i = 0; i < filter->nr_pids && filter->pids[i] != stack->pid; i++)
		;
	if (filter->nr_pids && i == filter->nr_pids)
		return false;
	if (filter->comm && !glob_matches(filter->comm, stack->comm))
		return false;
	return !filter->object || glob_matches(filter->object, stack->object);
}

/* How a stack is looked for. */
struct key {
	const struct callstack *stack;
	bool by_comm;		/* of whatever process of its name */
};

static uint64_t key_hash(const struct key *key)
{
	const struct callstack *stack = key->stack;
	uint64_t hash = hash_text(HASH_BEGIN, stack->object);
	size_t i;

	hash = key->by_comm ? hash_text(hash, stack->comm) : hash_number(hash, stack->id);
	for (i = 0; i < stack->nr; i++)
		hash = hash_number(hash, (uintptr_t)stack->labels[i]);
	return hash;
}

static bool same_stack(const void *wanted, size_t position, const void *array)
{
	const struct callstack *other = (const struct callstack *)array + position;
	const struct key *key = wanted;
	const struct callstack *stack = key->stack;

	return (key->by_comm ? !strcmp(stack->comm, other->comm) : stack->id == other->id) &&
	       stack->nr == other->nr && !strcmp(stack->object, other->object) &&
	       (!stack->nr ||
		!memcmp(stack->labels, other->labels, stack->nr * sizeof(*stack->labels)));
}

static uint32_t *slot_of(const struct index *index, const struct callstacks *stacks,
			 const struct callstack *stack, bool by_comm)
{
	struct key key = { stack, by_comm };

	return index_slot(index, key_hash(&key), same_stack, &key, stacks->at);
}

static void add_counts(uint64_t *to, const uint64_t *from)
{
	int i;

	for (i = 0; i < STACK_COUNTERS; i++)
		to[i] += from[i];
}

/* The frames that are wanted, in words, in @labels. Returns how many there are. */
static size_t name_frames(const struct stacks *from, const struct stack *stack,
			  struct symbols *symbols, const struct callstacks_wanted *wanted,
			  const struct label **labels)
{
	size_t first = wanted->kernel ? 0 : stack->nr_kernel;
	size_t end = wanted->user ? stack->nr : stack->nr_kernel, nr = 0, i;

	if (stack->overflow) {
		*labels = symbols_overflow(symbols);
		return 1;
	}
	for (i = first; i < end; i++)
		nr += symbols_label(symbols, from, stack, i, labels + nr, LABELS_MAX - nr);
	return nr;
}

/* Adds it, or its counts to those of the one that is the same in words. */
static void put(struct callstacks *to, size_t *room, struct index *index,
		const struct callstack *stack)
{
	uint32_t *slot = slot_of(index, to, stack, false);
	struct callstack *own;

	if (*slot) {
		add_counts(to->at[*slot - 1].n, stack->n);
		return;
	}
	to->at = xgrow(to->at, to->nr, room, sizeof(*to->at));
	own = &to->at[to->nr++];
	*own = *stack;
	own->labels = xmalloc((stack->nr ? stack->nr : 1) * sizeof(*stack->labels));
	if (stack->nr)
		memcpy(own->labels, stack->labels, stack->nr * sizeof(*stack->labels));
	*slot = (uint32_t)to->nr;
}

static int by_count(const void *a, const void *b, void *data)
{
	const struct callstack *x = a, *y = b;
	enum stack_counter what = *(const enum stack_counter *)data;
	int order = (y->n[what] > x->n[what]) - (y->n[what] < x->n[what]);

	if (!order)
		order = (y->n[STACK_CALLS] > x->n[STACK_CALLS]) -
			(y->n[STACK_CALLS] < x->n[STACK_CALLS]);
	if (!order)
		order = strcmp(x->comm, y->comm);
	return order ? order : (x->id > y->id) - (x->id < y->id);
}

static void sort(struct callstacks *stacks)
{
	if (stacks->nr)
		qsort_r(stacks->at, stacks->nr, sizeof(*stacks->at), by_count, &stacks->what);
}

/**
 * callstacks_make() - the stacks that are wanted, in words, the heaviest first.
 * @to: set
 * @from: parsed; has to stay as long as @to
 * @symbols: names the frames; has to stay as well
 * @wanted: which
 */
void callstacks_make(struct callstacks *to, const struct stacks *from, struct symbols *symbols,
		     const struct callstacks_wanted *wanted)
{
	const struct label *labels[LABELS_MAX];
	struct index index;
	size_t room = 0, i;

	memset(to, 0, sizeof(*to));
	to->what = wanted->what;
	to->every = from->every;
	index_init(&index, from->nr_stacks);
	for (i = 0; i < from->nr_stacks; i++) {
		const struct stack *stack = &from->stacks[i];
		struct callstack words = {
			.comm = stack->comm, .object = stack->object, .state = stack->state,
			.id = stack->id, .pid = stack->pid, .labels = labels,
			.kernel_end = stack->kernel_end, .user_end = stack->user_end,
		};

		if (!is_wanted(wanted, stack))
			continue;
		memcpy(words.n, stack->n, sizeof(words.n));
		words.nr = name_frames(from, stack, symbols, wanted, labels);
		put(to, &room, &index, &words);
	}
	index_free(&index);
	sort(to);
}

static bool is_folded(const struct callstack *stack)
{
	return !strcmp(stack->state, FAULTSTAT_STATE_FOLDED);
}

/* Where each stand: by process, and those that are folded by the name of the process. */
struct places {
	struct index by_id, by_comm;
};

static void places_find(struct places *places, const struct callstacks *stacks)
{
	size_t i;

	index_init(&places->by_id, stacks->nr);
	index_init(&places->by_comm, stacks->nr);
	for (i = 0; i < stacks->nr; i++) {
		*slot_of(&places->by_id, stacks, &stacks->at[i], false) = (uint32_t)i + 1;
		if (is_folded(&stacks->at[i]))
			*slot_of(&places->by_comm, stacks, &stacks->at[i], true) = (uint32_t)i + 1;
	}
}

static void places_free(struct places *places)
{
	index_free(&places->by_id);
	index_free(&places->by_comm);
}

/* The one in which an earlier one counts by now; NULL where there is none any more. */
static struct callstack *successor(const struct places *places, const struct callstacks *now,
				   const struct callstack *before)
{
	uint32_t *slot = slot_of(&places->by_id, now, before, false);

	if (!*slot)
		slot = slot_of(&places->by_comm, now, before, true);
	return *slot ? &now->at[*slot - 1] : NULL;
}

/* One that is no more is there with nothing but what it had. */
static void put_vanished(struct callstacks *now, size_t *room, const struct callstack *before)
{
	struct callstack *own;

	now->at = xgrow(now->at, now->nr, room, sizeof(*now->at));
	own = &now->at[now->nr++];
	*own = *before;
	memcpy(own->before, before->n, sizeof(own->before));
	memset(own->n, 0, sizeof(own->n));
	own->labels = xmalloc((own->nr ? own->nr : 1) * sizeof(*own->labels));
	if (own->nr)
		memcpy(own->labels, before->labels, own->nr * sizeof(*own->labels));
}

/**
 * callstacks_compare() - has stacks say what they had in another copy.
 * @now: changed: it has those as well that are only in the other
 * @before: of the same symbols
 */
void callstacks_compare(struct callstacks *now, const struct callstacks *before)
{
	size_t room = now->nr, i;
	struct places places;

	places_find(&places, now);
	for (i = 0; i < before->nr; i++) {
		struct callstack *stack = successor(&places, now, &before->at[i]);

		if (stack)
			add_counts(stack->before, before->at[i].n);
		else
			/* No place is of it: only of those that are now. */
			put_vanished(now, &room, &before->at[i]);
	}
	places_free(&places);
	now->is_difference = true;
	sort(now);
}

/**
 * callstacks_since() - leaves what came since another copy of the same load.
 * @now: changed
 * @before: of the same symbols; all zero for none
 */
void callstacks_since(struct callstacks *now, const struct callstacks *before)
{
	size_t i, to;
	int what;

	callstacks_compare(now, before);
	for (i = to = 0; i < now->nr; i++) {
		struct callstack *stack = &now->at[i];
		uint64_t any = 0;

		for (what = 0; what < STACK_COUNTERS; what++) {
			stack->n[what] -= stack->n[what] < stack->before[what] ? stack->n[what] :
					  stack->before[what];
			any |= stack->n[what];
			stack->before[what] = 0;
		}
		if (any)
			now->at[to++] = *stack;
		else
			free(stack->labels);
	}
	now->nr = to;
	now->is_difference = false;
	sort(now);
}

/**
 * callstacks_sum() - what all of them count.
 * @stacks: made
 * @sum: set
 */
void callstacks_sum(const struct callstacks *stacks, uint64_t sum[STACK_COUNTERS])
{
	size_t i;

	memset(sum, 0, STACK_COUNTERS * sizeof(*sum));
	for (i = 0; i < stacks->nr; i++)
		add_counts(sum, stacks->at[i].n);
}

/*
 * C libraries call main, and what threads run, from code without frame pointers: who is there has
 * all that is of interest.
 */
static bool begins_a_thread(const struct label *label)
{
	static const char *const names[] = {
		"_start", "__libc_start_main", "__libc_start_call_main", "__libc_start_main_impl",
		"start_thread", "clone", "__clone", "clone3", "__clone3", "_dl_start_user",
		"libc_start_main_stage2",
	};
	size_t i;

	for (i = 0; label->function && i < ARRAY_SIZE(names); i++)
		if (!strcmp(label->function, names[i]))
			return true;
	return false;
}

/**
 * callstack_ends_early() - why a stack has not all its frames.
 * @stack: in words
 *
 * Return: as the module says it; NULL if it has.
 */
const char *callstack_ends_early(const struct callstack *stack)
{
	const char *ends[] = { stack->user_end, stack->kernel_end };
	size_t i;

	if (stack->nr && begins_a_thread(stack->labels[stack->nr - 1]))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		if (ends[i] && strcmp(ends[i], FAULTSTAT_END_BOTTOM) &&
		    strcmp(ends[i], FAULTSTAT_END_NONE))
			return ends[i];
	return NULL;
}

/**
 * callstacks_free() - free them.
 * @stacks: made, or all zero
 */
void callstacks_free(struct callstacks *stacks)
{
	size_t i;

	for (i = 0; i < stacks->nr; i++)
		free(stacks->at[i].labels);
	free(stacks->at);
	memset(stacks, 0, sizeof(*stacks));
}
