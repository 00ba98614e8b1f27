// SPDX-License-Identifier: GPL-2.0
/*
 * bar.c - draws how pages are spread over a range. Called by cache and map.
 */
#include <string.h>

#include "lib/xalloc.h"
#include "ui/bar.h"

#define BAR_WIDE	110	/* from that width on there is room for a whole bar */

/**
 * bar_cells() - how long a bar may be.
 * @style: of the table that it will be in
 *
 * Return: cells.
 */
size_t bar_cells(const struct style *style)
{
	bool narrow = style->format == FORMAT_TABLE && style->width && style->width < BAR_WIDE;

	return narrow ? BAR_MAX / 2 : BAR_MAX;
}

/**
 * bar_make() - what is to be drawn of it.
 * @bar: set
 * @spread: what is counted; several regions become one cell if they are too many
 * @cells: at most so many, from bar_cells()
 */
void bar_make(struct bar *bar, const struct spread *spread, size_t cells)
{
	size_t each = (spread->nr + cells - 1) / cells, i, j;

	bar->nr = 0;
	for (i = 0; i < spread->nr; i += each) {
		size_t end = i + each < spread->nr ? i + each : spread->nr;
		uint64_t size = spread_begin(spread, end) - spread_begin(spread, i), has = 0;
		uint64_t level;

		for (j = i; j < end; j++)
			has += spread->at[j];
		level = has >= size ? BAR_ALL :
			(uint64_t)((long double)has * BAR_ALL / (long double)size + 0.5L);

		/* Nothing and all are exactly that. */
		if (has && has < size)
			level = level < 1 ? 1 : level > BAR_ALL - 1 ? BAR_ALL - 1 : level;
		bar->level[bar->nr++] = (uint8_t)level;
	}
}

/**
 * bar_text() - the bar, a character for a region.
 * @bar: made
 * @mode: blocks for people whose terminal has them; else . for nothing, 1 to 7 for
 *	eighths, # for all
 *
 * Return: the text, to be freed; NULL if nothing is known.
 */
char *bar_text(const struct bar *bar, enum text_mode mode)
{
	static const char *const blocks[] = {
		"\u00b7", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588",
	};
	static const char *const plain[] = { ".", "1", "2", "3", "4", "5", "6", "7", "#" };
	const char *const *signs = mode == TEXT_TABLE && text_is_utf8() ? blocks : plain;
	char *text, *to;
	size_t i;

	if (!bar->nr)
		return NULL;
	text = xmalloc(4 * (size_t)bar->nr + 1);
	for (i = 0, to = text; i < bar->nr; i++)
		to = stpcpy(to, signs[bar->level[i]]);
	return text;
}
