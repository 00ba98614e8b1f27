/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mounts.h - what is mounted where, as this process sees it.
 */
#ifndef KFAULTSTAT_MOUNTS_H
#define KFAULTSTAT_MOUNTS_H

#include <stddef.h>
#include <stdint.h>

struct mount {
	int id;
	uint64_t dev;		/* of the file system; files of btrfs have those of subvolumes */
	char *root;		/* what of the file system is mounted */
	char *point;
	char *type;
	char *options;		/* of the file system, with its escapes */
};

struct mounts {
	struct mount *at;
	size_t nr, room;
};

void mounts_read(struct mounts *mounts);
size_t mounts_count(const struct mounts *mounts, uint64_t dev);
const struct mount *mounts_by_dev(const struct mounts *mounts, uint64_t dev);
const struct mount *mounts_by_id(const struct mounts *mounts, int id);
void mounts_free(struct mounts *mounts);

#endif
