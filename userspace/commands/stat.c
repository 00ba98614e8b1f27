// SPDX-License-Identifier: GPL-2.0
/*
 * stat.c - the command stat: runs a command, and compares what the module counted for it and its
 * descendants with the rusage that the kernel reports. Children of a process that ignores SIGCHLD
 * are missing from rusage: then what the kernel counted for each process is what decides.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/commands.h"
#include "commands/rows.h"
#include "commands/verdict.h"
#include "faults/json.h"
#include "faults/source.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "uapi/faultstat.h"

#define STAT_SORT	"major,minor,calls"
#define STAT_LINES	20
static struct {
	struct rows_wanted rows;
	bool wait;
	const char *report;	/* a file, or NULL for standard error */
} options;

static const struct option_info all_option[] = {
	{ 'a', "all", NULL, option_flag, offsetof(struct limit, all),
	  "all rows, not only the first twenty" },
	OPTIONS_END
};

static const struct option_info by_option[] = {
	{ 0, "by", "WHAT", option_by_row, 0,
	  "sum by object (default), dir[=DEPTH], process or comm" },
	OPTIONS_END
};

static const struct option_info wait_option[] = {
	{ 'w', "wait", NULL, option_flag, 0, "also wait for what the command leaves running" },
	OPTIONS_END
};

static const struct option_info report_option[] = {
	{ 0, "report", "FILE", option_text, 0,
	  "write the report to a file, not to standard error" },
	OPTIONS_END
};

static const struct option_group groups[] = {
	{ all_option, &options.rows.limit },
	{ options_lines, &options.rows.limit },
	{ options_columns, &options.rows.columns },
	{ options_style, &options.rows.style },
	{ by_option, &options.rows.grouping },
	{ wait_option, &options.wait },
	{ report_option, &options.report },
	{ NULL, NULL }
};

static void print_text(const struct verdict *v, FILE *out)
{
	const struct run *run = &v->run;
	const char *mark = options.rows.style.format == FORMAT_RAW ? "# " : "";

	fprintf(out, "%s%-10s %12s %12s\n", mark, "", "minor", "major");
	verdict_print(v, out, mark);
	fprintf(out, "%s%.3f s elapsed, %.3f s user, %.3f s system, %ld KiB maximum RSS\n", mark,
		run->elapsed, run->user, run->system, run->max_rss_kib);
}

static char *json_result(const struct verdict *v, const struct command_line *line)
{
	char *counts = json_counts(&v->family.sum, NR_COUNTS);
	const struct run *run = &v->run;
	char *text = NULL;
	size_t size, i;
	FILE *out = xmemstream(&text, &size);

	fputs("   \"stat\": {\"command\": [", out);
	for (i = 0; line->arguments[i]; i++) {
		fputs(i ? ", " : "", out);
		text_put_json(out, line->arguments[i]);
	}
	fprintf(out, "], \"exit\": %d, \"signal\": %d",
		WIFEXITED(run->status) ? WEXITSTATUS(run->status) : -1,
		WIFSIGNALED(run->status) ? WTERMSIG(run->status) : 0);
	fprintf(out, ", \"elapsed\": %.6f, \"user\": %.6f, \"system\": %.6f, \"max_rss_kib\": %ld",
		run->elapsed, run->user, run->system, run->max_rss_kib);
	fprintf(out, ", \"processes\": %zu, \"faultstat\": %s", v->family.processes, counts);
	fprintf(out, ", \"rusage\": {\"minor\": %" PRIu64 ", \"major\": %" PRIu64 "}", run->minor,
		run->major);
	if (kernel_counts_known(&v->family.kernel) && v->counted)
		fprintf(out, ", \"kernel\": {\"minor\": %" PRIu64 ", \"major\": %" PRIu64 "}",
			v->family.kernel.minor, v->family.kernel.major);
	else
		fputs(", \"kernel\": null", out);
	fputs(", ", out);
	verdict_json(v, out);
	putc('}', out);
	fclose(out);
	free(counts);
	return text;
}

static void print_result(const struct verdict *v, const struct view *view,
			 const struct command_line *line, FILE *out)
{
	struct rows_wanted *wanted = &options.rows;
	struct filter none = { 0 };
	struct items items;
	char *json = NULL;
	size_t limit = wanted->limit.lines, lines;

	if (!limit)
		limit = wanted->limit.all || wanted->style.format != FORMAT_TABLE ? SIZE_MAX :
			STAT_LINES;
	items_make(&items, v->family.rows, v->family.nr_rows, v->run.elapsed, &none,
		   &wanted->grouping);
	items_sort(items.at, items.nr, view);
	screen_size(fileno(out), &wanted->style.width, &lines);
	if (wanted->style.format == FORMAT_JSON)
		json = json_result(v, line);
	else if (wanted->style.format == FORMAT_TABLE)
		putc('\n', out);
	items_print(items.at, items.nr < limit ? items.nr : limit, view, &wanted->style, NULL,
		    out, json);
	if (wanted->style.format == FORMAT_TABLE && items.nr > limit)
		fprintf(out, "%zu of %zu rows; -a shows all\n", limit, items.nr);
	if (wanted->style.format == FORMAT_TABLE)
		putc('\n', out);
	if (wanted->style.format != FORMAT_JSON)
		print_text(v, out);
	free(json);
	items_free(&items);
}

static enum exit_code begin(const struct command_line *line, struct view *view,
			    struct snapshot *before, FILE **out)
{
	enum exit_code code;

	if (!line->nr_arguments) {
		complain("stat requires a command: kfaultstat stat [--] COMMAND...");
		return EXIT_USAGE;
	}
	if (options.rows.grouping.by == BY_NONE)
		options.rows.grouping.by = BY_OBJECT;
	if (!view_choose(view, &item_fields, &options.rows.columns,
			 rows_columns(options.rows.grouping.by, false), STAT_SORT))
		return EXIT_USAGE;
	code = source_take(before, NULL, SOURCE_FAULTS);
	if (code != EXIT_FINE)
		return code;
	if (!setting_is(before, "enabled", "1")) {
		complain("counting is off: kfaultstat on turns it on");
		return EXIT_ERROR;
	}
	*out = options.report ? fopen(options.report, "we") : stderr;
	if (!*out) {
		complain("%s: %s", options.report, strerror(errno));
		return EXIT_ERROR;
	}
	return EXIT_FINE;
}

static enum exit_code report(struct verdict *v, const struct view *view,
			     const struct command_line *line, const struct snapshot *before,
			     FILE *out)
{
	struct snapshot after = { 0 };

	verdict_find(v, before, &after);
	print_result(v, view, line, out);
	if (ferror(out) | (out != stderr && fclose(out)))
		complain("%s: %s", options.report ? options.report : "standard error",
			 strerror(errno));
	verdict_free(v);
	snapshot_free(&after);
	if (v->run.mark >= 0)
		close(v->run.mark);
	return run_pass_on(&v->run);
}

/* The exit code is the command's; 126 or 127 if it could not be run; else ours. */
static enum exit_code run(struct command_line *line)
{
	struct snapshot before = { 0 };
	struct verdict v = { .run = { .mark = -1 } };
	struct view view = { 0 };
	enum exit_code code;
	FILE *out = NULL;

	code = begin(line, &view, &before, &out);
	if (code == EXIT_FINE) {
		v.run.mark = source_mark(getpid());
		code = run_command(&v.run, line, options.wait);
	}
	if (code == EXIT_FINE)
		code = report(&v, &view, line, &before, out);
	snapshot_free(&before);
	return code;
}

static const char *const examples[] = {
	"stat make -j8  run make",
	"stat -w sh -c 'daemon &'  wait for what it leaves running",
	NULL
};

const struct command stat_command = {
	.name = "stat",
	.arguments = "[--] COMMAND...",
	.summary = "Run a command and show its faults next to the kernel's own counts.",
	.options = groups,
	.runs_another = true,
	.columns = rows_help,
	.examples = examples,
	.run = run,
};
