/* SPDX-License-Identifier: GPL-2.0 */
/*
 * shared.h - pages that two rows of a table show and its total counts once.
 */
#ifndef KFAULTSTAT_SHARED_H
#define KFAULTSTAT_SHARED_H

#include <stdint.h>

/* Of a sum. */
struct shared {
	uint64_t again;		/* files whose pages another one has in the sum */
	uint64_t pages;		/* that are cached of these */
	uint64_t unsure;	/* files of which the kernel does not say whose pages they have */
};

void shared_notes(const struct shared *shared, const char *what, const char *where);

#endif
