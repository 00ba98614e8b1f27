// SPDX-License-Identifier: GPL-2.0
/*
 * fileset.c - a set of files, identified by device and inode and numbered in order of insertion;
 * lookup takes constant time. Called by whatever must not count a file twice.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/fileset.h"
#include "kernel/residency.h"
#include "lib/index.h"
#include "lib/xalloc.h"

/* As the device of an identity: its inode is the number of a block device. */
#define BLOCK_DEVICES	(~1ull)

/**
 * identity_of_file() - what tells the pages of a file from those of others.
 * @file: opened, or refused with its identity known
 *
 * Return: device and inode; of a block device the same for each of its nodes.
 */
struct identity identity_of_file(const struct residency *file)
{
	if (file->device)
		return (struct identity){ BLOCK_DEVICES, file->device };
	return (struct identity){ file->dev, file->inode };
}

/**
 * identity_of_stat() - the same, of a file that is not opened.
 * @about: what stat says
 *
 * Return: as there.
 */
struct identity identity_of_stat(const struct stat *about)
{
	if (S_ISBLK(about->st_mode))
		return (struct identity){ BLOCK_DEVICES, about->st_rdev };
	return (struct identity){ about->st_dev, about->st_ino };
}

static bool same_identity(const void *wanted, size_t position, const void *array)
{
	const struct identity *a = wanted, *b = (const struct identity *)array + position;

	return a->dev == b->dev && a->inode == b->inode;
}

static uint32_t *slot_of(const struct identities *set, const struct identity *one)
{
	return index_slot(set->index, hash_number(hash_number(HASH_BEGIN, one->dev), one->inode),
			  same_identity, one, set->at);
}

static void grow(struct identities *set)
{
	size_t i;

	set->at = xgrow(set->at, set->nr, &set->room, sizeof(*set->at));
	if (set->index)
		index_free(set->index);
	else
		set->index = xcalloc(1, sizeof(*set->index));
	index_init(set->index, set->room);
	for (i = 0; i < set->nr; i++)
		*slot_of(set, &set->at[i]) = (uint32_t)i + 1;
}

/**
 * identities_place() - remember a file, or find it.
 * @set: where; all zero at first
 * @dev: its device
 * @inode: its inode
 *
 * Return: its place among all, which are numbered as they come.
 */
size_t identities_place(struct identities *set, uint64_t dev, uint64_t inode)
{
	struct identity one = { dev, inode };
	uint32_t *slot;

	if (set->nr == set->room)
		grow(set);
	slot = slot_of(set, &one);
	if (!*slot) {
		set->at[set->nr++] = one;
		*slot = (uint32_t)set->nr;
	}
	return *slot - 1;
}

/**
 * identities_add() - remember a file.
 * @set: where; all zero at first
 * @dev: its device
 * @inode: its inode
 *
 * Return: false if it was there already.
 */
bool identities_add(struct identities *set, uint64_t dev, uint64_t inode)
{
	size_t nr = set->nr;

	identities_place(set, dev, inode);
	return set->nr > nr;
}

/**
 * identities_have() - whether a file is remembered.
 * @set: where
 * @dev: its device
 * @inode: its inode
 *
 * Return: true if it is.
 */
bool identities_have(const struct identities *set, uint64_t dev, uint64_t inode)
{
	struct identity one = { dev, inode };

	return set->nr && *slot_of(set, &one);
}

/**
 * identities_free() - forget all.
 * @set: where
 */
void identities_free(struct identities *set)
{
	if (set->index)
		index_free(set->index);
	free(set->index);
	free(set->at);
	memset(set, 0, sizeof(*set));
}
