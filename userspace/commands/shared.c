// SPDX-License-Identifier: GPL-2.0
/*
 * shared.c - the lines below a table about pages that its total counts once. Called by cache,
 * map and regions.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands/shared.h"
#include "ui/fields.h"

/**
 * shared_notes() - say what the total leaves out, and what it may count twice.
 * @shared: of the total
 * @what: what a row is of, in the singular
 * @where: end of the first line
 */
void shared_notes(const struct shared *shared, const char *what, const char *where)
{
	char *size;

	if (shared->again) {
		size = bytes_text(shared->pages * (uint64_t)sysconf(_SC_PAGESIZE));
		printf("pages shared with another %s count once: %s of %" PRIu64 " %s%s%s\n", what,
		       size, shared->again, what, shared->again == 1 ? "" : "s", where);
		free(size);
	}
	if (shared->unsure)
		printf("may count twice, as overlayfs does not say whose pages they are: %" PRIu64
		       " %s%s\n", shared->unsure, what, shared->unsure == 1 ? "" : "s");
}
