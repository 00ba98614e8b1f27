/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stacks of rows that merge, or go.
 */
#ifndef FAULTSTAT_STACK_MERGE_H
#define FAULTSTAT_STACK_MERGE_H

struct fs_row;

/* In process context, fs_table.rows_sem held: */
void fs_stacks_merge(struct fs_row *row, struct fs_row *into);
void fs_stacks_leave(struct fs_row *row, struct fs_row *into);
void fs_stacks_free(struct fs_row *row);

#endif
