/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long locks of the hooks are held, and how long we keep preemption off: measured in a build
 * of its own (make module HOLDS=1), which the suite holds runs where the time stamp counter counts
 * instructions. In any other build none of this is there.
 */
#ifndef FAULTSTAT_HOLDS_H
#define FAULTSTAT_HOLDS_H

#ifdef FS_HOLDS

#include <linux/types.h>

/**
 * struct fs_hold_place - where something begins that is measured
 * @next: of all places that something began at so far
 * @kind: "hold" or "stretch"
 * @file: of the source
 * @function: in it
 * @line: in it
 * @longest: in ticks of the time stamp counter, since it was forgotten
 * @count: how often, likewise
 */
struct fs_hold_place {
	struct fs_hold_place *next;
	const char *kind;
	const char *file;
	const char *function;
	unsigned int line;
	u64 longest;
	u64 count;
};

#define FS_HOLD_PLACE(name) ({ \
	static struct fs_hold_place __place = { \
		.kind = name, .file = __FILE__, .function = __func__, .line = __LINE__, \
	}; \
	&__place; \
})

void fs_hold_begin_at(const void *lock, struct fs_hold_place *place);
void fs_hold_end(const void *lock);
void fs_stretch_begin_at(struct fs_hold_place *place);
void fs_stretch_end(void);
void fs_holds_start(void);
void fs_holds_stop(void);

/* Interrupts off, the lock taken; and before it is given back. */
#define fs_hold_begin(lock)	fs_hold_begin_at(lock, FS_HOLD_PLACE("hold"))
/* Preemption off; and before it is on again. Between the two interrupts are off as well. */
#define fs_stretch_begin()	fs_stretch_begin_at(FS_HOLD_PLACE("stretch"))

#else

#define fs_hold_begin(lock)	do { } while (0)
#define fs_hold_end(lock)	do { } while (0)
#define fs_stretch_begin()	do { } while (0)
#define fs_stretch_end()	do { } while (0)
#define fs_holds_start()	do { } while (0)
#define fs_holds_stop()		do { } while (0)

#endif

#endif
