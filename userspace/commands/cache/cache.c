// SPDX-License-Identifier: GPL-2.0
/*
 * cache.c - the command cache: how much of files, or of the files that processes map, is in the
 * page cache. This file has the arguments and the single look.
 */
#include <unistd.h>

#include "commands/cache/cache.h"
#include "commands/cache/cachelook.h"
#include "commands/cache/cacherows.h"
#include "commands/commands.h"
#include "lib/message.h"
#include "ui/progress.h"

static struct cache_options options;

static const struct option_info own[] = {
	{ 'p', "pid", "PID[,...]", option_pids, offsetof(struct cache_options, filter),
	  "the files that these processes map" },
	{ 'f', "object", "GLOB", option_glob, offsetof(struct cache_options, filter.object),
	  "only files that match; * matches / as well" },
	{ 0, "by", "WHAT", option_by_dir, offsetof(struct cache_options, grouping),
	  "sum by dir, or by its first folders: dir=DEPTH" },
	{ 'x', "one-file-system", NULL, option_flag, offsetof(struct cache_options, one_fs),
	  "stay on the file system of each folder" },
	{ 0, "ranges", NULL, option_flag, offsetof(struct cache_options, ranges),
	  "show the cached ranges of each file" },
	{ 0, "missing", NULL, option_flag, offsetof(struct cache_options, missing),
	  "show the ranges that are not cached" },
	{ 0, "via", "WAY", option_text, offsetof(struct cache_options, via),
	  "use cachestat, or mincore" },
	OPTIONS_END
};

static const struct option_group groups[] = {
	{ options_all, &options.limit },
	{ options_lines, &options.limit },
	{ options_columns, &options.columns },
	{ options_style_live, &options.style },
	{ own, &options },
	{ NULL, NULL }
};

static void help(void)
{
	fields_help(&cache_fields);
}

static void visit(void *data, struct residency *file, const char *path)
{
	struct cache_rows *rows = data;
	struct spread spread;
	struct cache_row row;
	bool drawn = view_has(&rows->view, CACHE_BAR);

	if (drawn) {
		spread_parts(&spread, file->pages, rows->cells);
		file->spread = &spread;
	}
	cache_row_fill(&row, file, path);
	cache_rows_count(rows, &row, file);
	cache_rows_keep(rows, &row, file, drawn ? &spread : NULL);
	progress_cached(row.counts.cached * (uint64_t)sysconf(_SC_PAGESIZE));
}

static enum exit_code look_once(void)
{
	struct cache_rows rows;
	struct walk walk = { .visit = visit, .data = &rows };
	enum exit_code code;
	size_t nr_live;

	if (!cache_rows_begin(&rows, &options, NULL, options.grouping.by == BY_DIR ?
			      "cached,dir" : "cached"))
		return EXIT_USAGE;
	code = cache_look(&walk, &options, &nr_live);
	if (nr_live && (rows.total.files || code == EXIT_FINE)) {
		cache_rows_print(&rows, NULL);
		cache_rows_print_notes(&rows, &walk);
	}
	cache_rows_clear(&rows);
	walk_free(&walk);
	return code;
}

#define usage(...) (complain(__VA_ARGS__), false)

static bool take_arguments(struct command_line *line)
{
	if (!interval_take(&options.interval, line->arguments, &line->nr_arguments,
			   options.filter.nr_pids ? 0 : 1))
		return false;
	if (options.filter.nr_pids && line->nr_arguments)
		return usage("files and -p are mutually exclusive: %s", line->arguments[0]);
	if (options.filter.nr_pids && options.one_fs)
		return usage("-x and -p are mutually exclusive");
	if (!options.filter.nr_pids && !line->nr_arguments)
		return usage("no files, folders, or -p PID given: see kfaultstat cache --help");
	if (!options.filter.nr_pids)
		interval_warn_pid(&options.interval, line->arguments[line->nr_arguments]);
	options.paths = line->arguments;
	options.nr_paths = (size_t)line->nr_arguments;
	return true;
}

static enum exit_code run(struct command_line *line)
{
	if (!take_arguments(line))
		return EXIT_USAGE;
	if ((options.ranges || options.missing) &&
	    (options.interval.seconds > 0 || options.grouping.by == BY_DIR)) {
		complain("--ranges and --missing cannot be used with %s",
			 options.interval.seconds > 0 ? "an interval" : "--by");
		return EXIT_USAGE;
	}
	if (!residency_begin(options.via))
		return EXIT_USAGE;
	if (options.ranges || options.missing)
		return cache_ranges(&options);
	return options.interval.seconds > 0 ? cache_watch(&options) : look_once();
}

static const char *const examples[] = {
	"cache /var/lib --by dir=3  sums by folder",
	"cache -p 1234 -s cached  files that a process maps",
	"cache --ranges /var/log/syslog  which parts of a file",
	NULL
};

const struct command cache_command = {
	.name = "cache",
	.arguments = "PATH...|-p PID [interval [count]]",
	.summary = "Show which parts of files are in the page cache.",
	.options = groups,
	.columns = help,
	.examples = examples,
	.run = run,
};
