// SPDX-License-Identifier: GPL-2.0
/*
 * stackrun.c - stacks of a command: marks it and all that will descend from it, asks for the stacks
 * of what has the mark, and compares their sums with what the kernel counted. Called by stacks.c.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/stacks/stackrun.h"
#include "commands/verdict.h"
#include "faults/source.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "stacks/stacksource.h"

/* Files that are open as long as the command is counted. */
struct asked {
	int mark, stacks;
};

static bool ask_failed(char *error)
{
	complain("%s", error);
	free(error);
	return false;
}

static bool ask(const struct stackshow *show, struct asked *asked)
{
	struct stack_request request = { .frames = stackshow_frames(show) };
	struct snapshot marked = { 0 };
	char *error;

	asked->mark = source_mark(getpid());
	if (asked->mark < 0) {
		complain(PROC_FILE(FAULTSTAT_PROC_MARK) ": processes cannot be marked: is the module loaded, and may you read its files?");
		return false;
	}
	if (source_read_mark(&marked, asked->mark, &error) != EXIT_FINE)
		return ask_failed(error);
	request.mark = marked.mark;
	snapshot_free(&marked);
	return stacks_want(&request, &asked->stacks, &error) == EXIT_FINE || ask_failed(error);
}

/* Of all of it, whatever is shown. */
static void sum_up(const struct stacks *stacks, uint64_t sum[STACK_COUNTERS])
{
	size_t i;
	int what;

	memset(sum, 0, STACK_COUNTERS * sizeof(*sum));
	for (i = 0; i < stacks->nr_stacks; i++)
		for (what = 0; what < STACK_COUNTERS && stacks->stacks[i].pid != getpid(); what++)
			sum[what] += stacks->stacks[i].n[what];
}

/* Where the table is right, stacks have to add up to it. */
static void judge(struct verdict *v, const struct stacks *stacks, const uint64_t *sum)
{
	const struct counts *rows = &v->family.sum;

	if (strcmp(v->text, "equal") ||
	    (sum[STACK_MINOR] == rows->n[MINOR] && sum[STACK_MAJOR] == rows->n[MAJOR]))
		return;
	v->text = "incomplete";
	if (stacks->every > 1)
		verdict_reason(v, xasprintf("1 in %" PRIu64 " calls is counted by stack: stack_every",
					    stacks->every));
	else if (stacks->lost[STACK_CALLS])
		verdict_reason(v, xasprintf("%" PRIu64 " calls are of no stack, for want of memory",
					    stacks->lost[STACK_CALLS]));
	else if (stacks->hidden)
		verdict_reason(v, xstrdup("there are processes of another pid namespace"));
	else
		v->text = "different";
}

static void print_verdict(const struct verdict *v, const uint64_t *sum)
{
	printf("\n%-10s %12s %12s\n", "", "minor", "major");
	printf("%-10s %12" PRIu64 " %12" PRIu64 "   %" PRIu64 " calls\n", "stacks",
	       sum[STACK_MINOR], sum[STACK_MAJOR], sum[STACK_CALLS]);
	verdict_print(v, stdout, "");
	printf("%.3f s elapsed, %.3f s user, %.3f s system\n", v->run.elapsed, v->run.user,
	       v->run.system);
}

static char *json_verdict(const struct verdict *v, const uint64_t *sum)
{
	char *text = NULL;
	size_t size;
	FILE *out = xmemstream(&text, &size);

	fprintf(out, "\"run\": {\"elapsed\": %.6f", v->run.elapsed);
	fprintf(out, ", \"stacks\": {\"minor\": %" PRIu64 ", \"major\": %" PRIu64 "}",
		sum[STACK_MINOR], sum[STACK_MAJOR]);
	fprintf(out, ", \"rusage\": {\"minor\": %" PRIu64 ", \"major\": %" PRIu64 "}",
		v->run.minor, v->run.major);
	fputs(", ", out);
	verdict_json(v, out);
	putc('}', out);
	fclose(out);
	return text;
}

static enum exit_code report(struct stackshow *show, struct verdict *v, int file,
			     const struct snapshot *before)
{
	struct snapshot after = { 0 };
	uint64_t sum[STACK_COUNTERS];
	struct stacks now;
	char *error, *json;

	verdict_find(v, before, &after);
	if (stacks_read_again(&now, file, &error) != EXIT_FINE) {
		ask_failed(error);
		return EXIT_ERROR;
	}
	sum_up(&now, sum);
	judge(v, &now, sum);
	show->not_pid = getpid();
	json = json_verdict(v, sum);
	stackshow_whole(show, &now, v->run.elapsed, json);
	if (show->form != FORM_JSON && show->form != FORM_FOLDED)
		print_verdict(v, sum);
	free(json);
	verdict_free(v);
	snapshot_free(&after);
	return stackshow_write(show) ? run_pass_on(&v->run) : EXIT_ERROR;
}

/**
 * stackrun() - run a command, and show its stacks.
 * @show: begun
 * @line: its arguments are the command
 * @wait_for_all: for what it leaves running, too
 *
 * Return: the command's exit code; 126 or 127 if it could not be run; else ours.
 */
enum exit_code stackrun(struct stackshow *show, const struct command_line *line,
			bool wait_for_all)
{
	struct snapshot before = { 0 };
	struct verdict v = { .run = { .mark = -1 } };
	struct asked asked = { -1, -1 };
	enum exit_code code = source_take(&before, NULL, SOURCE_FAULTS);

	if (code == EXIT_FINE && !setting_is(&before, "enabled", "1")) {
		complain("counting is off: kfaultstat on turns it on");
		code = EXIT_ERROR;
	}
	if (code == EXIT_FINE && !ask(show, &asked))
		code = EXIT_ERROR;
	v.run.mark = asked.mark;
	if (code == EXIT_FINE)
		code = run_command(&v.run, line, wait_for_all);
	if (code == EXIT_FINE)
		code = report(show, &v, asked.stacks, &before);
	if (asked.stacks >= 0)
		close(asked.stacks);
	if (v.run.mark >= 0)
		close(v.run.mark);
	snapshot_free(&before);
	return code;
}
