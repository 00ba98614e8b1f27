// SPDX-License-Identifier: GPL-2.0
/*
 * top.c - the command top: reads a snapshot in each interval, shows what changed, and handles
 * keys. If the module is unloaded the last picture stays, with a line that says so, until it is
 * back.
 */
#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/commands.h"
#include "commands/rows.h"
#include "commands/top/screen.h"
#include "faults/source.h"
#include "lib/pace.h"
#include "lib/xalloc.h"

#define INTERVAL_USUAL	2.0
#define ANSWER_MAX	256
#define CTRL(letter)	((letter) - '@')

static struct {
	const char *input;
	struct rows_wanted rows;
	struct interval interval;
	bool no_color;
} options;

static const struct option_info no_color_option[] = {
	{ 0, "no-color", NULL, option_flag, 0, "no colours" },
	OPTIONS_END
};

static const struct option_group groups[] = {
	{ options_input, &options.input },
	{ options_columns, &options.rows.columns },
	{ options_filter, &options.rows.filter },
	{ options_by, &options.rows.grouping },
	{ no_color_option, &options.no_color },
	{ NULL, NULL }
};

struct top {
	struct screen screen;
	struct snapshot before, now;
	bool has_before, has_now;
	struct delta delta;
	struct items items;
	char *trouble;		/* with the source */
	const char *refusal;	/* of what was typed, until the next key */
	char comm[ANSWER_MAX], object[ANSWER_MAX];	/* globs that were typed */
	bool columns_given;
	double taken;		/* when the last snapshot was, or would have been */
	uint64_t turns;
};

static void usual_columns(struct top *top)
{
	const char *bad;

	if (!top->columns_given)
		view_show(&top->screen.view,
			  delta_columns(options.rows.grouping.by, !options.input), &bad);
}

/* Everything that is shown, of the snapshots that there are. */
static void rebuild(struct top *top)
{
	items_free(&top->items);
	delta_free(&top->delta);
	if (top->has_now) {
		delta_make(&top->delta, top->has_before && !top->screen.all ? &top->before : NULL,
			   &top->now);
		items_make(&top->items, top->delta.rows, top->delta.nr_rows,
			   top->delta.rows_seconds, &options.rows.filter, &options.rows.grouping);
		if (!options.input)
			items_ask_machine(&top->items, &top->screen.view);
		items_sort(top->items.at, top->items.nr, &top->screen.view);
	}
	top->screen.now = top->has_now ? &top->now : NULL;
	top->screen.delta = &top->delta;
	top->screen.items = &top->items;
	top->screen.trouble = top->refusal ? top->refusal : top->trouble;
}

static void take(struct top *top)
{
	struct snapshot s;

	free(top->trouble);
	if (source_read_again(&s, options.input, &top->trouble) != EXIT_FINE) {
		/* What there was stays. */
	} else if (options.input && top->has_now && snapshot_is_older(&s, &top->now)) {
		top->trouble = xasprintf("%s is older than the previous copy",
					 options.input);
		snapshot_free(&s);
	} else {
		if (top->has_before)
			snapshot_free(&top->before);
		top->before = top->now;
		top->has_before = top->has_now;
		top->now = s;
		top->has_now = true;
	}
	rebuild(top);
}

static void sort_by(struct top *top, const char *list)
{
	const char *bad;

	view_sort(&top->screen.view, list, &bad);
}

/* The column to the left or right of the one that is sorted by. */
static void sort_beside(struct top *top, int step)
{
	const struct view *view = &top->screen.fitting;
	size_t sorted = top->screen.view.sorts[0].field, i;

	for (i = 0; i < view->nr_shown && view->shown[i] != sorted; i++)
		;
	if (i == view->nr_shown)
		i = 0;
	else if ((step < 0 && i) || (step > 0 && i + 1 < view->nr_shown))
		i += (size_t)step;
	sort_by(top, view_name(&top->screen.view, view->shown[i]));
}

static void group_next(struct top *top)
{
	struct grouping_spec *spec = &options.rows.grouping;

	spec->by = (enum grouping)((spec->by + 1) % NR_GROUPINGS);
	spec->depth = 0;
	if (spec->by == BY_CGROUP && options.input)
		spec->by = BY_NONE;
	usual_columns(top);
}

/* A question that is dismissed changes nothing. */
static bool ask(struct top *top, const char *question, char *answer)
{
	return screen_ask(&top->screen, question, answer, ANSWER_MAX) == '\n';
}

static void ask_glob(struct top *top, const char *question, char *glob, const char **filter)
{
	char answer[ANSWER_MAX];

	if (!ask(top, question, answer))
		return;
	strcpy(glob, answer);
	filter_glob(glob);
	*filter = *glob ? glob : NULL;
}

static void ask_pids(struct top *top)
{
	struct filter *filter = &options.rows.filter, pids = { .nr_pids = 0 };
	char answer[ANSWER_MAX];

	if (!ask(top, "pids, separated by commas; empty for all", answer))
		return;
	if (*answer && !filter_pids(&pids, answer)) {
		top->refusal = "invalid list of pids";
		return;
	}
	memcpy(filter->pids, pids.pids, sizeof(pids.pids));
	filter->nr_pids = pids.nr_pids;
}

static void ask_interval(struct top *top)
{
	char answer[ANSWER_MAX];
	double seconds;

	if (!ask(top, "seconds", answer))
		return;
	if (text_seconds(answer, &seconds) && seconds >= INTERVAL_LEAST &&
	    seconds <= INTERVAL_MOST)
		options.interval.seconds = seconds;
	else
		top->refusal = "invalid interval: seconds, from 0.1";
}

static void files_next(struct filter *filter)
{
	bool files = filter->files;

	filter->files = !files && !filter->areas;
	filter->areas = files;
}

static void scroll_by(struct screen *screen, long lines)
{
	if (lines < 0 && screen->top < (size_t)-lines)
		screen->top = 0;
	else
		screen->top += (size_t)lines;
}

static bool key_moves_help(struct screen *screen, int key)
{
	if (key != KEY_UP && key != KEY_DOWN)
		return false;
	if (key == KEY_DOWN)
		screen->help_top++;
	else if (screen->help_top)
		screen->help_top--;
	return true;
}

static bool key_moves(struct screen *screen, int key)
{
	long page = (long)screen_rows();

	if (screen->helping)
		return key_moves_help(screen, key);
	switch (key) {
	case KEY_UP:
	case KEY_DOWN:
		scroll_by(screen, key == KEY_UP ? -1 : 1);
		return true;
	case KEY_PPAGE:
	case KEY_NPAGE:
		scroll_by(screen, key == KEY_PPAGE ? -page : page);
		return true;
	case KEY_HOME:
		screen->top = 0;
		return true;
	case KEY_END:
		screen->top = screen->items->nr;
		return true;
	default:
		return false;
	}
}

static void key_sorts(struct top *top, int key)
{
	struct view *view = &top->screen.view;
	size_t i;

	switch (key) {
	case 'm':
		sort_by(top, "major,minor");
		break;
	case 'n':
		sort_by(top, "minor,major");
		break;
	case 'c':
		sort_by(top, "calls,major");
		break;
	case '<':
	case '>':
		sort_beside(top, key == '<' ? -1 : 1);
		break;
	case 'r':
		for (i = 0; i < view->nr_sorts; i++)
			view->sorts[i].ascending = !view->sorts[i].ascending;
		break;
	}
}

/* Does what a key says; false if it is the last one. */
static bool key_do(struct top *top, int key)
{
	switch (key) {
	case 'q':
	case 'Q':
		return false;
	case '?':
	case 'h':
		top->screen.helping = !top->screen.helping;
		top->screen.help_top = 0;
		return true;
	case CTRL('L'):
		screen_draw_anew();
		return true;
	case ' ':
		top->screen.paused = !top->screen.paused;
		return true;
	case 't':
		top->screen.all = !top->screen.all;
		break;
	case 'd':
		ask_interval(top);
		break;
	case 'g':
		group_next(top);
		break;
	case '/':
		ask_glob(top, "object glob; empty for all", top->object,
			 &options.rows.filter.object);
		break;
	case 'u':
		ask_glob(top, "name glob; empty for all", top->comm,
			 &options.rows.filter.comm);
		break;
	case 'p':
		ask_pids(top);
		break;
	case 'f':
		files_next(&options.rows.filter);
		break;
	default:
		if (key_moves(&top->screen, key))
			return true;
		key_sorts(top, key);
	}
	rebuild(top);
	return true;
}

/* The next snapshot, unless there were enough of them. */
static bool turn(struct top *top)
{
	top->taken = clock_now();
	if (!top->screen.paused) {
		if (options.interval.count && top->turns++ == options.interval.count)
			return false;
		take(top);
	}
	screen_draw(&top->screen);
	return true;
}

/* Until it is over; the key that ended it. */
static int watch(struct top *top)
{
	int key = 'q';

	while (turn(top)) {
		for (;;) {
			/* Anew each time, for the interval may be another one. */
			double rest = top->taken + options.interval.seconds - clock_now();

			/* Even if reading takes longer: keys and signals have their turn. */
			key = screen_key(rest > 0 ? rest : 0);
			if (key == SCREEN_NOTHING)
				break;
			top->refusal = NULL;
			if (key == SCREEN_END || !key_do(top, key))
				return key;
			screen_draw(&top->screen);
		}
	}
	return key;
}

/* What has ended us, if it was no key. */
static enum exit_code end_as_told(int key)
{
	if (key != SCREEN_END)
		return EXIT_FINE;
	if (screen_signal())
		end_by_signal(screen_signal());
	complain("the terminal was closed");
	return EXIT_ERROR;
}

static enum exit_code run(struct command_line *line)
{
	struct top top = {
		.screen.filter = &options.rows.filter, .screen.grouping = &options.rows.grouping,
		.screen.interval = &options.interval,
	};
	const char *no_color = getenv("NO_COLOR");
	enum exit_code code;
	int key;

	(void)line;
	options.rows.live = !options.input;
	if (!rows_check(&options.rows) || !interval_can_read(&options.interval, options.input))
		return EXIT_USAGE;
	if (options.interval.seconds <= 0)
		options.interval.seconds = INTERVAL_USUAL;
	top.columns_given = !!options.rows.columns.output;
	if (!view_choose(&top.screen.view, &item_fields, &options.rows.columns,
			 delta_columns(options.rows.grouping.by, !options.input), ROWS_SORT_DELTA))
		return EXIT_USAGE;
	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
		complain("top requires a terminal: without one use kfaultstat show INTERVAL");
		return EXIT_ERROR;
	}
	/* What is wrong from the start is said before the screen is taken. */
	code = source_take(&top.now, options.input, SOURCE_FAULTS);
	if (code != EXIT_FINE)
		return code;
	snapshot_free(&top.now);
	if (!screen_begin(!options.no_color && !(no_color && *no_color)))
		return EXIT_ERROR;
	key = watch(&top);
	screen_end();
	items_free(&top.items);
	delta_free(&top.delta);
	snapshot_free(&top.now);
	snapshot_free(&top.before);
	free(top.trouble);
	return end_as_told(key);
}

static const char *const examples[] = {
	"top 1  a new screen each second",
	"top --by process  sums by process",
	NULL
};

const struct command top_command = {
	.name = "top",
	.arguments = "[interval [count]]",
	.summary = "Watch the rows on the full screen; ? shows the keys.",
	.options = groups,
	.interval = &options.interval,
	.columns = rows_help,
	.examples = examples,
	.run = run,
};
