// SPDX-License-Identifier: GPL-2.0
/*
 * rows.c - tables of the module's rows: default columns, and the table of a difference. Called
 * by show, diff, stat and top.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands/rows.h"
#include "faults/json.h"
#include "lib/message.h"
#include "lib/pace.h"
#include "lib/xalloc.h"

/**
 * rows_help() - the columns of rows, for --help.
 */
void rows_help(void)
{
	fields_help(&item_fields);
}

/**
 * rows_columns() - the default columns of rows.
 * @by: the grouping of the rows
 * @live: the rows are from this machine, so that columns from /proc are possible
 *
 * Return: a list of columns.
 */
const char *rows_columns(enum grouping by, bool live)
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

/**
 * rows_check() - whether what is asked for fits together.
 * @wanted: what is asked for
 *
 * Return: false after a complaint.
 */
bool rows_check(const struct rows_wanted *wanted)
{
	if (wanted->filter.files && wanted->filter.areas)
		complain("%s and --areas are mutually exclusive", "--files");
	else if (wanted->grouping.by == BY_CGROUP && !wanted->live)
		complain("%s requires live processes, not a saved copy", "--by cgroup");
	else
		return true;
	return false;
}

static const char *since_text(const struct delta *d, const struct snapshot *after)
{
	if (d->reloaded && after->resets)
		return "since the module was reloaded, the rows since the last reset";
	if (d->reloaded)
		return "since the module was reloaded";
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
 * rows_show_delta() - put a difference out, with its total.
 * @wanted: which rows, and how
 * @view: what of it, sorted how
 * @delta: the difference
 * @after: the later snapshot
 */
void rows_show_delta(struct rows_wanted *wanted, const struct view *view,
		     const struct delta *delta, const struct snapshot *after)
{
	struct item total = {
		.row = { .counts = delta->total }, .rss_kib = -1,
		.seconds = delta->seconds, .is_total = true,
	};
	struct items items;
	char *json = NULL;
	size_t limit, lines;

	total.row.comm = filter_is_any(&wanted->filter) ? "total of all" : "total";
	items_make(&items, delta->rows, delta->nr_rows, delta->rows_seconds, &wanted->filter,
		   &wanted->grouping);
	if (wanted->live)
		items_ask_machine(&items, view);
	items_sort(items.at, items.nr, view);
	screen_size(STDOUT_FILENO, &wanted->style.width, &lines);
	limit = limit_rows(&wanted->limit, &wanted->style, 4);
	if (wanted->style.format == FORMAT_JSON)
		json = json_delta(delta, after);
	else
		heading(delta, after, limit, lines && limit < items.nr &&
			wanted->style.format == FORMAT_TABLE ? items.nr : 0);
	items_print(items.at, items.nr < limit ? items.nr : limit, view, &wanted->style, &total,
		    stdout, json);
	free(json);
	items_free(&items);
}
