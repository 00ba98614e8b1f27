/* SPDX-License-Identifier: GPL-2.0 */
/*
 * label.h - frames in words, and stacks of them: what is put out as trees, lists, graphs and
 * profiles.
 */
#ifndef KFAULTSTAT_LABEL_H
#define KFAULTSTAT_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stacks/stackfile.h"

/* Where a frame is. */
enum label_kind {
	LABEL_FILE,		/* in a file that the process maps */
	LABEL_MADE,		/* in code that the program has made itself, as a JIT does */
	LABEL_KERNEL,
	LABEL_OVERFLOW		/* stands for stacks that found no room */
};

/*
 * One function of a frame. Each is there once: two frames are the same if their labels are the same
 * pointers. All strings are as they are, not escaped.
 */
struct label {
	enum label_kind kind;
	const char *function;	/* demangled, without offset; NULL where it is not known */
	uint64_t offset;	/* from its beginning; 0 without one, or if inlined */
	bool inlined;		/* into the function of the label behind it */
	const char *path;	/* of the file; NULL where there is none */
	const char *build_id;	/* of the file, hexadecimal; NULL where it is not known */
	uint64_t at;		/* offset in the file; or the address, where there is no file */
	const char *why;	/* LABEL_MADE: why there is no file; else NULL */
	const char *source;	/* path of the source file; NULL where not known or asked for */
	unsigned int line;	/* in it; 0 where it is not known */
	const char *full;	/* "function+0x1b [file]", "file+0x1139", "0x7f001234 [no file]" */
	const char *brief;	/* without offset, so that all of a function is one: "function" */
};

/* A stack in words, with what it counts. */
struct callstack {
	const char *comm;
	const char *object;
	const char *state;
	uint64_t id;
	int32_t pid;		/* 0 where several processes are one */
	uint64_t n[STACK_COUNTERS];	/* now, or since the copy before */
	uint64_t before[STACK_COUNTERS];	/* in the copy before; zeroes without one */
	const struct label **labels;	/* the innermost first */
	size_t nr;
	const char *kernel_end, *user_end;	/* why there are no more */
};

struct callstacks {
	struct callstack *at;
	size_t nr;
	bool is_difference;	/* @before is of another copy */
	enum stack_counter what;	/* calls, minor or major: by which they are ordered */
	double seconds;		/* in which it was counted; 0 where that is not known */
	uint64_t every;		/* one in so many calls was counted */
};

#endif
