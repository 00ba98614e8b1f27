/* SPDX-License-Identifier: GPL-2.0 */
/*
 * walk.h - visits all files of some trees, or all that processes map, each opened.
 */
#ifndef KFAULTSTAT_WALK_H
#define KFAULTSTAT_WALK_H

#include "kernel/fileset.h"
#include "kernel/mounts.h"
#include "kernel/residency.h"

/* Takes a file: open, or with a state that says why nothing is known. It stays the walk's. */
typedef void (*walk_visit)(void *data, struct residency *file, const char *path);

struct walk {
	walk_visit visit;
	void *data;
	void (*looked)(void);	/* called after each file, whether met before or not; or NULL */
	const char *wanted;	/* a glob of paths, or NULL for all */
	bool one_fs;
	bool quiet;		/* what was complained of is not again */
	bool failed;		/* something was complained of */
	uint64_t special;	/* that were met in folders and left alone */
	struct identities named, seen;
	struct identities folders;	/* seen, where they may be met in another place */
	struct identities bound;	/* files that are mounted */
	struct mounts mounts;
	uint64_t last_dev;		/* whether it is mounted in several places */
	bool last_in_places;
	char *path;		/* where we are */
	size_t room;
	uint64_t dev;		/* of the tree's root */
};

void walk_paths(struct walk *walk, char *const *paths, size_t nr);
void walk_processes(struct walk *walk, const int32_t *pids, size_t nr, size_t *nr_live);
void walk_free(struct walk *walk);

#endif
