// SPDX-License-Identifier: GPL-2.0
/*
 * regions.c - the command regions: which parts of files are in the page cache, which are mapped,
 * and which have page faults. It requests heat from the module as long as it runs; the module
 * drops the request when it exits.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/commands.h"
#include "commands/regions/heatmap.h"
#include "commands/regions/regiontable.h"
#include "faults/filter.h"
#include "faults/heatsource.h"
#include "faults/source.h"
#include "kernel/pagemap.h"
#include "lib/message.h"
#include "lib/pace.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "ui/progress.h"

#define INTERVAL_USUAL	1	/* seconds */
#define PARTS_USUAL	64	/* regions of a file */

static struct {
	struct filter filter;		/* only its pids and object */
	struct columns_wanted columns;
	struct style style;
	struct limit limit;
	struct interval interval;
	const char *input;
	const char *svg;		/* where to draw, or NULL */
	size_t parts;			/* regions of a file, at most */
} options = { .parts = PARTS_USUAL };

static bool option_parts(void *to, char *value, const char *command)
{
	uint64_t parts;

	(void)command;
	if (!text_number(value, &parts) || !parts || parts > SPREAD_MAX) {
		complain("invalid value of --parts \"%s\": a number of regions, from 1 to %d",
			 value, SPREAD_MAX);
		return false;
	}
	*(size_t *)to = (size_t)parts;
	return true;
}

static const struct option_info input_option[] = {
	{ 'i', "input", "FILE", option_text, 0,
	  "faults from a saved copy of /proc/faultstat/heat" },
	OPTIONS_END
};

static const struct option_info filter_options[] = {
	{ 'p', "pid", "PID[,...]", option_pids, 0,
	  "these processes and the files that they map" },
	{ 'f', "object", "GLOB", option_glob, offsetof(struct filter, object),
	  "only files that match; * matches / as well" },
	OPTIONS_END
};

static const struct option_info parts_option[] = {
	{ 0, "parts", "NUMBER", option_parts, 0,
	  "maximum number of regions of a file, 1 to 256" },
	OPTIONS_END
};

static const struct option_info svg_option[] = {
	{ 0, "svg", "FILE", option_text, 0, "draw faults by time and offset" },
	OPTIONS_END
};

static const struct option_group groups[] = {
	{ input_option, &options.input },
	{ options_all, &options.limit },
	{ options_lines, &options.limit },
	{ options_columns, &options.columns },
	{ options_style_live, &options.style },
	{ filter_options, &options.filter },
	{ parts_option, &options.parts },
	{ svg_option, &options.svg },
	{ NULL, NULL }
};

struct session {
	struct region_request request;
	struct region_table table;
	struct heat_requests requests;
	struct region_files files;	/* as they were looked at last */
	struct heat before;		/* all zero if there is none */
	struct heatmap map;
	struct pace pace;
	sigset_t signals;
	int svg;			/* the picture's file, -1 for none */
	double drawn;			/* when it was, on our clock */
	bool away;			/* the module is not loaded */
};

static void help(void)
{
	fields_help(&region_fields);
}

static bool begin_picture(struct session *s)
{
	const char *name = options.svg;

	s->svg = -1;
	if (!name)
		return true;
	/* What cannot be written is better known now; what is there stays until there is more. */
	s->svg = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	if (s->svg < 0)
		complain("%s: %s", name, strerror(errno));
	return s->svg >= 0;
}

static bool write_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t done = write(fd, text, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		text += done;
		size -= (size_t)done;
	}
	return true;
}

/* The picture as it is now takes the place of the one before. */
static bool draw(struct session *s)
{
	size_t size = 0;
	char *text = heatmap_svg(&s->map, &size);
	bool fine = (lseek(s->svg, 0, SEEK_SET) < 0 || !ftruncate(s->svg, 0)) &&
		    write_all(s->svg, text, size);

	if (!fine)
		complain("%s: %s", options.svg, strerror(errno));
	free(text);
	s->drawn = clock_now();
	return fine;
}

/* While it grows, where it can be written over and not more often than every second. */
static bool draw_meanwhile(struct session *s)
{
	if (s->svg < 0 || lseek(s->svg, 0, SEEK_CUR) < 0 || clock_now() - s->drawn < 1)
		return true;
	return draw(s);
}

static void look(struct session *s, bool quiet)
{
	region_files_free(&s->files);
	residency_part = progress_part;
	progress_begin();
	region_files_find(&s->files, &s->request, quiet);
	progress_end();
}

/* Have heat counted for all processes that there are now. */
static enum exit_code want(struct session *s)
{
	enum exit_code code;
	int32_t *pids;
	size_t nr;
	char *error;

	if (options.input)
		return EXIT_FINE;
	nr = region_files_pids(&s->files, &pids);
	code = heat_want(&s->requests, pids, nr, &error);
	free(pids);
	/* That it is not loaded is said where it is read. */
	if (code == EXIT_ERROR)
		complain("%s", error);
	free(error);
	return code;
}

/* Of a copy that lacks rows: a single look shows what there is, intervals wait for the rest. */
static enum exit_code refuse_cut(struct heat *heat, char **error)
{
	char *cut = xasprintf("%s: it has %zu of %" PRIu64 " rows", source_name(options.input),
			      heat->nr_rows, heat->wanted_rows);

	if (options.interval.seconds <= 0) {
		complain("%s: the copy seems truncated", cut);
		free(cut);
		return EXIT_FINE;
	}
	heat_free(heat);
	*error = cut;
	return EXIT_INCOMPLETE;
}

/*
 * While the module or a copy is away, which is said once, or a copy is being written, we wait: it
 * may come again, and what was counted meanwhile is in the next difference.
 */
static enum exit_code read_heat(struct session *s, struct heat *heat, bool first)
{
	char *error;
	enum exit_code code = heat_read(heat, options.input, &error);

	if (code == EXIT_FINE && options.input && heat_seems_cut(heat))
		code = refuse_cut(heat, &error);
	if (code == EXIT_INCOMPLETE && options.interval.seconds > 0)
		error = source_incomplete(options.input, error);
	if (code == EXIT_MISSING && !first && !s->away)
		complain("%s: " MISSING, error);
	else if (code != EXIT_FINE && !s->away)
		complain("%s", error);
	free(error);
	s->away = code == EXIT_NOT_LOADED || code == EXIT_MISSING;
	return code;
}

static enum region_since since_of(const struct heat *heat, const struct heat *before)
{
	if (!before->load)
		return REGION_SINCE_HEAT;
	if (strcmp(heat->load, before->load))
		return REGION_SINCE_RELOAD;
	return heat->resets != before->resets ? REGION_SINCE_RESET : REGION_SINCE_BEFORE;
}

/* What is there now and what came since; @heat becomes the session's. */
static bool show(struct session *s, struct heat *heat)
{
	enum region_since since = since_of(heat, &s->before);
	double seconds = 0;

	if (since == REGION_SINCE_RELOAD)
		seconds = heat->now - heat->at;
	else if (since != REGION_SINCE_HEAT)
		seconds = heat->now - s->before.now;
	/* A copy may say anything. */
	seconds = seconds > 0 ? seconds : 0;
	region_files_heat(&s->files, heat, &s->before);
	region_files_measure(&s->files);
	region_table_print(&s->table, &s->files, heat, since, seconds);
	/* What came in a time that nobody knows is no column among others. */
	if (s->svg >= 0 && (since != REGION_SINCE_HEAT || options.interval.seconds <= 0))
		heatmap_add(&s->map, &s->files, heat, seconds);
	heat_free(&s->before);
	s->before = *heat;
	return draw_meanwhile(s);
}

/* After a reload nobody remembers what we asked for. */
static void ask_anew(struct session *s, const struct heat *heat)
{
	if (s->before.load && strcmp(heat->load, s->before.load))
		heat_want_none(&s->requests);
}

/*
 * Intervals, until there have been enough, or all processes that were named have ended. @code is
 * of the first look.
 */
static enum exit_code go_on(struct session *s, enum exit_code code, uint64_t turn, uint64_t count)
{
	struct heat heat;

	while (turn != count && pace_wait(&s->pace)) {
		look(s, true);
		code = read_heat(s, &heat, false);
		if (code != EXIT_FINE && code != EXIT_INCOMPLETE && !s->away)
			return code;
		turn++;
		if (code != EXIT_FINE)
			continue;
		ask_anew(s, &heat);
		if (want(s) == EXIT_ERROR) {
			heat_free(&heat);
			return EXIT_ERROR;
		}
		if (!show(s, &heat))
			return EXIT_ERROR;
		if (!s->files.nr_live && options.filter.nr_pids && !options.input)
			break;
	}
	return code;
}

/* Whether there is anything to look at; with a copy also what has ended. */
static bool has_any(const struct session *s, const struct heat *heat)
{
	const struct filter *filter = &options.filter;
	size_t i, j;

	if (!filter->nr_pids)
		return s->files.nr || options.input;
	for (i = 0; i < filter->nr_pids; i++)
		for (j = 0; j < heat->nr_rows; j++)
			if (heat->rows[j].pid == filter->pids[i])
				return true;
	return s->files.nr_live;
}

static void begin_pace(struct session *s)
{
	double interval = options.interval.seconds;

	pace_begin(&s->pace, interval > 0 ? interval : INTERVAL_USUAL,
		   s->svg >= 0 ? &s->signals : NULL);
}

static enum exit_code work(struct session *s)
{
	bool intervals = options.interval.seconds > 0, counted;
	/* Without a count it is never reached. */
	uint64_t turn = 0, count = !intervals ? 1 :
			options.interval.count ? options.interval.count : UINT64_MAX;
	enum exit_code code;
	struct heat heat;

	code = read_heat(s, &heat, true);
	if (code == EXIT_INCOMPLETE && intervals) {
		begin_pace(s);
		return go_on(s, code, 1, count);
	}
	if (code != EXIT_FINE)
		return code;
	look(s, false);
	if (!has_any(s, &heat)) {
		if (options.filter.nr_pids)
			complain("no such process with memory of its own");
		else if (!s->files.failed)
			complain("no file in the given paths%s", options.filter.object ?
				 " that -f leaves" : "");
		heat_free(&heat);
		return EXIT_ERROR;
	}
	counted = options.input || region_files_counted(&s->files, &heat);
	/* Nobody is there to fault. */
	counted |= !intervals && !s->files.nr_live;
	if (intervals || !counted)
		code = want(s);
	if (code == EXIT_FINE && counted) {
		code = show(s, &heat) ? EXIT_FINE : EXIT_ERROR;
		turn++;
	} else {
		heat_free(&heat);
		/* That from which on it is counted. */
		if (code == EXIT_FINE)
			code = read_heat(s, &s->before, true);
		if (code == EXIT_FINE && !intervals && options.style.format == FORMAT_TABLE)
			printf("# faults are not counted by region yet: measuring for %d s\n",
			       INTERVAL_USUAL);
	}
	begin_pace(s);
	return code == EXIT_FINE ? go_on(s, code, turn, count) : code;
}

static bool take_arguments(struct session *s, struct command_line *line)
{
	if (!interval_take(&options.interval, line->arguments, &line->nr_arguments,
			   options.filter.nr_pids || options.input ? 0 : 1) ||
	    !interval_can_read(&options.interval, options.input))
		return false;
	if (options.filter.nr_pids && line->nr_arguments) {
		complain("files and -p are mutually exclusive: %s", line->arguments[0]);
		return false;
	}
	if (!options.filter.nr_pids && !line->nr_arguments && !options.input) {
		complain("no files, folders, or -p PID given: see kfaultstat regions --help");
		return false;
	}
	if (!options.filter.nr_pids)
		interval_warn_pid(&options.interval, line->arguments[line->nr_arguments]);
	s->request.paths = line->arguments;
	s->request.nr_paths = (size_t)line->nr_arguments;
	s->request.pids = options.filter.pids;
	s->request.nr_pids = options.filter.nr_pids;
	s->request.glob = options.filter.object;
	s->request.parts = options.parts;
	s->table.style = options.style;
	s->table.style.compact = options.interval.seconds > 0;
	s->table.limit = options.limit;
	s->table.intervals = options.interval.seconds > 0;
	s->table.saved = options.input;
	return true;
}

static enum exit_code run(struct command_line *line)
{
	static struct session s;
	enum exit_code code;

	if (!take_arguments(&s, line))
		return EXIT_USAGE;
	if (!region_table_begin(&s.table, &options.columns) || !residency_begin(NULL) ||
	    !pagemap_begin(NULL))
		return EXIT_USAGE;
	if (!begin_picture(&s))
		return EXIT_ERROR;
	/* With a picture to be finished a signal ends the waiting, not us. */
	if (s.svg >= 0)
		pace_catch(&s.signals);
	code = work(&s);
	if (code == EXIT_INCOMPLETE || code == EXIT_MISSING ||
	    (code == EXIT_FINE && s.files.failed))
		code = EXIT_ERROR;
	if (s.svg >= 0 && s.map.nr_columns && !draw(&s))
		code = EXIT_ERROR;
	if (s.svg >= 0 && close(s.svg) && code == EXIT_FINE) {
		complain("%s: %s", options.svg, strerror(errno));
		code = EXIT_ERROR;
	}
	heat_want_none(&s.requests);
	region_files_free(&s.files);
	heat_free(&s.before);
	heatmap_free(&s.map);
	if (s.pace.signal)
		end_by_signal(s.pace.signal);
	return code;
}

static const char *const examples[] = {
	"regions -p 1234  files that a process maps",
	"regions /var/lib/data.db 1  a file, each second",
	"regions --svg heat.svg data.db 1  and a drawing",
	NULL
};

const struct command regions_command = {
	.name = "regions",
	.arguments = "FILE...|-p PID[,...] [interval [count]]",
	.summary = "Show what is cached, mapped and faulted on, by region of files.",
	.options = groups,
	.columns = help,
	.examples = examples,
	.run = run,
};
