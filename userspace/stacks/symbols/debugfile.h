/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debugfile.h - files that have the names and the DWARF of others.
 */
#ifndef KFAULTSTAT_DEBUGFILE_H
#define KFAULTSTAT_DEBUGFILE_H

#include "stacks/symbols/elffile.h"

/* Files that are kept by build-id. */
enum debugfile_kind {
	DEBUGFILE_PROGRAM,	/* what runs */
	DEBUGFILE_DEBUG,	/* what was taken out of it */
};

int debugfile_by_id(int root, enum debugfile_kind kind, const char *build_id);
int debugfile_of(int own_root, int root, const char *path, const struct elffile *elf,
		 struct elffile *debug);
int debugfile_alt(int own_root, int root, int fd, const struct elffile *elf);

#endif
