// SPDX-License-Identifier: GPL-2.0
/*
 * cacherows.c - the rows of cache. Only rows that will be shown are kept: a million files take
 * no more memory than ten if ten are asked for. Called by cache.c and cachewatch.c for each
 * file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/cache/cacherows.h"
#include "commands/shared.h"
#include "lib/index.h"
#include "lib/text.h"
#include "lib/xalloc.h"

#define WIDE		110	/* from that width on all columns fit beside a path */

#define COLUMNS_ALL	"size,cached,pages,percent,dirty,writeback,evicted,recent,"
#define COLUMNS_DIR	"files,unknown," COLUMNS_ALL
#define COLUMNS_NARROW	"size,cached,percent,dirty,"
#define COLUMNS_RAW	COLUMNS_ALL "shared,dev,inode,deleted,state,bar,file"

/**
 * cache_rows_begin() - no row yet.
 * @rows: set
 * @options: what is wanted
 * @list: the columns if none are asked for; NULL for those of a single look
 * @sorts: the same for sorting
 *
 * Return: false after a complaint.
 */
bool cache_rows_begin(struct cache_rows *rows, struct cache_options *options, const char *list,
		      const char *sorts)
{
	bool by_dir = options->grouping.by == BY_DIR;
	size_t lines, width;

	memset(rows, 0, sizeof(*rows));
	rows->options = options;
	screen_size(STDOUT_FILENO, &width, &lines);
	options->style.width = width;
	rows->limit = limit_rows(&options->limit, &options->style, 5);
	rows->cells = bar_cells(&options->style);
	if (list)
		;
	else if (by_dir)
		list = options->style.format == FORMAT_TABLE ? COLUMNS_DIR "dir" :
		       COLUMNS_DIR "shared,dir";
	else if (options->style.format != FORMAT_TABLE)
		list = COLUMNS_RAW;
	else
		list = width && width < WIDE ? COLUMNS_NARROW "bar,file" : COLUMNS_ALL "bar,file";
	return view_choose(&rows->view, &cache_fields, &options->columns, list, sorts);
}

/* Which of two rows comes later. */
static bool is_later(const struct cache_rows *rows, const struct cache_row *a,
		     const struct cache_row *b)
{
	int result = view_compare(&rows->view, a, b);

	return result ? result > 0 : a->order > b->order;
}

static void swap(struct cache_row *a, struct cache_row *b)
{
	struct cache_row one = *a;

	*a = *b;
	*b = one;
}

static void sift_up(struct cache_rows *rows, size_t i)
{
	for (; i && is_later(rows, &rows->at[i], &rows->at[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&rows->at[i], &rows->at[(i - 1) / 2]);
}

static void sift_down(struct cache_rows *rows, size_t nr)
{
	size_t i = 0, child;

	while ((child = 2 * i + 1) < nr) {
		if (child + 1 < nr && is_later(rows, &rows->at[child + 1], &rows->at[child]))
			child++;
		if (!is_later(rows, &rows->at[child], &rows->at[i]))
			break;
		swap(&rows->at[i], &rows->at[child]);
		i = child;
	}
}

static void add_to_group(struct cache_rows *rows, const struct cache_row *row)
{
	size_t length = dir_length(row->path, rows->options->grouping.depth);
	char *dir = length ? strndup(row->path, length) : xstrdup(".");
	size_t place;

	if (!dir)
		return;
	/* Two hashes of the name: that both meet is not to be expected. */
	place = identities_place(&rows->groups, hash_text(HASH_BEGIN, dir),
				 hash_text(~HASH_BEGIN, dir));
	if (place == rows->nr) {
		rows->at = xgrow(rows->at, rows->nr, &rows->room, sizeof(*rows->at));
		memset(&rows->at[rows->nr], 0, sizeof(*rows->at));
		rows->at[rows->nr].path = dir;
		rows->at[rows->nr++].order = place;
	} else {
		free(dir);
	}
	cache_row_add(&rows->at[place], row);
}

static void find_shared(struct cache_rows *rows, struct cache_row *row,
			const struct residency *file)
{
	enum sharing_result result = sharing_meet(&rows->sharing, file);

	row->again = result == SHARING_AGAIN;
	row->shared = row->again ? row->counts.cached : 0;
	row->unsure = result == SHARING_UNKNOWN;
}

/**
 * cache_rows_count() - let a row count in the total, unless its pages have.
 * @rows: where
 * @row: filled; what it shares is set
 * @file: the same, still open
 */
void cache_rows_count(struct cache_rows *rows, struct cache_row *row,
		      const struct residency *file)
{
	if (!row->unknown)
		find_shared(rows, row, file);
	cache_row_add(&rows->total, row);
	rows->states[row->state]++;
}

/**
 * cache_rows_keep() - keep a row if it may be shown.
 * @rows: where
 * @row: filled; its path stays the caller's
 * @file: the same, still open
 * @spread: for its bar, set up; NULL if none is wanted
 */
void cache_rows_keep(struct cache_rows *rows, struct cache_row *row, struct residency *file,
		     struct spread *spread)
{
	bool full = rows->nr == rows->limit;

	row->order = rows->order++;
	if (rows->options->grouping.by == BY_DIR) {
		add_to_group(rows, row);
		return;
	}
	if (full && !is_later(rows, &rows->at[0], row))
		return;
	if (spread && row->state == RESIDENCY_KNOWN &&
	    residency_spread(file, &row->counts, spread))
		bar_make(&row->bar, spread, rows->cells);
	row->path = xstrdup(row->path);
	if (full) {
		free(rows->at[0].path);
		rows->at[0] = *row;
		sift_down(rows, rows->nr);
		return;
	}
	rows->at = xgrow(rows->at, rows->nr, &rows->room, sizeof(*rows->at));
	rows->at[rows->nr++] = *row;
	/* Without a limit nothing is ever pushed out. */
	if (rows->limit != SIZE_MAX)
		sift_up(rows, rows->nr - 1);
}

static int compare_rows(const void *a, const void *b, void *data)
{
	const struct cache_row *x = *(const void *const *)a, *y = *(const void *const *)b;
	int result = view_compare(&((const struct cache_rows *)data)->view, x, y);

	return result ? result : (x->order > y->order) - (x->order < y->order);
}

/**
 * cache_rows_print() - put them out, with the total.
 * @rows: they
 * @json_before: members of the JSON object that come before ours, or NULL
 */
void cache_rows_print(struct cache_rows *rows, const char *json_before)
{
	const struct style *style = &rows->options->style;
	size_t nr = rows->nr < rows->limit ? rows->nr : rows->limit, i;
	const void **shown = xcalloc(rows->nr, sizeof(*shown));
	char *json = NULL, *total;

	for (i = 0; i < rows->nr; i++)
		shown[i] = &rows->at[i];
	if (rows->nr)
		qsort_r(shown, rows->nr, sizeof(*shown), compare_rows, rows);
	rows->total.is_sum = true;
	rows->total.path = xasprintf("total of %" PRIu64 " file%s", rows->total.files,
				     rows->total.files == 1 ? "" : "s");
	if (style->format == FORMAT_JSON) {
		total = cache_row_json(&rows->total);
		json = xasprintf("%s%s%s", json_before ? json_before : "", json_before ? ",\n" : "",
				 total);
		free(total);
	}
	view_print(&rows->view, shown, nr, style->format == FORMAT_TABLE ? &rows->total : NULL,
		   style, stdout, json);
	if (style->format == FORMAT_RAW)
		cache_row_print_raw(&rows->total);
	free(rows->total.path);
	free(json);
	free(shown);
}

/**
 * cache_rows_print_notes() - below the table: what is not in it.
 * @rows: what is
 * @walk: where they came from
 */
void cache_rows_print_notes(const struct cache_rows *rows, const struct walk *walk)
{
	uint64_t shown = rows->options->grouping.by == BY_DIR ? rows->nr :
			 rows->total.files;
	struct shared shared = {
		.again = rows->total.again, .pages = rows->total.shared,
		.unsure = rows->total.files > 1 ? rows->total.unsure : 0,
	};
	size_t state;
	char *size;

	if (rows->options->style.format != FORMAT_TABLE)
		return;
	if (shown > rows->limit && rows->options->style.width)
		printf("%zu of %" PRIu64 " %s; -a shows all\n", rows->limit, shown,
		       rows->options->grouping.by == BY_DIR ? "folders" : "files");
	if (rows->total.unknown) {
		size = bytes_text(rows->total.unknown_bytes);
		printf("unknown, not in the total: %s in", size);
		free(size);
		for (state = 1; state <= RESIDENCY_FAILED; state++)
			if (rows->states[state])
				printf(" %" PRIu64 " (%s)", rows->states[state],
				       residency_word((enum residency_state)state));
		putchar('\n');
	}
	shared_notes(&shared, "file", " on overlayfs or below");
	if (walk->special)
		printf("special files skipped: %" PRIu64 "\n", walk->special);
}

/**
 * cache_rows_clear() - forget all rows, not what is wanted.
 * @rows: begun
 */
void cache_rows_clear(struct cache_rows *rows)
{
	size_t i;

	for (i = 0; i < rows->nr; i++)
		free(rows->at[i].path);
	free(rows->at);
	rows->at = NULL;
	rows->nr = 0;
	rows->room = 0;
	rows->order = 0;
	memset(&rows->total, 0, sizeof(rows->total));
	memset(rows->states, 0, sizeof(rows->states));
	identities_free(&rows->groups);
	sharing_free(&rows->sharing);
}
