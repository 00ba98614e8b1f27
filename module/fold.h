/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ended processes that are not kept any longer are folded into rows per (comm, object).
 */
#ifndef FAULTSTAT_FOLD_H
#define FAULTSTAT_FOLD_H

#include <linux/types.h>

struct fs_mark;

void fs_fold_cpu(int cpu);
void fs_fold_all(bool emptied);
u64 fs_fold_count(void);
int fs_fold_mark_begin(struct fs_mark *mark);
void fs_fold_mark_end(struct fs_mark *mark);
void fs_fold_init(void);
void fs_fold_destroy(void);

#endif
