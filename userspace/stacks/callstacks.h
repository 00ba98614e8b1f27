/* SPDX-License-Identifier: GPL-2.0 */
/*
 * callstacks.h - stacks in words, made of the module's: those that are asked for, each once, and
 * what came between two copies.
 */
#ifndef KFAULTSTAT_CALLSTACKS_H
#define KFAULTSTAT_CALLSTACKS_H

#include "faults/filter.h"
#include "stacks/label.h"
#include "stacks/symbols/symbols.h"

/* Which of them. */
struct callstacks_wanted {
	const struct filter *filter;
	bool user, kernel;	/* which frames */
	enum stack_counter what;	/* by which they are ordered */
	int32_t not_pid;	/* not of this process; 0 for none */
};

void callstacks_make(struct callstacks *to, const struct stacks *from, struct symbols *symbols,
		     const struct callstacks_wanted *wanted);
void callstacks_since(struct callstacks *now, const struct callstacks *before);
void callstacks_compare(struct callstacks *now, const struct callstacks *before);
void callstacks_sum(const struct callstacks *stacks, uint64_t sum[STACK_COUNTERS]);
const char *callstack_ends_early(const struct callstack *stack);
void callstacks_free(struct callstacks *stacks);

#endif
