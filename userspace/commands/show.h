/* SPDX-License-Identifier: GPL-2.0 */
/*
 * show.h - tables of rows and of differences, for the commands that end in one.
 */
#ifndef KFAULTSTAT_SHOW_H
#define KFAULTSTAT_SHOW_H

#include "commands/options.h"
#include "faults/delta.h"
#include "ui/fields.h"

const char *show_columns(enum grouping by, bool live);
const char *delta_columns(enum grouping by, bool live);
void show_delta(struct options *options, const struct view *view, const struct delta *delta,
		const struct snapshot *after);

#endif
