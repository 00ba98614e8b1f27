/* SPDX-License-Identifier: GPL-2.0 */
/*
 * commands.h - all commands. Each is defined in the file or folder of that name; reset, on and
 * off in control.c.
 */
#ifndef KFAULTSTAT_COMMANDS_H
#define KFAULTSTAT_COMMANDS_H

#include "commands/command.h"

extern const struct command show_command;
extern const struct command diff_command;
extern const struct command top_command;
extern const struct command stat_command;
extern const struct command sys_command;
extern const struct command cache_command;
extern const struct command map_command;
extern const struct command regions_command;
extern const struct command stacks_command;
extern const struct command reset_command;
extern const struct command on_command;
extern const struct command off_command;
extern const struct command doctor_command;

#endif
