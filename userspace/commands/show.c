// SPDX-License-Identifier: GPL-2.0
/*
 * show.c - the command show: the table as it is, or what was counted in each interval.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/commands.h"
#include "commands/rows.h"
#include "faults/json.h"
#include "faults/source.h"
#include "lib/pace.h"
#include "lib/xalloc.h"

#define SHOW_SORT	"major,calls"

static struct {
	const char *input;
	struct rows_wanted rows;
	struct interval interval;
} options;

static const struct option_group groups[] = {
	{ options_input, &options.input },
	{ options_all, &options.rows.limit },
	{ options_lines, &options.rows.limit },
	{ options_columns, &options.rows.columns },
	{ options_style_live, &options.rows.style },
	{ options_filter, &options.rows.filter },
	{ options_by, &options.rows.grouping },
	{ NULL, NULL }
};

static enum exit_code show_once(void)
{
	struct rows_wanted *wanted = &options.rows;
	struct snapshot s = { 0 };
	enum exit_code code;
	struct items items;
	struct view view;
	char *json = NULL;
	size_t limit, lines;

	if (!view_choose(&view, &item_fields, &wanted->columns,
			 rows_columns(wanted->grouping.by, wanted->live), SHOW_SORT))
		return EXIT_USAGE;
	code = source_take(&s, options.input, SOURCE_FAULTS);
	if (code != EXIT_FINE)
		return code;
	/* When the last reset was is not in the file. */
	items_make(&items, s.rows, s.nr_rows, s.resets ? 0 : s.now - s.at, &wanted->filter,
		   &wanted->grouping);
	if (wanted->live)
		items_ask_machine(&items, &view);
	items_sort(items.at, items.nr, &view);
	screen_size(STDOUT_FILENO, &wanted->style.width, &lines);
	if (wanted->style.format == FORMAT_JSON)
		json = json_snapshot(&s);
	limit = limit_rows(&wanted->limit, &wanted->style, 3);
	items_print(items.at, items.nr < limit ? items.nr : limit, &view, &wanted->style, NULL,
		    stdout, json);
	if (lines && wanted->style.format == FORMAT_TABLE && limit < items.nr)
		printf("%zu of %zu rows; -a shows all\n", limit, items.nr);
	else if (lines && wanted->style.format == FORMAT_TABLE && !items.nr && s.nr_rows)
		printf("no row matches (%zu rows)\n", s.nr_rows);
	free(json);
	items_free(&items);
	snapshot_free(&s);
	return EXIT_FINE;
}

/*
 * The snapshot of the next interval. While the module or a copy is away, which is said once,
 * or a copy is being written, the last one before that is kept: its difference to the next is
 * exact. A copy that is not there at first has the wrong name.
 */
static enum exit_code take_next(struct snapshot *s, bool first, bool *away)
{
	char *error;
	enum exit_code code = source_read_again(s, options.input, &error);

	if (code == EXIT_MISSING && !first && !*away)
		complain("%s: " MISSING, error);
	else if (code != EXIT_FINE && !*away)
		complain("%s", error);
	free(error);
	*away = code == EXIT_NOT_LOADED || code == EXIT_MISSING;
	return code;
}

static enum exit_code show_intervals(void)
{
	struct rows_wanted *wanted = &options.rows;
	struct snapshot before = { 0 }, after;
	struct view view;
	struct pace pace;
	enum exit_code code;
	uint64_t turn = 0;
	bool away = false, has_before = false;

	wanted->style.compact = true;
	if (!view_choose(&view, &item_fields, &wanted->columns,
			 delta_columns(wanted->grouping.by, wanted->live), ROWS_SORT_DELTA))
		return EXIT_USAGE;
	pace_begin(&pace, options.interval.seconds, NULL);
	for (;;) {
		code = take_next(&after, !turn, &away);
		if (code != EXIT_FINE && code != EXIT_INCOMPLETE && (!turn || !away))
			break;
		if (code == EXIT_FINE) {
			struct delta delta;

			if (has_before && options.input && snapshot_is_older(&after, &before)) {
				complain("%s is older than the previous copy", options.input);
				snapshot_free(&after);
				code = EXIT_ERROR;
				break;
			}
			delta_make(&delta, has_before ? &before : NULL, &after);
			rows_show_delta(wanted, &view, &delta, &after);
			delta_free(&delta);
			snapshot_free(&before);
			before = after;
			has_before = true;
		}
		if (!interval_next(&options.interval, &pace, &turn))
			break;
	}
	snapshot_free(&before);
	return code == EXIT_INCOMPLETE || code == EXIT_MISSING ? EXIT_ERROR : code;
}

static enum exit_code run(struct command_line *line)
{
	(void)line;
	options.rows.live = !options.input;
	if (!rows_check(&options.rows) || !interval_can_read(&options.interval, options.input))
		return EXIT_USAGE;
	return options.interval.seconds > 0 ? show_intervals() : show_once();
}

static const char *const examples[] = {
	"show 1  each second, the rows that moved",
	"show -p 1234 -f '*.so*'  only a process and its libraries",
	"show --by dir=2 -s major  sums by folder",
	NULL
};

const struct command show_command = {
	.name = "show",
	.arguments = "[interval [count]]",
	.summary = "Show the rows with the most major faults, once or in intervals.",
	.options = groups,
	.interval = &options.interval,
	.columns = rows_help,
	.examples = examples,
	.run = run,
};
