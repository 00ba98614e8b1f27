/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether the rows of ended processes have what the kernel counted for them: a proof on
 * every host, all the time.
 */
#ifndef FAULTSTAT_CHECK_H
#define FAULTSTAT_CHECK_H

#include <linux/types.h>

struct fs_process;

/**
 * struct fs_check_status - processes that have ended, since load
 * @equal: have rows with the kernel's counts
 * @different: have other counts
 * @unchecked: were not seen from birth to end, or lost calls to [overflow]
 */
struct fs_check_status {
	u64 equal;
	u64 different;
	u64 unchecked;
};

void fs_check_process(struct fs_process *process);
void fs_check_status(struct fs_check_status *status);

#endif
