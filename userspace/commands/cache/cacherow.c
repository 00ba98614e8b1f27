// SPDX-License-Identifier: GPL-2.0
/*
 * cacherow.c - the columns of cache, and sums of its rows. Called by cache.c, cachewatch.c and
 * cacherows.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "commands/cache/cacherow.h"
#include "lib/xalloc.h"

static const struct field known[] = {
	[CACHE_SIZE] = { "size", FIELD_BYTES,
			 "size of the file; total: of files whose state is known" },
	[CACHE_CACHED] = { "cached", FIELD_BYTES, "part of it in the page cache, in whole pages" },
	[CACHE_PAGES] = { "pages", FIELD_COUNT, "cached, in pages" },
	[CACHE_PERCENT] = { "percent", FIELD_SHARE, "cached pages, of the file's pages" },
	[CACHE_DIRTY] = { "dirty", FIELD_BYTES, "waiting to be written back" },
	[CACHE_WRITEBACK] = { "writeback", FIELD_BYTES, "being written back" },
	[CACHE_EVICTED] = { "evicted", FIELD_BYTES, "was cached and has been evicted" },
	[CACHE_RECENT] = { "recent", FIELD_BYTES,
			   "evicted recently: reading it again would be thrashing" },
	[CACHE_CAME] = { "came", FIELD_BYTES, "entered the page cache in the interval" },
	[CACHE_WENT] = { "went", FIELD_BYTES, "left the page cache in the interval" },
	[CACHE_FILES] = { "files", FIELD_COUNT, "number of files summed" },
	[CACHE_UNKNOWN] = { "unknown", FIELD_COUNT, "files whose cache state is unknown" },
	[CACHE_SHARED] = { "shared", FIELD_BYTES,
			   "cached, but counted with another file that has the same pages" },
	[CACHE_DEV] = { "dev", FIELD_TEXT, "device of the file, major:minor" },
	[CACHE_INODE] = { "inode", FIELD_COUNT, "inode of the file" },
	[CACHE_DELETED] = { "deleted", FIELD_COUNT, "1 if the file has been deleted, else 0" },
	[CACHE_STATE] = { "state", FIELD_TEXT, "known, or why it is unknown" },
	[CACHE_BAR] = { "bar", FIELD_TEXT,
			"which parts of the file are cached, or why it is unknown" },
	[CACHE_DIR] = { "dir", FIELD_PATH, "folder of the files" },
	[CACHE_FILE] = { "file", FIELD_PATH, "path of the file" },
};

static bool number(const void *data, size_t field, uint64_t *value)
{
	const struct cache_row *row = data;
	bool known_all = row->state == RESIDENCY_KNOWN &&
			 !(row->is_sum && row->unknown && row->unknown == row->files);
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	switch (field) {
	case CACHE_SIZE:
		*value = row->size;
		return row->state != RESIDENCY_SPECIAL && row->state != RESIDENCY_GONE;
	case CACHE_CACHED:
		*value = row->counts.cached * page;
		return known_all;
	case CACHE_PAGES:
		*value = row->counts.cached;
		return known_all;
	case CACHE_PERCENT:
		*value = row->pages ? share_of(row->counts.cached, row->pages) : 0;
		return known_all && row->pages;
	case CACHE_DIRTY:
		*value = row->counts.dirty * page;
		return known_all && row->has_more;
	case CACHE_WRITEBACK:
		*value = row->counts.writeback * page;
		return known_all && row->has_more;
	case CACHE_EVICTED:
		*value = row->counts.evicted * page;
		return known_all && row->has_more;
	case CACHE_RECENT:
		*value = row->counts.recent * page;
		return known_all && row->has_more;
	case CACHE_CAME:
		*value = row->came * page;
		return row->has_changes;
	case CACHE_WENT:
		*value = row->went * page;
		return row->has_changes;
	case CACHE_FILES:
		*value = row->files;
		return true;
	case CACHE_UNKNOWN:
		*value = row->unknown;
		return true;
	case CACHE_DELETED:
		*value = row->deleted;
		return !row->is_sum;
	case CACHE_SHARED:
		*value = row->shared * page;
		return known_all && (row->is_sum || !row->unsure);
	default:
		*value = row->inode;
		return row->inode;
	}
}

static char *text(const void *data, size_t field, enum text_mode mode)
{
	const struct cache_row *row = data;
	char *dir, *shown, *drawn;

	switch (field) {
	case CACHE_DEV:
		return row->inode ? xasprintf("%u:%u", major(row->dev), minor(row->dev)) : NULL;
	case CACHE_STATE:
		return row->is_sum ? NULL : text_shown(residency_word(row->state), mode);
	case CACHE_BAR:
		drawn = bar_text(&row->bar, mode);
		if (!drawn && row->state != RESIDENCY_KNOWN && mode == TEXT_TABLE)
			return xstrdup(residency_word(row->state));
		return drawn;
	case CACHE_DIR:
		if (row->is_sum)
			return text_shown(row->path, mode);
		dir = strndup(row->path, dir_length(row->path, 0));
		shown = text_shown(dir && *dir ? dir : ".", mode);
		free(dir);
		return shown;
	default:
		return text_shown(row->path, mode);
	}
}

const struct fields cache_fields = {
	.name = "cache",
	.known = known,
	.nr = ARRAY_SIZE(known),
	.number = number,
	.text = text,
};

/**
 * cache_row_fill() - look at a file.
 * @row: set, but its bar and its order
 * @file: opened, or not; how long it is may be corrected
 * @path: its name; the row points to it
 *
 * Return: true if something is known of it.
 */
bool cache_row_fill(struct cache_row *row, struct residency *file, const char *path)
{
	memset(row, 0, sizeof(*row));
	if (file->state == RESIDENCY_KNOWN)
		residency_count_all(file, &row->counts);
	row->path = (char *)path;
	row->dev = file->dev;
	row->inode = file->inode;
	row->deleted = file->deleted;
	row->size = file->size;
	row->pages = file->pages;
	row->state = file->state;
	row->has_more = file->way == RESIDENCY_CACHESTAT;
	row->files = 1;
	row->unknown = row->state != RESIDENCY_KNOWN;
	row->unknown_bytes = row->unknown ? row->size : 0;
	return !row->unknown;
}

/**
 * cache_row_add() - add a row to a sum.
 * @sum: all zero at first
 * @row: one of its files
 */
void cache_row_add(struct cache_row *sum, const struct cache_row *row)
{
	bool first = sum->files == sum->unknown + sum->again;

	sum->is_sum = true;
	sum->files += row->files;
	sum->unknown += row->unknown;
	sum->unknown_bytes += row->unknown_bytes;
	sum->has_changes |= row->has_changes;
	sum->again += row->again;
	sum->shared += row->shared;
	sum->unsure += row->unsure;
	/* The same pages are in the sum already. */
	if (row->again)
		return;
	sum->came += row->came;
	sum->went += row->went;
	if (row->unknown)
		return;
	sum->has_more = row->has_more && (first || sum->has_more);
	sum->size += row->size;
	sum->pages += row->pages;
	sum->counts.cached += row->counts.cached;
	sum->counts.dirty += row->counts.dirty;
	sum->counts.writeback += row->counts.writeback;
	sum->counts.evicted += row->counts.evicted;
	sum->counts.recent += row->counts.recent;
}

static const size_t summed[] = {
	CACHE_FILES, CACHE_UNKNOWN, CACHE_SIZE, CACHE_CACHED, CACHE_PAGES, CACHE_PERCENT,
	CACHE_DIRTY, CACHE_WRITEBACK, CACHE_EVICTED, CACHE_RECENT, CACHE_CAME, CACHE_WENT,
	CACHE_SHARED,
};

/* All that is known of a sum. */
static char *sum_words(const struct cache_row *sum, bool json)
{
	return fields_words(&cache_fields, sum, summed, ARRAY_SIZE(summed), json);
}

/**
 * cache_row_json() - a sum as a member of a JSON object.
 * @sum: the sum
 *
 * Return: the text, to be freed.
 */
char *cache_row_json(const struct cache_row *sum)
{
	char *members = sum_words(sum, true);
	char *json = xasprintf("   \"page_size\": %ld,\n"
			       "   \"total\": {%s, \"unknown_size\": %" PRIu64
			       ", \"shared_files\": %" PRIu64 ", \"shared_unknown\": %" PRIu64
			       "}", sysconf(_SC_PAGESIZE), members, sum->unknown_bytes, sum->again,
			       sum->unsure);

	free(members);
	return json;
}

/**
 * cache_row_print_raw() - a sum as a line of words.
 * @sum: the sum
 */
void cache_row_print_raw(const struct cache_row *sum)
{
	char *words = sum_words(sum, false);

	printf("# total %s unknown_size %" PRIu64 " shared_files %" PRIu64 " shared_unknown %"
	       PRIu64 "\n", words, sum->unknown_bytes, sum->again, sum->unsure);
	free(words);
}
