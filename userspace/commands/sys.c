// SPDX-License-Identifier: GPL-2.0
/*
 * sys.c - the command sys: memory and paging of the whole system, once since boot, or one line
 * per interval. Lines that are too wide for the terminal are split.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands/options.h"
#include "kernel/vmfiles.h"
#include "lib/pace.h"
#include "lib/xalloc.h"
#include "ui/fields.h"

/* From here on people have no use for hundredths, and the column has no room. */
#define RATE_WHOLE	100000

_Static_assert(NR_VM <= FIELDS_MAX, "all of them can be shown");

struct shown {
	struct view view;
	int digits;	/* of the largest size that there may be */
};

/* The one row: a reading and the one before it. */
struct readings {
	const struct vm_sample *before, *after;
};

static char *text(const void *data, size_t column, enum text_mode mode)
{
	const struct readings *row = data;
	double value;

	if (!vm_value(row->before, row->after, (int)column, &value))
		return NULL;
	if (vm_columns[column].kind == VM_NOW || (mode == TEXT_TABLE && value >= RATE_WHOLE))
		return xasprintf("%.0f", value);
	return xasprintf("%.2f", value);
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
	};
	size_t i;

	for (i = 0; i < NR_VM; i++)
		known[i] = (struct field){ vm_columns[i].name, FIELD_NUMBER, vm_columns[i].help };
	return &fields;
}

static int column_width(const struct shown *shown, size_t column)
{
	int name = (int)strlen(vm_columns[column].name);
	int least = vm_columns[column].kind == VM_NOW && shown->digits > 9 ? shown->digits : 9;

	return name > least ? name : least;
}

/* The columns from @from on that fit side by side. */
static size_t fitting(const struct shown *shown, size_t from, size_t width)
{
	size_t used = 0, i;

	for (i = from; i < shown->view.nr_shown; i++) {
		used += (size_t)column_width(shown, shown->view.shown[i]) + (i > from);
		if (width && used > width && i > from)
			break;
	}
	return i;
}

/* A part of the line, or of the names above it. */
static void print_part(const struct shown *shown, size_t from, size_t to,
		       const struct readings *row)
{
	size_t i;

	for (i = from; i < to; i++) {
		size_t column = shown->view.shown[i];
		char *value = row ? text(row, column, TEXT_TABLE) : NULL;

		printf("%*s%c", column_width(shown, column),
		       !row ? vm_columns[column].name : value ? value : "-",
		       i + 1 < to ? ' ' : '\n');
		free(value);
	}
}

static void print_text(const struct shown *shown, const struct options *options,
		       const struct readings *row, uint64_t turn)
{
	size_t width, lines, from, to;
	bool parts;

	screen_size(STDOUT_FILENO, &width, &lines);
	parts = fitting(shown, 0, width) < shown->view.nr_shown;
	/* Names again when those before have left the screen. */
	if (turn && lines > 2 && turn % (lines - 2) == 0)
		turn = 0;
	for (from = 0; from < shown->view.nr_shown; from = to) {
		to = fitting(shown, from, width);
		if (!options->style.noheadings && (!turn || parts))
			print_part(shown, from, to, NULL);
		print_part(shown, from, to, row);
	}
	if (parts)
		putchar('\n');
}

static void print_table(const struct shown *shown, const struct options *options,
			const struct readings *row, uint64_t turn)
{
	char *json = xasprintf("   \"uptime\": %.2f,\n   \"seconds\": %.2f", row->after->when,
			       row->after->when - row->before->when);
	struct style style = options->style;
	const void *rows[] = { row };

	style.noheadings = style.noheadings || turn;
	view_print(&shown->view, rows, 1, NULL, &style, stdout, json);
	free(json);
}

/**
 * sys_help() - the columns, for --help.
 */
void sys_help(void)
{
	fields_help(sys_fields());
}

/**
 * sys_run() - the command sys.
 * @options: what is wanted
 *
 * Return: the exit code.
 */
enum exit_code sys_run(struct options *options)
{
	struct vm_sample before = { 0 }, after;
	const struct readings row = { &before, &after };
	struct shown shown;
	struct pace pace;
	uint64_t turn;

	if (!view_choose(&shown.view, sys_fields(), &options->columns, NULL, NULL))
		return EXIT_USAGE;
	options->style.compact = options->interval > 0;
	pace_begin(&pace, options->interval);
	for (turn = 0;;) {
		if (!vm_sample_read(&after, options->root))
			return EXIT_ERROR;
		shown.digits = snprintf(NULL, 0, "%" PRIu64, after.value[VM_TOTAL]);
		if (options->style.format == FORMAT_TABLE)
			print_text(&shown, options, &row, turn);
		else
			print_table(&shown, options, &row, turn);
		before = after;
		if (options->interval <= 0 || ++turn == options->count || !pace_wait(&pace))
			return EXIT_FINE;
	}
}
