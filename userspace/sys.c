// SPDX-License-Identifier: GPL-2.0
/*
 * sys.c - the command sys: memory and paging of the whole system, once since boot, or a
 * line for each interval. On a terminal that is too narrow a line becomes several.
 */
#include <inttypes.h>
#include <stdio.h>
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
	int digits;	/* of the largest size that there may be */
};

static bool refuse_column(const char *bad, size_t length)
{
	char *names = xstrdup(""), *longer;
	size_t i;

	for (i = 0; i < NR_VM; i++) {
		longer = xasprintf("%s%s%s", names, i ? ", " : "", vm_columns[i].name);
		free(names);
		names = longer;
	}
	complain("-o cannot have \"%.*s\": columns are %s; see --help", (int)length, bad, names);
	free(names);
	return false;
}

/* Each once, at its first place. */
static bool shown_parse(struct shown *shown, const char *list)
{
	bool there[NR_VM] = { false };
	size_t i, length;

	shown->nr = 0;
	for (;; list += length + 1) {
		length = strcspn(list, ",");
		for (i = 0; i < NR_VM; i++)
			if (strlen(vm_columns[i].name) == length &&
			    !strncasecmp(vm_columns[i].name, list, length))
				break;
		if (i == NR_VM)
			return refuse_column(list, length);
		if (!there[i])
			shown->at[shown->nr++] = (int)i;
		there[i] = true;
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

static int column_width(const struct shown *shown, int column)
{
	int name = (int)strlen(vm_columns[column].name);
	int least = vm_columns[column].kind == VM_NOW && shown->digits > 9 ? shown->digits : 9;

	return name > least ? name : least;
}

/* The columns from @from on that fit side by side. */
static size_t fitting(const struct shown *shown, size_t from, size_t width)
{
	size_t used = 0, i;

	for (i = from; i < shown->nr; i++) {
		used += (size_t)column_width(shown, shown->at[i]) + (i > from);
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
		int width = column_width(shown, shown->at[i]);
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
		shown.digits = snprintf(NULL, 0, "%" PRIu64, after.value[VM_TOTAL]);
		if (options->style.format == FORMAT_TABLE)
			print_text(&shown, options, &before, &after, turn);
		else
			print_table(&shown, options, &before, &after, turn);
		before = after;
		if (options->interval <= 0 || ++turn == options->count || !pace_wait(&pace))
			return EXIT_FINE;
	}
}
