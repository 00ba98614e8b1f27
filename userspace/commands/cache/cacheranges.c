// SPDX-License-Identifier: GPL-2.0
/*
 * cacheranges.c - cache --ranges and --missing: what of each file is cached and what is not, by
 * offset. Ranges are printed as they are found; only JSON waits for the last.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/cache/cache.h"
#include "commands/cache/cachelook.h"
#include "lib/message.h"
#include "lib/xalloc.h"
#include "ui/fields.h"

#define BATCH	1000	/* rows that are aligned with each other */

enum { RANGE_START, RANGE_END, RANGE_BYTES, RANGE_PAGES, RANGE_STATE, RANGE_FILE };

static const struct field known[] = {
	[RANGE_START] = { "start", FIELD_COUNT, "offset of the first byte" },
	[RANGE_END] = { "end", FIELD_COUNT, "offset after the last byte" },
	[RANGE_BYTES] = { "bytes", FIELD_COUNT, "length" },
	[RANGE_PAGES] = { "pages", FIELD_COUNT, "length, in pages" },
	[RANGE_STATE] = { "state", FIELD_TEXT, "cached, missing, or why it is unknown" },
	[RANGE_FILE] = { "file", FIELD_PATH, "path of the file" },
};

struct range {
	const char *state;
	char *path;
	uint64_t start, end, pages;	/* bytes, but pages; none if nothing is known */
};

struct ranges {
	const struct cache_options *options;
	struct view view;
	struct style style;
	struct range *at;
	size_t nr, room, left;
	/* The run that may go on, of the file that is looked at. */
	const char *path;
	uint64_t first, pages, size;
	bool cached;
};

static bool number(const void *data, size_t field, uint64_t *value)
{
	const struct range *range = data;

	*value = field == RANGE_START ? range->start : field == RANGE_END ? range->end :
		 field == RANGE_BYTES ? range->end - range->start : range->pages;
	return range->pages;
}

static char *text(const void *data, size_t field, enum text_mode mode)
{
	const struct range *range = data;

	return text_shown(field == RANGE_STATE ? range->state : range->path, mode);
}

static const struct fields range_fields = {
	.name = "ranges",
	.known = known,
	.nr = ARRAY_SIZE(known),
	.number = number,
	.text = text,
};

static void put_out(struct ranges *ranges)
{
	const void **rows = xcalloc(ranges->nr, sizeof(*rows));
	size_t i;

	for (i = 0; i < ranges->nr; i++)
		rows[i] = &ranges->at[i];
	view_print(&ranges->view, rows, ranges->nr, NULL, &ranges->style, stdout, NULL);
	for (i = 0; i < ranges->nr; i++)
		free(ranges->at[i].path);
	free(rows);
	ranges->nr = 0;
	ranges->style.noheadings = true;
}

static bool keep(struct ranges *ranges, const char *path, const char *state, uint64_t first,
		 uint64_t pages)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct range *range;

	if (!ranges->left)
		return false;
	ranges->left--;
	ranges->at = xgrow(ranges->at, ranges->nr, &ranges->room, sizeof(*ranges->at));
	range = &ranges->at[ranges->nr++];
	range->path = xstrdup(path);
	range->state = state;
	range->pages = pages;
	range->start = first * page;
	range->end = (first + pages) * page;
	if (range->end > ranges->size)
		range->end = ranges->size;
	if (ranges->nr == BATCH && ranges->style.format != FORMAT_JSON) {
		put_out(ranges);
		if (ferror(stdout))
			ranges->left = 0;
	}
	return true;
}

/* Runs that touch become one. */
static bool run(void *data, uint64_t first, uint64_t nr, bool cached)
{
	struct ranges *ranges = data;
	bool goes_on = true;

	if (ranges->pages && ranges->cached == cached) {
		ranges->pages += nr;
		return true;
	}
	if (ranges->pages && (ranges->cached ? ranges->options->ranges :
			      ranges->options->missing))
		goes_on = keep(ranges, ranges->path, ranges->cached ? "cached" : "missing",
			       ranges->first, ranges->pages);
	ranges->first = first;
	ranges->pages = nr;
	ranges->cached = cached;
	return goes_on;
}

static void visit(void *data, struct residency *file, const char *path)
{
	struct ranges *ranges = data;

	if (!ranges->left)
		return;
	ranges->path = path;
	ranges->size = file->size;
	ranges->pages = 0;
	if (file->state == RESIDENCY_KNOWN && residency_runs(file, run, ranges))
		run(ranges, 0, 0, !ranges->cached);
	if (file->state != RESIDENCY_KNOWN)
		keep(ranges, path, residency_word(file->state), 0, 0);
}

/**
 * cache_ranges() - put out ranges.
 * @options: what is wanted
 *
 * Return: the exit code.
 */
enum exit_code cache_ranges(struct cache_options *options)
{
	struct ranges ranges = { .options = options };
	struct walk walk = { .visit = visit, .data = &ranges };
	enum exit_code code;
	size_t lines, nr_live;

	if (options->columns.sort) {
		complain("-s cannot be used with ranges, which are sorted by file and offset");
		return EXIT_USAGE;
	}
	screen_size(STDOUT_FILENO, &options->style.width, &lines);
	ranges.style = options->style;
	ranges.left = options->limit.lines ? options->limit.lines : SIZE_MAX;
	if (!view_choose(&ranges.view, &range_fields, &options->columns,
			 "start,end,bytes,pages,state,file", "start"))
		return EXIT_USAGE;
	code = cache_look(&walk, options, &nr_live);
	if (nr_live &&
	    (ranges.nr || !ranges.style.noheadings || ranges.style.format == FORMAT_JSON))
		put_out(&ranges);
	free(ranges.at);
	walk_free(&walk);
	return code;
}
