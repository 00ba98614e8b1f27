// SPDX-License-Identifier: GPL-2.0
/*
 * kfaultstat - reads what the module faultstat counts. This file lists the commands, runs one of
 * them and reports failed output; each command has a file or a folder of its own.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "commands/options.h"
#include "lib/text.h"

const struct command commands[] = {
	{ "show", SHOW, "[interval [count]]",
	  "Show the rows with the most major faults, once or in intervals.", show_run, true,
	  show_help },
	{ "diff", DIFF, "BEFORE AFTER",
	  "Show what was counted between two saved copies of the module's file.", diff_run, false,
	  show_help },
	{ "top", TOP, "[interval [count]]",
	  "Watch the rows on the full screen; ? shows the keys.", top_run, true, show_help },
	{ "stat", STAT, "[--] COMMAND...",
	  "Run a command and show its faults beside what the kernel says of it.", stat_run, false,
	  show_help },
	{ "sys", SYS, "[interval [count]]",
	  "Show the memory and the paging of the whole system.", sys_run, true, sys_help },
	{ "cache", CACHE, "PATH...|-p PID [interval [count]]",
	  "Show what of files is in the page cache, whoever brought it there.", cache_run, false,
	  cache_help },
	{ "map", MAP, "[-p PID[,...]] [interval [count]]",
	  "Show what processes have in their page tables, by file and area.", map_run, true,
	  map_help },
	{ "regions", FILE_REGIONS, "FILE...|-p PID[,...] [interval [count]]",
	  "Show what is cached, mapped and faulted on, by region of files.", regions_run, false,
	  regions_help },
	{ "reset", RESET, "", "Let everything but the lifetime sums count from nothing.",
	  reset_run, false, NULL },
	{ "on", ON, "", "Count.", on_run, false, NULL },
	{ "off", OFF, "", "Stop counting; it costs nothing then.", off_run, false, NULL },
	{ "doctor", DOCTOR, "", "Check whether everything is well with the module.", doctor_run,
	  false, NULL },
	{ NULL, 0, NULL, NULL, NULL, false, NULL },
};

static volatile sig_atomic_t pipe_closed;

static void handler(int number)
{
	(void)number;
	pipe_closed = 1;
}

/*
 * What could not be written is an error, but for a pipe that nobody reads any more. That is
 * not told by errno, which is of whatever was called last.
 */
static enum exit_code finish(enum exit_code code)
{
	bool failed = ferror(stdout);

	errno = 0;
	if ((!fflush(stdout) && !failed) || pipe_closed)
		return code;
	complain("standard output: %s", errno ? strerror(errno) : "not all could be written");
	return EXIT_ERROR;
}

int main(int argc, char **argv)
{
	static struct options options;
	enum exit_code code;
	sighandler_t sigpipe;
	bool done = false;

	text_init();
	/* Writing then fails instead of ending us. */
	sigpipe = signal(SIGPIPE, handler);
	code = options_parse(&options, argc, argv, &done);
	options.sigpipe = sigpipe;
	if (code == EXIT_FINE && !done)
		code = options.command->run(&options);
	return (int)finish(code);
}
