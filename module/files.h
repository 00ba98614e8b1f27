/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all files of the module have in common: who may read them, how they say which
 * load of the module they are of, what is written to them, and the names of states.
 */
#ifndef FAULTSTAT_FILES_H
#define FAULTSTAT_FILES_H

#include <linux/seq_file.h>
#include <linux/types.h>

/* The mode of files that are written to ask for something: fs_files_permit() decides who may. */
#define FS_FILES_ASKED	0666

void fs_files_begin(void);
bool fs_files_permit(void);
const char *fs_files_state_name(u8 kind);
int fs_files_take_text(char *buffer, size_t room, const char __user *text, size_t size);
void fs_files_put_load(struct seq_file *m, u64 boottime_ns, u64 realtime_ns, u64 resets);

#endif
