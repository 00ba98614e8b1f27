// SPDX-License-Identifier: GPL-2.0
/*
 * stackshow.c - shows stacks, and writes pictures and profiles of them. Called by stacks.c and
 * stackrun.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/stacks/stackshow.h"
#include "lib/index.h"
#include "lib/message.h"
#include "lib/xalloc.h"
#include "stacks/flamegraph/flamegraph.h"
#include "stacks/pprof/pprof.h"
#include "uapi/faultstat.h"

#define LINES_ELSE	6	/* lines of the screen that are for notes */

/**
 * stackshow_frames() - which frames are to be taken, as the module calls it.
 * @show: what is asked for
 *
 * Return: user, kernel or both.
 */
const char *stackshow_frames(const struct stackshow *show)
{
	if (!show->kernel)
		return "user";
	return show->user ? "both" : "kernel";
}

/* What cannot be written is better known now; what is there stays until there is more. */
static bool open_file(FILE **file, const char *name)
{
	int fd;

	if (!name)
		return true;
	fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	*file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!*file)
		complain("%s: %s", name, strerror(errno));
	return *file;
}

/**
 * stackshow_begin() - before anything is read.
 * @show: what is asked for
 * @live: it is of this host, now
 *
 * Return: false after a complaint.
 */
bool stackshow_begin(struct stackshow *show, bool live)
{
	const struct symbols_wanted wanted = {
		.inlines = show->inlines, .source = show->source, .live = live,
	};

	if (!open_file(&show->svg_file, show->svg) || !open_file(&show->pprof_file, show->pprof))
		return false;
	if (show->report && !freopen(show->report, "we", stdout)) {
		complain("%s: %s", show->report, strerror(errno));
		return false;
	}
	show->symbols = symbols_new(&wanted);
	return true;
}

static void make_words(struct stackshow *show, struct callstacks *words,
		       const struct stacks *raw)
{
	const struct callstacks_wanted wanted = {
		.filter = &show->filter, .user = show->user, .kernel = show->kernel,
		.what = show->what, .not_pid = show->not_pid,
	};

	callstacks_make(words, raw, show->symbols, &wanted);
}

static void look_free(struct stack_look *look)
{
	callstacks_free(&look->words);
	stacks_free(&look->raw);
}

/**
 * stackshow_take() - take a look.
 * @show: begun
 * @now: what was read; becomes the show's
 * @first: nothing of before is to be shown
 */
void stackshow_take(struct stackshow *show, struct stacks *now, bool first)
{
	struct stack_look *look = first ? &show->begin : &show->now;

	if (!first) {
		look_free(&show->before);
		show->before = show->now;
		memset(&show->now, 0, sizeof(show->now));
	}
	look->raw = *now;
	make_words(show, &look->words, &look->raw);
	show->realtime = now->realtime;
}

/* What came between two looks; all of it, where counting began anew in between. */
static void make_since(struct stackshow *show, struct callstacks *since,
		       const struct stack_look *before)
{
	static const struct callstacks none;
	const struct stacks *now = &show->now.raw, *then = &before->raw;
	bool goes_on = then->load && !strcmp(then->load, now->load) &&
		       then->resets == now->resets;

	make_words(show, since, now);
	callstacks_since(since, goes_on ? &before->words : &none);
	since->seconds = now->now - (goes_on ? then->now : now->at);
	if (since->seconds < 0)
		since->seconds = 0;
}

/* Notes. */

static bool same_process(const void *wanted, size_t position, const void *array)
{
	const struct callstack *stack = (const struct callstack *)array + position;

	return stack->id == *(const uint64_t *)wanted;
}

static size_t count_processes(const struct callstacks *stacks)
{
	struct index index;
	size_t nr = 0, i;

	index_init(&index, stacks->nr);
	for (i = 0; i < stacks->nr; i++) {
		uint64_t id = stacks->at[i].id;
		uint32_t *slot = index_slot(&index, hash_number(HASH_BEGIN, id), same_process, &id,
					    stacks->at);

		nr += !*slot;
		*slot = (uint32_t)i + 1;
	}
	index_free(&index);
	return nr;
}

static bool is_end(const struct callstack *stack, const char *end)
{
	const char *why = callstack_ends_early(stack);

	return why && !strcmp(why, end);
}

static void note_ends(const struct stackshow *show, const struct callstacks *stacks,
		      uint64_t whole)
{
	static const struct {
		const char *end, *what;
	} ends[] = {
		{ FAULTSTAT_END_ODD, "no frame where one should be: code without frame pointers?" },
		{ FAULTSTAT_END_MEMORY, "no memory there, or not now" },
		{ FAULTSTAT_END_DEPTH, "deeper than stack_depth" },
		{ FAULTSTAT_END_REGISTERS, "being loaded, or a thread of the kernel's" },
	};
	size_t i, j;

	for (j = 0; j < ARRAY_SIZE(ends) && show->user && whole; j++) {
		uint64_t calls = 0;

		for (i = 0; i < stacks->nr; i++)
			if (is_end(&stacks->at[i], ends[j].end))
				calls += stacks->at[i].n[STACK_CALLS];
		/* Else it is nothing to be warned of. */
		if (calls >= whole / 1000 + 1)
			printf("%.1f %% of calls by stacks that end early: %s\n",
			       100.0 * (double)calls / (double)whole, ends[j].what);
	}
}

static void note_sums(const struct callstacks *stacks, const uint64_t *sum)
{
	size_t processes = count_processes(stacks);

	printf("%" PRIu64 " calls, %" PRIu64 " minor and %" PRIu64 " major faults",
	       sum[STACK_CALLS], sum[STACK_MINOR], sum[STACK_MAJOR]);
	if (stacks->seconds > 0)
		printf(" in %.1f s", stacks->seconds);
	printf(": %zu stack%s of %zu process%s\n", stacks->nr, stacks->nr == 1 ? "" : "s",
	       processes, processes == 1 ? "" : "es");
}

static void print_notes(struct stackshow *show, const struct callstacks *stacks,
			const struct stacks *from)
{
	uint64_t sum[STACK_COUNTERS];

	callstacks_sum(stacks, sum);
	note_sums(stacks, sum);
	if (from->every > 1)
		printf("1 in %" PRIu64 " calls is counted: stack_every\n", from->every);
	if (from->lost[STACK_CALLS])
		printf("%" PRIu64 " calls are of no stack, for want of memory: max_memory\n",
		       from->lost[STACK_CALLS]);
	if (from->mappings_off)
		printf("frames have no files: %s\n", from->mappings_off);
	note_ends(show, stacks, sum[STACK_CALLS]);
	symbols_print_trouble(show->symbols, stdout);
}

/* In the form that is asked for; @json: more members of the object, or NULL. */
static void print_stacks(struct stackshow *show, const struct callstacks *stacks,
			 const char *json)
{
	const struct stacks *from = &show->now.raw;
	struct stacktree_wanted tree = { .by = show->by, .style = show->style };
	size_t lines, most = limit_rows(&show->limit, &show->style, LINES_ELSE);

	switch (show->form) {
	case FORM_LIST:
		stacklist_print(stacks, show->limit.lines ? show->limit.lines : SIZE_MAX);
		break;
	case FORM_FOLDED:
		folded_write(stdout, stacks);
		return;
	case FORM_JSON:
		stackjson_print(stacks, from, &show->style, json);
		return;
	default:
		screen_size(STDOUT_FILENO, &tree.style.width, &lines);
		tree.lines = most;
		stacktree_print(stacks, &tree);
	}
	print_notes(show, stacks, from);
	if (show->style.compact)
		putchar('\n');
}

/**
 * stackshow_interval() - show what came since the look before.
 * @show: has taken one
 *
 * Return: false if nobody reads our output any more.
 */
bool stackshow_interval(struct stackshow *show)
{
	const struct stack_look *before = show->before.raw.text ? &show->before : &show->begin;
	struct callstacks since;

	make_since(show, &since, before);
	print_stacks(show, &since, NULL);
	callstacks_free(&since);
	return !fflush(stdout) && !ferror(stdout);
}

/**
 * stackshow_since_begin() - show all that came.
 * @show: has taken a look at the beginning and one at the end
 *
 * Return: false if nobody reads our output any more.
 */
bool stackshow_since_begin(struct stackshow *show)
{
	struct callstacks since;

	make_since(show, &since, &show->begin);
	print_stacks(show, &since, NULL);
	callstacks_free(&since);
	return !ferror(stdout);
}

/**
 * stackshow_copies() - show a saved copy, or what came between two.
 * @show: begun
 * @now: the copy; becomes the show's
 * @before: an earlier one, likewise; or NULL
 */
void stackshow_copies(struct stackshow *show, struct stacks *now, struct stacks *before)
{
	if (before) {
		stackshow_take(show, before, true);
		memset(before, 0, sizeof(*before));
	}
	stackshow_take(show, now, false);
	memset(now, 0, sizeof(*now));
	make_words(show, &show->all, &show->now.raw);
	if (before)
		callstacks_compare(&show->all, &show->begin.words);
	print_stacks(show, &show->all, NULL);
}

/**
 * stackshow_whole() - show all that there is of a command.
 * @show: begun
 * @now: the copy; becomes the show's
 * @seconds: in which it was counted
 * @json: more members of the JSON object
 */
void stackshow_whole(struct stackshow *show, struct stacks *now, double seconds,
		     const char *json)
{
	stackshow_take(show, now, false);
	make_words(show, &show->all, &show->now.raw);
	show->all.seconds = seconds;
	print_stacks(show, &show->all, json);
}

/* Files. */

static bool finish_file(FILE *file, const char *name, bool fine)
{
	fine = !fflush(file) && !ferror(file) && fine;
	if (!fine)
		complain("%s: %s", name, errno ? strerror(errno) : "incomplete write");
	return fine;
}

static bool empty_file(FILE *file)
{
	/* A pipe is as empty as it gets. */
	return ftruncate(fileno(file), 0) == 0 || errno == EINVAL;
}

static const char *title(const struct stackshow *show)
{
	return show->all.is_difference ? "Page faults by stack, compared" : "Page faults by stack";
}

/**
 * stackshow_write() - write the files that are asked for, of all that came.
 * @show: has taken its last look
 *
 * Return: false after a complaint.
 */
bool stackshow_write(struct stackshow *show)
{
	struct pprof_origin origin = { .realtime = show->realtime };
	bool fine = true;

	if (!show->all.at && show->now.raw.text)
		make_since(show, &show->all, &show->begin);
	origin.seconds = show->all.seconds;
	errno = 0;
	if (show->svg_file)
		fine = finish_file(show->svg_file, show->svg, empty_file(show->svg_file) &&
				   flamegraph_write(show->svg_file, &show->all, title(show),
						    show->by == TREE_BY_COMM));
	if (show->pprof_file)
		fine &= finish_file(show->pprof_file, show->pprof,
				    empty_file(show->pprof_file) &&
				    pprof_write(show->pprof_file, &show->all, &origin));
	return fine;
}

/**
 * stackshow_end() - free all of it.
 * @show: begun
 */
void stackshow_end(struct stackshow *show)
{
	callstacks_free(&show->all);
	look_free(&show->begin);
	look_free(&show->before);
	look_free(&show->now);
	symbols_free(show->symbols);
	if (show->svg_file)
		fclose(show->svg_file);
	if (show->pprof_file)
		fclose(show->pprof_file);
}
