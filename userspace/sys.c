// SPDX-License-Identifier: GPL-2.0
/*
 * sys.c - the command sys: memory and paging of the whole system, once since boot, or a
 * line for each interval. On a terminal that is too narrow a line becomes several.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "options.h"
#include "pace.h"
#include "vmfiles.h"

struct shown {
	int at[NR_VM];
	size_t nr;
};

static bool shown_parse(struct shown *shown, const char *list)
{
	size_t i, length;

	if (*list == '+')
		list++;
	else
		shown->nr = 0;
	for (;; list += length + 1) {
		length = strcspn(list, ",");
		for (i = 0; i < NR_VM; i++)
			if (strlen(vm_columns[i].name) == length &&
			    !strncasecmp(vm_columns[i].name, list, length))
				break;
		if (i == NR_VM || shown->nr == NR_VM) {
			complain("-o cannot be %.*s: see kfaultstat sys --help for the columns",
				 (int)length, list);
			return false;
		}
		shown->at[shown->nr++] = (int)i;
		if (!list[length])
			return true;
	}
}

static char *value_text(const struct vm_sample *before, const struct vm_sample *after, int column)
{
	double value;

	if (!vm_value(before, after, column, &value))
		return NULL;
	return xasprintf(vm_columns[column].kind == VM_NOW ? "%.0f" : "%.2f", value);
}

static int column_width(int column)
{
	int name = (int)strlen(vm_columns[column].name);

	return name > 9 ? name : 9;
}

/* The columns from @from on that fit side by side. */
static size_t fitting(const struct shown *shown, size_t from, size_t width)
{
	size_t used = 0, i;

	for (i = from; i < shown->nr; i++) {
		used += (size_t)column_width(shown->at[i]) + (i > from);
		if (width && used > width && i > from)
			break;
	}
	return i;
}

static void print_part(const struct shown *shown, size_t from, size_t to,
		       const struct vm_sample *before, const struct vm_sample *after)
{
	size_t i;

	for (i = from; i < to; i++) {
		int width = column_width(shown->at[i]);
		char *text = before ? value_text(before, after, shown->at[i]) : NULL;

		printf("%*s%c", width, !before ? vm_columns[shown->at[i]].name : text ? text : "-",
		       i + 1 < to ? ' ' : '\n');
		free(text);
	}
}

static void print_text(const struct shown *shown, const struct options *options,
		       const struct vm_sample *before, const struct vm_sample *after, uint64_t turn)
{
	size_t width, lines, from, to;
	bool parts;

	screen_size(STDOUT_FILENO, &width, &lines);
	parts = fitting(shown, 0, width) < shown->nr;
	/* Names again when those before have left the screen. */
	if (turn && lines > 2 && turn % (lines - 2) == 0)
		turn = 0;
	for (from = 0; from < shown->nr; from = to) {
		to = fitting(shown, from, width);
		if (!options->style.noheadings && (!turn || parts))
			print_part(shown, from, to, NULL, NULL);
		print_part(shown, from, to, before, after);
	}
	if (parts)
		putchar('\n');
}

static void print_table(const struct shown *shown, struct options *options,
			const struct vm_sample *before, const struct vm_sample *after,
			uint64_t turn)
{
	char *json = xasprintf("   \"uptime\": %.2f,\n   \"seconds\": %.2f", after->when,
			       after->when - before->when);
	struct style style = options->style;
	struct table *t;
	size_t i;

	style.noheadings = style.noheadings || turn;
	t = table_begin(&style, "sys");
	for (i = 0; i < shown->nr; i++)
		table_column(t, vm_columns[shown->at[i]].name, true);
	for (i = 0; i < shown->nr; i++)
		table_cell(t, value_text(before, after, shown->at[i]));
	table_print(t, stdout, json);
	table_free(t);
	free(json);
}

/**
 * sys_help() - the columns, for --help.
 */
void sys_help(void)
{
	size_t i;

	for (i = 0; i < NR_VM; i++)
		printf(" %-14s %s\n", vm_columns[i].name, vm_columns[i].help);
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
	struct shown shown = { .nr = 0 };
	struct pace pace;
	uint64_t turn;

	for (shown.nr = 0; shown.nr < NR_VM; shown.nr++)
		shown.at[shown.nr] = (int)shown.nr;
	if (options->output && !shown_parse(&shown, options->output))
		return EXIT_USAGE;
	options->style.compact = options->interval > 0;
	pace_begin(&pace, options->interval);
	for (turn = 0;;) {
		if (!vm_sample_read(&after, options->root))
			return EXIT_ERROR;
		if (options->style.format == FORMAT_TABLE)
			print_text(&shown, options, &before, &after, turn);
		else
			print_table(&shown, options, &before, &after, turn);
		before = after;
		if (options->interval <= 0 || ++turn == options->count || !pace_wait(&pace))
			return EXIT_FINE;
	}
}
