// SPDX-License-Identifier: GPL-2.0
/*
 * maprow.c - the columns of map, and the sum of its rows. Called by map.c.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "commands/map/maprow.h"
#include "lib/xalloc.h"

static const struct field known[] = {
	[MAP_PID] = { "pid", FIELD_COUNT, "pid of the process" },
	[MAP_COMM] = { "comm", FIELD_NAME, "name of the process" },
	[MAP_SIZE] = { "size", FIELD_BYTES, "size of the object's mappings" },
	[MAP_MAPPED] = { "mapped", FIELD_BYTES,
			 "in page tables; of a file its own pages, each once" },
	[MAP_PERCENT] = { "percent", FIELD_SHARE, "mapped, of what the mappings cover" },
	[MAP_OF_FILE] = { "of_file", FIELD_SHARE, "mapped, of the whole file" },
	[MAP_CACHED] = { "cached", FIELD_BYTES, "in the page cache, of the whole file" },
	[MAP_PRIVATE] = { "private", FIELD_BYTES,
			  "private copies of the file's pages" },
	[MAP_HUGE] = { "huge", FIELD_SHARE, "in huge entries, of all that is present" },
	[MAP_SWAPPED] = { "swapped", FIELD_BYTES, "swapped out, without shared memory" },
	[MAP_RSS] = { "rss", FIELD_BYTES,
		      "part of the process's RSS; as often as mapped, without hugetlb" },
	[MAP_CHANGE] = { "change", FIELD_CHANGE, "change of rss in the interval" },
	[MAP_MAPPINGS] = { "mappings", FIELD_COUNT, "number of mappings of the object" },
	[MAP_SMAPS_RSS] = { "smaps_rss", FIELD_BYTES, "Rss of smaps, with --smaps" },
	[MAP_PSS] = { "pss", FIELD_BYTES, "Pss of smaps: shared pages divided by their users" },
	[MAP_REFERENCED] = { "referenced", FIELD_BYTES, "Referenced of smaps" },
	[MAP_DEV] = { "dev", FIELD_TEXT, "device of the file, major:minor" },
	[MAP_INODE] = { "inode", FIELD_COUNT, "inode of the file" },
	[MAP_DELETED] = { "deleted", FIELD_COUNT, "1 if the file has been deleted, else 0" },
	[MAP_STATE] = { "state", FIELD_TEXT, "known, or why cached is unknown" },
	[MAP_BAR] = { "bar", FIELD_TEXT, "which parts of the file or area are mapped" },
	[MAP_OBJECT] = { "object", FIELD_PATH, "file or area" },
};

static bool number(const void *data, size_t field, uint64_t *value)
{
	const struct map_row *row = data;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	bool of_file = row->first && mapping_is_file(row->first);

	switch (field) {
	case MAP_PID:
		*value = (uint64_t)row->pid;
		return row->pid;
	case MAP_SIZE:
		*value = row->size;
		return true;
	case MAP_MAPPED:
		*value = row->mapped * page;
		return true;
	case MAP_PERCENT:
		*value = row->range ? share_of(row->mapped, row->range) : 0;
		return row->range;
	case MAP_OF_FILE:
		*value = row->file_pages ? share_of(row->mapped, row->file_pages) : 0;
		return row->file_pages;
	case MAP_CACHED:
		*value = row->cached * page;
		return row->has_cached;
	case MAP_PRIVATE:
		*value = row->copies * page;
		return of_file || !row->first;
	case MAP_HUGE:
		*value = row->present ? share_of(row->huge, row->present) : 0;
		return row->has_huge;
	case MAP_SWAPPED:
		*value = row->swapped * page;
		return true;
	case MAP_RSS:
		*value = map_row_rss(row) * page;
		return true;
	case MAP_CHANGE:
		*value = (uint64_t)(row->change * (int64_t)page);
		return row->has_change;
	case MAP_MAPPINGS:
		*value = row->mappings;
		return true;
	case MAP_SMAPS_RSS:
		*value = row->smaps_rss;
		return row->has_smaps;
	case MAP_PSS:
		*value = row->pss;
		return row->has_smaps;
	case MAP_REFERENCED:
		*value = row->referenced;
		return row->has_smaps;
	case MAP_DELETED:
		*value = row->deleted;
		return of_file;
	default:
		*value = of_file ? row->first->inode : 0;
		return of_file;
	}
}

static char *text(const void *data, size_t field, enum text_mode mode)
{
	const struct map_row *row = data;
	bool of_file = row->first && mapping_is_file(row->first);

	switch (field) {
	case MAP_COMM:
		return row->comm ? text_shown(row->comm, mode) : NULL;
	case MAP_DEV:
		return of_file ? xasprintf("%u:%u", major(row->first->dev),
					   minor(row->first->dev)) : NULL;
	case MAP_STATE:
		return of_file ? text_shown(residency_word(row->state), mode) : NULL;
	case MAP_BAR:
		return bar_text(&row->bar, mode);
	default:
		return row->first ? text_shown(row->first->path, mode) : xstrdup("total");
	}
}

const struct fields map_fields = {
	.name = "map",
	.known = known,
	.nr = ARRAY_SIZE(known),
	.number = number,
	.text = text,
};

/**
 * map_row_rss() - what of an object is in the RSS of its process.
 * @row: the object, or a sum
 *
 * Return: pages, as often as they are mapped.
 */
uint64_t map_row_rss(const struct map_row *row)
{
	return row->rss[RSS_FILE] + row->rss[RSS_ANON] + row->rss[RSS_SHMEM];
}

/**
 * map_row_add() - add an object to a sum of those of a process.
 * @sum: all zero at first, but that what adds up is known
 * @row: the object
 */
void map_row_add(struct map_row *sum, const struct map_row *row)
{
	size_t i;

	sum->size += row->size;
	sum->mappings += row->mappings;
	sum->range += row->range;
	sum->mapped += row->mapped;
	for (i = 0; i < RSS_KINDS; i++)
		sum->rss[i] += row->rss[i];
	sum->hugetlb += row->hugetlb;
	/* Which huge pages there are of what could have others. */
	sum->present += row->backing == BACKING_HUGETLB ? 0 : row->present;
	sum->huge += row->backing == BACKING_HUGETLB ? 0 : row->huge;
	sum->copies += row->copies;
	sum->swapped += row->swapped;
	/* Else the same pages are in the sum already. */
	if (row->has_cached && (!row->first || !row->shared.again))
		sum->cached += row->cached;
	sum->has_cached |= row->has_cached;
	sum->shared.again += row->shared.again;
	sum->shared.pages += row->shared.pages;
	sum->shared.unsure += row->shared.unsure;
	sum->uncached += row->uncached;
	sum->has_huge |= row->has_huge;
	sum->has_smaps |= row->has_smaps;
	sum->has_change |= row->has_change;
	sum->smaps_rss += row->smaps_rss;
	sum->pss += row->pss;
	sum->referenced += row->referenced;
	sum->change += row->change;
}
