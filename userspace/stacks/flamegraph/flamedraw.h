/* SPDX-License-Identifier: GPL-2.0 */
/*
 * flamedraw.h - what the files that draw a flame graph share: measures, and what is drawn.
 */
#ifndef KFAULTSTAT_FLAMEDRAW_H
#define KFAULTSTAT_FLAMEDRAW_H

#include <stdio.h>

#include "stacks/flamegraph/flametree.h"

/* Pixels. */
#define FLAME_WIDTH	1200
#define FLAME_LEAST	1000	/* the width that the script makes of it in a small window */
#define FLAME_SIDE	16	/* left and right of the frames */
#define FLAME_TOP	80	/* above them: title, sums, what is pointed at */
#define FLAME_ROW	17
#define FLAME_COLUMN	7.2	/* of the fixed font, or what it is squeezed into */
#define FLAME_BELOW	16	/* between frames and notes, and below these */

/* What is drawn, and the scales of it. */
struct flame_drawing {
	FILE *out;
	const struct callstacks *stacks;
	const char *title;	/* any bytes */
	struct flametree tree;
	uint64_t total;		/* faults */
	double least;		/* faults of the narrowest frame that is drawn */
	uint64_t least_kept;	/* faults of the smallest frame that the script gets */
	uint64_t narrow;	/* faults in frames that are not drawn */
	double base;		/* top of the root */
	double notes;		/* the last line of these, so far */
};

/* By counter: its unit, of which a plural has an s, and a title. */
struct flame_counter {
	const char *unit;
	const char *exactly;	/* in words, where the unit does not say it */
	const char *title;
};

/* By kind of frame: the letter of its classes in the style, and what it is called. */
struct flame_family {
	char letter;
	int shades;
	const char *where;	/* instead of a path */
	const char *legend;
};

extern const struct flame_counter flame_counters[STACK_COUNTERS];
extern const struct flame_family flame_families[FLAME_KINDS];

static inline const struct flame_name *flame_name_of(const struct flame_drawing *d,
						     const struct flame *flame)
{
	return &d->tree.names[flame->name];
}

void flame_put_counted(const struct flame_drawing *d, uint64_t n);
void flame_put_heading(const struct flame_drawing *d);
void flame_put_notes(struct flame_drawing *d);

#endif
