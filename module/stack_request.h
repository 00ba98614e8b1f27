/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What asks for stacks: the parameters stacks and stacks_pid, and open files.
 */
#ifndef FAULTSTAT_STACK_REQUEST_H
#define FAULTSTAT_STACK_REQUEST_H

#include "stack.h"

void fs_stack_requests_init(int (*watch)(bool on));
int fs_stacks_choose(enum fs_stack_mode mode, const struct fs_pid_list *pids);
void fs_stacks_limit(unsigned int depth, unsigned int every);
int fs_stacks_reset(void);

#endif
