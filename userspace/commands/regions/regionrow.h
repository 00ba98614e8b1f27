/* SPDX-License-Identifier: GPL-2.0 */
/*
 * regionrow.h - a row of the command regions: a region of a file, or the sum of all.
 */
#ifndef KFAULTSTAT_REGIONROW_H
#define KFAULTSTAT_REGIONROW_H

#include "commands/regions/regionfile.h"
#include "ui/fields.h"

struct region_row {
	const struct region_file *file;	/* NULL of a sum */
	uint64_t offset, size;		/* bytes */
	uint64_t pages, cached, mapped;	/* of a sum those where the rest is known */
	uint64_t mapped_pages;		/* the same as pages, for mapped */
	struct heat_count heat;
	uint64_t all_calls;		/* of all regions, for the share */
	bool has_cached, has_mapped;
};

enum region_field {
	REGION_OFFSET, REGION_SIZE, REGION_CACHED, REGION_CACHED_SHARE, REGION_MAPPED,
	REGION_MAPPED_SHARE, REGION_CALLS, REGION_SHARE, REGION_MAJOR, REGION_DEV, REGION_INODE,
	REGION_DELETED, REGION_STATE, REGION_FILE,
};

extern const struct fields region_fields;

void region_row_fill(struct region_row *row, const struct region_file *file, size_t region,
		     uint64_t all_calls);
void region_row_add(struct region_row *sum, const struct region_row *row);
char *region_row_words(const struct region_row *sum, bool json);

#endif
