// SPDX-License-Identifier: GPL-2.0
/*
 * regionfile.c - finds files and the processes that map them, and joins by region: page cache,
 * page tables, faults. Called by regions.c, anew for each look.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/regions/regionfile.h"
#include "kernel/procfs.h"
#include "kernel/walk.h"
#include "lib/glob.h"
#include "lib/index.h"
#include "lib/xalloc.h"
#include "ui/progress.h"

static uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool is_wanted(const struct region_files *files, const char *path)
{
	return !files->request->glob || glob_matches(files->request->glob, path);
}

/* The file of that identity; of several, as btrfs has them, rather the one of that name. */
static struct region_file *find(struct region_files *files, uint64_t dev, uint64_t inode,
				const char *path)
{
	struct region_file *first;
	size_t i;

	if (!identities_have(&files->keys, dev, inode))
		return NULL;
	i = files->first[identities_place(&files->keys, dev, inode)];
	first = &files->at[i];
	for (; i < files->nr; i++)
		if (files->at[i].dev == dev && files->at[i].inode == inode &&
		    !strcmp(files->at[i].path, path))
			return &files->at[i];
	return first;
}

static struct region_file *add(struct region_files *files, uint64_t dev, uint64_t inode,
			       const char *path)
{
	size_t before = files->keys.nr, place;
	struct region_file *file;

	files->at = xgrow(files->at, files->nr, &files->room, sizeof(*files->at));
	place = identities_place(&files->keys, dev, inode);
	files->first = xgrow(files->first, files->keys.nr - 1, &files->first_room,
			     sizeof(*files->first));
	if (files->keys.nr > before)
		files->first[place] = files->nr;
	file = &files->at[files->nr++];
	memset(file, 0, sizeof(*file));
	file->path = xstrdup(path);
	file->dev = dev;
	file->inode = inode;
	return file;
}

static void describe(struct region_file *file, const struct residency *open)
{
	file->state = open->state;
	file->size = open->size;
	file->pages = open->pages;
	file->deleted = open->deleted;
	file->has_deleted = true;
}

static void visit(void *data, struct residency *open, const char *path)
{
	struct region_files *files = data;
	uint64_t dev = open->dev, inode = open->inode;

	if (open->fd >= 0)
		mappings_identity(open->fd, &dev, &inode);
	describe(add(files, dev, inode, path), open);
}

/* Its mappings, or that it has none; @quiet where it may have ended for all that we know. */
static struct region_process *add_process(struct region_files *files, int32_t pid, bool quiet)
{
	struct region_process *process;
	enum mappings_result result;
	char name[32];
	size_t size;

	files->processes = xgrow(files->processes, files->nr_processes, &files->process_room,
				 sizeof(*files->processes));
	process = &files->processes[files->nr_processes];
	memset(process, 0, sizeof(*process));
	process->pid = pid;
	result = mappings_read(&process->objects.mappings, pid, quiet);
	files->failed |= result == MAPPINGS_FAILED && !quiet;
	process->lives = result == MAPPINGS_READ;
	if (process->lives)
		map_objects_make(&process->objects, files->request->glob);
	snprintf(name, sizeof(name), "/proc/%d/comm", pid);
	process->comm = procfs_read(name, &size);
	if (process->comm && size && process->comm[size - 1] == '\n')
		process->comm[size - 1] = '\0';
	return process;
}

static void free_process(struct region_process *process)
{
	map_objects_free(&process->objects);
	free(process->comm);
}

/* All that map one of our files. We do so ourselves now and then. */
static void find_mappers(struct region_files *files)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		int32_t pid = atoi(entry->d_name);
		struct region_process *process;

		if (pid <= 0 || pid == getpid() || !mappings_have(pid, &files->keys))
			continue;
		process = add_process(files, pid, true);
		if (process->lives)
			files->nr_processes++;
		else
			free_process(process);
	}
	if (folder)
		closedir(folder);
}

/* The files that a process maps, but devices. */
static void find_mapped(struct region_files *files, struct region_process *process)
{
	size_t i;

	for (i = 0; i < process->objects.nr; i++) {
		struct map_object *object = &process->objects.at[i];
		const struct mapping *m = object->row.first;
		const struct region_file *known;
		struct residency open = { .fd = -1 };

		if (object->row.is_hidden || !mapping_is_file(m))
			continue;
		known = find(files, m->dev, m->inode, m->path);
		if (known && !strcmp(known->path, m->path))
			continue;
		map_object_open(&process->objects, object, &open);
		if (open.state != RESIDENCY_SPECIAL)
			describe(add(files, m->dev, m->inode, m->path), &open);
		residency_close(&open);
	}
}

/**
 * region_files_find() - find the files that are asked for, and the processes.
 * @files: set, to be freed whatever comes
 * @request: what is asked for; must stay as long as @files
 * @quiet: no complaints
 */
void region_files_find(struct region_files *files, const struct region_request *request,
		       bool quiet)
{
	struct walk walk = { .visit = visit, .data = files, .quiet = quiet,
			     .wanted = request->glob,
			     .looked = progress_file };
	size_t i;

	memset(files, 0, sizeof(*files));
	files->request = request;
	if (request->nr_paths) {
		walk_paths(&walk, request->paths, request->nr_paths);
		files->failed = walk.failed;
		walk_free(&walk);
		find_mappers(files);
	}
	for (i = 0; i < request->nr_pids; i++) {
		add_process(files, request->pids[i], quiet);
		find_mapped(files, &files->processes[files->nr_processes++]);
	}
	for (i = 0; i < files->nr_processes; i++)
		files->nr_live += files->processes[i].lives;
}

/**
 * region_files_pids() - the processes that live.
 * @files: found
 * @pids: set, to be freed
 *
 * Return: how many.
 */
size_t region_files_pids(const struct region_files *files, int32_t **pids)
{
	size_t i, nr = 0;

	*pids = xcalloc(files->nr_processes, sizeof(**pids));
	for (i = 0; i < files->nr_processes; i++)
		if (files->processes[i].lives)
			(*pids)[nr++] = files->processes[i].pid;
	return nr;
}

/**
 * region_files_counted() - whether somebody has heat counted for all of the processes.
 * @files: found
 * @heat: read before we asked for it
 *
 * Return: true if each has a row, of whatever file.
 */
bool region_files_counted(const struct region_files *files, const struct heat *heat)
{
	size_t i, j;

	for (i = 0; i < files->nr_processes; i++) {
		for (j = 0; j < heat->nr_rows; j++)
			if (heat->rows[j].pid == files->processes[i].pid)
				break;
		if (files->processes[i].lives && j == heat->nr_rows)
			return false;
	}
	return files->nr_live;
}

/* Which row is of a process that is looked at. */
static bool is_ours(const struct region_files *files, const struct heat_row *row)
{
	const struct region_request *request = files->request;
	size_t i;

	for (i = 0; i < request->nr_pids && request->pids[i] != row->pid; i++)
		;
	return !request->nr_pids || i < request->nr_pids;
}

/* A file that only the heat knows any more: it is not mapped now. */
static struct region_file *add_unmapped(struct region_files *files, const struct heat_row *row)
{
	struct region_file *file = add(files, row->dev, row->inode, row->object);
	struct residency open;
	uint64_t dev, inode;

	file->state = RESIDENCY_GONE;
	file->deleted = row->deleted;
	file->has_deleted = row->has_deleted;
	if (*row->object != '/')
		return file;
	if (residency_open(&open, AT_FDCWD, row->object)) {
		dev = open.dev;
		inode = open.inode;
		mappings_identity(open.fd, &dev, &inode);
		if (dev == row->dev && inode == row->inode)
			describe(file, &open);
		else
			file->state = RESIDENCY_OTHER;
	}
	residency_close(&open);
	return file;
}

static bool has_calls(const struct heat_regions *regions)
{
	size_t i;

	for (i = 0; i < HEAT_REGIONS_MAX && !regions->at[i].calls && !regions->at[i].major; i++)
		;
	return i < HEAT_REGIONS_MAX || regions->lost;
}

/* As many regions, and as large, as the file wants, and as these rows have. */
static void cut(struct region_file *file, uint64_t region_size, uint64_t end, size_t parts)
{
	uint64_t page = page_size();
	struct spread spread;
	unsigned int shift = file->shift;
	size_t i, nr;

	while (page << shift < region_size)
		shift++;
	end = (end + page - 1) / page;
	end = end > file->pages ? end : file->pages;
	file->extent = end > file->extent ? end : file->extent;
	spread_regions(&spread, file->extent, shift, parts);
	nr = spread.nr > file->nr ? spread.nr : file->nr;
	if (nr != file->nr)
		file->at = xrealloc(file->at, nr * sizeof(*file->at));
	for (i = file->nr; i < nr; i++)
		memset(&file->at[i], 0, sizeof(file->at[i]));
	/* What is there already goes to where its beginning is now. */
	for (i = 0; i < file->nr && spread.shift != file->shift; i++) {
		struct heat_count count = file->at[i].heat;
		struct region *to = &file->at[i >> (spread.shift - file->shift)];

		memset(&file->at[i], 0, sizeof(file->at[i]));
		to->heat.calls += count.calls;
		to->heat.major += count.major;
	}
	file->shift = spread.shift;
	file->nr = spread.nr;
	for (i = 0; i < file->nr; i++) {
		uint64_t begin = (uint64_t)i << file->shift, room = 1ull << file->shift;

		file->at[i].pages = begin >= file->pages ? 0 :
				    file->pages - begin < room ? file->pages - begin : room;
	}
}

static void add_heat(struct region_file *file, const struct heat_regions *regions, size_t parts)
{
	uint64_t end = 0, size;
	size_t i;

	for (i = 0; i < HEAT_REGIONS_MAX; i++)
		if (regions->at[i].calls || regions->at[i].major)
			end = (i + 1) * regions->region_size;
	/* The last region may be larger than what is left of the file. */
	if (end > file->pages * page_size() && end - regions->region_size <
	    file->pages * page_size())
		end = file->pages * page_size();
	cut(file, regions->region_size, end, parts);
	size = page_size() << file->shift;
	for (i = 0; i < HEAT_REGIONS_MAX; i++) {
		const struct heat_count *count = &regions->at[i];
		struct region *to;

		if (!count->calls && !count->major)
			continue;
		to = &file->at[i * regions->region_size / size];
		to->heat.calls += count->calls;
		to->heat.major += count->major;
		file->heat.calls += count->calls;
		file->heat.major += count->major;
	}
	file->lost += regions->lost;
}

/**
 * region_files_heat() - cut the files into regions and add the faults that each had.
 * @files: found; those that processes had mapped and have not now are added
 * @now: the heat
 * @before: since when; all zero for since ever
 */
void region_files_heat(struct region_files *files, const struct heat *now,
		       const struct heat *before)
{
	static struct heat_regions regions;
	size_t parts = files->request->parts, i;

	for (i = 0; i < now->nr_rows; i++) {
		const struct heat_row *row = &now->rows[i];
		struct region_file *file;

		if (!is_ours(files, row))
			continue;
		file = find(files, row->dev, row->inode, row->object);
		if (!file && (files->request->nr_paths || !is_wanted(files, row->object)))
			continue;
		heat_since(&regions, now, row, before);
		if (!has_calls(&regions))
			continue;
		add_heat(file ? file : add_unmapped(files, row), &regions, parts);
	}
	for (i = 0; i < files->nr; i++)
		if (!files->at[i].nr)
			cut(&files->at[i], 0, 0, parts);
}

static void begin_spread(const struct region_file *file, struct spread *spread)
{
	spread_regions(spread, file->pages, file->shift, SPREAD_MAX);
}

/* Of names of one file, and of files of overlayfs, only the first counts in the sum. */
static void find_shared(struct region_files *files, struct region_file *file,
			const struct residency *open, uint64_t cached)
{
	enum sharing_result result = sharing_meet_named(&files->sharing, open);

	file->shared.again = result == SHARING_AGAIN;
	file->shared.pages = file->shared.again ? cached : 0;
	file->shared.unsure = result == SHARING_UNKNOWN;
}

static void measure_cached(struct region_files *files, struct region_file *file,
			   struct residency *open)
{
	struct residency_counts counts = { 0 };
	struct spread spread;
	size_t i;

	begin_spread(file, &spread);
	open->spread = &spread;
	file->has_cached = open->state == RESIDENCY_KNOWN && open->pages == file->pages &&
			   residency_count_all(open, &counts) &&
			   residency_spread(open, &counts, &spread);
	file->state = open->state;
	for (i = 0; file->has_cached && i < spread.nr && i < file->nr; i++)
		file->at[i].cached = spread.at[i];
	if (file->has_cached)
		find_shared(files, file, open, counts.cached);
}

static void measure_mapped(struct region_file *file, struct region_process *process,
			   struct map_object *object, struct pagemap *pagemap)
{
	static struct map_gaps gaps;
	struct spread spread;
	size_t i;

	begin_spread(file, &spread);
	if (file->nr_mappers > 1 && !file->once)
		file->once = xcalloc(file->pages / 8 + 1, 1);
	spread.once = file->once;
	if (!map_object_walk(&process->objects, object, pagemap, &spread, &gaps))
		return;
	file->has_mapped = true;
	for (i = 0; i < spread.nr && i < file->nr; i++)
		file->at[i].mapped += spread.at[i];
}

/* Files of a process: its objects and what they are among the files. */
static struct region_file *file_of(struct region_files *files, const struct map_object *object)
{
	const struct mapping *m = object->row.first;

	if (!mapping_is_file(m) || (object->row.is_hidden && !files->request->nr_paths))
		return NULL;
	return find(files, m->dev, m->inode, m->path);
}

static void measure_process(struct region_files *files, struct region_process *process)
{
	struct pagemap pagemap;
	size_t i;

	if (!pagemap_open(&pagemap, process->pid, process->objects.mappings.tid)) {
		process->lives = false;
		files->failed |= pagemap.failed;
		return;
	}
	for (i = 0; i < process->objects.nr && !pagemap.ended && !pagemap.failed; i++) {
		struct map_object *object = &process->objects.at[i];
		struct region_file *file = file_of(files, object);
		struct residency open = { .fd = -1 };

		if (!file)
			continue;
		measure_mapped(file, process, object, &pagemap);
		if (file->has_cached || files->request->nr_paths)
			continue;
		map_object_open(&process->objects, object, &open);
		measure_cached(files, file, &open);
		residency_close(&open);
	}
	files->failed |= pagemap.failed;
	pagemap_close(&pagemap);
}

/* By name, those that no process has mapped now or that were named. */
static void measure_named(struct region_files *files, struct region_file *file)
{
	uint64_t dev, inode;
	struct residency open;

	if (residency_open(&open, AT_FDCWD, file->path)) {
		dev = open.dev;
		inode = open.inode;
		mappings_identity(open.fd, &dev, &inode);
		if (dev == file->dev && inode == file->inode)
			measure_cached(files, file, &open);
	}
	residency_close(&open);
}

/**
 * region_files_measure() - add what of each region is cached and what is mapped.
 * @files: cut
 */
void region_files_measure(struct region_files *files)
{
	size_t i, j;

	for (i = 0; i < files->nr_processes; i++) {
		struct region_process *process = &files->processes[i];

		for (j = 0; j < process->objects.nr; j++) {
			struct region_file *file = file_of(files, &process->objects.at[j]);

			if (file)
				file->nr_mappers++;
		}
	}
	for (i = 0; i < files->nr_processes; i++)
		if (files->processes[i].lives)
			measure_process(files, &files->processes[i]);
	for (i = 0; i < files->nr; i++) {
		struct region_file *file = &files->at[i];

		if (!file->has_cached && file->state == RESIDENCY_KNOWN && *file->path)
			measure_named(files, file);
		/* Nobody maps it, so that nothing of it is mapped. */
		if (!file->nr_mappers && file->nr)
			file->has_mapped = true;
		free(file->once);
		file->once = NULL;
	}
}

/**
 * region_files_free() - free all.
 * @files: found
 */
void region_files_free(struct region_files *files)
{
	size_t i;

	for (i = 0; i < files->nr; i++) {
		free(files->at[i].path);
		free(files->at[i].once);
		free(files->at[i].at);
	}
	for (i = 0; i < files->nr_processes; i++)
		free_process(&files->processes[i]);
	free(files->at);
	free(files->first);
	free(files->processes);
	identities_free(&files->keys);
	sharing_free(&files->sharing);
	memset(files, 0, sizeof(*files));
}
