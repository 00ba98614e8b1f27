// SPDX-License-Identifier: GPL-2.0
/*
 * spread.c - counts pages by region. Called by what finds pages in the page cache (residency.c)
 * or in page tables (mapobject.c), and by what shows them.
 */
#include <string.h>

#include "lib/spread.h"

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
