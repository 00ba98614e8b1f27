// SPDX-License-Identifier: GPL-2.0
/*
 * calltree.c - makes a tree of stacks. Called by tree.c.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/index.h"
#include "lib/xalloc.h"
#include "stacks/calltree.h"

/* A tree that is being made. */
struct making {
	struct calltree *tree;
	size_t room;
	struct index index;	/* by parent and what the node stands for */
};

struct key {
	enum calltree_by by;
	size_t parent;
	const struct label *label;
	const struct callstack *group;
};

static bool same_group(const struct callstack *a, const struct callstack *b, enum calltree_by by)
{
	if (by == TREE_BY_OBJECT)
		return !strcmp(a->object, b->object);
	return !strcmp(a->comm, b->comm) && (by == TREE_BY_COMM || a->id == b->id);
}

static uint64_t group_hash(const struct callstack *stack, enum calltree_by by)
{
	if (by == TREE_BY_PROCESS)
		return hash_number(HASH_BEGIN, stack->id);
	return hash_text(HASH_BEGIN, by == TREE_BY_OBJECT ? stack->object : stack->comm);
}

static bool same_node(const void *wanted, size_t position, const void *array)
{
	const struct calltree_node *node = (const struct calltree_node *)array + position;
	const struct key *key = wanted;

	if (node->parent != key->parent || node->label != key->label)
		return false;
	return node->label || same_group(node->group, key->group, key->by);
}

/* The child of a node that stands for this; made if it is not there. */
static size_t child(struct making *m, size_t parent, const struct label *label,
		    const struct callstack *group)
{
	struct key key = { m->tree->by, parent, label, group };
	uint64_t hash = label ? hash_number(HASH_BEGIN, (uintptr_t)label) :
			group_hash(group, m->tree->by);
	uint32_t *slot = index_slot(&m->index, hash_number(hash, parent), same_node, &key,
				    m->tree->at);
	struct calltree_node *node;

	if (*slot)
		return *slot - 1;
	m->tree->at = xgrow(m->tree->at, m->tree->nr, &m->room, sizeof(*m->tree->at));
	node = &m->tree->at[m->tree->nr++];
	*node = (struct calltree_node){
		.label = label, .group = group, .parent = parent,
		.first_child = NO_NODE, .next = NO_NODE,
	};
	*slot = (uint32_t)m->tree->nr;
	return m->tree->nr - 1;
}

static void count(struct calltree_node *node, const struct callstack *stack)
{
	int i;

	for (i = 0; i < STACK_COUNTERS; i++)
		node->n[i] += stack->n[i];
}

static void put(struct making *m, const struct callstack *stack)
{
	size_t node = 0, i;

	count(&m->tree->at[node], stack);
	if (m->tree->by != TREE_BY_FUNCTION) {
		node = child(m, node, NULL, stack);
		count(&m->tree->at[node], stack);
	}
	for (i = 0; i < stack->nr; i++) {
		node = child(m, node, stack->labels[i], stack);
		count(&m->tree->at[node], stack);
	}
}

static size_t nodes_most(const struct callstacks *stacks)
{
	size_t nodes = 1, i;

	for (i = 0; i < stacks->nr; i++)
		nodes += stacks->at[i].nr + 1;
	return nodes;
}

struct order {
	const struct calltree *tree;
	enum stack_counter what;
};

/* The lightest first: each is put before those that are there. */
static int by_count(const void *a, const void *b, void *data)
{
	const struct order *order = data;
	const size_t x = *(const size_t *)a, y = *(const size_t *)b;
	uint64_t nx = order->tree->at[x].n[order->what], ny = order->tree->at[y].n[order->what];

	if (nx != ny)
		return nx < ny ? -1 : 1;
	return x > y ? -1 : x < y;
}

static void link_children(struct calltree *tree, enum stack_counter what)
{
	size_t *all = xmalloc(tree->nr * sizeof(*all)), i;
	struct order order = { tree, what };

	for (i = 0; i < tree->nr; i++)
		all[i] = i;
	qsort_r(all, tree->nr, sizeof(*all), by_count, &order);
	for (i = 0; i < tree->nr; i++) {
		struct calltree_node *node = &tree->at[all[i]];

		if (node->parent == NO_NODE)
			continue;
		node->next = tree->at[node->parent].first_child;
		tree->at[node->parent].first_child = all[i];
	}
	free(all);
}

/**
 * calltree_make() - make a tree.
 * @tree: set
 * @stacks: the stacks; they have to stay
 * @by: what stands above the functions
 */
void calltree_make(struct calltree *tree, const struct callstacks *stacks, enum calltree_by by)
{
	struct making m = { .tree = tree };
	size_t i;

	memset(tree, 0, sizeof(*tree));
	tree->by = by;
	index_init(&m.index, nodes_most(stacks));
	tree->at = xgrow(tree->at, 0, &m.room, sizeof(*tree->at));
	tree->at[tree->nr++] = (struct calltree_node){
		.parent = NO_NODE, .first_child = NO_NODE, .next = NO_NODE,
	};
	for (i = 0; i < stacks->nr; i++)
		put(&m, &stacks->at[i]);
	index_free(&m.index);
	link_children(tree, stacks->what);
}

/**
 * calltree_free() - free it.
 * @tree: made, or all zero
 */
void calltree_free(struct calltree *tree)
{
	free(tree->at);
	memset(tree, 0, sizeof(*tree));
}
