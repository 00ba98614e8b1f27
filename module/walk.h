/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Walking stacks: the program's and the kernel's, of current, in a hook. walk.c has the ways.
 */
#ifndef FAULTSTAT_WALK_H
#define FAULTSTAT_WALK_H

#include <linux/types.h>
#include "counters.h"

/* Frames of either stack, at most. */
#define WALK_DEPTH_MAX	127

/* Why a walk has ended. */
enum fs_walk_end {
	WALK_NONE,		/* no frame was asked for */
	WALK_BOTTOM,		/* the caller says that it has none */
	WALK_DEPTH,		/* there may be more */
	WALK_MEMORY,		/* there is no memory where the next one should be, or not now */
	WALK_ODD,		/* what should be a frame is none */
	WALK_REGISTERS,		/* it is not known where the program was, or no further than that */
	WALK_ENDS
};

/* Frames of the kernel and of the program, and enum fs_walk_end of each; compared as one word. */
union fs_walk_shape {
	struct {
		u8 kernel;
		u8 user;
		u8 kernel_end;
		u8 user_end;
	};
	u32 word;
};

static_assert(sizeof(union fs_walk_shape) == sizeof(u32));

static inline unsigned int fs_walk_frames(const union fs_walk_shape *shape)
{
	return shape->kernel + shape->user;
}

/**
 * struct fs_walk - what a walk has found
 * @shape: how many frames, and why no more
 * @frames: the innermost first: those of the kernel, then those of the program
 */
struct fs_walk {
	union fs_walk_shape shape;
	u64 frames[2 * WALK_DEPTH_MAX];
};

/* In a hook, preemption off: */
void fs_walk_user(struct fs_walk *walk, unsigned int depth, enum fs_counter class, u64 trampoline);
void fs_walk_kernel(struct fs_walk *walk, unsigned int depth);
u64 fs_walk_find_trampoline(const struct fs_walk *walk);

#endif
