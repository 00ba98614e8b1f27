// SPDX-License-Identifier: GPL-2.0
/*
 * cachewatch.c - cache in intervals: what came into the page cache and what left it, by file.
 * The number of cached pages is remembered for at most 64 regions of each file; the sums of
 * their increases and decreases are shown.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands/cache/cache.h"
#include "commands/cache/cachelook.h"
#include "commands/cache/cacherows.h"
#include "lib/message.h"
#include "lib/pace.h"
#include "lib/xalloc.h"

#define REGIONS		64
#define COLUMNS		"came,went,cached,size,percent,bar,file"
#define COLUMNS_DIR	"came,went,cached,size,percent,files,unknown,dir"
#define COLUMNS_RAW	"came,went,cached,size,pages,percent,dirty,writeback,evicted,recent,shared,dev,inode,deleted,state,bar,file"

/* A file as it was. Where all regions are empty or all are full, that is all. */
struct watched {
	char *path;		/* if any page is cached */
	uint32_t *regions;
	uint64_t cached, pages, turn;
	unsigned int shift;
	bool again;		/* another one has the same pages */
	bool is_known;		/* it was looked at before */
};

struct watch {
	const struct cache_options *options;
	struct cache_rows rows;
	struct identities files;
	struct watched *at;
	size_t room;
	uint64_t turn;
};

/* What was, in regions at least as large. */
static void recall(struct spread *spread, const struct watched *was, unsigned int shift)
{
	size_t i;

	spread_regions(spread, was->pages, was->shift, REGIONS);
	if (was->regions)
		for (i = 0; i < spread->nr; i++)
			spread->at[i] = was->regions[i];
	else
		spread_add(spread, 0, was->cached);
	for (; spread->shift < shift; spread->shift++) {
		for (i = 0; i < spread->nr; i++) {
			uint64_t count = spread->at[i];

			spread->at[i] = 0;
			spread->at[i / 2] += count;
		}
		spread->nr = (spread->nr + 1) / 2;
	}
}

static void remember(struct watched *was, const struct cache_row *row, const struct spread *now)
{
	bool mixed = row->counts.cached && row->counts.cached < row->pages;
	size_t i;

	free(was->regions);
	was->regions = mixed ? xcalloc(now->nr, sizeof(*was->regions)) : NULL;
	for (i = 0; mixed && i < now->nr; i++)
		was->regions[i] = (uint32_t)now->at[i];
	was->is_known = true;
	was->cached = row->counts.cached;
	was->pages = row->pages;
	was->shift = now->shift;
	if (!was->cached) {
		free(was->path);
		was->path = NULL;
	} else if (!was->path || strcmp(was->path, row->path)) {
		free(was->path);
		was->path = xstrdup(row->path);
	}
}

static void compare(struct cache_row *row, const struct watched *was, const struct spread *now)
{
	struct spread before;
	size_t i;

	recall(&before, was, now->shift);
	row->has_changes = true;
	for (i = 0; i < now->nr || i < before.nr; i++) {
		uint64_t had = i < before.nr ? before.at[i] : 0, has = i < now->nr ? now->at[i] : 0;

		row->came += has > had ? has - had : 0;
		row->went += had > has ? had - has : 0;
	}
}

static struct watched *place(struct watch *watch, const struct residency *file)
{
	size_t nr = watch->files.nr, at = identities_place(&watch->files, file->dev, file->inode);

	watch->at = xgrow(watch->at, watch->files.nr - 1, &watch->room, sizeof(*watch->at));
	if (watch->files.nr > nr)
		memset(&watch->at[at], 0, sizeof(*watch->at));
	return &watch->at[at];
}

static void visit(void *data, struct residency *file, const char *path)
{
	struct watch *watch = data;
	struct watched *was = NULL;
	struct cache_row row;
	struct spread now;

	if (file->state == RESIDENCY_KNOWN) {
		was = place(watch, file);
		spread_regions(&now, file->pages, was->shift, REGIONS);
		file->spread = &now;
	}
	if (cache_row_fill(&row, file, path)) {
		if (residency_spread(file, &row.counts, &now)) {
			/*
			 * A file that is new in a folder has come with all that it has; one that a
			 * process maps now may have been cached for long.
			 */
			if (watch->turn && (was->is_known || !watch->options->filter.nr_pids))
				compare(&row, was, &now);
			remember(was, &row, &now);
		}
		was->turn = watch->turn;
	} else if (was) {
		/* Known before, and not now. */
		was->turn = watch->turn;
	}
	cache_rows_count(&watch->rows, &row, file);
	if (was)
		was->again = row.again;
	if (!watch->turn || row.came || row.went)
		cache_rows_keep(&watch->rows, &row, file, row.unknown ? NULL : &now);
}

static void forget(struct watched *was)
{
	free(was->path);
	free(was->regions);
}

/*
 * What was not met any more has taken its pages with it; of what no process maps any more
 * nobody knows.
 */
static void sweep(struct watch *watch)
{
	struct identities left = { 0 };
	size_t i, to;

	for (i = 0; i < watch->files.nr && watch->at[i].turn == watch->turn; i++)
		;
	if (i == watch->files.nr)
		return;
	for (i = 0; i < watch->files.nr; i++) {
		struct watched *was = &watch->at[i];
		struct cache_row row = { .path = was->path, .state = RESIDENCY_GONE, .files = 1,
					 .unknown = 1, .has_changes = true, .went = was->cached };

		if (was->turn != watch->turn) {
			if (was->cached && !watch->options->filter.nr_pids) {
				watch->rows.total.went += was->again ? 0 : was->cached;
				cache_rows_keep(&watch->rows, &row, NULL, NULL);
			}
			forget(was);
			continue;
		}
		to = identities_place(&left, watch->files.at[i].dev, watch->files.at[i].inode);
		watch->at[to] = *was;
	}
	identities_free(&watch->files);
	watch->files = left;
}

static void print(struct watch *watch, struct walk *walk, double elapsed)
{
	time_t when = time(NULL);
	char clock[CLOCK_TEXT], *json = NULL;

	clock_text(clock, (double)when);
	if (watch->options->style.format == FORMAT_JSON)
		json = xasprintf("   \"realtime\": %lld,\n   \"interval\": {\"seconds\": %.3f, \"since\": \"%s\"}",
				 (long long)when, elapsed, watch->turn ? "before" : "never");
	else if (watch->turn)
		printf("# %s, %.3f s, came and went in the interval\n", clock, elapsed);
	else
		printf("# %s, what is there now\n", clock);
	watch->rows.total.has_changes = watch->turn;
	cache_rows_print(&watch->rows, json);
	cache_rows_print_notes(&watch->rows, walk);
	free(json);
}

/**
 * cache_watch() - the command cache in intervals.
 * @options: what is wanted
 *
 * Return: the exit code.
 */
enum exit_code cache_watch(struct cache_options *options)
{
	static struct watch watch;
	struct walk walk = { .visit = visit, .data = &watch };
	enum exit_code code, worst = EXIT_FINE;
	double last = clock_now(), now;
	struct pace pace;
	size_t nr_live, i;

	watch.options = options;
	options->style.compact = true;
	if (!cache_rows_begin(&watch.rows, options, options->grouping.by == BY_DIR ? COLUMNS_DIR :
			      options->style.format == FORMAT_TABLE ? COLUMNS : COLUMNS_RAW,
			      "came,went,cached"))
		return EXIT_USAGE;
	pace_begin(&pace, options->interval.seconds, NULL);
	for (;;) {
		code = cache_look(&walk, options, &nr_live);
		if (!nr_live && watch.turn && options->style.format != FORMAT_JSON)
			puts("# no process is left");
		if (!nr_live || (code != EXIT_FINE && !watch.turn && !watch.rows.total.files)) {
			worst = watch.turn ? worst : EXIT_ERROR;
			break;
		}
		worst = watch.turn ? worst : code;
		sweep(&watch);
		now = clock_now();
		print(&watch, &walk, watch.turn ? now - last : 0);
		last = now;
		cache_rows_clear(&watch.rows);
		walk.quiet = true;
		if (!interval_next(&options->interval, &pace, &watch.turn))
			break;
	}
	cache_rows_clear(&watch.rows);
	for (i = 0; i < watch.files.nr; i++)
		forget(&watch.at[i]);
	free(watch.at);
	identities_free(&watch.files);
	walk_free(&walk);
	return worst;
}
