// SPDX-License-Identifier: GPL-2.0
/*
 * kfaultstat - reads what the module faultstat counts. This file lists the commands, runs one of
 * them and reports failed output; each command has a file or a folder of its own.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "commands/commands.h"
#include "lib/text.h"

/* In the order of --help; the first one is meant if none is named. */
static const struct command *const commands[] = {
	&show_command, &diff_command, &top_command, &stat_command, &sys_command, &cache_command,
	&map_command, &regions_command, &stacks_command, &reset_command, &on_command, &off_command,
	&doctor_command, NULL
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
	complain("standard output: %s", errno ? strerror(errno) : "incomplete write");
	return EXIT_ERROR;
}

int main(int argc, char **argv)
{
	struct command_line line = { .done = false };
	enum exit_code code;

	text_init();
	/* Writing then fails instead of ending us. */
	line.sigpipe = signal(SIGPIPE, handler);
	code = command_line_parse(&line, argc, argv, commands);
	if (code == EXIT_FINE && !line.done)
		code = line.command->run(&line);
	return (int)finish(code);
}
