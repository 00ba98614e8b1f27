// SPDX-License-Identifier: GPL-2.0
/*
 * The special processes, each with one row for everything. Process context.
 */
#include <linux/list.h>
#include <linux/string.h>
#include "process.h"
#include "row_life.h"
#include "special.h"

/* A process that is in no list and no index, and has one row for everything. */
static int special_init(struct fs_process *process, enum fs_process_kind kind,
			enum fs_region region, const char *comm, bool cells)
{
	fs_process_setup(process);
	process->kind = kind;
	strscpy(process->comm, comm, TASK_COMM_LEN);
	return fs_row_make_only(process, region, cells);
}

/**
 * fs_special_start - makes the special processes with their rows
 *
 * Process context, the indexes and the pools being ready. Returns 0 or -ENOMEM.
 */
int fs_special_start(void)
{
	int err;

	err = special_init(&fs_special.overflow, PROCESS_OVERFLOW, REGION_OVERFLOW, "-", true);
	if (!err)
		err = special_init(&fs_special.unselected, PROCESS_UNSELECTED, REGION_UNSELECTED,
				   "-", true);
	if (!err)
		err = special_init(&fs_special.others, PROCESS_FOLDED, REGION_OTHER,
				   fs_object_region_name(REGION_OTHER), false);
	return err;
}
