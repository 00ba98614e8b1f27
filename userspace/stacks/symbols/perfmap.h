/* SPDX-License-Identifier: GPL-2.0 */
/*
 * perfmap.h - names of code that a program has made itself, by what it tells in /tmp/perf-PID.map.
 */
#ifndef KFAULTSTAT_PERFMAP_H
#define KFAULTSTAT_PERFMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* An address, and what was found. */
struct perfmap_place {
	uint64_t address;
	bool exact;		/* not what a call returns to */
	char *name;		/* to be freed; NULL where there is none */
	uint64_t offset;	/* from its beginning */
};

/* A file as it was when it was read last; all zero at first. */
struct perfmap_seen {
	dev_t dev;
	ino_t inode;
	off_t size;
	int64_t changed;	/* ns */
};

const char *perfmap_find(int32_t pid, double now, struct perfmap_seen *seen,
			 struct perfmap_place *places, size_t nr);

#endif
