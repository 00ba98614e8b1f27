// SPDX-License-Identifier: GPL-2.0
/*
 * stat.c - the command stat: runs a command, waits for it and for its descendants, and compares
 * what the module counted for them with the rusage that the kernel reports. kfaultstat is the
 * subreaper: orphans become its children. Children of a process that ignores SIGCHLD are missing
 * from rusage: then what the kernel counted for each process is what decides.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/commands.h"
#include "commands/rows.h"
#include "faults/family.h"
#include "faults/json.h"
#include "faults/source.h"
#include "lib/pace.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "uapi/faultstat.h"

#define STAT_SORT	"major,minor,calls"
#define STAT_LINES	20
#define REASONS_MAX	8

/* A process that has been waited for is ended by the kernel a grace period later. */
#define ENDING_PAUSE_US	50000
#define ENDING_PAUSES	60

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

/* How the command went. */
struct run {
	pid_t pid;
	int status;
	int exec_error;		/* an errno, if there was nothing to run */
	double elapsed, user, system;
	uint64_t minor, major;
	long max_rss_kib;
	int mark;		/* a file, or -1: processes are found by their parents */
	bool others_before;	/* we had children that are not of the command */
	bool left;		/* descendants still run */
};

/* What the kernel and the module say of it. */
struct result {
	struct run run;
	struct family family;
	size_t live;		/* of its processes */
	bool ending;		/* there are some that are gone and have not ended in the table */
	bool counted;		/* there is a snapshot from after it */
	struct view view;
	const char *verdict;
	bool by_kernel;		/* the verdict is on the kernel's counts by process */
	char *reasons[REASONS_MAX];	/* why it is not complete */
	size_t nr_reasons;
};

static volatile sig_atomic_t caught;
static volatile sig_atomic_t running;	/* the command's pid, to hand signals on to */

static void handler(int signal)
{
	if (signal == SIGCHLD)
		return;
	caught = signal;
	/* The terminal sends these two to the command as well. */
	if (signal != SIGINT && signal != SIGQUIT && running)
		kill((pid_t)running, signal);
}

static const int handled[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };

#define NR_HANDLED ARRAY_SIZE(handled)

struct signals {
	struct sigaction old[NR_HANDLED], old_child;
	sigset_t mask;		/* as we found it */
	sigset_t waiting;	/* with those that are handled let in */
};

/* From here on they come while we wait, and at no other time. */
static void signals_take(struct signals *signals)
{
	struct sigaction action = { .sa_handler = handler };
	sigset_t all;
	size_t i;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &signals->mask);
	signals->waiting = signals->mask;
	for (i = 0; i < NR_HANDLED; i++) {
		sigaction(handled[i], NULL, &signals->old[i]);
		if (signals->old[i].sa_handler == SIG_IGN)
			continue;
		sigaction(handled[i], &action, NULL);
		sigdelset(&signals->waiting, handled[i]);
	}
	/* Where it is ignored there is nothing to wait for. */
	sigaction(SIGCHLD, &action, &signals->old_child);
	sigdelset(&signals->waiting, SIGCHLD);
}

/* As we found them. */
static void signals_give_back(const struct signals *signals)
{
	size_t i;

	for (i = 0; i < NR_HANDLED; i++)
		sigaction(handled[i], &signals->old[i], NULL);
	sigaction(SIGCHLD, &signals->old_child, NULL);
}

static double seconds_of(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* The rusage of one that was waited for has in it those that it waited for itself. */
static void add_usage(struct run *run, const struct rusage *usage)
{
	run->minor += (uint64_t)usage->ru_minflt;
	run->major += (uint64_t)usage->ru_majflt;
	run->user += seconds_of(&usage->ru_utime);
	run->system += seconds_of(&usage->ru_stime);
	if (usage->ru_maxrss > run->max_rss_kib)
		run->max_rss_kib = usage->ru_maxrss;
}

/*
 * Until the command has ended, and with @wait_for_all all that it left behind; but who
 * was told to end by a signal does not wait for them.
 */
static void reap(struct run *run, double begun, bool wait_for_all, const sigset_t *waiting)
{
	struct rusage usage;
	bool ended = false;
	int status;
	pid_t pid;

	for (;;) {
		pid = wait4(-1, &status, WNOHANG, &usage);
		if (pid < 0 || (!pid && ended && (!wait_for_all || caught)))
			break;
		if (!pid) {
			sigsuspend(waiting);
			continue;
		}
		add_usage(run, &usage);
		if (pid == run->pid) {
			run->elapsed = clock_now() - begun;
			run->status = status;
			running = 0;
			ended = true;
		}
	}
	run->left = !pid;
}

/* vfork, so that the child has no memory to fault in before it becomes the command. */
static bool command_start(struct run *run, const struct command_line *line,
			  const struct signals *signals)
{
	volatile int failure = 0;
	siginfo_t info;
	pid_t pid;

	run->mark = source_mark(getpid());
	run->others_before = !waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
	pid = vfork();
	if (!pid) {
		/* We share its memory, but not its signals. */
		signals_give_back(signals);
		signal(SIGPIPE, line->sigpipe);
		sigprocmask(SIG_SETMASK, &signals->mask, NULL);
		execvp(line->arguments[0], line->arguments);
		failure = errno;
		_exit(127);
	}
	if (pid < 0) {
		complain("cannot start a process: %s", strerror(errno));
		return false;
	}
	run->pid = pid;
	run->exec_error = failure;
	return true;
}

static enum exit_code run_command(struct run *run, const struct command_line *line)
{
	struct signals signals;
	double begin = clock_now();

	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		complain("cannot become a child subreaper: %s", strerror(errno));
	signals_take(&signals);
	if (!command_start(run, line, &signals))
		return EXIT_ERROR;
	running = run->pid;
	reap(run, begin, options.wait, &signals.waiting);
	/* What comes while the report is written is meant for us. */
	sigprocmask(SIG_SETMASK, &signals.mask, NULL);
	signals_give_back(&signals);
	return EXIT_FINE;
}

static void reason(struct result *r, char *text)
{
	if (r->nr_reasons < REASONS_MAX)
		r->reasons[r->nr_reasons++] = text;
}

static bool setting_is(const struct snapshot *s, const char *name, const char *value)
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

static void find_reasons(struct result *r, const struct snapshot *before,
			 const struct snapshot *after)
{
	size_t live = r->live;
	char *keep;

	if (r->run.left && live)
		reason(r, xasprintf("%zu of its processes %s still running: --wait waits for them",
				    live, live == 1 ? "is" : "are"));
	else if (r->run.left)
		reason(r, xstrdup("descendants without rows still run: --wait waits for them"));
	if (r->run.others_before)
		reason(r, xstrdup("kfaultstat had other children at its start"));
	if (strcmp(before->load, after->load)) {
		reason(r, xstrdup("the module was reloaded meanwhile"));
		return;
	}
	if (before->resets != after->resets)
		reason(r, xstrdup("the counters were reset meanwhile"));
	if (after->folded > before->folded && !after->mark) {
		keep = snapshot_setting(after, "keep_exited");
		reason(r, xasprintf("%" PRIu64 " ended processes were folded meanwhile: keep_exited is %s",
				    after->folded - before->folded, keep ? keep : "unknown"));
		free(keep);
	}
	if (after->overflow > before->overflow)
		reason(r, xasprintf("%" PRIu64 " calls did not fit in the table meanwhile: see [overflow]",
				    after->overflow - before->overflow));
	if (!setting_is(after, "pid", ""))
		reason(r, xstrdup("the module counts only the processes in its parameter pid"));
	if (!setting_is(after, "enabled", "1"))
		reason(r, xstrdup("counting was turned off meanwhile"));
}

/*
 * Whether rusage may lack no more than children that nobody waited for: all processes are there,
 * with what the kernel counted for each, and that is not less.
 */
static bool kernel_decides(const struct result *r)
{
	const struct kernel_counts *kernel = &r->family.kernel;

	return !r->run.left && !r->nr_reasons && r->family.nr_rows &&
	       kernel_counts_known(kernel) && kernel->minor >= r->run.minor &&
	       kernel->major >= r->run.major;
}

/*
 * No row has more than its process's own faults, so what adds up to the rusage is all
 * there was, whatever happened to rows of others.
 */
static void judge(struct result *r, const struct snapshot *before, const struct snapshot *after)
{
	const struct counts *sum = &r->family.sum;
	bool equal;

	find_reasons(r, before, after);
	equal = !r->run.left && sum->n[MINOR] == r->run.minor && sum->n[MAJOR] == r->run.major;
	r->by_kernel = !equal && kernel_decides(r);
	if (equal)
		r->verdict = "equal";
	else if (r->by_kernel)
		r->verdict = r->family.different ? "different" : "equal";
	else
		r->verdict = r->nr_reasons ? "incomplete" : "different";
}

static void print_text(const struct result *r, FILE *out)
{
	const struct run *run = &r->run;
	const struct counts *sum = &r->family.sum;
	const char *mark = options.rows.style.format == FORMAT_RAW ? "# " : "";
	bool why = strcmp(r->verdict, "equal");
	size_t i;

	fprintf(out, "%s%-10s %12s %12s\n", mark, "", "minor", "major");
	if (r->counted)
		fprintf(out, "%s%-10s %12" PRIu64 " %12" PRIu64 "   %" PRIu64 " calls of %zu process%s\n",
			mark, "faultstat", sum->n[MINOR], sum->n[MAJOR], sum->n[CALLS],
			r->family.processes, r->family.processes == 1 ? "" : "es");
	fprintf(out, "%s%-10s %12" PRIu64 " %12" PRIu64 "   %s\n", mark, "rusage", run->minor,
		run->major, r->by_kernel ? "without children that nobody waited for" : r->verdict);
	if (r->by_kernel)
		fprintf(out, "%s%-10s %12" PRIu64 " %12" PRIu64 "   %s\n", mark, "kernel",
			r->family.kernel.minor, r->family.kernel.major, r->verdict);
	for (i = 0; i < r->nr_reasons && why; i++)
		fprintf(out, "%s%s: %s\n", mark, r->verdict, r->reasons[i]);
	fprintf(out, "%s%.3f s elapsed, %.3f s user, %.3f s system, %ld KiB maximum RSS\n", mark,
		run->elapsed, run->user, run->system, run->max_rss_kib);
}

static char *json_result(const struct result *r, const struct command_line *line)
{
	char *counts = json_counts(&r->family.sum, NR_COUNTS);
	const struct run *run = &r->run;
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
	fprintf(out, ", \"processes\": %zu, \"faultstat\": %s", r->family.processes, counts);
	fprintf(out, ", \"rusage\": {\"minor\": %" PRIu64 ", \"major\": %" PRIu64 "}", run->minor,
		run->major);
	if (kernel_counts_known(&r->family.kernel) && r->counted)
		fprintf(out, ", \"kernel\": {\"minor\": %" PRIu64 ", \"major\": %" PRIu64 "}",
			r->family.kernel.minor, r->family.kernel.major);
	else
		fputs(", \"kernel\": null", out);
	fprintf(out, ", \"compared\": \"%s\", \"verdict\": \"%s\", \"reasons\": [",
		r->by_kernel ? "kernel" : "rusage", r->verdict);
	for (i = 0; i < r->nr_reasons; i++) {
		fputs(i ? ", " : "", out);
		text_put_json(out, r->reasons[i]);
	}
	fputs("]}", out);
	fclose(out);
	free(counts);
	return text;
}

static void print_result(const struct result *r, const struct command_line *line, FILE *out)
{
	struct rows_wanted *wanted = &options.rows;
	struct filter none = { 0 };
	struct items items;
	char *json = NULL;
	size_t limit = wanted->limit.lines, lines;

	if (!limit)
		limit = wanted->limit.all || wanted->style.format != FORMAT_TABLE ? SIZE_MAX :
			STAT_LINES;
	items_make(&items, r->family.rows, r->family.nr_rows, r->run.elapsed, &none,
		   &wanted->grouping);
	items_sort(items.at, items.nr, &r->view);
	screen_size(fileno(out), &wanted->style.width, &lines);
	if (wanted->style.format == FORMAT_JSON)
		json = json_result(r, line);
	else if (wanted->style.format == FORMAT_TABLE)
		putc('\n', out);
	items_print(items.at, items.nr < limit ? items.nr : limit, &r->view, &wanted->style, NULL,
		    out, json);
	if (wanted->style.format == FORMAT_TABLE && items.nr > limit)
		fprintf(out, "%zu of %zu rows; -a shows all\n", limit, items.nr);
	if (wanted->style.format == FORMAT_TABLE)
		putc('\n', out);
	if (wanted->style.format != FORMAT_JSON)
		print_text(r, out);
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

/* What a shell would say of the command; and if it was interrupted, so are we. */
static enum exit_code pass_on(const struct run *run)
{
	if (caught)
		end_by_signal(caught);
	if (WIFSIGNALED(run->status))
		return (enum exit_code)(128 + WTERMSIG(run->status));
	return (enum exit_code)WEXITSTATUS(run->status);
}

static void forget(struct result *r)
{
	while (r->nr_reasons)
		free(r->reasons[--r->nr_reasons]);
	family_free(&r->family);
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
static bool look(struct result *r, const struct snapshot *before, struct snapshot *after)
{
	enum exit_code code;
	char *error;

	code = read_after(&r->run, after, &error);
	if (code != EXIT_FINE) {
		r->verdict = "incomplete";
		reason(r, error);
		return false;
	}
	r->counted = true;
	if (after->mark)
		family_of_mark(&r->family, after, getpid());
	else
		family_find(&r->family, after, strcmp(before->load, after->load) ? 0 :
			    snapshot_last_id(before), r->run.pid, getpid());
	r->live = live_processes(&r->family, &r->ending);
	judge(r, before, after);
	return r->ending && strcmp(r->verdict, "equal");
}

static enum exit_code report(struct result *r, const struct command_line *line,
			     const struct snapshot *before, FILE *out)
{
	struct snapshot after = { 0 };
	int pauses;

	for (pauses = 0; look(r, before, &after) && pauses < ENDING_PAUSES; pauses++) {
		forget(r);
		snapshot_free(&after);
		usleep(ENDING_PAUSE_US);
	}
	print_result(r, line, out);
	if (ferror(out) | (out != stderr && fclose(out)))
		complain("%s: %s", options.report ? options.report : "standard error",
			 strerror(errno));
	forget(r);
	snapshot_free(&after);
	if (r->run.mark >= 0)
		close(r->run.mark);
	return pass_on(&r->run);
}

/* The exit code is the command's; 126 or 127 if it could not be run; else ours. */
static enum exit_code run(struct command_line *line)
{
	struct snapshot before = { 0 };
	struct result result = { .run = { .mark = -1 } };
	enum exit_code code;
	FILE *out = NULL;

	code = begin(line, &result.view, &before, &out);
	if (code == EXIT_FINE)
		code = run_command(&result.run, line);
	if (code == EXIT_FINE && result.run.exec_error) {
		complain("%s: %s", line->arguments[0], strerror(result.run.exec_error));
		code = (enum exit_code)(result.run.exec_error == ENOENT ? 127 : 126);
	} else if (code == EXIT_FINE) {
		code = report(&result, line, &before, out);
	}
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
