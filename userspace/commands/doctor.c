// SPDX-License-Identifier: GPL-2.0
/*
 * doctor.c - the command doctor: one line for each thing that can be wrong with the module or
 * around it. "bad" needs attention and sets the exit status; a "note" explains something that
 * works nevertheless.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/commands.h"
#include "faults/source.h"
#include "kernel/procfs.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "uapi/faultstat.h"

/* Columns of a line that are for level and check, and what a finding has at least. */
#define FINDING_BEFORE	16
#define FINDING_LEAST	40

/* Percent of a bound that are as good as all of it. */
#define NEARLY_FULL	95

static struct {
	const char *input;
	struct style style;
	const char *root;	/* of /proc and /sys, "" for our own */
} options = { .root = "" };

static const struct option_group groups[] = {
	{ options_input, &options.input },
	{ options_style, &options.style },
	{ options_root, &options.root },
	{ NULL, NULL }
};

enum level { OK, NOTE, BAD };

struct doctor {
	struct table *table;
	enum text_mode mode;
	size_t width;		/* of a finding; SIZE_MAX where it is not on a terminal */
	bool bad;
};

static void say(struct doctor *d, enum level how, const char *what, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* On a terminal what is too long goes on in the next line, if there is a space to break it. */
static void put_finding(struct doctor *d, const char *level, const char *what, char *finding)
{
	char *rest = NULL;

	if (strlen(finding) > d->width)
		rest = memrchr(finding, ' ', d->width + 1);
	if (rest)
		*rest++ = '\0';
	table_cell(d->table, xstrdup(level));
	table_cell(d->table, text_shown(what, d->mode));
	table_cell(d->table, text_shown(finding, d->mode));
	if (rest)
		put_finding(d, " ", " ", rest);
}

static void say(struct doctor *d, enum level how, const char *what, const char *format, ...)
{
	static const char *const words[] = { "ok", "note", "bad" };
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put_finding(d, words[how], what, text);
	d->bad = d->bad || how == BAD;
}

static char *read_host(const char *path)
{
	char *name = xasprintf("%s%s", options.root, path);
	char *text = procfs_read(name, NULL);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	free(name);
	return text;
}

static uint64_t setting_number(const struct snapshot *s, const char *name)
{
	char *text = snapshot_setting(s, name);
	uint64_t value = 0;

	if (text && !text_number(text, &value))
		value = 0;
	free(text);
	return value;
}

static void check_module(struct doctor *d, const struct snapshot *s)
{
	char *enabled = snapshot_setting(s, "enabled"), *pids = snapshot_setting(s, "pid");

	if (strcmp(s->module, FAULTSTAT_VERSION))
		say(d, BAD, "module", "version %s, but kfaultstat is %s: install the same version",
		    s->module, FAULTSTAT_VERSION);
	else
		say(d, OK, "module", "version %s on %s, as kfaultstat", s->module, s->kernel);
	if (enabled && !strcmp(enabled, "1"))
		say(d, OK, "counting", "on");
	else
		say(d, BAD, "counting", "off: kfaultstat on turns it on");
	free(enabled);
	if (pids && *pids)
		say(d, NOTE, "pid", "only these are counted in rows of their own: %s", pids);
	free(pids);
	if (s->names_local)
		say(d, NOTE, "names", "begin at the root of their file system, not at /");
}

static void check_hook(struct doctor *d, const struct hook *hook)
{
	bool main_hook = !strcmp(hook->name, "handle_mm_fault");
	const char *lost = strstr(hook->how, " nmissed ");
	enum level level = OK;

	if (!strncmp(hook->how, "off:", 4))
		level = main_hook ? BAD : NOTE;
	else if (lost && strcmp(lost, " nmissed 0"))
		level = BAD;
	say(d, level, "hook", "%s %s", hook->name, hook->how);
}

static void check_bound(struct doctor *d, const char *what, uint64_t used, uint64_t bound,
			const char *setting, const char *unit)
{
	uint64_t percent = bound ? used * 100 / bound : 0;

	say(d, bound && percent >= NEARLY_FULL ? BAD : OK, what, "%" PRIu64 " of %" PRIu64 " %s, %"
	    PRIu64 " %% of %s", used, bound, unit, percent, setting);
}

static void check_counts(struct doctor *d, const struct snapshot *s)
{
	check_bound(d, "table", s->table_rows, setting_number(s, "max_rows"), "max_rows", "rows");
	check_bound(d, "memory", s->memory >> 10, setting_number(s, "max_memory") << 10, "max_memory",
		    "KiB");
	say(d, OK, "processes", "%" PRIu64 " live, %" PRIu64 " ended and kept, %" PRIu64 " folded",
	    s->processes, s->ended, s->folded);
	if (s->total.n[MISSED])
		say(d, BAD, "missed", "%" PRIu64 " faults not matched to a call since the last reset",
		    s->total.n[MISSED]);
	else
		say(d, OK, "missed", "nothing");
	if (s->overflow)
		say(d, BAD, "overflow",
		    "%" PRIu64 " calls did not fit since the last reset: raise max_rows, max_tasks or max_memory",
		    s->overflow);
	else
		say(d, OK, "overflow", "nothing");
}

/* Only a module that checks says so. */
static void check_checked(struct doctor *d, const struct snapshot *s)
{
	char rest[96] = "";

	if (!s->has_checked)
		return;
	if (s->unchecked)
		snprintf(rest, sizeof(rest), "; %" PRIu64 " not checked, not counted from start to end",
			 s->unchecked);
	if (s->different)
		say(d, BAD, "checked",
		    "%" PRIu64 " of %" PRIu64 " processes not as the kernel counted: please report the line \"faultstat: process\" of the kernel log%s",
		    s->different, s->checked, rest);
	else if (s->checked)
		say(d, OK, "checked", "%" PRIu64 " %s, all as the kernel counted%s", s->checked,
		    s->checked == 1 ? "process" : "processes", rest);
	else
		say(d, OK, "checked", "no process yet%s", rest);
}

static void check_debugfs(struct doctor *d)
{
	char *name = xasprintf("%s/sys/kernel/debug/%s", options.root, FAULTSTAT_DEBUGFS);
	struct stat st;

	if (!stat(name, &st))
		say(d, OK, "debugfs", "%s is present", name);
	else if (errno == EACCES)
		say(d, NOTE, "debugfs", "readable by root only; /proc/faultstat/faults is the same");
	else
		say(d, NOTE, "debugfs", "not mounted, or without the file; /proc/faultstat/faults is the same");
	free(name);
}

static void check_lockdown(struct doctor *d)
{
	char *text = read_host("/sys/kernel/security/lockdown");
	const char *mode = text ? strchr(text, '[') : NULL;
	int length = mode ? (int)strcspn(mode + 1, "]") : 0;

	if (!mode)
		say(d, OK, "lockdown", "none visible");
	else if (!strncmp(mode + 1, "none", 4))
		say(d, OK, "lockdown", "none");
	else
		say(d, NOTE, "lockdown", "%.*s: the kernel loads signed modules only", length,
		    mode + 1);
	free(text);
}

/* Where there is no ftrace, nothing of ours can hang on it. */
static void check_ftrace(struct doctor *d)
{
	char *text = read_host("/proc/sys/kernel/ftrace_enabled");

	if (!text)
		say(d, OK, "ftrace", "this kernel has no kernel.ftrace_enabled");
	else if (!strcmp(text, "0"))
		say(d, BAD, "ftrace", "off, and with it the hook: sysctl kernel.ftrace_enabled=1");
	else
		say(d, OK, "ftrace", "kernel.ftrace_enabled is %s", text);
	free(text);
}

/* The header, of a copy, of another machine's /proc, or of our own. */
static enum exit_code read_totals(struct snapshot *s, char **error)
{
	enum exit_code code;
	char *copy;

	if (options.input || !*options.root)
		return source_read(s, options.input, SOURCE_TOTALS, error);
	copy = xasprintf("%s/proc/" FAULTSTAT_PROC_DIR, options.root);
	if (access(copy, F_OK) && errno == ENOENT && !access(options.root, F_OK)) {
		*error = xstrdup(NOT_LOADED);
		code = EXIT_NOT_LOADED;
	} else {
		free(copy);
		copy = xasprintf("%s/proc/" FAULTSTAT_PROC_DIR "/" FAULTSTAT_PROC_TOTALS,
				 options.root);
		code = source_read(s, copy, SOURCE_TOTALS, error);
	}
	free(copy);
	return code;
}

static size_t finding_width(void)
{
	size_t columns, lines;

	screen_size(STDOUT_FILENO, &columns, &lines);
	if (!columns || options.style.format != FORMAT_TABLE)
		return SIZE_MAX;
	return columns > FINDING_BEFORE + FINDING_LEAST ? columns - FINDING_BEFORE : FINDING_LEAST;
}

/* The exit code is EXIT_ERROR if anything is bad. */
static enum exit_code run(struct command_line *line)
{
	struct snapshot s = { 0 };
	char *error, *before;
	enum exit_code code;
	struct doctor d = {
		.table = table_begin(&options.style, "checks"),
		.mode = options.style.format == FORMAT_JSON ? TEXT_JSON :
			options.style.format == FORMAT_RAW ? TEXT_RAW : TEXT_TABLE,
	};
	size_t i;

	(void)line;
	if (options.input && *options.root) {
		complain("--input and --root are mutually exclusive");
		table_free(d.table);
		return EXIT_USAGE;
	}
	if (*options.root && access(options.root, F_OK)) {
		complain("%s: %s", options.root, strerror(errno));
		table_free(d.table);
		return EXIT_ERROR;
	}
	d.width = finding_width();
	table_column(d.table, "level", false, 0);
	table_column(d.table, "check", false, 0);
	table_column(d.table, "finding", false, 0);
	code = read_totals(&s, &error);
	if (code != EXIT_FINE) {
		say(&d, BAD, "module", "%s", code == EXIT_NOT_LOADED ? NOT_LOADED : error);
	} else {
		check_module(&d, &s);
		for (i = 0; i < s.nr_hooks; i++)
			check_hook(&d, &s.hooks[i]);
		check_counts(&d, &s);
		check_checked(&d, &s);
	}
	/* A saved copy may be another host's. */
	if (!options.input) {
		if (code == EXIT_FINE)
			check_debugfs(&d);
		check_lockdown(&d);
		check_ftrace(&d);
	}
	if (code == EXIT_FINE && d.bad)
		code = EXIT_ERROR;
	before = xasprintf("   \"exit\": %d", (int)code);
	table_print(d.table, stdout, before, TABLE_WHOLE);
	table_free(d.table);
	snapshot_free(&s);
	free(before);
	free(error);
	return code;
}

static const char *const examples[] = {
	"doctor  module, hooks and limits",
	"doctor --root /host  from a container",
	NULL
};

const struct command doctor_command = {
	.name = "doctor",
	.arguments = "",
	.summary = "Check the health of the module.",
	.options = groups,
	.examples = examples,
	.run = run,
};
