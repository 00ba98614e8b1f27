// SPDX-License-Identifier: GPL-2.0
/*
 * show.c - the command show: the table as it is, or what was counted in each interval. The table
 * of a difference serves diff, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/show.h"
#include "faults/json.h"
#include "faults/source.h"
#include "lib/pace.h"
#include "lib/xalloc.h"

#define SHOW_SORT	"major,calls"
#define DELTA_SORT	"major,minor"

/**
 * show_help() - the columns of rows, for --help.
 */
void show_help(void)
{
	fields_help(&item_fields);
}

/**
 * show_columns() - the default columns of rows.
 * @by: the grouping of the rows
 * @live: the rows are from this machine, so that columns from /proc are possible
 *
 * Return: a list of columns.
 */
const char *show_columns(enum grouping by, bool live)
{
	static const char *const lists[NR_GROUPINGS] = {
		[BY_NONE] = "pid,comm,state,major,minor,calls,object",
		[BY_OBJECT] = "major,minor,calls,processes,object",
		[BY_DIR] = "major,minor,calls,processes,dir",
		[BY_PROCESS] = "pid,comm,state,major,minor,calls",
		[BY_COMM] = "major,minor,calls,processes,comm",
		[BY_CGROUP] = "major,minor,calls,processes,cgroup",
	};

	if (by == BY_PROCESS && live)
		return "pid,comm,state,major,minor,calls,rss";
	return lists[by];
}

/**
 * delta_columns() - the default columns of a difference.
 * @by: the grouping of the rows
 * @live: the rows are from this machine, so that columns from /proc are possible
 *
 * Return: a list of columns.
 */
const char *delta_columns(enum grouping by, bool live)
{
	static const char *const lists[NR_GROUPINGS] = {
		[BY_NONE] = "pid,comm,major,minor,calls,major_s,minor_s,object",
		[BY_OBJECT] = "major,minor,calls,major_s,minor_s,processes,object",
		[BY_DIR] = "major,minor,calls,major_s,minor_s,processes,dir",
		[BY_PROCESS] = "pid,comm,major,minor,calls,major_s,minor_s",
		[BY_COMM] = "major,minor,calls,major_s,minor_s,processes,comm",
		[BY_CGROUP] = "major,minor,calls,major_s,minor_s,processes,cgroup",
	};

	if (by == BY_PROCESS && live)
		return "pid,comm,major,minor,calls,major_s,minor_s,rss";
	return lists[by];
}

static const char *since_text(const struct delta *d, const struct snapshot *after)
{
	if (d->reloaded && after->resets)
		return "since the module was loaded anew, the rows since the last reset";
	if (d->reloaded)
		return "since the module was loaded anew";
	if (d->since == SINCE_LOAD && after->resets)
		return "since the module was loaded, the rows since the last reset";
	if (d->since == SINCE_LOAD)
		return "since the module was loaded";
	if (d->since == SINCE_RESET)
		return "the rows since a reset in between";
	return "in the interval";
}

static const char *since_word(const struct delta *d)
{
	return d->reloaded ? "reload" : d->since == SINCE_LOAD ? "load" :
	       d->since == SINCE_RESET ? "reset" : "before";
}

/* @cut is of how many rows not all are shown; 0 if they are. */
static void heading(const struct delta *d, const struct snapshot *after, size_t limit, size_t cut)
{
	char clock[CLOCK_TEXT];

	clock_text(clock, after->realtime);
	printf("# %s, %.3f s, %s", clock, d->seconds, since_text(d, after));
	if (cut)
		printf("; %zu of %zu rows", limit, cut);
	putchar('\n');
}

static char *json_delta(const struct delta *d, const struct snapshot *after)
{
	char *snapshot = json_snapshot(after), *total = json_counts(&d->total, MISSED + 1);
	char *text = xasprintf("%s,\n   \"interval\": {\"seconds\": %.3f, \"since\": \"%s\", \"counts\": %s}",
			       snapshot, d->seconds, since_word(d), total);

	free(snapshot);
	free(total);
	return text;
}

/**
 * show_delta() - put a difference out, with its total.
 * @options: how
 * @view: what of it, sorted how
 * @delta: the difference
 * @after: the later snapshot
 */
void show_delta(struct options *options, const struct view *view, const struct delta *delta,
		const struct snapshot *after)
{
	struct item total = {
		.row = { .counts = delta->total }, .rss_kib = -1,
		.seconds = delta->seconds, .is_total = true,
	};
	struct items items;
	char *json = NULL;
	size_t limit, lines;

	total.row.comm = filter_is_any(&options->filter) ? "total of all" : "total";
	items_make(&items, delta->rows, delta->nr_rows, delta->rows_seconds, &options->filter,
		   &options->grouping);
	if (!options->input && options->command->bit != DIFF)
		items_ask_machine(&items, view);
	items_sort(items.at, items.nr, view);
	screen_size(STDOUT_FILENO, &options->style.width, &lines);
	limit = options_limit(options, 4);
	if (options->style.format == FORMAT_JSON)
		json = json_delta(delta, after);
	else
		heading(delta, after, limit, lines && limit < items.nr &&
			options->style.format == FORMAT_TABLE ? items.nr : 0);
	items_print(items.at, items.nr < limit ? items.nr : limit, view, &options->style, &total,
		    stdout, json);
	free(json);
	items_free(&items);
}

static enum exit_code show_once(struct options *options)
{
	struct snapshot s = { 0 };
	enum exit_code code;
	struct items items;
	struct view view;
	char *json = NULL;
	size_t limit, lines;

	if (!view_choose(&view, &item_fields, &options->columns,
			 show_columns(options->grouping.by, !options->input), SHOW_SORT))
		return EXIT_USAGE;
	code = source_take(&s, options->input, SOURCE_FAULTS);
	if (code != EXIT_FINE)
		return code;
	/* When the last reset was is not in the file. */
	items_make(&items, s.rows, s.nr_rows, s.resets ? 0 : s.now - s.at, &options->filter,
		   &options->grouping);
	if (!options->input)
		items_ask_machine(&items, &view);
	items_sort(items.at, items.nr, &view);
	screen_size(STDOUT_FILENO, &options->style.width, &lines);
	if (options->style.format == FORMAT_JSON)
		json = json_snapshot(&s);
	limit = options_limit(options, 3);
	items_print(items.at, items.nr < limit ? items.nr : limit, &view, &options->style, NULL,
		    stdout, json);
	if (lines && options->style.format == FORMAT_TABLE && limit < items.nr)
		printf("%zu of %zu rows; -a shows all\n", limit, items.nr);
	else if (lines && options->style.format == FORMAT_TABLE && !items.nr && s.nr_rows)
		printf("none of %zu rows is meant\n", s.nr_rows);
	free(json);
	items_free(&items);
	snapshot_free(&s);
	return EXIT_FINE;
}

/*
 * The snapshot of the next interval. While the module is away, which is said once, the
 * last one before that is kept: it may come again.
 */
static enum exit_code take_next(struct options *options, struct snapshot *s, bool *away)
{
	char *error;
	enum exit_code code = source_read(s, options->input, SOURCE_FAULTS, &error);

	if (code != EXIT_FINE && !*away)
		complain("%s", error);
	free(error);
	*away = code == EXIT_NOT_LOADED;
	return code;
}

static enum exit_code show_intervals(struct options *options)
{
	struct snapshot before = { 0 }, after;
	struct view view;
	struct pace pace;
	enum exit_code code;
	uint64_t turn = 0;
	bool away = false;

	options->style.compact = true;
	if (!view_choose(&view, &item_fields, &options->columns,
			 delta_columns(options->grouping.by, !options->input), DELTA_SORT))
		return EXIT_USAGE;
	pace_begin(&pace, options->interval);
	for (;;) {
		code = take_next(options, &after, &away);
		if (code != EXIT_FINE && (!turn || !away))
			break;
		if (code == EXIT_FINE) {
			struct delta delta;

			if (turn && options->input && snapshot_is_older(&after, &before)) {
				complain("%s is older than the copy before it", options->input);
				snapshot_free(&after);
				code = EXIT_ERROR;
				break;
			}
			delta_make(&delta, turn ? &before : NULL, &after);
			show_delta(options, &view, &delta, &after);
			delta_free(&delta);
			snapshot_free(&before);
			before = after;
		}
		if (++turn == options->count || !pace_wait(&pace))
			break;
	}
	snapshot_free(&before);
	return code;
}

/**
 * show_run() - the command show.
 * @options: what is wanted
 *
 * Return: the exit code.
 */
enum exit_code show_run(struct options *options)
{
	return options->interval > 0 ? show_intervals(options) : show_once(options);
}
