// SPDX-License-Identifier: GPL-2.0
/*
 * map.c - the command map: how much of each object a process has in its page tables, and how
 * much of it is in the page cache.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands/commands.h"
#include "commands/map/map.h"
#include "commands/map/mapobject.h"
#include "commands/map/processes.h"
#include "kernel/procmem.h"
#include "kernel/sharing.h"
#include "lib/message.h"
#include "lib/pace.h"
#include "lib/xalloc.h"

#define WIDE		118	/* from that width on all columns fit beside a path */
#define BAR_LEAST	100	/* from that width on a bar fits beside the optional columns */

/* A process as it was looked at. */
struct report {
	int32_t pid;
	bool alive;
	struct procmem memory;
	struct map_objects objects;
	struct sharing sharing;	/* of their files, during a look */
	struct map_row *gone;	/* objects of the look before that are not mapped any more */
	size_t nr_gone;
	struct map_row sum;
	struct map_row all;	/* with what the filter leaves out */
};

enum result { LOOKED, ENDED, FAILED };

static void help(void)
{
	fields_help(&map_fields);
	printf("\nColumns without -p:\n");
	processes_help();
}

static bool walk_object(struct report *report, struct map_object *object,
			struct pagemap *pagemap, struct spread *spread, struct map_gaps *gaps)
{
	struct map_row *row = &object->row;

	row->present = 0;
	memset(row->rss, 0, sizeof(row->rss));
	row->hugetlb = 0;
	row->mapped = 0;
	row->copies = 0;
	row->swapped = 0;
	row->huge = 0;
	spread_parts(spread, row->file_pages ? row->file_pages : row->range, BAR_MAX);
	return map_object_walk(&report->objects, object, pagemap, spread, gaps);
}

/* Of names of one file, and of files of overlayfs, only the first counts in the sum. */
static void find_shared(struct report *report, struct map_row *row, const struct residency *file)
{
	enum sharing_result result = sharing_meet_named(&report->sharing, file);

	row->shared.again = result == SHARING_AGAIN;
	row->shared.pages = row->shared.again ? row->cached : 0;
	row->shared.unsure = result == SHARING_UNKNOWN;
}

static bool look_at_object(struct report *report, struct map_object *object,
			   struct pagemap *pagemap, const struct view *view, size_t cells)
{
	bool is_file = mapping_is_file(object->row.first), fine;
	struct map_row *row = &object->row;
	bool cached = !row->is_hidden && view_has(view, MAP_CACHED);
	struct residency file = { .fd = -1 };
	static struct map_gaps gaps;
	struct spread spread;
	int again;

	/* Opened before, for its length. */
	if (is_file)
		map_object_open(&report->objects, object, &file);
	row->backing = backing_of(row->first, &file);
	fine = walk_object(report, object, pagemap, &spread, &gaps);
	for (again = 0; fine && is_file && file.state == RESIDENCY_KNOWN && cached; again++) {
		map_object_count_cached(object, &gaps, &file);
		/* Else pages went in between. */
		if (row->mapped <= row->cached || !row->has_cached || again == 3)
			break;
		fine = walk_object(report, object, pagemap, &spread, &gaps);
	}
	row->state = file.state;
	if (fine && row->has_cached)
		find_shared(report, row, &file);
	/* Of what is no file of a disk there is nothing to know. */
	row->uncached = is_file && cached && !row->has_cached &&
			file.state != RESIDENCY_SPECIAL && file.state != RESIDENCY_HUGETLBFS;
	residency_close(&file);
	if (fine && !row->is_hidden && view_has(view, MAP_BAR) && spread.pages)
		bar_make(&row->bar, &spread, cells);
	return fine;
}

static enum result look(struct report *report, const struct map_options *options,
			const struct view *view, bool quiet)
{
	struct map_objects *objects = &report->objects;
	enum mappings_result result = mappings_read(&objects->mappings, report->pid, quiet);
	struct pagemap pagemap;
	bool fine;
	size_t i;

	if (result != MAPPINGS_READ)
		return result == MAPPINGS_GONE ? ENDED : FAILED;
	map_objects_make(objects, options->filter.object);
	fine = pagemap_open(&pagemap, report->pid, objects->mappings.tid);
	for (i = 0; fine && i < objects->nr; i++) {
		struct map_object *object = &objects->at[i];

		object->row.pid = report->pid;
		object->row.comm = report->memory.comm;
		/* RSS is of all of them. */
		fine = look_at_object(report, object, &pagemap, view, bar_cells(&options->style));
	}
	sharing_free(&report->sharing);
	fine = fine && pagemap_lives(&pagemap);
	if (fine && options->smaps)
		fine = map_objects_ask_smaps(objects);
	pagemap_close(&pagemap);
	if (pagemap.failed)
		return FAILED;
	return fine && procmem_read(&report->memory, report->pid) ? LOOKED : ENDED;
}

static void report_free(struct report *report)
{
	map_objects_free(&report->objects);
	free(report->gone);
	report->gone = NULL;
	report->nr_gone = 0;
}

static void sum_up(struct report *report)
{
	size_t i;

	memset(&report->sum, 0, sizeof(report->sum));
	memset(&report->all, 0, sizeof(report->all));
	for (i = 0; i < report->objects.nr; i++) {
		const struct map_row *row = &report->objects.at[i].row;

		map_row_add(&report->all, row);
		if (!row->is_hidden)
			map_row_add(&report->sum, row);
	}
	for (i = 0; i < report->nr_gone; i++)
		map_row_add(&report->sum, &report->gone[i]);
}

/* An object that is not there any more: nothing of it, and all that it had is its change. */
static void add_gone(struct report *now, const struct map_row *before)
{
	struct map_row *row;

	now->gone = xrealloc(now->gone, (now->nr_gone + 1) * sizeof(*now->gone));
	row = &now->gone[now->nr_gone++];
	memset(row, 0, sizeof(*row));
	row->pid = before->pid;
	row->comm = now->memory.comm;
	row->first = before->first;
	row->deleted = before->deleted;
	row->state = RESIDENCY_GONE;
	row->has_change = true;
	row->change = -(int64_t)map_row_rss(before);
}

static void compare(struct report *now, struct report *before)
{
	size_t nr = before->objects.nr, i;
	bool *still = xcalloc(nr, sizeof(*still));

	for (i = 0; i < now->objects.nr; i++) {
		struct map_row *row = &now->objects.at[i].row;
		size_t place = map_object_place(&before->objects.keys, row->first);

		row->has_change = true;
		row->change = (int64_t)map_row_rss(row);
		if (place < nr) {
			row->change -= (int64_t)map_row_rss(&before->objects.at[place].row);
			still[place] = true;
		}
	}
	for (i = 0; i < nr; i++)
		if (!still[i] && !before->objects.at[i].row.is_hidden)
			add_gone(now, &before->objects.at[i].row);
	free(still);
}

static uint64_t bytes_of(uint64_t pages)
{
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Memory of a process, in bytes: as its page tables have it, and as the kernel counts it. */
static struct procmem walked_of(const struct report *report)
{
	const struct map_row *all = &report->all;
	struct procmem m = {
		.rss = bytes_of(map_row_rss(all)), .swap = bytes_of(all->swapped),
		.file = bytes_of(all->rss[RSS_FILE]), .anon = bytes_of(all->rss[RSS_ANON]),
		.shmem = bytes_of(all->rss[RSS_SHMEM]), .has_split = true,
	};

	m.shared = m.file + m.shmem;
	return m;
}

/* What of RSS is what, in words. */
static char *rss_text(const struct procmem *m)
{
	char *rss = bytes_text(m->rss), *anon = bytes_text(m->anon), *shmem = bytes_text(m->shmem);
	char *file = bytes_text(m->has_split ? m->file : m->shared), *swap = bytes_text(m->swap);
	char *text = m->has_split ?
		xasprintf("RSS %s: file %s, anon %s, shmem %s; swapped out %s", rss, file, anon,
			  shmem, swap) :
		xasprintf("RSS %s: file and shmem %s, anon %s; swapped out %s", rss, file, anon,
			  swap);

	free(rss);
	free(anon);
	free(shmem);
	free(file);
	free(swap);
	return text;
}

/* What the kernel counts; NULL if that is the same in what it tells. */
static char *kernel_text(const struct report *report)
{
	struct procmem m = walked_of(report);
	char *walked, *kernel = rss_text(&report->memory);

	m.has_split = report->memory.has_split;
	walked = rss_text(&m);
	if (!strcmp(walked, kernel)) {
		free(kernel);
		kernel = NULL;
	}
	free(walked);
	return kernel;
}

static void print_process(const struct report *report, const struct map_options *options)
{
	struct procmem m = walked_of(report);
	char *comm = text_shown(report->memory.comm, TEXT_TABLE), *rss = rss_text(&m);
	char *kernel = kernel_text(report), *part, *glob, *share;
	uint64_t selected = bytes_of(map_row_rss(&report->sum));

	printf("%d %s: %s\n", report->pid, comm, rss);
	if (options->filter.object && m.rss) {
		glob = text_shown(options->filter.object, TEXT_TABLE);
		share = share_text(share_of(selected, m.rss));
		part = bytes_text(selected);
		printf("%d %s: %s of it, %s %%, is %s\n", report->pid, comm, part, share, glob);
		free(glob);
		free(share);
		free(part);
	}
	if (kernel)
		printf("%d %s: by the kernel's counters %s\n", report->pid, comm, kernel);
	if (report->all.hugetlb) {
		part = bytes_text(bytes_of(report->all.hugetlb));
		printf("%d %s: hugetlb %s, which is not in RSS\n", report->pid, comm, part);
		free(part);
	}
	free(comm);
	free(rss);
	free(kernel);
}

/* Lines that print_process() needs. */
static size_t lines_of(const struct report *report, const struct map_options *options)
{
	char *kernel = kernel_text(report);
	size_t lines = 1 + !!options->filter.object + !!kernel + !!report->all.hugetlb;

	free(kernel);
	return lines;
}

/* The same as names and values, for programs. */
static char *process_words(const struct report *report, const char *between, const char *before,
			   const char *behind)
{
	const struct procmem *kernel = &report->memory, m = walked_of(report);
	bool split = kernel->has_split;
	const struct { const char *name; bool known; uint64_t value; } words[] = {
		{ "pid", true, (uint64_t)report->pid }, { "size", true, kernel->size },
		{ "rss", true, m.rss }, { "file", true, m.file }, { "anon", true, m.anon },
		{ "shmem", true, m.shmem }, { "shared", true, m.shared }, { "swap", true, m.swap },
		{ "hugetlb", true, bytes_of(report->all.hugetlb) },
		{ "kernel_rss", true, kernel->rss }, { "kernel_file", split, kernel->file },
		{ "kernel_anon", true, kernel->anon }, { "kernel_shmem", split, kernel->shmem },
		{ "kernel_shared", true, kernel->shared }, { "kernel_swap", true, kernel->swap },
		{ "selected", true, bytes_of(map_row_rss(&report->sum)) },
	};
	char *all = xstrdup(""), *longer;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (!words[i].known)
			continue;
		longer = xasprintf("%s%s%s%s%s%" PRIu64, all, *all ? between : "", before,
				   words[i].name, behind, words[i].value);
		free(all);
		all = longer;
	}
	return all;
}

static void print_raw_process(const struct report *report)
{
	char *words = process_words(report, " ", "", " ");
	char *comm = text_shown(report->memory.comm, TEXT_RAW);

	printf("# process %s comm %s\n", words, comm);
	free(words);
	free(comm);
}

static char *json_before(const struct report *reports, size_t nr, bool interval)
{
	bool first = true;
	char *text = NULL;
	size_t size, i;
	FILE *out = xmemstream(&text, &size);

	if (interval)
		fprintf(out, "   \"realtime\": %lld,\n", (long long)time(NULL));
	fputs("   \"processes\": [", out);
	for (i = 0; i < nr; i++) {
		char *words;

		if (!reports[i].alive)
			continue;
		words = process_words(&reports[i], ", ", "\"", "\": ");
		fprintf(out, "%s{%s, \"comm\": ", first ? "" : ", ", words);
		text_put_json(out, reports[i].memory.comm);
		putc('}', out);
		first = false;
		free(words);
	}
	putc(']', out);
	fclose(out);
	return text;
}

static int compare_shown(const void *a, const void *b, void *data)
{
	const struct map_row *x = *(const void *const *)a, *y = *(const void *const *)b;
	int result = view_compare(data, x, y);

	if (!result)
		result = (x->pid > y->pid) - (x->pid < y->pid);
	return result ? result : (x->first->start > y->first->start) -
		(x->first->start < y->first->start);
}

static void print_notes(const struct report *reports, size_t nr, const struct map_options *options,
			const struct map_row *sum, size_t shown, size_t limit)
{
	size_t i;

	if (options->style.format == FORMAT_TABLE && sum->uncached && sum->has_cached)
		printf("cached is unknown for %" PRIu64 " file%s, which the total leaves out\n",
		       sum->uncached, sum->uncached == 1 ? "" : "s");
	if (options->style.format == FORMAT_TABLE && sum->has_cached)
		shared_notes(&sum->shared, "object", ", in cached");
	if (options->style.format == FORMAT_TABLE && shown > limit && options->style.width)
		printf("%zu of %zu objects; -a shows all\n", limit, shown);
	for (i = 0; i < nr && options->style.format != FORMAT_JSON; i++) {
		if (!reports[i].alive)
			continue;
		if (options->style.format == FORMAT_TABLE)
			print_process(&reports[i], options);
		else
			print_raw_process(&reports[i]);
	}
}

static void print(const struct report *reports, size_t nr, struct map_options *options,
		  struct view *view)
{
	size_t limit, shown = 0, all = 0, alive = 0, below = 0, i, j;
	char clock[CLOCK_TEXT] = "", *json = NULL;
	time_t when = time(NULL);
	struct map_row sum = { .has_huge = false };
	const void **rows;

	for (i = 0; i < nr; i++)
		all += reports[i].alive ? reports[i].objects.nr + reports[i].nr_gone : 0;
	rows = xcalloc(all, sizeof(*rows));
	for (i = 0; i < nr; i++) {
		if (!reports[i].alive)
			continue;
		map_row_add(&sum, &reports[i].sum);
		below += lines_of(&reports[i], options);
		alive++;
		for (j = 0; j < reports[i].objects.nr; j++)
			if (!reports[i].objects.at[j].row.is_hidden)
				rows[shown++] = &reports[i].objects.at[j].row;
		for (j = 0; j < reports[i].nr_gone; j++)
			rows[shown++] = &reports[i].gone[j];
	}
	/* What two have mapped is not twice in the page cache. */
	if (alive > 1)
		sum.has_cached = false;
	/* One alone shares with none. */
	if (shown < 2)
		sum.shared.unsure = 0;
	if (sum.has_cached)
		below += !!sum.shared.again + !!sum.shared.unsure;
	limit = limit_rows(&options->limit, &options->style, 5 + below);
	qsort_r(rows, shown, sizeof(*rows), compare_shown, view);
	if (options->style.format == FORMAT_JSON)
		json = json_before(reports, nr, options->interval.seconds > 0);
	else if (options->interval.seconds > 0)
		clock_text(clock, (double)when);
	if (*clock)
		printf("# %s\n", clock);
	view_print(view, rows, shown < limit ? shown : limit,
		   options->style.format == FORMAT_TABLE ? &sum : NULL, &options->style, stdout,
		   json);
	print_notes(reports, nr, options, &sum, shown, limit);
	free(json);
	free(rows);
}

static bool choose(struct map_options *options, struct view *view)
{
	bool table = options->style.format == FORMAT_TABLE, narrow, bar;
	size_t width, lines;
	char *list;
	bool good;

	screen_size(STDOUT_FILENO, &width, &lines);
	options->style.width = width;
	narrow = table && width && width < WIDE;
	/* A path says more than its bar. */
	bar = !narrow || width >= BAR_LEAST || (options->interval.seconds <= 0 && !options->smaps);
	list = xasprintf("%ssize,mapped,percent,%scached,private,%s%s%s%s%s%sobject",
			 !table ? "pid,comm," : options->filter.nr_pids > 1 ? "pid," : "",
			 narrow ? "" : "of_file,", narrow ? "" : "huge,swapped,",
			 table ? "" : "rss,mappings,", options->interval.seconds > 0 ? "change," : "",
			 options->smaps ? "smaps_rss,pss,referenced," : "",
			 table ? "" : "dev,inode,deleted,state,", bar ? "bar," : "");
	good = view_choose(view, &map_fields, &options->columns, list, "rss,size");
	free(list);
	return good;
}

/* One look at all processes that are left; false if there is none any more. */
static bool look_at_all(struct report *now, struct report *before, size_t nr,
			struct map_options *options, const struct view *view, bool first,
			enum exit_code *code)
{
	bool any = false;
	size_t i;

	for (i = 0; i < nr; i++) {
		enum result result;

		if (!now[i].alive)
			continue;
		result = look(&now[i], options, view, false);
		now[i].alive = result == LOOKED;
		if (first && result == ENDED && !now[i].objects.nr) {
			mappings_complain_gone(now[i].pid);
			*code = EXIT_ERROR;
		} else if (result == ENDED && options->style.format != FORMAT_JSON) {
			printf("# %d has ended\n", now[i].pid);
		} else if (result == FAILED) {
			*code = EXIT_ERROR;
		}
		if (!now[i].alive)
			continue;
		if (!first)
			compare(&now[i], &before[i]);
		sum_up(&now[i]);
		any = true;
	}
	return any;
}

static enum exit_code show_processes(struct map_options *options)
{
	size_t nr = options->filter.nr_pids, i;
	struct report *now = xcalloc(nr, sizeof(*now)), *before = xcalloc(nr, sizeof(*before));
	struct report *other;
	enum exit_code code = EXIT_FINE;
	struct view view;
	struct pace pace;
	uint64_t turn = 0;

	options->style.compact = options->interval.seconds > 0;
	if (!choose(options, &view) || !residency_begin(NULL) || !pagemap_begin(options->via)) {
		free(now);
		free(before);
		return EXIT_USAGE;
	}
	if (options->smaps)
		complain("reading smaps blocks mmap and munmap in the process");
	for (i = 0; i < nr; i++) {
		now[i].pid = options->filter.pids[i];
		before[i].pid = now[i].pid;
		now[i].alive = true;
	}
	pace_begin(&pace, options->interval.seconds, NULL);
	while (look_at_all(now, before, nr, options, &view, !turn, &code)) {
		print(now, nr, options, &view);
		if (!interval_next(&options->interval, &pace, &turn))
			break;
		for (i = 0; i < nr; i++) {
			report_free(&before[i]);
			before[i].alive = now[i].alive;
		}
		other = before;
		before = now;
		now = other;
	}
	for (i = 0; i < nr; i++) {
		report_free(&now[i]);
		report_free(&before[i]);
	}
	free(now);
	free(before);
	return code;
}

static struct map_options options;

static const struct option_info own[] = {
	{ 'p', "pid", "PID[,...]", option_pids, offsetof(struct map_options, filter),
	  "what these processes have mapped, by object" },
	{ 'f', "object", "GLOB", option_glob, offsetof(struct map_options, filter.object),
	  "only objects that match, and their share of RSS" },
	{ 0, "via", "WAY", option_text, offsetof(struct map_options, via),
	  "use scan (PAGEMAP_SCAN), or pagemap" },
	{ 0, "smaps", NULL, option_flag, offsetof(struct map_options, smaps),
	  "add figures of smaps; stalls the process meanwhile" },
	OPTIONS_END
};

static const struct option_group groups[] = {
	{ options_all, &options.limit },
	{ options_lines, &options.limit },
	{ options_columns, &options.columns },
	{ options_style_live, &options.style },
	{ own, &options },
	{ NULL, NULL }
};

static enum exit_code run(struct command_line *line)
{
	(void)line;
	if (options.filter.nr_pids)
		return show_processes(&options);
	if (options.filter.object || options.smaps || options.via) {
		complain("%s requires -p PID", options.filter.object ? "-f" :
			 options.smaps ? "--smaps" : "--via");
		return EXIT_USAGE;
	}
	return processes_show(&options);
}

static const char *const examples[] = {
	"map  all processes, the largest first",
	"map -p 1234  what a process has mapped",
	"map -p 1234 -f '*.so*' 1  each second",
	NULL
};

const struct command map_command = {
	.name = "map",
	.arguments = "[-p PID[,...]] [interval [count]]",
	.summary = "Show what processes have mapped, by file and area.",
	.options = groups,
	.interval = &options.interval,
	.interval_hint = "; processes are given with -p",
	.columns = help,
	.examples = examples,
	.run = run,
};
