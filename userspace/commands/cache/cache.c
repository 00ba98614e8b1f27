// SPDX-License-Identifier: GPL-2.0
/*
 * cache.c - the command cache: how much of files, or of the files that processes map, is in the
 * page cache. This file has the arguments and the single look.
 */
#include <unistd.h>

#include "commands/cache/cache.h"
#include "commands/cache/cachelook.h"
#include "commands/cache/cacherows.h"
#include "lib/message.h"
#include "ui/progress.h"

/**
 * cache_help() - the columns, for --help.
 */
void cache_help(void)
{
	fields_help(&cache_fields);
}

static void visit(void *data, struct residency *file, const char *path)
{
	struct cache_rows *rows = data;
	struct spread spread;
	struct cache_row row;
	bool drawn = view_has(&rows->view, CACHE_BAR);

	if (!cache_wanted(rows->options, path))
		return;
	if (drawn) {
		spread_parts(&spread, file->pages, rows->cells);
		file->spread = &spread;
	}
	cache_row_fill(&row, file, path);
	cache_rows_count(rows, &row);
	cache_rows_keep(rows, &row, file, drawn ? &spread : NULL);
	progress_cached(row.counts.cached * (uint64_t)sysconf(_SC_PAGESIZE));
}

static enum exit_code look_once(struct options *options)
{
	struct cache_rows rows;
	struct walk walk = { .visit = visit, .data = &rows };
	enum exit_code code;
	size_t nr_live;

	if (!cache_rows_begin(&rows, options, NULL, options->grouping.by == BY_DIR ?
			      "cached,dir" : "cached"))
		return EXIT_USAGE;
	code = cache_look(&walk, options, &nr_live);
	if (nr_live && (rows.total.files || code == EXIT_FINE)) {
		cache_rows_print(&rows, NULL);
		cache_rows_print_notes(&rows, &walk);
	}
	cache_rows_clear(&rows);
	walk_free(&walk);
	return code;
}

#define usage(...) (complain(__VA_ARGS__), false)

static bool take_arguments(struct options *options)
{
	if (!options_take_interval(options, options->filter.nr_pids ? 0 : 1))
		return false;
	if (options->filter.nr_pids && options->nr_arguments)
		return usage("give files or -p, not both: %s", options->arguments[0]);
	if (options->filter.nr_pids && options->one_fs)
		return usage("-x goes with folders, not with -p");
	if (!options->filter.nr_pids && !options->nr_arguments)
		return usage("cache wants files, folders, or -p PID: see kfaultstat cache --help");
	return true;
}

/**
 * cache_run() - the command cache.
 * @options: what is wanted
 *
 * Return: the exit code.
 */
enum exit_code cache_run(struct options *options)
{
	if (!take_arguments(options))
		return EXIT_USAGE;
	if ((options->ranges || options->missing) &&
	    (options->interval > 0 || options->grouping.by == BY_DIR)) {
		complain("--ranges and --missing go with one look at files, not with %s",
			 options->interval > 0 ? "an interval" : "--by");
		return EXIT_USAGE;
	}
	if (!residency_begin(options->via))
		return EXIT_USAGE;
	if (options->ranges || options->missing)
		return cache_ranges(options);
	return options->interval > 0 ? cache_watch(options) : look_once(options);
}
