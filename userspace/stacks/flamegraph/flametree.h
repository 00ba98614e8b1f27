/* SPDX-License-Identifier: GPL-2.0 */
/*
 * flametree.h - stacks merged into a tree of frames, from the outermost to what is faulted on.
 */
#ifndef KFAULTSTAT_FLAMETREE_H
#define KFAULTSTAT_FLAMETREE_H

#include "stacks/label.h"

enum flame_kind {
	FLAME_ALL,		/* the root */
	FLAME_PROCESS,		/* by name */
	FLAME_PROGRAM,
	FLAME_MADE,
	FLAME_KERNEL,
	FLAME_OVERFLOW,
	FLAME_OBJECT,		/* what was faulted on; always the last, and only there */
	FLAME_KINDS
};

/* What a frame is called. Strings are those of the stacks: any bytes. */
struct flame_name {
	enum flame_kind kind;
	const char *text;
	const char *path;	/* of the file that it is in; NULL where there is none */
	const char *why;	/* there is none; NULL where that is clear */
	uint32_t number;	/* for who draws */
};

struct flame {
	uint32_t name;		/* in the array of them */
	uint32_t depth;		/* from the root, which is 0 */
	uint32_t end;		/* of those that stand on it: the first frame that does not */
	uint64_t n, before;	/* of all that stand on it, too */
};

/*
 * Frames in the order of a walk: each before those that stand on it, which are in alphabetical
 * order.
 */
struct flametree {
	struct flame_name *names;
	size_t nr_names;
	struct flame *at;	/* the root first; there is always one */
	size_t nr, room;
	uint32_t levels;	/* the root is one */
};

void flametree_make(struct flametree *tree, const struct callstacks *stacks, bool by_process);
void flametree_free(struct flametree *tree);

#endif
