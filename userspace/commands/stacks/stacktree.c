// SPDX-License-Identifier: GPL-2.0
/*
 * stacktree.c - prints stacks as a tree: what faults, and below it what called it. Called by
 * stacks.c.
 *
 * A caller that is the only one, and of all calls, has no numbers: they are those above it. Where
 * not all lines may be shown, those with the most calls are; whatever leads to a line has as many.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "commands/stacks/stackout.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "ui/fields.h"

#define NUMBERS_WIDTH	40	/* columns of the screen that are no names, about */
#define NAME_LEAST	24

struct printing {
	const struct calltree *tree;
	const struct stacktree_wanted *wanted;
	enum stack_counter what;
	struct table *table;
	bool *shown;		/* by node */
};

static char *node_text(const struct printing *p, const struct calltree_node *node, size_t depth)
{
	size_t width = p->wanted->style.width, taken = NUMBERS_WIDTH + 3 * depth;
	char *text;

	if (node->label)
		text = text_shown(node->label->full, TEXT_TABLE);
	else if (p->wanted->by == TREE_BY_OBJECT)
		text = text_shown(node->group->object, TEXT_TABLE);
	else
		text = text_shown(node->group->comm, TEXT_TABLE);
	if (!node->label && p->wanted->by == TREE_BY_PROCESS && node->group->pid) {
		char *with_pid = xasprintf("%s %" PRId32, text, node->group->pid);

		free(text);
		text = with_pid;
	}
	if (width)
		text = text_clip(text, width > taken + NAME_LEAST ? width - taken : NAME_LEAST);
	return text;
}

static void put_row(struct printing *p, size_t at, size_t depth, bool numbers)
{
	const struct calltree_node *node = &p->tree->at[at];
	static const enum stack_counter columns[] = { STACK_CALLS, STACK_MAJOR };
	size_t i;

	table_below(p->table, depth);
	for (i = 0; i < ARRAY_SIZE(columns); i++)
		table_cell(p->table, numbers ? text_of_number(node->n[columns[i]]) : xstrdup(" "));
	table_cell(p->table, numbers ? share_text(share_of(node->n[p->what],
							   p->tree->at[0].n[p->what])) :
			     xstrdup(" "));
	table_cell(p->table, node_text(p, node, depth));
}

/* The only caller, if it has called as often. */
static size_t only_caller(const struct calltree *tree, size_t at)
{
	size_t caller = tree->at[at].first_child;

	if (caller == NO_NODE || tree->at[caller].next != NO_NODE ||
	    memcmp(tree->at[caller].n, tree->at[at].n, sizeof(tree->at[at].n)))
		return NO_NODE;
	return caller;
}

/* Callers, of which one by one stand below each other and not each below the one before. */
static void put_callers(struct printing *p, size_t at, size_t depth)
{
	size_t caller = only_caller(p->tree, at), next;
	bool chain = false;

	while (caller != NO_NODE && p->shown[caller]) {
		put_row(p, caller, depth, false);
		chain = true;
		at = caller;
		caller = only_caller(p->tree, at);
	}
	depth += chain;
	for (next = p->tree->at[at].first_child; next != NO_NODE; next = p->tree->at[next].next) {
		if (!p->shown[next])
			continue;
		put_row(p, next, depth, true);
		put_callers(p, next, depth + 1);
	}
}

struct order {
	const struct calltree *tree;
	enum stack_counter what;
};

/* The heaviest first; and who is called before who calls. */
static int by_count(const void *a, const void *b, void *data)
{
	const struct order *order = data;
	const size_t x = *(const size_t *)a, y = *(const size_t *)b;
	uint64_t nx = order->tree->at[x].n[order->what], ny = order->tree->at[y].n[order->what];

	if (nx != ny)
		return nx > ny ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Returns how many of the tree's lines are shown. */
static size_t choose(struct printing *p, size_t lines)
{
	size_t *all = xmalloc(p->tree->nr * sizeof(*all)), nr = p->tree->nr - 1, i;
	struct order order = { p->tree, p->what };

	/* Not the root. */
	for (i = 0; i < nr; i++)
		all[i] = i + 1;
	qsort_r(all, nr, sizeof(*all), by_count, &order);
	if (lines > nr)
		lines = nr;
	for (i = 0; i < lines; i++)
		p->shown[all[i]] = true;
	free(all);
	return lines;
}

/**
 * stacktree_print() - print a tree on standard output.
 * @stacks: the stacks
 * @wanted: how
 */
void stacktree_print(const struct callstacks *stacks, const struct stacktree_wanted *wanted)
{
	struct calltree tree;
	struct printing p = { .tree = &tree, .wanted = wanted, .what = stacks->what };
	size_t lines, next;

	calltree_make(&tree, stacks, wanted->by);
	p.shown = xcalloc(tree.nr, sizeof(*p.shown));
	lines = choose(&p, wanted->lines);
	p.table = table_begin(&wanted->style, "stacks");
	table_column(p.table, "calls", true, 8);
	table_column(p.table, "major", true, 6);
	table_column(p.table, "%", true, 5);
	table_tree_column(p.table, "function, called by");
	for (next = tree.at[0].first_child; next != NO_NODE; next = tree.at[next].next) {
		if (!p.shown[next])
			continue;
		put_row(&p, next, 0, true);
		put_callers(&p, next, 1);
	}
	table_print(p.table, stdout, NULL, TABLE_WHOLE);
	table_free(p.table);
	if (lines < tree.nr - 1)
		printf("%zu of %zu lines, those with the most; -a shows all\n", lines, tree.nr - 1);
	free(p.shown);
	calltree_free(&tree);
}
