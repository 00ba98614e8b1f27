/* SPDX-License-Identifier: GPL-2.0 */
/*
 * delta.h - what was counted between two snapshots.
 */
#ifndef KFAULTSTAT_DELTA_H
#define KFAULTSTAT_DELTA_H

#include <stdbool.h>

#include "faults/snapshot.h"

enum delta_since {
	SINCE_BEFORE,	/* the earlier snapshot */
	SINCE_RESET,	/* rows count from a reset in between, the total from before it */
	SINCE_LOAD,	/* another load of the module, or no earlier snapshot */
};

struct delta {
	enum delta_since since;
	bool reloaded;		/* there was an earlier snapshot, of another load */
	double seconds;		/* of the total */
	double rows_seconds;	/* of the rows; 0 after a reset: nobody knows when it was */
	struct counts total;	/* of the first six; exact, from the lifetime sums */
	struct row *rows;	/* those that moved; strings are the later snapshot's */
	size_t nr_rows;
};

void delta_make(struct delta *d, const struct snapshot *before, const struct snapshot *after);
void delta_free(struct delta *d);

#endif
