/* SPDX-License-Identifier: GPL-2.0 */
/*
 * naming.h - which functions are at addresses of a file.
 */
#ifndef KFAULTSTAT_NAMING_H
#define KFAULTSTAT_NAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* An address that is to be named, as symbols have it. */
struct naming_place {
	uint64_t address;
	bool exact;		/* not what a call returns to: that may be behind its function */
};

/* A file, and addresses in it. */
struct naming_job {
	int main, debug, alt;	/* files, as images.h has them */
	bool inlines, lines;	/* whether they are wanted */
	bool plain;		/* no DWARF and nothing demangled: that was too much for it */
	struct naming_place *places;
	size_t nr;
	size_t done;		/* of these */
};

/* What is written of a place: this, and for each of its functions the next and the strings. */
struct naming_answer {
	uint32_t place;		/* which; or NAMING_END: there are no more */
	uint32_t nr;		/* of functions; with NAMING_END 1, whose name is what was wrong */
};

struct naming_function {
	uint64_t offset;
	uint32_t line;
	uint32_t inlined;
	uint32_t name, source;	/* bytes of strings; NAMING_NONE: there is none */
};

#define NAMING_END	UINT32_MAX
#define NAMING_NONE	UINT32_MAX
#define NAMING_TEXT	65536	/* bytes of a string at most */

void naming_answer(struct naming_job *job, FILE *out);

#endif
