/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Making rows and freeing them.
 */
#ifndef FAULTSTAT_ROW_LIFE_H
#define FAULTSTAT_ROW_LIFE_H

#include <linux/types.h>
#include "object.h"
#include "row.h"

/* In hooks: */
struct fs_row *fs_row_make(struct fs_process *process, const struct fs_object_key *key,
			   const struct fs_object_shown *shown);
struct fs_row *fs_row_make_region(struct fs_process *process, enum fs_region region);
struct fs_row *fs_row_missed(struct fs_process *process);
void fs_process_missed(struct fs_process *process, u64 minor, u64 major);

/* In process context: */
int fs_row_make_only(struct fs_process *process, enum fs_region region, bool cells);
void fs_row_free(struct fs_row *row);
void fs_rows_flatten(struct fs_process *process);
void fs_row_merge(struct fs_row *row, struct fs_row *into);
void fs_row_free_flat(struct fs_row *row);
void fs_rows_destroy(void);
void fs_rows_pool_sizes(size_t *size);

#endif
