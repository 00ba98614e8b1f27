/* SPDX-License-Identifier: GPL-2.0 */
/*
 * listed.h - a process that touches listed pages of a file and waits, so that it can be looked at.
 */
#ifndef SELFTESTS_LISTED_H
#define SELFTESTS_LISTED_H

#include "workload.h"

struct listed {
	struct gate ready, go;
	const char *path;
	size_t pages;
	const unsigned int *touch;	/* pages; the last is END */
	bool read;
};

#define END (~0u)

int listed_touch(void *arg);
int listed_start(struct workload *w, struct listed *t);
int listed_end(struct workload *w, struct listed *t);

#endif
