/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stackout.h - puts stacks out as text.
 */
#ifndef KFAULTSTAT_STACKOUT_H
#define KFAULTSTAT_STACKOUT_H

#include <stdio.h>

#include "stacks/calltree.h"
#include "ui/render.h"

/* How much of a tree is shown. */
struct stacktree_wanted {
	enum calltree_by by;
	struct style style;
	size_t lines;		/* at most */
};

void stacktree_print(const struct callstacks *stacks, const struct stacktree_wanted *wanted);
void stacklist_print(const struct callstacks *stacks, size_t most);
bool folded_write(FILE *out, const struct callstacks *stacks);
void stackjson_print(const struct callstacks *stacks, const struct stacks *from,
		     const struct style *style, const char *before);

#endif
