/* SPDX-License-Identifier: GPL-2.0 */
/*
 * calltree.h - stacks as trees: each function that faults, and below it what called it.
 */
#ifndef KFAULTSTAT_CALLTREE_H
#define KFAULTSTAT_CALLTREE_H

#include "stacks/label.h"

/* What stands above the functions. */
enum calltree_by {
	TREE_BY_FUNCTION,	/* nothing */
	TREE_BY_COMM,
	TREE_BY_PROCESS,
	TREE_BY_OBJECT
};

#define NO_NODE	((size_t)-1)

struct calltree_node {
	const struct label *label;	/* NULL: @group is what it stands for */
	const struct callstack *group;	/* one of them */
	uint64_t n[STACK_COUNTERS];
	size_t parent, first_child, next;	/* the heaviest child first; NO_NODE for none */
};

/* The first node is the root, and stands for all. */
struct calltree {
	struct calltree_node *at;
	size_t nr;
	enum calltree_by by;
};

void calltree_make(struct calltree *tree, const struct callstacks *stacks, enum calltree_by by);
void calltree_free(struct calltree *tree);

#endif
