// SPDX-License-Identifier: GPL-2.0
/*
 * options.c - options that several commands have, and the functions that take values of options.
 * Called through tables by command.c.
 */
#include <stdint.h>
#include <unistd.h>

#include "commands/options.h"
#include "faults/group.h"
#include "lib/message.h"
#include "lib/text.h"

#define usage(...) (complain(__VA_ARGS__), false)

/**
 * option_flag() - an option without a value.
 * @to: a bool, set
 * @value: unused
 * @command: unused
 *
 * Return: true.
 */
bool option_flag(void *to, char *value, const char *command)
{
	(void)value;
	(void)command;
	*(bool *)to = true;
	return true;
}

/**
 * option_text() - an option whose value is taken as it is.
 * @to: a const char *, set
 * @value: as it was given
 * @command: unused
 *
 * Return: true.
 */
bool option_text(void *to, char *value, const char *command)
{
	(void)command;
	*(const char **)to = value;
	return true;
}

/**
 * option_glob() - a glob; bytes in octal, as names are shown, stand for themselves.
 * @to: a const char *, set
 * @value: as it was given
 * @command: unused
 *
 * Return: true.
 */
bool option_glob(void *to, char *value, const char *command)
{
	(void)command;
	filter_glob(value);
	*(const char **)to = value;
	return true;
}

/**
 * option_pids() - a list of pids.
 * @to: a struct filter, set
 * @value: as it was given
 * @command: unused
 *
 * Return: false after a complaint.
 */
bool option_pids(void *to, char *value, const char *command)
{
	(void)command;
	return filter_pids(to, value) ||
	       usage("invalid list of pids \"%s\": at most %d, separated by commas",
		     value, FILTER_PIDS_MAX);
}

static bool option_lines(void *to, char *value, const char *command)
{
	uint64_t lines;

	(void)command;
	if (!text_number(value, &lines) || !lines || lines > SIZE_MAX / 2)
		return usage("invalid value of -n \"%s\": a number of rows, from 1", value);
	*(size_t *)to = (size_t)lines;
	return true;
}

static bool option_raw(void *to, char *value, const char *command)
{
	(void)value;
	(void)command;
	*(enum format *)to = FORMAT_RAW;
	return true;
}

static bool option_json(void *to, char *value, const char *command)
{
	(void)value;
	(void)command;
	*(enum format *)to = FORMAT_JSON;
	return true;
}

static bool take_by(struct grouping_spec *spec, const char *value, const char *command,
		    bool cgroup)
{
	if (grouping_parse(spec, value) && (cgroup || spec->by != BY_CGROUP))
		return true;
	return usage("invalid value of --by \"%s\" for %s: object, dir, dir=DEPTH (1 to %d), process%s",
		     value, command, DEPTH_MAX, cgroup ? ", comm or cgroup" : " or comm");
}

static bool option_by(void *to, char *value, const char *command)
{
	return take_by(to, value, command, true);
}

/**
 * option_by_row() - what rows are added up by, of a copy or a process that has ended.
 * @to: a struct grouping_spec, set
 * @value: as it was given
 * @command: the name of the command
 *
 * The cgroup of a process that has ended is not known.
 *
 * Return: false after a complaint.
 */
bool option_by_row(void *to, char *value, const char *command)
{
	return take_by(to, value, command, false);
}

/**
 * option_by_dir() - what files are added up by.
 * @to: a struct grouping_spec, set
 * @value: as it was given
 * @command: the name of the command
 *
 * Return: false after a complaint.
 */
bool option_by_dir(void *to, char *value, const char *command)
{
	struct grouping_spec *spec = to;

	return (grouping_parse(spec, value) && spec->by == BY_DIR) ||
	       usage("invalid value of --by \"%s\" for %s: dir or dir=DEPTH (1 to %d)", value,
		     command, DEPTH_MAX);
}

const struct option_info options_input[] = {
	{ 'i', "input", "FILE", option_text, 0,
	  "read a saved copy of the module's file, - from stdin" },
	OPTIONS_END
};

const struct option_info options_root[] = {
	{ 0, "root", "DIR", option_text, 0, "use DIR/proc and DIR/sys, not /proc and /sys" },
	OPTIONS_END
};

const struct option_info options_all[] = {
	{ 'a', "all", NULL, option_flag, offsetof(struct limit, all),
	  "all rows, not only as many as fit the terminal" },
	OPTIONS_END
};

const struct option_info options_lines[] = {
	{ 'n', "lines", "NUMBER", option_lines, offsetof(struct limit, lines),
	  "maximum number of rows" },
	OPTIONS_END
};

const struct option_info options_columns[] = {
	{ 'o', "output", "LIST", option_text, offsetof(struct columns_wanted, output),
	  "columns to show; +LIST adds to the default ones" },
	{ 's', "sort", "LIST", option_text, offsetof(struct columns_wanted, sort),
	  "columns to sort by, optionally with :asc or :desc" },
	OPTIONS_END
};

#define OPTIONS_STYLE(json) {							\
	{ 'r', "raw", NULL, option_raw, offsetof(struct style, format),	\
	  "space-separated words, for programs" },			\
	{ 'J', "json", NULL, option_json, offsetof(struct style, format), json },\
	{ 0, "noheadings", NULL, option_flag, offsetof(struct style, noheadings),\
	  "no column headings" },						\
	OPTIONS_END								\
}

const struct option_info options_style[] = OPTIONS_STYLE("JSON");
const struct option_info options_style_live[] =
	OPTIONS_STYLE("JSON; one line per interval");

const struct option_info options_filter[] = {
	{ 'p', "pid", "PID[,...]", option_pids, 0, "only these processes" },
	{ 'c', "comm", "GLOB", option_glob, offsetof(struct filter, comm),
	  "only processes whose name matches" },
	{ 'f', "object", "GLOB", option_glob, offsetof(struct filter, object),
	  "only objects that match; * matches / as well" },
	{ 0, "files", NULL, option_flag, offsetof(struct filter, files), "only files" },
	{ 0, "areas", NULL, option_flag, offsetof(struct filter, areas),
	  "only areas, which have no file" },
	{ 0, "regions", NULL, option_flag, offsetof(struct filter, areas), NULL },
	OPTIONS_END
};

const struct option_info options_by[] = {
	{ 0, "by", "WHAT", option_by, 0,
	  "sum by object, dir[=DEPTH], process, comm or cgroup" },
	OPTIONS_END
};

/**
 * limit_rows() - how many rows are shown at most.
 * @limit: what is asked for
 * @style: of the table
 * @lines_else: lines of the screen that are for something else
 *
 * Return: the number.
 */
size_t limit_rows(const struct limit *limit, const struct style *style, size_t lines_else)
{
	size_t columns, lines;

	if (limit->lines)
		return limit->lines;
	screen_size(STDOUT_FILENO, &columns, &lines);
	if (limit->all || !lines || style->format != FORMAT_TABLE)
		return SIZE_MAX;
	return lines > lines_else + 1 ? lines - lines_else : 1;
}
