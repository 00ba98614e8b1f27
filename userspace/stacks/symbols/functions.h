/* SPDX-License-Identifier: GPL-2.0 */
/*
 * functions.h - the functions of a file by its symbol tables.
 */
#ifndef KFAULTSTAT_FUNCTIONS_H
#define KFAULTSTAT_FUNCTIONS_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct function {
	uint64_t begin, end;	/* addresses; the same where the size is not known */
	const char *name;	/* the library's; mangled */
	unsigned int rank;	/* of those that begin at the same place the highest is it */
};

/* Those of one kind, by where they begin. */
struct function_table {
	struct function *at;
	uint64_t *reach;	/* how far those up to here reach */
	size_t nr, room;
};

struct functions {
	struct function_table global, local, sizeless;
	bool whole;		/* with those that strip removes */
	Dwfl_Module *module;
};

bool functions_read(struct functions *functions, Dwfl_Module *module);
const struct function *functions_find(const struct functions *functions, uint64_t address);
void functions_free(struct functions *functions);

#endif
