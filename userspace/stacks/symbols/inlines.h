/* SPDX-License-Identifier: GPL-2.0 */
/*
 * inlines.h - functions that were inlined at an address, and lines of sources, by DWARF.
 */
#ifndef KFAULTSTAT_INLINES_H
#define KFAULTSTAT_INLINES_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INLINES_MAX	64

struct inlines;

/* One function at an address; the strings are the library's. */
struct inlines_at {
	const char *name;	/* mangled where that is known; NULL if it has none */
	uint64_t begin;		/* of the function that was not inlined */
	const char *source;	/* NULL where it is not known */
	unsigned int line;
};

struct inlines *inlines_new(Dwfl_Module *module);
size_t inlines_find(struct inlines *inlines, uint64_t address, bool lines, struct inlines_at *at);
void inlines_free(struct inlines *inlines);

#endif
