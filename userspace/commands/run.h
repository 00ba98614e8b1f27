/* SPDX-License-Identifier: GPL-2.0 */
/*
 * run.h - runs a command for stat and stacks, and says what the kernel counted for it.
 */
#ifndef KFAULTSTAT_RUN_H
#define KFAULTSTAT_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "commands/command.h"

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

enum exit_code run_command(struct run *run, const struct command_line *line, bool wait_for_all);
enum exit_code run_pass_on(const struct run *run);

#endif
