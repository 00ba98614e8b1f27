/* SPDX-License-Identifier: GPL-2.0 */
/*
 * frames.h - finds out which functions the frames of a copy are in, all at once.
 */
#ifndef KFAULTSTAT_FRAMES_H
#define KFAULTSTAT_FRAMES_H

#include "stacks/symbols/known.h"
#include "stacks/symbols/symbols.h"

#define FRAME_NO_FILE	"no-file"	/* the module's word for what a program has made itself */

bool frames_describe(struct known *known, const struct stacks *stacks, const struct stack *stack,
		     size_t frame, const struct symbols_wanted *wanted, struct known_frame *key);
bool frames_is_out_of_date(const struct known *known, const struct known_frame *frame,
			   int32_t pid, double now);
void frames_find(struct known *known, const struct symbols_wanted *wanted,
		 const struct stacks *stacks);

#endif
