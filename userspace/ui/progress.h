/* SPDX-License-Identifier: GPL-2.0 */
/*
 * progress.h - a progress line for work that takes long, on a terminal.
 */
#ifndef KFAULTSTAT_PROGRESS_H
#define KFAULTSTAT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

void progress_begin(void);
void progress_file(void);
void progress_part(uint64_t part, uint64_t whole);
void progress_cached(uint64_t bytes);
void progress_end(void);

#endif
