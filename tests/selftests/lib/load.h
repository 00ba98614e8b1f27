/* SPDX-License-Identifier: GPL-2.0 */
/*
 * load.h - processes that fault in every way as long as the test wants them to.
 */
#ifndef SELFTESTS_LOAD_H
#define SELFTESTS_LOAD_H

#include <stdbool.h>

struct load;

struct load *load_start(int nr);
int load_stop(struct load *load, bool compare);
int load_wait_busy(struct load *load, unsigned long turns);

#endif
