// SPDX-License-Identifier: GPL-2.0
/*
 * diff.c - the command diff: what was counted between two saved copies.
 */
#include <string.h>

#include "commands/commands.h"
#include "commands/rows.h"
#include "faults/source.h"

static enum exit_code check_order(const struct snapshot *before, const struct snapshot *after,
				  char **names)
{
	if (!snapshot_is_older(after, before))
		return EXIT_FINE;
	complain("%s was saved after %s: give the earlier copy first", names[0], names[1]);
	return EXIT_ERROR;
}

static struct rows_wanted wanted;

static const struct option_info by_option[] = {
	{ 0, "by", "WHAT", option_by_row, 0, "sum by object, dir[=DEPTH], process or comm" },
	OPTIONS_END
};

static const struct option_group groups[] = {
	{ options_all, &wanted.limit },
	{ options_lines, &wanted.limit },
	{ options_columns, &wanted.columns },
	{ options_style, &wanted.style },
	{ options_filter, &wanted.filter },
	{ by_option, &wanted.grouping },
	{ NULL, NULL }
};

static enum exit_code run(struct command_line *line)
{
	struct snapshot before = { 0 }, after = { 0 };
	char **names = line->arguments;
	struct delta delta;
	struct view view;
	enum exit_code code;

	if (!rows_check(&wanted))
		return EXIT_USAGE;
	if (line->nr_arguments != 2) {
		complain("diff requires two saved copies, and there %s %d: kfaultstat diff BEFORE AFTER",
			 line->nr_arguments == 1 ? "is" : "are", line->nr_arguments);
		return EXIT_USAGE;
	}
	if (!strcmp(names[0], "-") && !strcmp(names[1], "-")) {
		complain("standard input can be one of the copies only");
		return EXIT_USAGE;
	}
	if (!view_choose(&view, &item_fields, &wanted.columns,
			 delta_columns(wanted.grouping.by, false), ROWS_SORT_DELTA))
		return EXIT_USAGE;
	code = source_take(&before, names[0], SOURCE_FAULTS);
	if (code == EXIT_FINE)
		code = source_take(&after, names[1], SOURCE_FAULTS);
	if (code == EXIT_FINE)
		code = check_order(&before, &after, names);
	if (code == EXIT_FINE) {
		delta_make(&delta, &before, &after);
		rows_show_delta(&wanted, &view, &delta, &after);
		delta_free(&delta);
	}
	snapshot_free(&before);
	snapshot_free(&after);
	return code;
}

static const char *const examples[] = {
	"diff before after  two saved copies",
	"diff -J before after  for programs",
	NULL
};

const struct command diff_command = {
	.name = "diff",
	.arguments = "BEFORE AFTER",
	.summary = "Show what was counted between two saved copies of the module's file.",
	.options = groups,
	.columns = rows_help,
	.examples = examples,
	.run = run,
};
