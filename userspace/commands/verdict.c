// SPDX-License-Identifier: GPL-2.0
/*
 * verdict.c - compares what the module counted for a command with what the kernel did. Called by
 * stat.c and stacks.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/verdict.h"
#include "faults/source.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "uapi/faultstat.h"

/* A process that has been waited for is ended by the kernel a grace period later. */
#define ENDING_PAUSE_US	50000
#define ENDING_PAUSES	60

static void reason(struct verdict *v, char *text)
{
	if (v->nr_reasons < REASONS_MAX)
		v->reasons[v->nr_reasons++] = text;
}

/**
 * setting_is() - whether a setting of the module has a value.
 * @s: a snapshot
 * @name: of the setting
 * @value: as the module writes it
 *
 * Return: true if it has.
 */
bool setting_is(const struct snapshot *s, const char *name, const char *value)
{
	char *has = snapshot_setting(s, name);
	bool same = has && !strcmp(has, value);

	free(has);
	return same;
}

/*
 * The module keeps a process as live until its last task is freed, which is a moment after it
 * has been waited for: the kernel is asked whether it is there. Those that are not have exited,
 * in their rows, too. Returns how many are, and whether there are such.
 */
static size_t live_processes(struct family *family, bool *ending)
{
	size_t live = 0, i, j;

	*ending = false;
	for (i = 0; i < family->nr_rows; i++) {
		struct row *row = &family->rows[i];

		if (!row_is(row, FAULTSTAT_STATE_LIVE))
			continue;
		if (kill(row->pid, 0) && errno == ESRCH) {
			row->state = FAULTSTAT_STATE_EXITED;
			*ending = true;
			continue;
		}
		/* Once, however many rows it has. */
		for (j = 0; j < i && family->rows[j].id != row->id; j++)
			;
		live += j == i;
	}
	return live;
}

static void find_reasons(struct verdict *v, const struct snapshot *before,
			 const struct snapshot *after)
{
	size_t live = v->live;
	char *keep;

	if (v->run.left && live)
		reason(v, xasprintf("%zu of its processes %s still running: --wait waits for them",
				    live, live == 1 ? "is" : "are"));
	else if (v->run.left)
		reason(v, xstrdup("descendants without rows still run: --wait waits for them"));
	if (v->run.others_before)
		reason(v, xstrdup("kfaultstat had other children at its start"));
	if (strcmp(before->load, after->load)) {
		reason(v, xstrdup("the module was reloaded meanwhile"));
		return;
	}
	if (before->resets != after->resets)
		reason(v, xstrdup("the counters were reset meanwhile"));
	if (after->folded > before->folded && !after->mark) {
		keep = snapshot_setting(after, "keep_exited");
		reason(v, xasprintf("%" PRIu64 " ended processes were folded meanwhile: keep_exited is %s",
				    after->folded - before->folded, keep ? keep : "unknown"));
		free(keep);
	}
	if (after->overflow > before->overflow)
		reason(v, xasprintf("%" PRIu64 " calls did not fit in the table meanwhile: see [overflow]",
				    after->overflow - before->overflow));
	if (!setting_is(after, "pid", ""))
		reason(v, xstrdup("the module counts only the processes in its parameter pid"));
	if (!setting_is(after, "enabled", "1"))
		reason(v, xstrdup("counting was turned off meanwhile"));
}

/*
 * Whether rusage may lack no more than children that nobody waited for: all processes are there,
 * with what the kernel counted for each, and that is not less.
 */
static bool kernel_decides(const struct verdict *v)
{
	const struct kernel_counts *kernel = &v->family.kernel;

	return !v->run.left && !v->nr_reasons && v->family.nr_rows &&
	       kernel_counts_known(kernel) && kernel->minor >= v->run.minor &&
	       kernel->major >= v->run.major;
}

/*
 * No row has more than its process's own faults, so what adds up to the rusage is all
 * there was, whatever happened to rows of others.
 */
static void judge(struct verdict *v, const struct snapshot *before, const struct snapshot *after)
{
	const struct counts *sum = &v->family.sum;
	bool equal;

	find_reasons(v, before, after);
	equal = !v->run.left && sum->n[MINOR] == v->run.minor && sum->n[MAJOR] == v->run.major;
	v->by_kernel = !equal && kernel_decides(v);
	if (equal)
		v->text = "equal";
	else if (v->by_kernel)
		v->text = v->family.different ? "different" : "equal";
	else
		v->text = v->nr_reasons ? "incomplete" : "different";
}

/**
 * verdict_free() - free what there is of it, but for the run.
 * @v: found, or all zero
 */
void verdict_free(struct verdict *v)
{
	while (v->nr_reasons)
		free(v->reasons[--v->nr_reasons]);
	family_free(&v->family);
}

/* The marked, or, where the module has been reloaded and knows no mark any more, what there is. */
static enum exit_code read_after(struct run *run, struct snapshot *after, char **error)
{
	if (run->mark >= 0) {
		if (source_read_mark(after, run->mark, error) == EXIT_FINE)
			return EXIT_FINE;
		free(*error);
		close(run->mark);
		run->mark = -1;
	}
	return source_read(after, NULL, SOURCE_FAULTS, error);
}

/* What there is in the table now. Returns whether a moment later there may be more. */
static bool look(struct verdict *v, const struct snapshot *before, struct snapshot *after)
{
	enum exit_code code;
	char *error;

	code = read_after(&v->run, after, &error);
	if (code != EXIT_FINE) {
		v->text = "incomplete";
		reason(v, error);
		return false;
	}
	v->counted = true;
	if (after->mark)
		family_of_mark(&v->family, after, getpid());
	else
		family_find(&v->family, after, strcmp(before->load, after->load) ? 0 :
			    snapshot_last_id(before), v->run.pid, getpid());
	v->live = live_processes(&v->family, &v->ending);
	judge(v, before, after);
	return v->ending && strcmp(v->text, "equal");
}

/**
 * verdict_find() - compare, waiting a moment for processes that are about to end in the table.
 * @v: all zero but for the run; set
 * @before: a snapshot from before the run
 * @after: set, if @v->counted
 */
void verdict_find(struct verdict *v, const struct snapshot *before, struct snapshot *after)
{
	int pauses;

	for (pauses = 0; look(v, before, after) && pauses < ENDING_PAUSES; pauses++) {
		verdict_free(v);
		snapshot_free(after);
		usleep(ENDING_PAUSE_US);
	}
}

/**
 * verdict_reason() - say why it is not complete.
 * @v: the verdict
 * @text: from malloc, becomes the verdict's
 */
void verdict_reason(struct verdict *v, char *text)
{
	reason(v, text);
}

/**
 * verdict_print() - what both have counted, and how that compares, under a heading of the caller's.
 * @v: found
 * @out: where to
 * @mark: what each line begins with
 */
void verdict_print(const struct verdict *v, FILE *out, const char *mark)
{
	const struct counts *sum = &v->family.sum;
	const struct run *run = &v->run;
	bool why = strcmp(v->text, "equal");
	size_t i;

	if (v->counted)
		fprintf(out, "%s%-10s %12" PRIu64 " %12" PRIu64 "   %" PRIu64 " calls of %zu process%s\n",
			mark, "faultstat", sum->n[MINOR], sum->n[MAJOR], sum->n[CALLS],
			v->family.processes, v->family.processes == 1 ? "" : "es");
	fprintf(out, "%s%-10s %12" PRIu64 " %12" PRIu64 "   %s\n", mark, "rusage", run->minor,
		run->major, v->by_kernel ? "without children that nobody waited for" : v->text);
	if (v->by_kernel)
		fprintf(out, "%s%-10s %12" PRIu64 " %12" PRIu64 "   %s\n", mark, "kernel",
			v->family.kernel.minor, v->family.kernel.major, v->text);
	for (i = 0; i < v->nr_reasons && why; i++)
		fprintf(out, "%s%s: %s\n", mark, v->text, v->reasons[i]);
}

/**
 * verdict_json() - the verdict as members of a JSON object.
 * @v: found
 * @out: where to
 */
void verdict_json(const struct verdict *v, FILE *out)
{
	size_t i;

	fprintf(out, "\"compared\": \"%s\", \"verdict\": \"%s\", \"reasons\": [",
		v->by_kernel ? "kernel" : "rusage", v->text);
	for (i = 0; i < v->nr_reasons; i++) {
		fputs(i ? ", " : "", out);
		text_put_json(out, v->reasons[i]);
	}
	putc(']', out);
}
