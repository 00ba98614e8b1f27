/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stackfile.h - /proc/faultstat/stacks: asking by it, reading it.
 */
#ifndef SELFTESTS_STACKFILE_H
#define SELFTESTS_STACKFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define STACKS		"/proc/faultstat/stacks"
#define STACK_DEPTH	254

/**
 * struct frame - one of a stack
 * @symbol: of the kernel's; NULL for one of the program
 * @image: path of the file; NULL where there is none
 * @at: offset in the file, or the address
 * @why: why there is no file; NULL where there is one
 * @exact: it is where the program was, not what a call returns to
 */
struct frame {
	const char *symbol;
	const char *image;
	unsigned long long at;
	const char *why;
	bool exact;
};

struct stack {
	char *comm, *state, *object, *kernel_end, *user_end;
	long long calls, minor, major, uncounted, pid, id;
	bool overflow;
	int nr;
	struct frame *frame;	/* the innermost first */
};

struct image_of {
	int number;
	char *path, *build_id;
};

struct stacks {
	char *text;
	struct stack *stack;
	size_t nr;
	struct image_of *image;
	size_t nr_images;
	long long requests, memory, hidden, lost, every;	/* of the header */
	long long known, unknown, no_file, no_room;		/* likewise: places */
};

int stacks_ask(const char *who);
int stacks_take(struct stacks *s, int fd);
void stacks_free(struct stacks *s);
void stacks_print(const struct stacks *s, pid_t pid);
long long stacks_calls(const struct stacks *s, pid_t pid, const char *object);
const char *stacks_build_id(const struct stacks *s, const char *path);
int stacks_equal_faults(int fd, pid_t pid);

#endif
