/* SPDX-License-Identifier: GPL-2.0 */
/*
 * backing.h - what sort of memory a mapping is of.
 */
#ifndef KFAULTSTAT_BACKING_H
#define KFAULTSTAT_BACKING_H

#include "kernel/mappings.h"

enum backing {
	BACKING_FILE,
	BACKING_SHMEM,		/* shared memory, tmpfs, memfd */
	BACKING_ANON,
	BACKING_HUGETLB,	/* in no RSS */
	BACKING_SPECIAL,	/* a device's or the kernel's own: pages of it may be in no RSS */
};

enum backing backing_of(const struct mapping *m, const struct residency *file);

#endif
