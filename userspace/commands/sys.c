// SPDX-License-Identifier: GPL-2.0
/*
 * sys.c - the command sys: memory and paging of the whole system, once since boot, or one line
 * per interval. What is too wide for the terminal is split into several lines, but for the
 * usual columns of an interval: of those, the ones that matter least are left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands/commands.h"
#include "kernel/vmfiles.h"
#include "lib/pace.h"
#include "lib/xalloc.h"
#include "ui/fields.h"

/* From here on people have no use for hundredths, and the column has no room. */
#define RATE_WHOLE	100000

_Static_assert(NR_VM <= FIELDS_MAX, "all of them can be shown");

#define SIZE_LEAST	6	/* as bytes_text() writes it */
#define RATE_LEAST	8

/* What an interval is watched for, the most important first; the others go before these. */
static const int important[] = {
	VM_AVAILABLE, VM_MAJFLT, VM_FAULT, VM_USED, VM_PGPGIN, VM_REFAULT, VM_SCAN_DIRECT,
	VM_SWAP_USED, VM_PSI_SOME, VM_PGPGOUT, VM_ALLOCSTALL, VM_SCAN_KSWAPD, VM_FREE, VM_CACHE,
	VM_PSWPIN, VM_PSWPOUT, VM_STEAL_DIRECT, VM_STEAL_KSWAPD, VM_PSI_FULL,
};

static struct {
	struct columns_wanted columns;
	struct style style;
	struct interval interval;
	const char *root;	/* of /proc, "" for our own */
} options = { .root = "" };

/* There is nothing to be sorted, and nothing that others could be added to. */
static const struct option_info columns[] = {
	{ 'o', "output", "LIST", option_text, offsetof(struct columns_wanted, output),
	  "columns to show" },
	OPTIONS_END
};

static const struct option_group groups[] = {
	{ columns, &options.columns },
	{ options_style_live, &options.style },
	{ options_root, &options.root },
	{ NULL, NULL }
};

/* The one row: a reading and the one before it. */
struct readings {
	const struct vm_sample *before, *after;
};

static bool is_size(size_t column)
{
	return vm_columns[column].kind == VM_NOW || vm_columns[column].kind == VM_RATE_SIZE;
}

static char *text(const void *data, size_t column, enum text_mode mode)
{
	const struct readings *row = data;
	double value;

	if (!vm_value(row->before, row->after, (int)column, &value))
		return NULL;
	if (mode == TEXT_TABLE && is_size(column))
		return bytes_text((uint64_t)(value * 1024 + 0.5));
	if (vm_columns[column].kind == VM_NOW || (mode == TEXT_TABLE && value >= RATE_WHOLE))
		return xasprintf("%.0f", value);
	return xasprintf("%.2f", value);
}

static int worth(const struct view *view, size_t column)
{
	const int nr = ARRAY_SIZE(important);
	int i;

	(void)view;
	for (i = 0; i < nr && important[i] != (int)column; i++)
		;
	return nr - i;
}

/* There is but one row, nothing to be sorted. */
static const struct fields *sys_fields(void)
{
	static struct field known[NR_VM];
	static const struct fields fields = {
		.name = "sys",
		.known = known,
		.nr = NR_VM,
		.text = text,
		.worth = worth,
	};
	size_t i;

	for (i = 0; i < NR_VM; i++)
		known[i] = (struct field){ vm_columns[i].name, FIELD_NUMBER, vm_columns[i].help };
	return &fields;
}

static size_t column_width(const struct view *view, size_t nr)
{
	size_t name = strlen(view_name(view, view->shown[nr]));
	size_t least = is_size(view->shown[nr]) ? SIZE_LEAST : RATE_LEAST;

	return name > least ? name : least;
}

/* The columns from @from on that fit side by side. */
static size_t fitting(const struct view *view, size_t from, size_t width)
{
	size_t used = 0, i;

	for (i = from; i < view->nr_shown; i++) {
		used += column_width(view, i) + (i > from);
		if (width && used > width && i > from)
			break;
	}
	return i;
}

/* A part of the line, or of the names above it. */
static void print_part(const struct view *view, size_t from, size_t to, const struct readings *row)
{
	size_t i;

	for (i = from; i < to; i++) {
		size_t column = view->shown[i];
		char *value = row ? text(row, column, TEXT_TABLE) : NULL;

		printf("%*s%c", (int)column_width(view, i),
		       !row ? view_name(view, column) : value ? value : "-",
		       i + 1 < to ? ' ' : '\n');
		free(value);
	}
}

/* Leaves usual columns out until the others fit on one line. */
static void narrow(struct view *view, size_t width)
{
	size_t widths[FIELDS_MAX] = { 0 };

	while (fitting(view, 0, width) < view->nr_shown && view_drop(view, widths))
		;
}

/* @had is how many columns the line before this one had. */
static void print_text(const struct view *wanted, const struct readings *row, uint64_t turn,
		       size_t *had)
{
	struct view view = *wanted;
	size_t width, lines, from, to;
	bool parts, names;

	screen_size(STDOUT_FILENO, &width, &lines);
	if (options.interval.seconds > 0 && view.usual)
		narrow(&view, width);
	parts = fitting(&view, 0, width) < view.nr_shown;
	/* Names again when those before have left the screen, or the screen is another. */
	names = parts || view.nr_shown != *had || (lines > 3 && turn % (lines - 3) == 0);
	names = names && !options.style.noheadings;
	if (names && view.nr_shown < wanted->nr_shown)
		printf("# %zu of %zu columns fit; -o chooses others\n", view.nr_shown,
		       wanted->nr_shown);
	for (from = 0; from < view.nr_shown; from = to) {
		to = fitting(&view, from, width);
		if (names)
			print_part(&view, from, to, NULL);
		print_part(&view, from, to, row);
	}
	if (parts)
		putchar('\n');
	*had = view.nr_shown;
}

static void print_table(const struct view *view, const struct readings *row, uint64_t turn)
{
	char *json = xasprintf("   \"uptime\": %.2f,\n   \"seconds\": %.2f", row->after->when,
			       row->after->when - row->before->when);
	struct style style = options.style;
	const void *rows[] = { row };

	style.noheadings = style.noheadings || turn;
	view_print(view, rows, 1, NULL, &style, stdout, json);
	free(json);
}

static void help(void)
{
	fields_help(sys_fields());
}

static enum exit_code run(struct command_line *line)
{
	struct vm_sample before = { 0 }, after;
	const struct readings row = { &before, &after };
	struct view view;
	struct pace pace;
	uint64_t turn;
	size_t had = 0;

	(void)line;
	if (!view_choose(&view, sys_fields(), &options.columns, NULL, NULL))
		return EXIT_USAGE;
	options.style.compact = options.interval.seconds > 0;
	pace_begin(&pace, options.interval.seconds, NULL);
	for (turn = 0;;) {
		if (!vm_sample_read(&after, options.root))
			return EXIT_ERROR;
		if (options.style.format == FORMAT_TABLE)
			print_text(&view, &row, turn, &had);
		else
			print_table(&view, &row, turn);
		before = after;
		if (!interval_next(&options.interval, &pace, &turn))
			return EXIT_FINE;
	}
}

static const char *const examples[] = {
	"sys 0.1 100  for ten seconds",
	"sys -o available,majflt/s 1  two figures, each second",
	NULL
};

const struct command sys_command = {
	.name = "sys",
	.arguments = "[interval [count]]",
	.summary = "Show memory and paging of the whole system.",
	.options = groups,
	.interval = &options.interval,
	.columns = help,
	.columns_note = " (KiB with -r and -J), by name in /proc/meminfo, vmstat, pressure",
	.examples = examples,
	.run = run,
};
