/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pagemap.h - the page tables of a process, page by page.
 */
#ifndef KFAULTSTAT_PAGEMAP_H
#define KFAULTSTAT_PAGEMAP_H

#include <stdbool.h>
#include <stdint.h>

enum pagemap_way {
	PAGEMAP_READ,	/* /proc/PID/pagemap, 8 bytes for each page */
	PAGEMAP_SCANNED,	/* the ioctl PAGEMAP_SCAN, since 6.7 */
};

/* What a page is. */
enum {
	PAGE_PRESENT	= 1 << 0,
	PAGE_OF_FILE	= 1 << 1,	/* of a file or of shared memory; no private copy */
	PAGE_SWAPPED	= 1 << 2,
	PAGE_HUGE	= 1 << 3,
	PAGE_ZERO	= 1 << 4,	/* the one that all who read fresh memory share */
};

struct pagemap {
	int fd;
	int32_t pid;
	bool ended;	/* the process, or what it was: it became another program */
	bool failed;	/* after a complaint */
};

/* A run of pages of one kind, by their numbers in the address space. */
typedef void (*pagemap_run)(void *data, uint64_t first, uint64_t nr, unsigned int kind);

bool pagemap_begin(const char *via);
bool pagemap_tells_huge(void);
bool pagemap_open(struct pagemap *pagemap, int32_t pid, int32_t tid);
bool pagemap_lives(struct pagemap *pagemap);
void pagemap_close(struct pagemap *pagemap);
bool pagemap_walk(struct pagemap *pagemap, uint64_t start, uint64_t end, bool whose,
		  pagemap_run run, void *data);

#endif
