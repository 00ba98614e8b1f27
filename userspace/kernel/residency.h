/* SPDX-License-Identifier: GPL-2.0 */
/*
 * residency.h - how much of a file is in the page cache, regardless of who read it. Nothing here
 * reads a file or touches its pages.
 */
#ifndef KFAULTSTAT_RESIDENCY_H
#define KFAULTSTAT_RESIDENCY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/spread.h"

enum residency_way {
	RESIDENCY_FOUND,	/* cachestat where the kernel has it, else mincore */
	RESIDENCY_CACHESTAT,
	RESIDENCY_MINCORE,
};

/* Why nothing is known of a file. */
enum residency_state {
	RESIDENCY_KNOWN,
	RESIDENCY_FORBIDDEN,	/* we may neither own nor write it */
	RESIDENCY_SPECIAL,	/* neither a regular file nor a block device */
	RESIDENCY_HUGETLBFS,
	RESIDENCY_DAX,		/* its pages are the device's own */
	RESIDENCY_STACKED,	/* its pages are another file's, and only mincore looks there */
	RESIDENCY_UNMAPPABLE,	/* mincore wants a mapping */
	RESIDENCY_GONE,
	RESIDENCY_OTHER,	/* its name is another file's by now */
	RESIDENCY_FAILED,
};

/* What the kernel says of a file; it does since 5.8. */
enum mount_root { MOUNT_ROOT_UNKNOWN, MOUNT_ROOT_NO, MOUNT_ROOT_YES };

#define OVERLAYFS_MAGIC	0x794c7630

/* Pages. All but cached are known of cachestat alone. */
struct residency_counts {
	uint64_t cached, dirty, writeback, evicted, recent;
};

/* An open file. */
struct residency {
	int fd;
	enum residency_way way;		/* that is used for it */
	enum residency_state state;
	uint64_t dev, inode, size, pages;
	uint64_t device;		/* number of a block device; 0 if it is none */
	unsigned int links;
	bool deleted;			/* it has no name any more, or lost the one it had */
	enum mount_root mount_root;	/* something is mounted on it */
	bool is_stacked;		/* on overlayfs: its pages are another file's */
	uint64_t changed;		/* its ctime in ns */
	bool hybrid;			/* mincore may help where cachestat is slow */
	bool trusted;			/* mincore tells the truth of it */
	struct spread *spread;		/* filled by the way where that costs nothing, or NULL */
};

/* A run of pages that are all there, or all not. False ends the search. */
typedef bool (*residency_run)(void *data, uint64_t first, uint64_t nr, bool cached);

/* Called with the bytes that are done of a large file, while it is looked at; or NULL. */
extern void (*residency_part)(uint64_t part, uint64_t whole);

bool residency_begin(const char *via);
bool residency_has_cachestat(void);
const char *residency_word(enum residency_state state);

bool residency_is_made_up(int fd);
uint64_t residency_device_number(uint64_t device, const char *name);
bool residency_open(struct residency *file, int dir, const char *path);
bool residency_take(struct residency *file, int fd);
void residency_close(struct residency *file);

bool residency_count_all(struct residency *file, struct residency_counts *counts);
bool residency_count(struct residency *file, uint64_t first, uint64_t nr,
		     struct residency_counts *counts);
bool residency_spread(struct residency *file, const struct residency_counts *all,
		      struct spread *spread);
bool residency_runs(struct residency *file, residency_run run, void *data);

#endif
