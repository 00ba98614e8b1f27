/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bar.h - a bar that shows how pages are spread over a file or an address range.
 */
#ifndef KFAULTSTAT_BAR_H
#define KFAULTSTAT_BAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/spread.h"
#include "lib/text.h"
#include "ui/render.h"

#define BAR_MAX		32

/* What is kept of it to be drawn: eighths, BAR_ALL for all. No cells: nothing is known. */
struct bar {
	uint8_t nr;
	uint8_t level[BAR_MAX];
};

#define BAR_ALL		8

size_t bar_cells(const struct style *style);
void bar_make(struct bar *bar, const struct spread *spread, size_t cells);
char *bar_text(const struct bar *bar, enum text_mode mode);

#endif
