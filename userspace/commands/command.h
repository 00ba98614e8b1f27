/* SPDX-License-Identifier: GPL-2.0 */
/*
 * command.h - the definition of a command, and the parsed command line.
 */
#ifndef KFAULTSTAT_COMMAND_H
#define KFAULTSTAT_COMMAND_H

#include <signal.h>
#include <stdbool.h>

#include "commands/interval.h"
#include "commands/options.h"
#include "lib/message.h"

struct command_line {
	const struct command *command;
	char **arguments;	/* behind its options, ended by NULL */
	int nr_arguments;
	bool dashes;		/* -- stands before them */
	bool done;		/* help or the version was asked for, and printed */
	sighandler_t sigpipe;	/* the disposition of SIGPIPE when we were started */
};

struct command {
	const char *name;
	const char *arguments;	/* as --help shows them; "" if it takes none */
	const char *summary;
	const struct option_group *options;	/* ended by one without rows */
	struct interval *interval;	/* [interval [count]] is all that it takes; or NULL */
	const char *interval_hint;	/* end of the complaint about a bad one; or NULL */
	bool runs_another;	/* its arguments are a command with options of its own */
	void (*columns)(void);	/* prints what they are, for --help; NULL if it has none */
	const char *columns_note;	/* behind the heading of these; or NULL */
	/* For --help, what follows "kfaultstat", two spaces, what it does; ended by NULL. */
	const char *const *examples;
	enum exit_code (*run)(struct command_line *line);
};

enum exit_code command_line_parse(struct command_line *line, int argc, char **argv,
				  const struct command *const *commands);

#endif
