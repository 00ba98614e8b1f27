/* SPDX-License-Identifier: GPL-2.0 */
/*
 * flamegraph.h - stacks as a picture, and the difference of two copies of them.
 */
#ifndef KFAULTSTAT_FLAMEGRAPH_H
#define KFAULTSTAT_FLAMEGRAPH_H

#include <stdio.h>

#include "stacks/label.h"

bool flamegraph_write(FILE *out, const struct callstacks *stacks, const char *title,
		      bool by_process);

#endif
