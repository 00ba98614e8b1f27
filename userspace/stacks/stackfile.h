/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stackfile.h - counts by stack: the module's text, parsed, and the difference of two of them.
 */
#ifndef KFAULTSTAT_STACKFILE_H
#define KFAULTSTAT_STACKFILE_H

#include "faults/parse.h"

/* What is counted of a stack. */
enum stack_counter {
	STACK_CALLS,
	STACK_MINOR,
	STACK_MAJOR,
	STACK_UNCOUNTED,
	STACK_COUNTERS
};

/* A file that code is in, or what the kernel maps, such as [vdso]. */
struct stack_image {
	uint64_t number;	/* by which the text's frames name it */
	uint32_t dev_major, dev_minor;	/* as /proc/PID/maps has them */
	uint64_t inode;
	bool deleted;		/* the file had no name any more when it was mapped */
	const char *build_id;	/* lower-case hexadecimal; NULL where it is not known */
	const char *path;	/* any bytes but NUL */
};

/* What kind of frame it is. */
enum stack_frame_kind {
	FRAME_FILE,		/* of the program, in an image */
	FRAME_ADDRESS,		/* of the program, and it is not known of what file */
	FRAME_KERNEL
};

struct stack_frame {
	enum stack_frame_kind kind;
	bool exact;		/* where the program was, not what a call returns to */
	union {
		size_t image;		/* FRAME_FILE: in the array of them */
		const char *why;	/* FRAME_ADDRESS: no-file, unknown, no-room */
		const char *symbol;	/* FRAME_KERNEL: "function+0x1b", or "?" */
	};
	uint64_t at;		/* FRAME_FILE: offset in the file; FRAME_ADDRESS: the address */
};

/* Calls of one process on one object that came the same way. */
struct stack {
	const char *comm;	/* any bytes but NUL, as those of object */
	const char *state;
	const char *object;
	const char *kernel_end, *user_end;	/* why there are no more frames */
	uint64_t id;		/* of the process; never used again in a load */
	uint64_t n[STACK_COUNTERS];
	uint64_t inode;		/* of the object, as /proc/PID/maps has it */
	uint32_t dev_major, dev_minor;
	size_t first;		/* of its frames: the innermost */
	uint32_t nr;		/* of them */
	uint32_t nr_kernel;	/* of those, at the beginning: of the kernel */
	int32_t pid;
	bool deleted;
	bool overflow;		/* it stands for those that found no room */
};

struct stacks {
	char *text;		/* what all strings below point into */
	const char *load;	/* a load of the module, by its random number */
	double at, now, realtime;	/* seconds */
	uint64_t resets;
	uint64_t every, depth;	/* one in so many calls; frames of a stack at most */
	const char *taken;	/* which frames: user, kernel or both; off if none */
	const char *mappings_off;	/* why frames have no files; NULL where they have */
	uint64_t wanted_stacks;	/* by its header */
	uint64_t hidden;	/* stacks of processes that are not to be shown here */
	uint64_t lost[STACK_COUNTERS];	/* that are of no stack */
	struct stack_image *images;
	size_t nr_images;
	struct stack *stacks;
	size_t nr_stacks;
	struct stack_frame *frames;
	size_t nr_frames;
};

bool stacks_begins(const char *text, size_t size);
bool stacks_parse(struct stacks *stacks, char *text, size_t size, char *error);
bool stacks_seems_cut(const struct stacks *stacks);
void stacks_free(struct stacks *stacks);

#endif
