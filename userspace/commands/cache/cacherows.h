/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cacherows.h - the rows of cache, of files or folders, and their total.
 */
#ifndef KFAULTSTAT_CACHEROWS_H
#define KFAULTSTAT_CACHEROWS_H

#include "commands/cache/cacherow.h"
#include "commands/cache/cache.h"
#include "kernel/sharing.h"
#include "kernel/walk.h"

/* What is kept of all the rows, and what they sum up to. */
struct cache_rows {
	const struct cache_options *options;
	struct view view;
	size_t cells;		/* of a bar */
	size_t limit;
	struct cache_row *at;	/* a heap with the last one at its top, until they are sorted */
	size_t nr, room;
	struct identities groups;	/* with --by */
	struct cache_row total;
	uint64_t states[RESIDENCY_FAILED + 1];	/* files that nothing is known of, by reason */
	uint64_t order;
	struct sharing sharing;
};

bool cache_rows_begin(struct cache_rows *rows, struct cache_options *options, const char *list,
		      const char *sorts);
void cache_rows_count(struct cache_rows *rows, struct cache_row *row,
		      const struct residency *file);
void cache_rows_keep(struct cache_rows *rows, struct cache_row *row, struct residency *file,
		     struct spread *spread);
void cache_rows_print(struct cache_rows *rows, const char *json_before);
void cache_rows_print_notes(const struct cache_rows *rows, const struct walk *walk);
void cache_rows_clear(struct cache_rows *rows);

#endif
