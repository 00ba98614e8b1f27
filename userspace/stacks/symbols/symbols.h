/* SPDX-License-Identifier: GPL-2.0 */
/*
 * symbols.h - frames in words: which functions they are in.
 */
#ifndef KFAULTSTAT_SYMBOLS_H
#define KFAULTSTAT_SYMBOLS_H

#include <stdio.h>

#include "stacks/label.h"

struct symbols;

/* What is asked for. */
struct symbols_wanted {
	bool inlines;		/* also inlined functions: several labels for a frame */
	bool source;		/* files and lines of sources */
	bool live;		/* copies are of this host, now; else files go by build-id alone */
};

struct symbols *symbols_new(const struct symbols_wanted *wanted);
size_t symbols_label(struct symbols *symbols, const struct stacks *stacks,
		     const struct stack *stack, size_t frame, const struct label **labels,
		     size_t room);
const struct label *symbols_overflow(struct symbols *symbols);
void symbols_print_trouble(const struct symbols *symbols, FILE *out);
void symbols_free(struct symbols *symbols);

#endif
