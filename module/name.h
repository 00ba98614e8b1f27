/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of objects, each kept once for all rows that show it. A row has no reference that is
 * counted: all processes of a host use the C library's name, and a count would be a line that all
 * CPUs write. Instead names that no row has any more are found by looking at all rows, once
 * there are twice as many as after the last look.
 */
#ifndef FAULTSTAT_NAME_H
#define FAULTSTAT_NAME_H

#include <linux/atomic.h>
#include <linux/types.h>

/**
 * struct fs_name - the text of an object
 * @index_next: chain of the index
 * @hash: of the text
 * @pins: snapshots that show it
 * @seen: the last sweep that found a row with it
 * @length: of the text, without its NUL
 * @pool: which it is from
 * @indexed: rows find it; the shard's lock
 * @text: with zeroes behind it, up to a whole word
 */
struct fs_name {
	struct fs_name *index_next;
	u32 hash;
	atomic_t pins;
	u32 seen;
	u16 length;
	u8 pool;
	bool indexed;
	char text[];
};

/* In a hook: */
struct fs_name *fs_name_get(const char *text, size_t length);

/* In process context: */
static inline void fs_name_pin(struct fs_name *name)
{
	atomic_inc(&name->pins);
}

static inline void fs_name_unpin(struct fs_name *name)
{
	atomic_dec(&name->pins);
}

static inline void fs_name_mark(struct fs_name *name, u32 sweep)
{
	name->seen = sweep;
}

bool fs_names_are_many(void);
unsigned int fs_names_take_idle(u32 sweep, struct fs_name **idle, unsigned int most);
void fs_names_drop(u32 sweep, struct fs_name **idle, unsigned int count);
void fs_names_swept(void);
void fs_names_pool_sizes(size_t *size);
int fs_names_init(unsigned int max_rows);
void fs_names_destroy(void);

#endif
