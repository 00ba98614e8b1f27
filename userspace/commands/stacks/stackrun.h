/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stackrun.h - stacks of a command that is run for it.
 */
#ifndef KFAULTSTAT_STACKRUN_H
#define KFAULTSTAT_STACKRUN_H

#include "commands/command.h"
#include "commands/stacks/stackshow.h"

enum exit_code stackrun(struct stackshow *show, const struct command_line *line,
			bool wait_for_all);

#endif
