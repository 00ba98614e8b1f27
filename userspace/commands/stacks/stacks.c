// SPDX-License-Identifier: GPL-2.0
/*
 * stacks.c - the command stacks: who faults, and where in the code. It requests stacks from the
 * module as long as it runs; the module drops the request when it exits, however it does.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/commands.h"
#include "commands/stacks/stackrun.h"
#include "commands/stacks/stackshow.h"
#include "lib/message.h"
#include "lib/pace.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "stacks/stacksource.h"

#define TICK	0.2	/* seconds between looks whether the processes still are there */

static struct {
	struct stackshow show;
	struct interval interval;
	const char *input, *before;
	bool user, kernel;	/* only these frames */
	bool wait;
} options;

static bool option_event(void *to, char *value, const char *command)
{
	static const char *const names[] = {
		[STACK_CALLS] = "calls", [STACK_MINOR] = "minor", [STACK_MAJOR] = "major",
	};
	size_t i;

	(void)command;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(value, names[i])) {
			*(enum stack_counter *)to = (enum stack_counter)i;
			return true;
		}
	}
	complain("invalid value of --event \"%s\": calls, minor or major", value);
	return false;
}

static bool option_by(void *to, char *value, const char *command)
{
	static const char *const names[] = {
		[TREE_BY_FUNCTION] = "function", [TREE_BY_COMM] = "comm",
		[TREE_BY_PROCESS] = "process", [TREE_BY_OBJECT] = "object",
	};
	size_t i;

	(void)command;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(value, names[i])) {
			*(enum calltree_by *)to = (enum calltree_by)i;
			return true;
		}
	}
	complain("invalid value of --by \"%s\": function, comm, process or object", value);
	return false;
}

static bool set_form(void *to, enum stack_form form, const char *name)
{
	enum stack_form *has = to;

	if (*has != FORM_TREE && *has != form) {
		complain("--list, --folded and --json are mutually exclusive: %s", name);
		return false;
	}
	*has = form;
	return true;
}

static bool option_list(void *to, char *value, const char *command)
{
	(void)value;
	(void)command;
	return set_form(to, FORM_LIST, "--list");
}

static bool option_folded(void *to, char *value, const char *command)
{
	(void)value;
	(void)command;
	return set_form(to, FORM_FOLDED, "--folded");
}

static bool option_json(void *to, char *value, const char *command)
{
	(void)value;
	(void)command;
	return set_form(to, FORM_JSON, "--json");
}

static const struct option_info input_options[] = {
	{ 'i', "input", "FILE", option_text, 0,
	  "read a saved copy of /proc/faultstat/stacks, - from stdin" },
	OPTIONS_END
};

static const struct option_info before_option[] = {
	{ 0, "before", "FILE", option_text, 0, "with -i: compare with this earlier copy" },
	OPTIONS_END
};

static const struct option_info filter_options[] = {
	{ 'p', "pid", "PID[,...]", option_pids, 0, "only these processes, at most 64" },
	{ 'c', "comm", "GLOB", option_glob, offsetof(struct filter, comm),
	  "only processes whose name matches" },
	{ 'f', "object", "GLOB", option_glob, offsetof(struct filter, object),
	  "only faults on objects that match; * matches / as well" },
	OPTIONS_END
};

static const struct option_info user_option[] = {
	{ 'U', "user", NULL, option_flag, 0, "only frames of the program" },
	OPTIONS_END
};

static const struct option_info kernel_option[] = {
	{ 'K', "kernel", NULL, option_flag, 0, "only frames of the kernel" },
	OPTIONS_END
};

static const struct option_info show_options[] = {
	{ 'e', "event", "WHAT", option_event, offsetof(struct stackshow, what),
	  "order and measure by calls (default), minor or major" },
	{ 0, "by", "WHAT", option_by, offsetof(struct stackshow, by),
	  "trees by function (default), comm, process or object" },
	{ 0, "list", NULL, option_list, offsetof(struct stackshow, form),
	  "each stack by itself" },
	{ 0, "folded", NULL, option_folded, offsetof(struct stackshow, form),
	  "each stack on a line, for flame graph tools" },
	{ 'J', "json", NULL, option_json, offsetof(struct stackshow, form),
	  "JSON; one line per interval" },
	{ 0, "noheadings", NULL, option_flag, offsetof(struct stackshow, style.noheadings),
	  "no column headings" },
	{ 0, "inlines", NULL, option_flag, offsetof(struct stackshow, inlines),
	  "inlined functions, where there is debug information" },
	{ 0, "source", NULL, option_flag, offsetof(struct stackshow, source),
	  "source files and lines, likewise" },
	{ 0, "svg", "FILE", option_text, offsetof(struct stackshow, svg),
	  "write a flame graph" },
	{ 0, "pprof", "FILE", option_text, offsetof(struct stackshow, pprof),
	  "write a profile for pprof and its kin" },
	{ 0, "report", "FILE", option_text, offsetof(struct stackshow, report),
	  "write what is shown to a file, not to standard output" },
	OPTIONS_END
};

static const struct option_info wait_option[] = {
	{ 'w', "wait", NULL, option_flag, 0, "also wait for what the command leaves running" },
	OPTIONS_END
};

static const struct option_group groups[] = {
	{ input_options, &options.input },
	{ before_option, &options.before },
	{ options_all, &options.show.limit },
	{ options_lines, &options.show.limit },
	{ filter_options, &options.show.filter },
	{ user_option, &options.user },
	{ kernel_option, &options.kernel },
	{ show_options, &options.show },
	{ wait_option, &options.wait },
	{ NULL, NULL }
};

/* A saved copy, or what came between two. */
static enum exit_code show_copy(struct stackshow *show)
{
	struct stacks now = { 0 }, before = { 0 };
	enum exit_code code;
	char *error = NULL;

	code = stacks_read(&now, options.input, &error);
	if (code == EXIT_FINE && options.before)
		code = stacks_read(&before, options.before, &error);
	if (code != EXIT_FINE) {
		complain("%s", error);
	} else {
		if (stacks_seems_cut(&now))
			complain("%s: it has %zu of %" PRIu64 " stacks: the copy seems truncated",
				 options.input, now.nr_stacks, now.wanted_stacks);
		stackshow_copies(show, &now, options.before ? &before : NULL);
	}
	free(error);
	stacks_free(&now);
	stacks_free(&before);
	return code;
}

/* What was asked for, as a file that is open as long as it is. */
static enum exit_code want(const struct stackshow *show, int *file)
{
	const struct stack_request request = {
		.frames = stackshow_frames(show),
		.pids = show->filter.pids, .nr_pids = show->filter.nr_pids,
	};
	char *error;
	enum exit_code code = stacks_want(&request, file, &error);

	if (code != EXIT_FINE)
		complain("%s", error);
	free(error);
	return code;
}

static bool any_is_left(const struct filter *filter)
{
	size_t i;

	for (i = 0; i < filter->nr_pids; i++)
		if (!kill(filter->pids[i], 0) || errno != ESRCH)
			return true;
	return !filter->nr_pids;
}

static bool take(struct stackshow *show, int file, bool first)
{
	struct stacks now;
	char *error;

	if (stacks_read_again(&now, file, &error) != EXIT_FINE) {
		complain("%s", error);
		free(error);
		return false;
	}
	stackshow_take(show, &now, first);
	return true;
}

/* Until a signal, or the processes have ended. */
static bool count_till_end(struct stackshow *show, int file, struct pace *pace,
			   const sigset_t *signals)
{
	if (isatty(STDERR_FILENO))
		complain("counting by stack: Ctrl-C ends it and shows what there is");
	pace_begin(pace, TICK, signals);
	while (any_is_left(&show->filter) && pace_wait(pace))
		;
	return take(show, file, false) && stackshow_since_begin(show);
}

static bool count_in_intervals(struct stackshow *show, int file, struct pace *pace,
			       const sigset_t *signals)
{
	uint64_t turn = 0, most = options.interval.count ? options.interval.count : UINT64_MAX;

	pace_begin(pace, options.interval.seconds, signals);
	while (turn++ < most && pace_wait(pace)) {
		if (!take(show, file, false) || !stackshow_interval(show))
			return false;
		if (!any_is_left(&show->filter))
			break;
	}
	/* What a signal has cut off is in what is written at the end. */
	return !pace->signal || take(show, file, false);
}

static enum exit_code count_live(struct stackshow *show)
{
	bool intervals = options.interval.seconds > 0, fine;
	struct pace pace = { 0 };
	enum exit_code code;
	sigset_t signals;
	int file;

	if (!any_is_left(&show->filter)) {
		complain("no such process");
		return EXIT_ERROR;
	}
	/*
	 * A signal ends the waiting, not us, from before anything is counted: who ends it wants to
	 * see that.
	 */
	pace_catch(&signals);
	code = want(show, &file);
	if (code != EXIT_FINE)
		return code;
	fine = take(show, file, true);
	if (fine)
		fine = intervals ? count_in_intervals(show, file, &pace, &signals) :
		       count_till_end(show, file, &pace, &signals);
	close(file);
	if (fine)
		fine = stackshow_write(show);
	/* Without intervals it is the way to end it. */
	if (pace.signal && (intervals || pace.signal != SIGINT))
		end_by_signal(pace.signal);
	return fine ? EXIT_FINE : EXIT_ERROR;
}

#define usage(...) (complain(__VA_ARGS__), false)

static bool check_options(const struct command_line *line)
{
	const struct stackshow *show = &options.show;

	if (options.user && options.kernel)
		return usage("-U and -K are mutually exclusive: without them there are both");
	if (show->filter.nr_pids > STACK_PIDS_MAX)
		return usage("-p takes at most %d pids here", STACK_PIDS_MAX);
	if (options.before && !options.input)
		return usage("--before requires --input: two saved copies are compared");
	if (options.before && options.input && !strcmp(options.before, "-") &&
	    !strcmp(options.input, "-"))
		return usage("standard input can be one of the copies only");
	if (line->dashes && options.input)
		return usage("a command and --input are mutually exclusive");
	if (line->dashes && show->filter.nr_pids)
		return usage("a command and -p are mutually exclusive");
	if (line->dashes && !line->nr_arguments)
		return usage("-- requires a command: kfaultstat stacks -- COMMAND...");
	if (options.wait && !line->dashes)
		return usage("--wait requires a command: kfaultstat stacks -- COMMAND...");
	return true;
}

static bool take_arguments(const struct command_line *line)
{
	if (line->dashes)
		return true;
	if (!interval_parse(&options.interval, line->arguments, line->nr_arguments,
			    "; a command stands behind --"))
		return false;
	if (options.interval.seconds > 0 && options.input)
		return usage("an interval and --input are mutually exclusive");
	if (line->nr_arguments && !options.show.filter.nr_pids)
		interval_warn_pid(&options.interval, line->arguments[0]);
	return true;
}

static enum exit_code run(struct command_line *line)
{
	struct stackshow *show = &options.show;
	enum exit_code code;

	if (!check_options(line) || !take_arguments(line))
		return EXIT_USAGE;
	show->user = !options.kernel;
	show->kernel = !options.user;
	show->style.compact = options.interval.seconds > 0;
	if (!stackshow_begin(show, !options.input))
		return EXIT_ERROR;
	if (line->dashes)
		code = stackrun(show, line, options.wait);
	else if (options.input)
		code = show_copy(show);
	else
		code = count_live(show);
	if (options.input && code == EXIT_FINE && !stackshow_write(show))
		code = EXIT_ERROR;
	stackshow_end(show);
	return code;
}

static const char *const examples[] = {
	"stacks -p 1234 10 1  for ten seconds",
	"stacks --svg faults.svg -- make  a command, and a flame graph",
	"stacks -e major -f '*.so*'  on libraries, until Ctrl-C",
	NULL
};

const struct command stacks_command = {
	.name = "stacks",
	.arguments = "[interval [count]] | -- COMMAND...",
	.summary = "Show who faults, and where in the code.",
	.options = groups,
	.examples = examples,
	.run = run,
};
