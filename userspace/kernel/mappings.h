/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mappings.h - the mappings of a process, and their files, also renamed or deleted ones.
 */
#ifndef KFAULTSTAT_MAPPINGS_H
#define KFAULTSTAT_MAPPINGS_H

#include "kernel/fileset.h"
#include "kernel/residency.h"

struct mapping {
	uint64_t start, end;
	uint64_t offset;	/* bytes, in the file */
	uint64_t dev, inode;	/* as the kernel's file system has them */
	bool shared;
	char *path;		/* of a file; or the area's name, as the module has it */
};

struct mappings {
	int32_t pid, tid;	/* the process, and the thread by whose way it was reached */
	struct mapping *at;
	size_t nr, room;
};

enum mappings_result {
	MAPPINGS_READ,
	MAPPINGS_GONE,		/* there is no such process, or no more; or it has no memory */
	MAPPINGS_FAILED,
};

enum mappings_result mappings_read(struct mappings *mappings, int32_t pid, bool quiet);
void mappings_complain_gone(int32_t pid);
bool mappings_have(int32_t pid, const struct identities *files);
void mappings_free(struct mappings *mappings);
bool mapping_is_file(const struct mapping *m);
bool mapping_is_deleted(const struct mappings *mappings, const struct mapping *m);
bool mapping_parse(struct mapping *m, const char *line);
bool mappings_own(const void *here, uint64_t *dev, uint64_t *inode);
bool mappings_identity(int fd, uint64_t *dev, uint64_t *inode);
bool mapping_open(struct residency *file, const struct mappings *mappings,
		  const struct mapping *m);

#endif
