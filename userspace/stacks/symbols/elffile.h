/* SPDX-License-Identifier: GPL-2.0 */
/*
 * elffile.h - what a file of code says of itself at its beginning.
 */
#ifndef KFAULTSTAT_ELFFILE_H
#define KFAULTSTAT_ELFFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELFFILE_LOADS	64
#define ELFFILE_ID	64	/* bytes of a build-id at most */
#define ELFFILE_LINK	1024

/* A part of the file that is mapped. */
struct elffile_load {
	uint64_t offset, size;	/* in the file */
	uint64_t address;	/* as symbols have it */
	bool code;
};

struct elffile {
	uint64_t size;			/* of the file, bytes */
	bool is_64, is_big;		/* of 64 bit, big-endian */
	uint16_t machine;
	struct elffile_load loads[ELFFILE_LOADS];
	size_t nr_loads;
	char build_id[2 * ELFFILE_ID + 1];	/* lower-case hexadecimal; empty if there is none */
	bool has_symbols;		/* the table that strip removes */
	bool has_dwarf;
	char link[ELFFILE_LINK];	/* .gnu_debuglink: a name; empty if there is none */
	uint32_t link_sum;		/* CRC-32 of that file */
	char alt[ELFFILE_LINK];		/* .gnu_debugaltlink: a path; empty if there is none */
	char alt_id[2 * ELFFILE_ID + 1];
};

bool elffile_read(struct elffile *elf, int fd);
bool elffile_address(const struct elffile *elf, uint64_t offset, uint64_t *address);
bool elffile_sum(int fd, uint32_t *sum);

#endif
