/* SPDX-License-Identifier: GPL-2.0 */
/*
 * processes.h - the memory of all processes, as map shows it without -p.
 */
#ifndef KFAULTSTAT_PROCESSES_H
#define KFAULTSTAT_PROCESSES_H

#include "commands/options.h"

enum exit_code processes_show(struct options *options);
void processes_help(void);

#endif
