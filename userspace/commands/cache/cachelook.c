// SPDX-License-Identifier: GPL-2.0
/*
 * cachelook.c - walks through the files that cache is asked for. Called by cache.c, cachewatch.c
 * and cacheranges.c, each with its own visitor.
 */
#include "commands/cache/cachelook.h"
#include "ui/progress.h"

/**
 * cache_look() - hand on all files that are asked for.
 * @walk: to whom
 * @options: what is wanted
 * @nr_live: how many of the processes are there, if there are any; set
 *
 * Return: EXIT_FINE, or EXIT_ERROR after complaints.
 */
enum exit_code cache_look(struct walk *walk, const struct cache_options *options, size_t *nr_live)
{
	const struct filter *filter = &options->filter;

	walk->one_fs = options->one_fs;
	walk->wanted = filter->object;
	walk->looked = progress_file;
	residency_part = progress_part;
	*nr_live = 1;
	progress_begin();
	if (filter->nr_pids)
		walk_processes(walk, filter->pids, filter->nr_pids, nr_live);
	else
		walk_paths(walk, options->paths, options->nr_paths);
	progress_end();
	return walk->failed ? EXIT_ERROR : EXIT_FINE;
}
