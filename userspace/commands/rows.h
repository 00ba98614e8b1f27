/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rows.h - tables of the module's rows, and of their differences.
 */
#ifndef KFAULTSTAT_ROWS_H
#define KFAULTSTAT_ROWS_H

#include "commands/options.h"
#include "faults/delta.h"
#include "faults/group.h"

/* Which rows are shown, added up by what, and how. */
struct rows_wanted {
	struct filter filter;
	struct grouping_spec grouping;
	struct columns_wanted columns;
	struct style style;
	struct limit limit;
	bool live;	/* they are of this machine now, so that /proc may be asked */
};

#define ROWS_SORT_DELTA	"major,minor"

void rows_help(void);
const char *rows_columns(enum grouping by, bool live);
const char *delta_columns(enum grouping by, bool live);
bool rows_check(const struct rows_wanted *wanted);
void rows_show_delta(struct rows_wanted *wanted, const struct view *view,
		     const struct delta *delta, const struct snapshot *after);

#endif
