/* SPDX-License-Identifier: GPL-2.0 */
/*
 * maps.h - what /proc/PID/maps calls the regions of a process.
 */
#ifndef SELFTESTS_MAPS_H
#define SELFTESTS_MAPS_H

#include <stddef.h>
#include <sys/types.h>

struct map {
	unsigned long start, end;
	unsigned int dev_major, dev_minor;
	unsigned long long inode;
	char *name;		/* raw bytes; "" if there is none */
};

struct maps {
	char *text;
	struct map *map;
	size_t nr;
};

int maps_read(struct maps *maps, pid_t pid);
void maps_free(struct maps *maps);
const struct map *maps_at(const struct maps *maps, const void *address);
const struct map *maps_find(const struct maps *maps, const char *name, unsigned int dev_major,
			    unsigned int dev_minor, unsigned long long inode);

#endif
