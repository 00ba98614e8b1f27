/* SPDX-License-Identifier: GPL-2.0 */
/*
 * plt.h - the short code by which functions of other files are called.
 */
#ifndef KFAULTSTAT_PLT_H
#define KFAULTSTAT_PLT_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place that the dynamic linker fills with the address of a function. */
struct plt_slot {
	uint64_t address;
	const char *name;	/* the library's */
};

struct plt {
	Elf *elf;
	struct plt_slot *slots;	/* by address */
	size_t nr, room;
	bool done;
};

const char *plt_find(struct plt *plt, uint64_t address, uint64_t *begin);
void plt_free(struct plt *plt);

#endif
