/* SPDX-License-Identifier: GPL-2.0 */
/*
 * procmem.h - the memory of processes by the kernel's own counters.
 */
#ifndef KFAULTSTAT_PROCMEM_H
#define KFAULTSTAT_PROCMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes. */
struct procmem {
	int32_t pid;
	char comm[64];
	uint64_t size, rss, swap;
	uint64_t anon, file, shmem;	/* what rss consists of */
	uint64_t shared;		/* file and shmem */
	uint64_t hugetlb;		/* which is not in rss; 0 up to 4.3 */
	bool has_split;			/* file and shmem are known apart, since 4.5 */
	bool has_change;
	int64_t change;			/* of rss */
};

/* All zero at first. */
struct procmems {
	struct procmem *at;
	size_t nr, room;
};

bool procmem_read(struct procmem *memory, int32_t pid);
bool procmems_read(struct procmems *all);

#endif
