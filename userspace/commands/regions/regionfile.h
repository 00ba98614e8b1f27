/* SPDX-License-Identifier: GPL-2.0 */
/*
 * regionfile.h - the files that the command regions looks at, cut into regions: how much of each
 * is in the page cache and mapped, and its faults.
 */
#ifndef KFAULTSTAT_REGIONFILE_H
#define KFAULTSTAT_REGIONFILE_H

#include "commands/map/mapobject.h"
#include "commands/shared.h"
#include "faults/heat.h"
#include "kernel/sharing.h"

struct region {
	uint64_t pages, cached, mapped;
	struct heat_count heat;
};

struct region_file {
	char *path;
	uint64_t dev, inode;	/* as /proc/PID/maps has them */
	uint64_t size;		/* bytes */
	uint64_t pages;
	uint64_t extent;	/* pages that regions cover; more than those if it was longer */
	enum residency_state state;
	bool deleted, has_deleted;	/* its name is gone; whether that is known */
	unsigned int shift;	/* a region is 1 << shift pages, but the last */
	bool has_cached, has_mapped;
	struct shared shared;
	size_t nr_mappers;	/* processes that map it */
	unsigned char *once;	/* pages that one of several has mapped */
	struct heat_count heat;
	uint64_t lost;		/* calls that have no region */
	size_t nr;
	struct region *at;
};

struct region_process {
	int32_t pid;
	bool lives;
	char *comm;
	struct map_objects objects;
};

/* What is looked at: files by name, or those that processes map. */
struct region_request {
	char *const *paths;	/* of files and folders */
	size_t nr_paths;
	const int32_t *pids;
	size_t nr_pids;
	const char *glob;	/* only files with such names; NULL for all */
	size_t parts;		/* regions of a file, at most */
};

/* One look at all. */
struct region_files {
	const struct region_request *request;
	struct region_file *at;
	size_t nr, room;
	struct identities keys;		/* of files, by device and inode */
	size_t *first;			/* the file of each of them */
	size_t first_room;
	struct region_process *processes;
	size_t nr_processes, process_room;
	size_t nr_live;
	struct sharing sharing;		/* of those of which cached is known */
	bool failed;			/* after complaints */
};

void region_files_find(struct region_files *files, const struct region_request *request,
		       bool quiet);
size_t region_files_pids(const struct region_files *files, int32_t **pids);
bool region_files_counted(const struct region_files *files, const struct heat *heat);
void region_files_heat(struct region_files *files, const struct heat *now,
		       const struct heat *before);
void region_files_measure(struct region_files *files);
void region_files_free(struct region_files *files);

#endif
