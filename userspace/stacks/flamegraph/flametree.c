// SPDX-License-Identifier: GPL-2.0
/*
 * flametree.c - merges stacks into a tree. Names are numbered in alphabetical order, stacks are
 * sorted as lists of such numbers, and in that order each adds to the tree what it does not share
 * with the one before: no frame is ever looked for. Called by flamegraph.c.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/index.h"
#include "lib/xalloc.h"
#include "stacks/flamegraph/flametree.h"

#define RECENT	4096	/* labels whose names need no look at their texts; a power of two */

/* A stack from the outermost frame to the object. */
struct route {
	uint32_t *steps;	/* names */
	uint32_t nr;
	uint64_t n, before;
};

/* While the tree is made. */
struct making {
	struct flametree *tree;
	size_t room_names;
	struct index index;	/* of names */
	struct {
		const struct label *label;
		uint32_t name;
	} recent[RECENT];
	struct route *routes;
	size_t nr;
	uint32_t *steps;	/* of all routes */
};

/* NULL is before all texts. */
static int compare_texts(const char *a, const char *b)
{
	if (a == b)
		return 0;
	return !a ? -1 : !b ? 1 : strcmp(a, b);
}

static int compare_names(const void *a, const void *b)
{
	const struct flame_name *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	if (!order)
		order = (int)x->kind - (int)y->kind;
	return order ? order : compare_texts(x->path, y->path);
}

static bool same_name(const void *wanted, size_t position, const void *array)
{
	return !compare_names(wanted, (const struct flame_name *)array + position);
}

static uint32_t number_of_name(struct making *m, const struct flame_name *name)
{
	struct flametree *tree = m->tree;
	uint64_t hash = hash_number(hash_text(HASH_BEGIN, name->text), name->kind);
	uint32_t *slot;

	if (name->path)
		hash = hash_text(hash, name->path);
	slot = index_slot(&m->index, hash, same_name, name, tree->names);
	if (!*slot) {
		tree->names = xgrow(tree->names, tree->nr_names, &m->room_names,
				    sizeof(*tree->names));
		tree->names[tree->nr_names] = *name;
		tree->names[tree->nr_names].number = (uint32_t)tree->nr_names;
		tree->nr_names++;
		*slot = (uint32_t)tree->nr_names;
	}
	return *slot - 1;
}

static uint32_t number_of_text(struct making *m, enum flame_kind kind, const char *text)
{
	struct flame_name name = { .kind = kind, .text = text ? text : "" };

	return number_of_name(m, &name);
}

static enum flame_kind kind_of(const struct label *label)
{
	switch (label->kind) {
	case LABEL_FILE:
		return FLAME_PROGRAM;
	case LABEL_MADE:
		return FLAME_MADE;
	case LABEL_KERNEL:
		return FLAME_KERNEL;
	case LABEL_OVERFLOW:
		break;
	}
	return FLAME_OVERFLOW;
}

static uint32_t number_of_label(struct making *m, const struct label *label)
{
	size_t at = ((uintptr_t)label / sizeof(*label)) & (RECENT - 1);

	if (m->recent[at].label != label) {
		struct flame_name name = {
			.kind = kind_of(label), .text = label->brief ? label->brief : "",
			.path = label->path, .why = label->why,
		};

		m->recent[at].name = number_of_name(m, &name);
		m->recent[at].label = label;
	}
	return m->recent[at].name;
}

static void make_route(struct making *m, struct route *route, const struct callstack *stack,
		       bool by_process)
{
	size_t i;

	if (by_process)
		route->steps[route->nr++] = number_of_text(m, FLAME_PROCESS, stack->comm);
	for (i = stack->nr; i; i--)
		route->steps[route->nr++] = number_of_label(m, stack->labels[i - 1]);
	route->steps[route->nr++] = number_of_text(m, FLAME_OBJECT, stack->object);
}

static void make_routes(struct making *m, const struct callstacks *stacks, bool by_process)
{
	size_t steps = 0, i;

	for (i = 0; i < stacks->nr; i++)
		steps += stacks->at[i].nr + 2;
	m->steps = xmalloc(steps * sizeof(*m->steps));
	m->routes = xmalloc(stacks->nr * sizeof(*m->routes));
	index_init(&m->index, steps + 1);
	steps = 0;
	for (i = 0; i < stacks->nr; i++) {
		const struct callstack *stack = &stacks->at[i];
		struct route *route = &m->routes[m->nr];

		*route = (struct route){
			.steps = m->steps + steps, .n = stack->n[stacks->what],
			.before = stacks->is_difference ? stack->before[stacks->what] : 0,
		};
		if (!route->n && !route->before)
			continue;
		make_route(m, route, stack, by_process);
		steps += route->nr;
		m->nr++;
	}
	index_free(&m->index);
}

/* From now on the order of numbers is that of the alphabet. */
static void sort_names(struct making *m)
{
	struct flametree *tree = m->tree;
	uint32_t *now = xmalloc(tree->nr_names * sizeof(*now));
	size_t i, j;

	qsort(tree->names, tree->nr_names, sizeof(*tree->names), compare_names);
	for (i = 0; i < tree->nr_names; i++)
		now[tree->names[i].number] = (uint32_t)i;
	for (i = 0; i < m->nr; i++)
		for (j = 0; j < m->routes[i].nr; j++)
			m->routes[i].steps[j] = now[m->routes[i].steps[j]];
	free(now);
}

static uint32_t shared_steps(const struct route *a, const struct route *b)
{
	uint32_t nr = 0;

	while (nr < a->nr && nr < b->nr && a->steps[nr] == b->steps[nr])
		nr++;
	return nr;
}

static int compare_routes(const void *a, const void *b)
{
	const struct route *x = a, *y = b;
	uint32_t shared = shared_steps(x, y);

	if (shared == x->nr || shared == y->nr)
		return x->nr < y->nr ? -1 : x->nr > y->nr;
	return x->steps[shared] < y->steps[shared] ? -1 : 1;
}

static uint32_t add_frame(struct flametree *tree, uint32_t name, uint32_t depth)
{
	tree->at = xgrow(tree->at, tree->nr, &tree->room, sizeof(*tree->at));
	tree->at[tree->nr] = (struct flame){ .name = name, .depth = depth };
	return (uint32_t)tree->nr++;
}

/* All on @path from that depth on have got what stands on them. */
static void end_frames(struct flametree *tree, const uint32_t *path, uint32_t from, uint32_t to)
{
	for (; from <= to; from++)
		tree->at[path[from]].end = (uint32_t)tree->nr;
}

/* @path: by depth, of the route before and then of this one; the root is its own. */
static void add_route(struct flametree *tree, const struct route *route, const struct route *last,
		      uint32_t *path)
{
	uint32_t shared = last ? shared_steps(route, last) : 0, depth;

	if (last)
		end_frames(tree, path, shared + 1, last->nr);
	for (depth = shared; depth < route->nr; depth++)
		path[depth + 1] = add_frame(tree, route->steps[depth], depth + 1);
	for (depth = 0; depth <= route->nr; depth++) {
		tree->at[path[depth]].n += route->n;
		tree->at[path[depth]].before += route->before;
	}
	if (tree->levels < route->nr + 1)
		tree->levels = route->nr + 1;
}

static void add_routes(struct making *m, uint32_t root)
{
	struct flametree *tree = m->tree;
	uint32_t longest = 0, *path;
	size_t i;

	if (m->nr)
		qsort(m->routes, m->nr, sizeof(*m->routes), compare_routes);
	for (i = 0; i < m->nr; i++)
		longest = m->routes[i].nr > longest ? m->routes[i].nr : longest;
	path = xmalloc((longest + 1) * sizeof(*path));
	tree->levels = 1;
	path[0] = add_frame(tree, root, 0);
	for (i = 0; i < m->nr; i++)
		add_route(tree, &m->routes[i], i ? &m->routes[i - 1] : NULL, path);
	end_frames(tree, path, 0, m->nr ? m->routes[m->nr - 1].nr : 0);
	free(path);
}

/**
 * flametree_make() - merge stacks by the names of their frames, offsets left out.
 * @tree: set; to be freed before the stacks are
 * @stacks: what to merge, by the counter that they say; those that have none of it are left out
 * @by_process: the frames next to the root are names of processes
 */
void flametree_make(struct flametree *tree, const struct callstacks *stacks, bool by_process)
{
	struct making *m = xcalloc(1, sizeof(*m));
	size_t root;

	*tree = (struct flametree){ 0 };
	m->tree = tree;
	make_routes(m, stacks, by_process);
	/* Nobody else is of that kind, so it needs no place in the index. */
	root = tree->nr_names;
	tree->names = xrealloc(tree->names, (root + 1) * sizeof(*tree->names));
	tree->names[root] = (struct flame_name){
		.kind = FLAME_ALL, .text = "all", .number = (uint32_t)root,
	};
	tree->nr_names++;
	sort_names(m);
	for (root = 0; tree->names[root].kind != FLAME_ALL;)
		root++;
	add_routes(m, (uint32_t)root);
	free(m->routes);
	free(m->steps);
	free(m);
}

/**
 * flametree_free() - free a tree.
 * @tree: made
 */
void flametree_free(struct flametree *tree)
{
	free(tree->names);
	free(tree->at);
}
