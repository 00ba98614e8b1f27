/* SPDX-License-Identifier: GPL-2.0 */
/*
 * namer.h - has a process of its own name addresses, so that no file can harm this one.
 */
#ifndef KFAULTSTAT_NAMER_H
#define KFAULTSTAT_NAMER_H

#include "stacks/symbols/naming.h"

/* A function of a place; the strings are there until the call returns. */
struct namer_function {
	const char *name, *source;	/* NULL where it is not known */
	uint64_t offset;
	unsigned int line;
	bool inlined;
};

/* What is called with answers. */
struct namer_taker {
	void *data;
	/* Of a place of a job: its functions, the innermost first. */
	void (*take)(void *data, size_t job, size_t place, const struct namer_function *functions,
		     size_t nr);
	/* Of a job: what is wrong with its file, or NULL. Places not answered have no names. */
	void (*end)(void *data, size_t job, const char *trouble);
};

void namer_run(struct naming_job *jobs, size_t nr, const struct namer_taker *taker);

#endif
