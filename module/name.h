/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of objects, each kept once.
 */
#ifndef FAULTSTAT_NAME_H
#define FAULTSTAT_NAME_H

#include <linux/atomic.h>
#include <linux/types.h>

/**
 * struct fs_name - the text of an object, shared by the rows that show it
 * @refs: rows and snapshots
 * @length: of the text, without its NUL
 */
struct fs_name {
	struct fs_name *index_next;
	u32 hash;
	atomic_t refs;
	u16 length;
	u8 pool;
	char text[];
};

/* In hooks, under fs_table.lock: */
struct fs_name *fs_name_get(const char *text, u32 hash);
void fs_name_put_locked(struct fs_name *name);

u32 fs_name_hash(const char *text);
void fs_name_put(struct fs_name *name);
void fs_name_pool_sizes(size_t *size);

#endif
