/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fileset.h - sets of files, identified by device and inode.
 */
#ifndef KFAULTSTAT_FILESET_H
#define KFAULTSTAT_FILESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct residency;
struct stat;

struct identity {
	uint64_t dev, inode;
};

/* Files by identity. */
struct identities {
	struct identity *at;
	size_t nr, room;
	struct index *index;
};

struct identity identity_of_file(const struct residency *file);
struct identity identity_of_stat(const struct stat *about);
size_t identities_place(struct identities *set, uint64_t dev, uint64_t inode);
bool identities_add(struct identities *set, uint64_t dev, uint64_t inode);
bool identities_have(const struct identities *set, uint64_t dev, uint64_t inode);
void identities_free(struct identities *set);

#endif
