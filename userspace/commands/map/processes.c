// SPDX-License-Identifier: GPL-2.0
/*
 * processes.c - map without -p: the table of all processes and their memory. Called by map.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "commands/map/processes.h"
#include "kernel/procmem.h"
#include "lib/pace.h"
#include "lib/xalloc.h"
#include "ui/fields.h"

enum {
	FIELD_PID, FIELD_COMM, FIELD_RSS, FIELD_ANON, FIELD_FILE, FIELD_SHMEM, FIELD_SHARED,
	FIELD_SWAP, FIELD_HUGETLB, FIELD_SIZE, FIELD_MEMORY, FIELD_MOVED,
};

static const struct field known[] = {
	[FIELD_PID] = { "pid", FIELD_COUNT, "pid of the process" },
	[FIELD_COMM] = { "comm", FIELD_NAME, "name of the process" },
	[FIELD_RSS] = { "rss", FIELD_BYTES, "resident memory" },
	[FIELD_ANON] = { "anon", FIELD_BYTES, "anonymous part of rss, with private copies" },
	[FIELD_FILE] = { "file", FIELD_BYTES, "part of rss that is of files" },
	[FIELD_SHMEM] = { "shmem", FIELD_BYTES, "part of rss that is shared memory and tmpfs" },
	[FIELD_SHARED] = { "shared", FIELD_BYTES, "file and shmem together" },
	[FIELD_SWAP] = { "swap", FIELD_BYTES, "swapped out, without shared memory" },
	[FIELD_HUGETLB] = { "hugetlb", FIELD_BYTES, "hugetlb pages, which are not in rss" },
	[FIELD_SIZE] = { "size", FIELD_BYTES, "size of all mappings" },
	[FIELD_MEMORY] = { "percent", FIELD_SHARE, "rss, of the machine's memory" },
	[FIELD_MOVED] = { "change", FIELD_CHANGE, "change of rss in the interval" },
};

static bool number(const void *data, size_t field, uint64_t *value)
{
	const struct procmem *m = data;
	uint64_t memory;

	switch (field) {
	case FIELD_PID:
		*value = (uint64_t)m->pid;
		return true;
	case FIELD_RSS:
		*value = m->rss;
		return true;
	case FIELD_ANON:
		*value = m->anon;
		return true;
	case FIELD_FILE:
		*value = m->file;
		return m->has_split;
	case FIELD_SHMEM:
		*value = m->shmem;
		return m->has_split;
	case FIELD_SHARED:
		*value = m->shared;
		return true;
	case FIELD_SWAP:
		*value = m->swap;
		return true;
	case FIELD_HUGETLB:
		*value = m->hugetlb;
		return true;
	case FIELD_SIZE:
		*value = m->size;
		return true;
	case FIELD_MEMORY:
		memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
		*value = share_of(m->rss, memory);
		return memory;
	default:
		*value = (uint64_t)m->change;
		return m->has_change;
	}
}

static char *text(const void *data, size_t field, enum text_mode mode)
{
	return field == FIELD_COMM ? text_shown(((const struct procmem *)data)->comm, mode) : NULL;
}

static const struct fields fields = {
	.name = "processes",
	.known = known,
	.nr = ARRAY_SIZE(known),
	.number = number,
	.text = text,
};

/**
 * processes_help() - the columns, for --help.
 */
void processes_help(void)
{
	fields_help(&fields);
}

static int by_pid(const void *a, const void *b)
{
	const struct procmem *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static void compare(struct procmems *now, const struct procmems *before)
{
	size_t i, j = 0;

	for (i = 0; i < now->nr; i++) {
		while (j < before->nr && before->at[j].pid < now->at[i].pid)
			j++;
		now->at[i].has_change = true;
		now->at[i].change = (int64_t)now->at[i].rss;
		if (j < before->nr && before->at[j].pid == now->at[i].pid)
			now->at[i].change -= (int64_t)before->at[j].rss;
	}
}

static int compare_shown(const void *a, const void *b, void *data)
{
	int result = view_compare(data, *(const void *const *)a, *(const void *const *)b);

	return result ? result : by_pid(*(const void *const *)a, *(const void *const *)b);
}

static void print(struct map_options *options, struct view *view, const struct procmems *all)
{
	const void **shown = xcalloc(all->nr, sizeof(*shown));
	size_t limit = limit_rows(&options->limit, &options->style, 4), i, lines;
	time_t when = time(NULL);
	char clock[CLOCK_TEXT] = "", *json = NULL;

	screen_size(STDOUT_FILENO, &options->style.width, &lines);
	for (i = 0; i < all->nr; i++)
		shown[i] = &all->at[i];
	qsort_r(shown, all->nr, sizeof(*shown), compare_shown, view);
	if (options->interval.seconds > 0 && options->style.format == FORMAT_JSON)
		json = xasprintf("   \"realtime\": %lld", (long long)when);
	else if (options->interval.seconds > 0)
		clock_text(clock, (double)when);
	if (*clock)
		printf("# %s\n", clock);
	view_print(view, shown, all->nr < limit ? all->nr : limit, NULL, &options->style, stdout,
		   json);
	if (all->nr > limit && options->style.format == FORMAT_TABLE && lines)
		printf("%zu of %zu processes; -a shows all\n", limit, all->nr);
	free(json);
	free(shown);
}

/**
 * processes_show() - map without -p.
 * @options: what is wanted
 *
 * Return: the exit code.
 */
enum exit_code processes_show(struct map_options *options)
{
	struct procmems before = { 0 }, now = { 0 }, other;
	struct view view;
	struct pace pace;
	uint64_t turn = 0;

	options->style.compact = options->interval.seconds > 0;
	if (!view_choose(&view, &fields, &options->columns, options->interval.seconds > 0 ?
			 "pid,rss,change,anon,file,shmem,shared,swap,percent,comm" :
			 "pid,rss,anon,file,shmem,shared,swap,percent,comm", "rss"))
		return EXIT_USAGE;
	pace_begin(&pace, options->interval.seconds, NULL);
	for (;;) {
		if (!procmems_read(&now))
			return EXIT_ERROR;
		qsort(now.at, now.nr, sizeof(*now.at), by_pid);
		if (turn)
			compare(&now, &before);
		print(options, &view, &now);
		if (!interval_next(&options->interval, &pace, &turn))
			break;
		other = before;
		before = now;
		now = other;
	}
	free(before.at);
	free(now.at);
	return EXIT_FINE;
}
