// SPDX-License-Identifier: GPL-2.0
/*
 * diff.c - the command diff: what was counted between two saved copies.
 */
#include <string.h>

#include "commands/show.h"
#include "faults/source.h"

static enum exit_code check_order(const struct snapshot *before, const struct snapshot *after,
				  char **names)
{
	if (!snapshot_is_older(after, before))
		return EXIT_FINE;
	complain("%s was saved after %s: give the earlier copy first", names[0], names[1]);
	return EXIT_ERROR;
}

/**
 * diff_run() - the command diff.
 * @options: what is wanted
 *
 * Return: the exit code.
 */
enum exit_code diff_run(struct options *options)
{
	struct snapshot before = { 0 }, after = { 0 };
	char **names = options->arguments;
	struct delta delta;
	struct view view;
	enum exit_code code;

	if (options->nr_arguments != 2) {
		complain("diff wants two saved copies, and there %s %d: kfaultstat diff BEFORE AFTER",
			 options->nr_arguments == 1 ? "is" : "are", options->nr_arguments);
		return EXIT_USAGE;
	}
	if (!strcmp(names[0], "-") && !strcmp(names[1], "-")) {
		complain("standard input cannot be both copies: give a file for one");
		return EXIT_USAGE;
	}
	if (!view_choose(&view, &item_fields, &options->columns,
			 delta_columns(options->grouping.by, false), "major,minor"))
		return EXIT_USAGE;
	code = source_take(&before, names[0], SOURCE_FAULTS);
	if (code == EXIT_FINE)
		code = source_take(&after, names[1], SOURCE_FAULTS);
	if (code == EXIT_FINE)
		code = check_order(&before, &after, names);
	if (code == EXIT_FINE) {
		delta_make(&delta, &before, &after);
		show_delta(options, &view, &delta, &after);
		delta_free(&delta);
	}
	snapshot_free(&before);
	snapshot_free(&after);
	return code;
}
