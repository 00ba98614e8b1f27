/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file of heat.
 */
#ifndef FAULTSTAT_HEAT_FILE_H
#define FAULTSTAT_HEAT_FILE_H

#include <linux/proc_fs.h>

bool fs_heat_file_make(struct proc_dir_entry *dir);

#endif
