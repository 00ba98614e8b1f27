// SPDX-License-Identifier: GPL-2.0
/*
 * regionrow.c - the columns of the command regions, and the sum of its rows. Called by
 * regiontable.c.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "commands/regions/regionrow.h"
#include "lib/xalloc.h"

static const struct field known[] = {
	[REGION_OFFSET] = { "offset", FIELD_BYTES, "offset of the region in the file" },
	[REGION_SIZE] = { "size", FIELD_BYTES, "size of the region; total: of all regions" },
	[REGION_CACHED] = { "cached", FIELD_BYTES, "part of it in the page cache, in whole pages" },
	[REGION_CACHED_SHARE] = { "cached%", FIELD_SHARE, "cached, of the region's pages" },
	[REGION_MAPPED] = { "mapped", FIELD_BYTES,
			    "part of it in page tables of the processes, each page once" },
	[REGION_MAPPED_SHARE] = { "mapped%", FIELD_SHARE, "mapped, of the region's pages" },
	[REGION_CALLS] = { "calls", FIELD_COUNT, "faults: calls of handle_mm_fault()" },
	[REGION_SHARE] = { "share%", FIELD_SHARE, "calls, of those of all regions" },
	[REGION_MAJOR] = { "major", FIELD_COUNT, "major faults" },
	[REGION_DEV] = { "dev", FIELD_TEXT, "device of the file, major:minor" },
	[REGION_INODE] = { "inode", FIELD_COUNT, "inode of the file" },
	[REGION_DELETED] = { "deleted", FIELD_COUNT, "1 if the file has been deleted, else 0" },
	[REGION_STATE] = { "state", FIELD_TEXT, "known, or why cached is unknown" },
	[REGION_FILE] = { "file", FIELD_PATH, "path of the file" },
};

static bool number(const void *data, size_t field, uint64_t *value)
{
	const struct region_row *row = data;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	switch (field) {
	case REGION_OFFSET:
		*value = row->offset;
		return row->file;
	case REGION_SIZE:
		*value = row->size;
		return true;
	case REGION_CACHED:
		*value = row->cached * page;
		return row->has_cached;
	case REGION_CACHED_SHARE:
		*value = row->pages ? share_of(row->cached, row->pages) : 0;
		return row->has_cached && row->pages;
	case REGION_MAPPED:
		*value = row->mapped * page;
		return row->has_mapped;
	case REGION_MAPPED_SHARE:
		*value = row->mapped_pages ? share_of(row->mapped, row->mapped_pages) : 0;
		return row->has_mapped && row->mapped_pages;
	case REGION_CALLS:
		*value = row->heat.calls;
		return true;
	case REGION_SHARE:
		*value = row->all_calls ? share_of(row->heat.calls, row->all_calls) : 0;
		return row->all_calls;
	case REGION_MAJOR:
		*value = row->heat.major;
		return true;
	case REGION_DELETED:
		*value = row->file && row->file->deleted;
		return row->file && row->file->has_deleted;
	default:
		*value = row->file ? row->file->inode : 0;
		return row->file && row->file->inode;
	}
}

static char *text(const void *data, size_t field, enum text_mode mode)
{
	const struct region_row *row = data;

	if (!row->file)
		return field == REGION_FILE ? xstrdup("total") : NULL;
	switch (field) {
	case REGION_DEV:
		return xasprintf("%u:%u", major(row->file->dev), minor(row->file->dev));
	case REGION_STATE:
		return text_shown(residency_word(row->file->state), mode);
	default:
		return text_shown(row->file->path, mode);
	}
}

const struct fields region_fields = {
	.name = "regions",
	.known = known,
	.nr = ARRAY_SIZE(known),
	.number = number,
	.text = text,
};

/**
 * region_row_fill() - a region of a file.
 * @row: set
 * @file: cut and measured
 * @region: which
 * @all_calls: of all regions of all files
 */
void region_row_fill(struct region_row *row, const struct region_file *file, size_t region,
		     uint64_t all_calls)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), room = page << file->shift;
	const struct region *at = &file->at[region];

	memset(row, 0, sizeof(*row));
	row->file = file;
	row->offset = region * room;
	/* Of what is behind the end of the file now nothing is left, if that is known. */
	if (!file->size && file->state != RESIDENCY_KNOWN)
		row->size = room;
	else
		row->size = row->offset >= file->size ? 0 :
			    file->size - row->offset < room ? file->size - row->offset : room;
	row->pages = at->pages;
	row->mapped_pages = at->pages;
	row->cached = at->cached;
	row->mapped = at->mapped;
	row->heat = at->heat;
	row->all_calls = all_calls;
	row->has_cached = file->has_cached;
	row->has_mapped = file->has_mapped;
}

/**
 * region_row_add() - add a region to a sum.
 * @sum: all zero at first
 * @row: one of them
 */
void region_row_add(struct region_row *sum, const struct region_row *row)
{
	sum->size += row->size;
	sum->heat.calls += row->heat.calls;
	sum->heat.major += row->heat.major;
	sum->all_calls = row->all_calls;
	sum->has_cached |= row->has_cached;
	/* Else the same pages are in the sum already. */
	if (row->has_cached && !row->file->shared.again) {
		sum->cached += row->cached;
		sum->pages += row->pages;
	}
	if (row->has_mapped) {
		sum->has_mapped = true;
		sum->mapped += row->mapped;
		sum->mapped_pages += row->mapped_pages;
	}
}

/**
 * region_row_words() - all that is known of a sum, as names and values.
 * @sum: of rows
 * @json: as members of a JSON object, else as words
 *
 * Return: the text, to be freed.
 */
char *region_row_words(const struct region_row *sum, bool json)
{
	static const size_t summed[] = {
		REGION_SIZE, REGION_CACHED, REGION_CACHED_SHARE, REGION_MAPPED,
		REGION_MAPPED_SHARE, REGION_CALLS, REGION_MAJOR,
	};

	return fields_words(&region_fields, sum, summed, ARRAY_SIZE(summed), json);
}
