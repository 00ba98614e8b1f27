/* SPDX-License-Identifier: GPL-2.0 */
/*
 * screen.h - the screen of top. top.c owns the state and handles keys, screen.c draws.
 */
#ifndef KFAULTSTAT_SCREEN_H
#define KFAULTSTAT_SCREEN_H

#include <stdbool.h>

#include "commands/interval.h"
#include "faults/delta.h"
#include "faults/group.h"
#include "ui/fields.h"

struct screen {
	const struct filter *filter;
	const struct grouping_spec *grouping;
	const struct interval *interval;
	const struct snapshot *now;	/* NULL before the first */
	const struct delta *delta;	/* of what is shown */
	const struct items *items;
	struct view view;		/* what is wanted of them */
	struct view fitting;		/* and what of that fits */
	const char *trouble;		/* why there is nothing new, or NULL */
	size_t top;			/* the first item on the screen */
	size_t help_top;		/* the first line of the help */
	bool all;			/* since the load, not in the interval */
	bool paused;
	bool helping;
};

/* What screen_key() returns beside keys. */
enum { SCREEN_NOTHING = -1, SCREEN_END = -2 };

bool screen_begin(bool color);
void screen_end(void);
int screen_signal(void);
void screen_draw(struct screen *screen);
void screen_draw_anew(void);
size_t screen_rows(void);
int screen_key(double seconds);
int screen_ask(struct screen *screen, const char *question, char *answer, size_t size);

#endif
