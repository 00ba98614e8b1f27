/* SPDX-License-Identifier: GPL-2.0 */
/*
 * family.h - the rows of a process that was started by stat, and of its descendants.
 */
#ifndef KFAULTSTAT_FAMILY_H
#define KFAULTSTAT_FAMILY_H

#include <stddef.h>
#include <stdint.h>

#include "faults/snapshot.h"

struct family {
	struct row *rows;	/* strings are the snapshot's */
	size_t nr_rows;
	size_t processes;	/* with rows; one, whatever programs it became */
	struct counts sum;
	struct kernel_counts kernel;	/* of all of them; known if it is so of each */
	size_t different;	/* ids of theirs whose rows have other counts than the kernel */
};

void family_of_mark(struct family *family, const struct snapshot *s, int32_t parent);
void family_find(struct family *family, const struct snapshot *s, uint64_t last_id,
		 int32_t pid, int32_t parent);
uint64_t snapshot_last_id(const struct snapshot *s);
void family_free(struct family *family);

#endif
