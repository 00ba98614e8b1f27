/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sharing.h - whether two files of which stat says two things have the same pages: files of
 * overlayfs have those of the file in a layer.
 */
#ifndef KFAULTSTAT_SHARING_H
#define KFAULTSTAT_SHARING_H

#include "kernel/fileset.h"
#include "kernel/mounts.h"
#include "kernel/residency.h"

enum sharing_result {
	SHARING_FIRST,		/* none before it has its pages */
	SHARING_AGAIN,		/* one before it has */
	SHARING_UNKNOWN,	/* the kernel does not say which file is below */
};

/* All zero at first. */
struct sharing {
	bool began;
	bool is_needed;			/* there may be files of overlayfs */
	bool metacopy_is_usual;		/* for mounts whose options do not say */
	struct mounts mounts;
	struct identities plain, stacked;	/* what was met, by keys of the file below */
	struct identities named;	/* the same by what stat says, if names may be met again */
	uint64_t last_dev;
	unsigned char last_uuid[16];	/* of its file system */
};

enum sharing_result sharing_meet(struct sharing *sharing, const struct residency *file);
enum sharing_result sharing_meet_named(struct sharing *sharing, const struct residency *file);
void sharing_free(struct sharing *sharing);

#endif
