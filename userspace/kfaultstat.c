// SPDX-License-Identifier: GPL-2.0
/*
 * kfaultstat - reads what the module faultstat counts. This file has the list of the
 * commands, and begins and ends them; each has a file of its own.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

const struct command commands[] = {
	{ "show", SHOW, "[interval [count]]",
	  "Show the rows with the most major faults, once or in intervals.", show_run, true },
	{ "diff", DIFF, "BEFORE AFTER",
	  "Show what was counted between two saved copies of the module's file.", diff_run, false },
	{ "top", TOP, "[interval [count]]",
	  "Watch the rows on the full screen; ? shows the keys.", top_run, true },
	{ "stat", STAT, "[--] COMMAND...",
	  "Run a command and show its faults beside what the kernel says of it.", stat_run, false },
	{ "sys", SYS, "[interval [count]]",
	  "Show the memory and the paging of the whole system.", sys_run, true },
	{ "reset", RESET, "", "Let everything but the lifetime sums count from nothing.",
	  reset_run, false },
	{ "on", ON, "", "Count.", on_run, false },
	{ "off", OFF, "", "Stop counting; it costs nothing then.", off_run, false },
	{ "doctor", DOCTOR, "", "Check whether everything is well with the module.", doctor_run,
	  false },
	{ NULL, 0, NULL, NULL, NULL, false },
};

/* What could not be written is an error, but for a pipe that nobody reads any more. */
static enum exit_code finish(enum exit_code code)
{
	if (!ferror(stdout) && !fflush(stdout))
		return code;
	if (errno == EPIPE)
		return code;
	complain("standard output: %s", strerror(errno));
	return EXIT_ERROR;
}

int main(int argc, char **argv)
{
	static struct options options;
	enum exit_code code;
	bool done = false;

	sighandler_t sigpipe;

	text_init();
	/* Writing then fails instead. */
	sigpipe = signal(SIGPIPE, SIG_IGN);
	code = options_parse(&options, argc, argv, &done);
	options.sigpipe = sigpipe;
	if (code == EXIT_FINE && !done)
		code = options.command->run(&options);
	return (int)finish(code);
}
