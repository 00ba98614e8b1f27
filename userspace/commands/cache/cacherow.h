/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cacherow.h - a row of cache: a file, or a sum of several.
 */
#ifndef KFAULTSTAT_CACHEROW_H
#define KFAULTSTAT_CACHEROW_H

#include "kernel/residency.h"
#include "ui/bar.h"
#include "ui/fields.h"

struct cache_row {
	char *path;		/* or the folder's */
	uint64_t dev, inode;
	uint64_t size, pages;	/* of what is known, if it is a sum */
	struct residency_counts counts;
	uint64_t came, went;	/* pages */
	uint64_t files;		/* in the sum */
	uint64_t unknown, unknown_bytes;
	uint64_t again, shared;	/* files that have the pages of others, and those pages */
	uint64_t unsure;	/* files that may have */
	uint64_t order;		/* among equals */
	enum residency_state state;
	bool has_more;		/* dirty and what is behind it are known */
	bool has_changes;
	bool deleted;
	bool is_sum;
	struct bar bar;
};

enum cache_field {
	CACHE_SIZE, CACHE_CACHED, CACHE_PAGES, CACHE_PERCENT, CACHE_DIRTY, CACHE_WRITEBACK,
	CACHE_EVICTED, CACHE_RECENT, CACHE_CAME, CACHE_WENT, CACHE_FILES, CACHE_UNKNOWN,
	CACHE_SHARED, CACHE_DEV, CACHE_INODE, CACHE_DELETED, CACHE_STATE, CACHE_BAR, CACHE_DIR,
	CACHE_FILE,
};

extern const struct fields cache_fields;

bool cache_row_fill(struct cache_row *row, struct residency *file, const char *path);
void cache_row_add(struct cache_row *sum, const struct cache_row *row);
char *cache_row_json(const struct cache_row *sum);
void cache_row_print_raw(const struct cache_row *sum);

#endif
