// SPDX-License-Identifier: GPL-2.0
/*
 * bar.c - counts pages by region and draws them. Called by whoever finds pages in the
 * page cache (residency.c) or in page tables (pagemap.c), and by who shows them.
 */
#include <string.h>

#include "lib/xalloc.h"
#include "ui/bar.h"

#define BAR_WIDE	110	/* columns of a terminal that a whole bar leaves enough of */

/**
 * spread_parts() - nothing counted yet, in so many equal parts.
 * @spread: set
 * @pages: of the range
 * @parts: at most SPREAD_MAX; fewer if there are fewer pages
 */
void spread_parts(struct spread *spread, uint64_t pages, size_t parts)
{
	memset(spread, 0, sizeof(*spread));
	spread->pages = pages;
	spread->nr = pages < parts ? (size_t)pages : parts;
}

/**
 * spread_regions() - nothing counted yet, in regions of a power of two of pages.
 * @spread: set
 * @pages: of the range
 * @shift: regions are 1 << @shift pages at least, so that those of a range that has grown
 *	or shrunk begin where they began
 * @most: as many regions, at most SPREAD_MAX; they double until that is so
 */
void spread_regions(struct spread *spread, uint64_t pages, unsigned int shift, size_t most)
{
	memset(spread, 0, sizeof(*spread));
	while ((pages >> shift) + !!(pages & ((1ull << shift) - 1)) > most)
		shift++;
	spread->pages = pages;
	spread->shift = shift;
	spread->nr = (size_t)((pages >> shift) + !!(pages & ((1ull << shift) - 1)));
}

/* Parts are regions of no power of two. */
static bool is_parts(const struct spread *spread)
{
	return !spread->shift && spread->nr < spread->pages;
}

/**
 * spread_begin() - where a region begins.
 * @spread: of which
 * @region: which; the one behind the last is the end
 *
 * Return: its first page.
 */
uint64_t spread_begin(const struct spread *spread, size_t region)
{
	uint64_t begin;

	if (is_parts(spread))
		return spread->pages / spread->nr * region +
		       spread->pages % spread->nr * region / spread->nr;
	begin = (uint64_t)region << spread->shift;
	return begin < spread->pages ? begin : spread->pages;
}

/**
 * spread_region() - which region a page is in.
 * @spread: of which
 * @page: in its range
 *
 * Return: the region.
 */
size_t spread_region(const struct spread *spread, uint64_t page)
{
	size_t region;

	if (!is_parts(spread))
		return (size_t)(page >> spread->shift);
	region = (size_t)((long double)page * (long double)spread->nr / (long double)spread->pages);
	while (region && spread_begin(spread, region) > page)
		region--;
	while (spread_begin(spread, region + 1) <= page)
		region++;
	return region;
}

static void add(struct spread *spread, uint64_t first, uint64_t nr)
{
	size_t region;

	for (region = spread_region(spread, first); nr; region++) {
		uint64_t room = spread_begin(spread, region + 1) - first;
		uint64_t part = nr < room ? nr : room;

		spread->at[region] += part;
		first += part;
		nr -= part;
	}
}

/**
 * spread_add() - count pages.
 * @spread: where
 * @first: the first of them
 * @nr: how many; what is beyond the range is left out
 */
void spread_add(struct spread *spread, uint64_t first, uint64_t nr)
{
	uint64_t page;

	if (first >= spread->pages || !nr)
		return;
	if (nr > spread->pages - first)
		nr = spread->pages - first;
	if (!spread->once) {
		add(spread, first, nr);
		return;
	}
	for (page = first; page < first + nr; page++) {
		unsigned char bit = (unsigned char)(1 << page % 8);

		if (!(spread->once[page / 8] & bit))
			add(spread, page, 1);
		spread->once[page / 8] |= bit;
	}
}

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
