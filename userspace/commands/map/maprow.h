/* SPDX-License-Identifier: GPL-2.0 */
/*
 * maprow.h - a row of map: an object that a process has mapped.
 */
#ifndef KFAULTSTAT_MAPROW_H
#define KFAULTSTAT_MAPROW_H

#include "commands/shared.h"
#include "kernel/backing.h"
#include "kernel/mappings.h"
#include "kernel/pagemap.h"
#include "ui/bar.h"
#include "ui/fields.h"

/* What the kernel keeps apart. */
enum rss_kind { RSS_FILE, RSS_ANON, RSS_SHMEM, RSS_KINDS };

/* Pages, but size and what smaps says. */
struct map_row {
	int32_t pid;
	const char *comm;
	const struct mapping *first;	/* one of its mappings; NULL of a sum */
	uint64_t size;			/* bytes, of all its mappings */
	uint64_t mappings;
	uint64_t range;			/* of the file, or of addresses, that is mapped at all */
	uint64_t mapped;		/* of it present, pages that are mapped twice once */
	uint64_t present;		/* entries of page tables: as often as mapped */
	uint64_t rss[RSS_KINDS];	/* of present, what is in RSS */
	uint64_t hugetlb;		/* the same, what is huge pages, which are in no RSS */
	uint64_t copies, swapped, huge;
	uint64_t file_pages, cached;
	enum residency_state state;	/* of a file */
	enum backing backing;
	bool deleted;			/* its name is gone */
	bool is_hidden;			/* the filter leaves it out */
	bool has_cached, has_huge, has_smaps, has_change;
	uint64_t smaps_rss, pss, referenced;
	int64_t change;			/* of what RSS has, in the interval */
	uint64_t uncached;		/* files of which it was asked for and is not known */
	struct shared shared;		/* of an object for its sum */
	struct bar bar;
};

enum map_field {
	MAP_PID, MAP_COMM, MAP_SIZE, MAP_MAPPED, MAP_PERCENT, MAP_OF_FILE, MAP_CACHED, MAP_PRIVATE,
	MAP_HUGE, MAP_SWAPPED, MAP_RSS, MAP_CHANGE, MAP_MAPPINGS, MAP_SMAPS_RSS, MAP_PSS,
	MAP_REFERENCED, MAP_DEV, MAP_INODE, MAP_DELETED, MAP_STATE, MAP_BAR, MAP_OBJECT,
};

extern const struct fields map_fields;

uint64_t map_row_rss(const struct map_row *row);
void map_row_add(struct map_row *sum, const struct map_row *row);

#endif
