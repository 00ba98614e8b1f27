/* SPDX-License-Identifier: GPL-2.0 */
/*
 * progress.h - how far something has come that takes its time, for who waits at a terminal.
 */
#ifndef KFAULTSTAT_PROGRESS_H
#define KFAULTSTAT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

void progress_begin(void);
bool progress_due(void);
void progress_show(uint64_t files, uint64_t bytes);
void progress_end(void);

#endif
