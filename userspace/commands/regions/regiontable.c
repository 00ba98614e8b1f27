// SPDX-License-Identifier: GPL-2.0
/*
 * regiontable.c - prints the regions of files, those with the most faults first, with their sum
 * and the processes. Called by regions.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/regions/regiontable.h"
#include "lib/pace.h"
#include "lib/xalloc.h"

#define COLUMNS_ALL	"offset,size,cached,cached%,mapped,mapped%,calls,share%,major,"
#define WIDE		100	/* from that width on all columns fit beside a path */

/**
 * region_table_begin() - what is to be shown.
 * @table: its view and width are set
 * @wanted: columns that are asked for
 *
 * Return: false after a complaint.
 */
bool region_table_begin(struct region_table *table, const struct columns_wanted *wanted)
{
	const char *list = COLUMNS_ALL "dev,inode,deleted,state,file";
	size_t width, lines;

	screen_size(STDOUT_FILENO, &width, &lines);
	table->style.width = width;
	if (table->style.format == FORMAT_TABLE)
		list = width && width < WIDE ? "offset,size,cached%,mapped%,calls,major,file" :
		       COLUMNS_ALL "file";
	return view_choose(&table->view, &region_fields, wanted, list,
			   "calls,major,mapped,cached,file,offset:asc");
}

static const char *since_text(enum region_since since)
{
	static const char *const texts[] = {
		[REGION_SINCE_HEAT] = "faults since counting by region began, before the first look",
		[REGION_SINCE_BEFORE] = "faults in the interval",
		[REGION_SINCE_RELOAD] = "faults since the module was reloaded",
		[REGION_SINCE_RESET] = "faults since a reset in between",
	};

	return texts[since];
}

static const char *since_word(enum region_since since)
{
	static const char *const words[] = {
		[REGION_SINCE_HEAT] = "heat", [REGION_SINCE_BEFORE] = "before",
		[REGION_SINCE_RELOAD] = "reload", [REGION_SINCE_RESET] = "reset",
	};

	return words[since];
}

static void heading(const struct heat *heat, enum region_since since, double seconds)
{
	char clock[CLOCK_TEXT];

	clock_text(clock, heat->realtime);
	if (since == REGION_SINCE_HEAT)
		printf("# %s, %s\n", clock, since_text(since));
	else
		printf("# %s, %.3f s, %s\n", clock, seconds, since_text(since));
}

static char *json_before(const struct region_files *files, const struct heat *heat,
			 enum region_since since, double seconds, const struct region_row *sum,
			 uint64_t lost)
{
	char *words = region_row_words(sum, true), *text = NULL;
	const char *between = "";
	size_t size, i;
	FILE *out = xmemstream(&text, &size);

	fprintf(out, "   \"load\": ");
	text_put_json(out, heat->load);
	fprintf(out, ",\n   \"realtime\": %.3f,\n   \"interval\": {\"seconds\": ", heat->realtime);
	if (since == REGION_SINCE_HEAT)
		fputs("null", out);
	else
		fprintf(out, "%.3f", seconds);
	fprintf(out, ", \"since\": \"%s\"},\n   \"page_size\": %ld,\n   \"processes\": [",
		since_word(since), sysconf(_SC_PAGESIZE));
	for (i = 0; i < files->nr_processes; i++) {
		const struct region_process *process = &files->processes[i];

		if (!process->lives)
			continue;
		fprintf(out, "%s{\"pid\": %" PRId32 ", \"comm\": ", between, process->pid);
		text_put_json(out, process->comm ? process->comm : "");
		putc('}', out);
		between = ", ";
	}
	fprintf(out, "],\n   \"total\": {%s, \"lost\": %" PRIu64 "}", words, lost);
	fclose(out);
	free(words);
	return text;
}

static void print_processes(const struct region_table *table, const struct region_files *files)
{
	const char *between = "";
	size_t i;

	if (table->style.format == FORMAT_RAW) {
		for (i = 0; i < files->nr_processes; i++) {
			const struct region_process *process = &files->processes[i];
			char *comm = text_shown(process->comm ? process->comm : "", TEXT_RAW);

			if (process->lives)
				printf("# process pid %" PRId32 " comm %s\n", process->pid, comm);
			free(comm);
		}
		return;
	}
	if (!files->nr_live) {
		puts(table->saved ? "no live process maps any of it now" :
		     "no process maps any of it now");
		return;
	}
	printf("of ");
	for (i = 0; i < files->nr_processes; i++) {
		const struct region_process *process = &files->processes[i];
		char *comm = text_shown(process->comm ? process->comm : "", TEXT_TABLE);

		if (process->lives) {
			printf("%s%" PRId32 " %s", between, process->pid, comm);
			between = ", ";
		}
		free(comm);
	}
	putchar('\n');
}

static void print_notes(const struct region_table *table, const struct region_files *files,
			const struct region_row *sum, size_t shown, size_t limit, uint64_t lost)
{
	char *words;

	if (table->style.format == FORMAT_JSON)
		return;
	if (table->style.format == FORMAT_RAW) {
		words = region_row_words(sum, false);
		printf("# total %s lost %" PRIu64 "\n", words, lost);
		free(words);
	}
	if (table->style.format == FORMAT_TABLE && shown > limit && table->style.width)
		printf("%zu of %zu regions; -a shows all\n", limit, shown);
	if (table->style.format == FORMAT_TABLE && lost)
		printf("calls in no region, as the module was out of memory: %" PRIu64 "\n",
		       lost);
	print_processes(table, files);
}

/* In intervals only what moved. */
static bool is_shown(const struct region_row *row, enum region_since since, bool intervals)
{
	return row->heat.calls || row->heat.major || !intervals || since == REGION_SINCE_HEAT;
}

struct ordered {
	struct region_row row;
	size_t order;
};

static int compare(const void *a, const void *b, void *view)
{
	const struct ordered *x = a, *y = b;
	int result = view_compare(view, &x->row, &y->row);

	return result ? result : (x->order > y->order) - (x->order < y->order);
}

/**
 * region_table_print() - put the regions out.
 * @table: begun
 * @files: cut and measured
 * @heat: that they have their faults from
 * @since: since when these are counted
 * @seconds: for how long, if that is known
 */
void region_table_print(struct region_table *table, const struct region_files *files,
			const struct heat *heat, enum region_since since, double seconds)
{
	size_t limit, nr = 0, shown = 0, i, j;
	uint64_t all_calls = 0, lost = 0;
	struct region_row sum = { .file = NULL };
	struct shared shared = { 0 };
	struct ordered *at;
	const void **rows;
	char *json = NULL;

	for (i = 0; i < files->nr; i++) {
		nr += files->at[i].nr;
		all_calls += files->at[i].heat.calls;
		lost += files->at[i].lost;
		shared.again += files->at[i].shared.again;
		shared.pages += files->at[i].shared.pages;
		shared.unsure += files->at[i].shared.unsure;
	}
	/* One alone shares with none. */
	if (files->nr < 2)
		shared.unsure = 0;
	limit = limit_rows(&table->limit, &table->style,
			   6 + !!shared.again + !!shared.unsure);
	at = xcalloc(nr, sizeof(*at));
	rows = xcalloc(nr, sizeof(*rows));
	for (i = 0; i < files->nr; i++) {
		for (j = 0; j < files->at[i].nr; j++) {
			at[shown].order = shown;
			region_row_fill(&at[shown].row, &files->at[i], j, all_calls);
			region_row_add(&sum, &at[shown].row);
			shown += is_shown(&at[shown].row, since, table->intervals);
		}
	}
	qsort_r(at, shown, sizeof(*at), compare, &table->view);
	for (i = 0; i < shown; i++)
		rows[i] = &at[i].row;
	if (table->style.format == FORMAT_JSON)
		json = json_before(files, heat, since, seconds, &sum, lost);
	else
		heading(heat, since, seconds);
	view_print(&table->view, rows, shown < limit ? shown : limit,
		   table->style.format == FORMAT_TABLE ? &sum : NULL, &table->style, stdout,
		   json);
	if (table->style.format == FORMAT_TABLE)
		shared_notes(&shared, "file", ", in cached");
	print_notes(table, files, &sum, shown, limit, lost);
	free(json);
	free(rows);
	free(at);
}
