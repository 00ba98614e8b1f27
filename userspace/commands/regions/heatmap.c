// SPDX-License-Identifier: GPL-2.0
/*
 * heatmap.c - keeps the faults of each region in each interval, without empty cells, and in no
 * more columns than a picture can show. Called by regions.c; svg.c draws it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "commands/regions/heatmap.h"
#include "lib/xalloc.h"

static struct heatmap_file *place(struct heatmap *map, const struct region_file *file)
{
	struct heatmap_file *added;
	size_t i;

	for (i = 0; i < map->nr; i++)
		if (map->files[i].dev == file->dev && map->files[i].inode == file->inode &&
		    !strcmp(map->files[i].path, file->path))
			return &map->files[i];
	map->files = xrealloc(map->files, (map->nr + 1) * sizeof(*map->files));
	added = &map->files[map->nr++];
	memset(added, 0, sizeof(*added));
	added->path = xstrdup(file->path);
	added->dev = file->dev;
	added->inode = file->inode;
	added->shift = file->shift;
	return added;
}

static int by_place(const void *a, const void *b)
{
	const struct heatmap_cell *x = a, *y = b;

	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return (x->region > y->region) - (x->region < y->region);
}

/* Columns or regions became larger: cells that are one now are added up. */
static void merge(struct heatmap_file *file)
{
	size_t i, to = 0;

	if (file->nr)
		qsort(file->cells, file->nr, sizeof(*file->cells), by_place);
	for (i = 0; i < file->nr; i++) {
		struct heatmap_cell *cell = &file->cells[i];

		if (to && !by_place(&file->cells[to - 1], cell)) {
			file->cells[to - 1].count.calls += cell->count.calls;
			file->cells[to - 1].count.major += cell->count.major;
		} else {
			file->cells[to++] = *cell;
		}
	}
	file->nr = to;
}

static void enlarge_regions(struct heatmap_file *file, unsigned int shift)
{
	size_t i;

	for (i = 0; i < file->nr; i++)
		file->cells[i].region >>= shift - file->shift;
	file->shift = shift;
	merge(file);
}

/* Two columns become one. */
static void halve(struct heatmap *map)
{
	size_t i, j;

	for (i = 0; i < map->nr_columns / 2; i++) {
		const struct heatmap_column *second = &map->columns[2 * i + 1];
		double end = second->begin + second->seconds;

		map->columns[i].begin = map->columns[2 * i].begin;
		map->columns[i].seconds = end - map->columns[i].begin;
	}
	map->nr_columns /= 2;
	map->merged *= 2;
	for (i = 0; i < map->nr; i++) {
		for (j = 0; j < map->files[i].nr; j++)
			map->files[i].cells[j].column /= 2;
		merge(&map->files[i]);
	}
}

static void add_cell(struct heatmap_file *file, size_t column, size_t region,
		     const struct heat_count *count)
{
	struct heatmap_cell *cell;

	file->cells = xgrow(file->cells, file->nr, &file->room, sizeof(*file->cells));
	cell = &file->cells[file->nr++];
	cell->column = (uint32_t)column;
	cell->region = (uint32_t)region;
	cell->count = *count;
	file->total.calls += count->calls;
	file->total.major += count->major;
}

static void add_file(struct heatmap *map, const struct region_file *from, size_t column)
{
	struct heatmap_file *file = place(map, from);
	unsigned int smaller;
	size_t i;

	if (from->shift > file->shift)
		enlarge_regions(file, from->shift);
	smaller = file->shift - from->shift;
	for (i = 0; i < from->nr; i++)
		if (from->at[i].heat.calls || from->at[i].heat.major)
			add_cell(file, column, i >> smaller, &from->at[i].heat);
	if (smaller)
		merge(file);
	file->extent = from->extent > file->extent ? from->extent : file->extent;
	file->has_cached = from->has_cached;
	file->has_mapped = from->has_mapped;
	free(file->now);
	file->nr_now = ((from->nr - 1) >> smaller) + 1;
	file->now = xcalloc(file->nr_now, sizeof(*file->now));
	for (i = 0; i < from->nr; i++) {
		file->now[i >> smaller].pages += from->at[i].pages;
		file->now[i >> smaller].cached += from->at[i].cached;
		file->now[i >> smaller].mapped += from->at[i].mapped;
	}
}

static void name_processes(struct heatmap *map, const struct region_files *files)
{
	char *all = NULL, *longer;
	size_t i, nr = 0;

	for (i = 0; i < files->nr_processes; i++) {
		const struct region_process *process = &files->processes[i];

		if (!process->lives || ++nr > 4)
			continue;
		longer = xasprintf("%s%s%" PRId32 " %s", all ? all : "", all ? ", " : "",
				   process->pid, process->comm ? process->comm : "");
		free(all);
		all = longer;
	}
	/* When all have ended, those that there were stay. */
	if (!all)
		return;
	free(map->whose);
	map->whose = nr > 4 ? xasprintf("%s and %zu more", all, nr - 4) : xstrdup(all);
	free(all);
}

/**
 * heatmap_add() - add a column.
 * @map: to
 * @files: cut and measured
 * @heat: that they have their faults from
 * @seconds: for how long these were counted; 0 if it is not known
 */
void heatmap_add(struct heatmap *map, const struct region_files *files, const struct heat *heat,
		 double seconds)
{
	size_t column, i;

	if (!map->nr_columns) {
		map->realtime = heat->realtime - seconds;
		map->merged = 1;
	}
	if (map->nr_columns == HEATMAP_COLUMNS)
		halve(map);
	/* After that several intervals go to one column. */
	if (map->nr_columns && map->merged > 1 &&
	    map->columns[map->nr_columns - 1].seconds + seconds / 2 <
	    map->columns[0].seconds) {
		column = map->nr_columns - 1;
		map->columns[column].seconds = heat->now - map->columns[column].begin;
	} else {
		column = map->nr_columns++;
		map->columns[column].begin = heat->now - seconds;
		map->columns[column].seconds = seconds;
	}
	for (i = 0; i < files->nr; i++) {
		const struct region_file *file = &files->at[i];

		if (file->nr && (file->heat.calls || file->heat.major || files->nr == 1 ||
				 files->request->nr_paths))
			add_file(map, file, column);
	}
	if (map->merged > 1)
		for (i = 0; i < map->nr; i++)
			merge(&map->files[i]);
	name_processes(map, files);
}

/**
 * heatmap_free() - forget all.
 * @map: added to, or all zero
 */
void heatmap_free(struct heatmap *map)
{
	size_t i;

	for (i = 0; i < map->nr; i++) {
		free(map->files[i].path);
		free(map->files[i].cells);
		free(map->files[i].now);
	}
	free(map->files);
	free(map->whose);
	memset(map, 0, sizeof(*map));
}
