/* SPDX-License-Identifier: GPL-2.0 */
/*
 * verdict.h - what the module and the kernel counted for a command, and whether that is the same.
 */
#ifndef KFAULTSTAT_VERDICT_H
#define KFAULTSTAT_VERDICT_H

#include <stdio.h>

#include "commands/run.h"
#include "faults/family.h"

#define REASONS_MAX	8

/* How a command went, and what the kernel and the module say of it. All zero at first. */
struct verdict {
	struct run run;
	struct family family;
	size_t live;		/* of its processes */
	bool ending;		/* there are some that are gone and have not ended in the table */
	bool counted;		/* there is a snapshot from after it */
	const char *text;	/* equal, different or incomplete */
	bool by_kernel;		/* it is on the kernel's counts by process */
	char *reasons[REASONS_MAX];	/* why it is not complete */
	size_t nr_reasons;
};

bool setting_is(const struct snapshot *s, const char *name, const char *value);
void verdict_find(struct verdict *v, const struct snapshot *before, struct snapshot *after);
void verdict_reason(struct verdict *v, char *text);
void verdict_print(const struct verdict *v, FILE *out, const char *mark);
void verdict_json(const struct verdict *v, FILE *out);
void verdict_free(struct verdict *v);

#endif
