/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /proc/faultstat/stacks.
 */
#ifndef FAULTSTAT_STACK_FILE_H
#define FAULTSTAT_STACK_FILE_H

#include <linux/types.h>

struct proc_dir_entry;

bool fs_stack_file_make(struct proc_dir_entry *dir);

#endif
