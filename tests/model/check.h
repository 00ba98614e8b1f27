/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether snapshots say what the model says.
 */
#ifndef MODEL_CHECK_H
#define MODEL_CHECK_H

#include "snapshot.h"
#include "world.h"

/*
 * How much is exact: the totals always; each process, if nothing was refused; each row, if none
 * had to move.
 */
enum check_depth { CHECK_TOTALS, CHECK_PROCESSES, CHECK_ROWS };

void check_under_load(const struct fs_snapshot *snapshot, bool rows, enum check_depth depth,
		      const struct world_runner *before, const struct world_runner *after);
void check_at_rest(const struct fs_snapshot *snapshot, enum check_depth depth, bool since_load);
void check_mark_reset(void);

#endif
