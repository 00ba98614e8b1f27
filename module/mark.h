/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A mark: what somebody who holds /proc/faultstat/mark open has put on a process, and all that
 * descend from it by fork from then on have. Ended processes with a mark are folded apart from
 * others, so that what a command and its descendants counted is there as long as the file is open.
 * process.c puts marks on, fold.c keeps what is folded, export.c has the file.
 */
#ifndef FAULTSTAT_MARK_H
#define FAULTSTAT_MARK_H

#include <linux/types.h>

struct fs_mark;

/* In process context: */
struct fs_mark *fs_mark_begin(void);
int fs_mark_put_on(struct fs_mark *mark, pid_t pid);
void fs_mark_end(struct fs_mark *mark);

#endif
