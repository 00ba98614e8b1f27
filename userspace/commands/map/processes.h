/* SPDX-License-Identifier: GPL-2.0 */
/*
 * processes.h - the memory of all processes, shown by map without -p.
 */
#ifndef KFAULTSTAT_PROCESSES_H
#define KFAULTSTAT_PROCESSES_H

#include "commands/map/map.h"
#include "lib/message.h"

enum exit_code processes_show(struct map_options *options);
void processes_help(void);

#endif
