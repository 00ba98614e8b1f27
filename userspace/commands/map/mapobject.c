// SPDX-License-Identifier: GPL-2.0
/*
 * mapobject.c - groups the mappings of a process by object and walks the page tables for each,
 * so that a page of a file that is mapped twice counts once. Called by map and regions.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/map/mapobject.h"
#include "kernel/procfs.h"
#include "lib/glob.h"
#include "lib/index.h"
#include "lib/message.h"
#include "lib/xalloc.h"

#define WINDOW		(64ull << 20)	/* bytes of a file that are looked at in all its mappings */
#define PAGE_LEAST	4096

/**
 * map_object_place() - which object a mapping is of.
 * @keys: of the objects so far; added to if it is another
 * @m: the mapping
 *
 * Device and inode are not enough: btrfs has them more than once.
 *
 * Return: its place among them.
 */
size_t map_object_place(struct identities *keys, const struct mapping *m)
{
	uint64_t name = hash_text(HASH_BEGIN, m->path);

	return identities_place(keys, hash_number(hash_number(HASH_BEGIN, m->dev), m->inode), name);
}

/* Where a mapping begins in its object: in the file, or in the address space. */
static uint64_t begin_of(const struct mapping *m)
{
	return mapping_is_file(m) ? m->offset : m->start;
}

struct ordering {
	const struct mappings *mappings;
	const size_t *object_of;
};

static int by_object(const void *left, const void *right, void *data)
{
	const struct ordering *o = data;
	size_t a = *(const size_t *)left, b = *(const size_t *)right;
	uint64_t x = o->object_of[a], y = o->object_of[b];

	if (x == y) {
		x = begin_of(&o->mappings->at[a]);
		y = begin_of(&o->mappings->at[b]);
	}
	return x != y ? (x > y) - (x < y) : (a > b) - (a < b);
}

/* Pages that its mappings cover, each once. */
static uint64_t covered(const struct map_objects *objects, const struct map_object *object)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), end = 0, sum = 0;
	size_t i;

	for (i = object->from; i < object->from + object->nr; i++) {
		const struct mapping *m = &objects->mappings.at[objects->order[i]];
		uint64_t from = begin_of(m), to = from + (m->end - m->start);

		from = from > end ? from : end;
		sum += to > from ? to - from : 0;
		end = to > end ? to : end;
	}
	return sum / page;
}

/**
 * map_objects_make() - put mappings together by object.
 * @objects: its mappings are read; the rest is set
 * @glob: which objects are wanted; NULL for all
 */
void map_objects_make(struct map_objects *objects, const char *glob)
{
	struct mappings *mappings = &objects->mappings;
	size_t *object_of = xcalloc(mappings->nr, sizeof(*object_of)), i;
	struct ordering ordering = { mappings, object_of };

	objects->order = xcalloc(mappings->nr, sizeof(*objects->order));
	for (i = 0; i < mappings->nr; i++) {
		objects->order[i] = i;
		object_of[i] = map_object_place(&objects->keys, &mappings->at[i]);
	}
	objects->nr = objects->keys.nr;
	objects->at = xcalloc(objects->nr, sizeof(*objects->at));
	qsort_r(objects->order, mappings->nr, sizeof(*objects->order), by_object, &ordering);
	for (i = 0; i < mappings->nr; i++) {
		struct mapping *m = &mappings->at[objects->order[i]];
		struct map_object *object = &objects->at[object_of[objects->order[i]]];

		if (!object->nr++)
			object->from = i;
		object->row.first = m;
		object->row.size += m->end - m->start;
		object->row.mappings++;
	}
	for (i = 0; i < objects->nr; i++) {
		struct map_row *row = &objects->at[i].row;

		row->range = covered(objects, &objects->at[i]);
		row->is_hidden = glob && !glob_matches(glob, row->first->path);
	}
	free(object_of);
}

/**
 * map_objects_free() - free them, with their mappings.
 * @objects: made
 */
void map_objects_free(struct map_objects *objects)
{
	mappings_free(&objects->mappings);
	identities_free(&objects->keys);
	free(objects->order);
	free(objects->at);
	memset(objects, 0, sizeof(*objects));
}

/* What a run of pages is counted into. */
struct counting {
	struct map_row *row;
	struct spread *spread;
	struct map_gaps *gaps;
	bool of_file, shared, whose;
	uint64_t first;		/* page of the address space */
	uint64_t at;		/* the same page, in the object */
	unsigned char *seen;	/* pages of the window, if others are to be looked at for it, too */
	uint64_t window;	/* its first page in the object */
};

/* A run of the object's own pages, behind all before it if it is of a file. */
static void take(const struct counting *c, uint64_t first, uint64_t nr)
{
	struct map_gaps *gaps = c->gaps;

	c->row->mapped += nr;
	spread_add(c->spread, first, nr);
	if (first > gaps->end && gaps->nr < ARRAY_SIZE(gaps->at)) {
		gaps->at[gaps->nr].first = gaps->end;
		gaps->at[gaps->nr++].nr = first - gaps->end;
	} else if (first > gaps->end) {
		gaps->too_many = true;
	}
	gaps->end = first + nr;
}

/*
 * As the kernel counts: by page for what is mapped of it, not of a device's memory. Where it
 * was not asked whose a page is there is but one answer.
 */
static void count_rss(const struct counting *c, uint64_t nr, unsigned int kind)
{
	struct map_row *row = c->row;
	bool own = c->whose ? kind & PAGE_OF_FILE : row->backing != BACKING_ANON;

	if (row->backing == BACKING_HUGETLB)
		row->hugetlb += nr;
	else if (own)
		row->rss[row->backing == BACKING_SHMEM ? RSS_SHMEM : RSS_FILE] += nr;
	else if (!c->shared)
		row->rss[RSS_ANON] += nr;
}

static void count(void *data, uint64_t first, uint64_t nr, unsigned int kind)
{
	const struct counting *c = data;
	uint64_t at = c->at + (first - c->first);

	if (kind & PAGE_SWAPPED)
		c->row->swapped += nr;
	/* The zero page is nobody's memory. */
	if (!(kind & PAGE_PRESENT) || kind & PAGE_ZERO)
		return;
	c->row->present += nr;
	count_rss(c, nr, kind);
	if (kind & PAGE_HUGE)
		c->row->huge += nr;
	if (c->of_file && !c->shared && !(kind & PAGE_OF_FILE)) {
		c->row->copies += nr;
	} else if (c->seen) {
		memset(c->seen + (at - c->window), 1, nr);
	} else {
		take(c, at, nr);
	}
}

/* Looks at the part of a mapping that lies between two offsets of the object. */
static bool walk_part(struct pagemap *pagemap, const struct mapping *m, uint64_t from, uint64_t to,
		      struct counting *c)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), begin = begin_of(m);
	uint64_t end = begin + (m->end - m->start);

	from = from > begin ? from : begin;
	to = to < end ? to : end;
	if (from >= to)
		return true;
	c->shared = m->shared;
	/* Of the file system's own pages all that are shared are its own. */
	c->whose = c->row->backing == BACKING_SPECIAL || (c->of_file && !m->shared);
	c->first = (m->start + (from - begin)) / page;
	if (c->of_file)
		c->at = from / page;
	if (!pagemap_walk(pagemap, c->first * page, c->first * page + (to - from),
			  c->whose, count, c))
		return false;
	if (!c->of_file)
		c->at += (to - from) / page;
	return true;
}

/* Where mappings overlap in the file, a window of it in all of them. */
static bool walk_windows(struct map_objects *objects, struct map_object *object,
			 struct pagemap *pagemap, struct counting *c)
{
	static unsigned char seen[WINDOW / PAGE_LEAST];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), window = 0, run, end;
	size_t last = object->from + object->nr, i = object->from, j;

	c->seen = seen;
	while (i < last) {
		const struct mapping *m = &objects->mappings.at[objects->order[i]];

		if (m->offset + (m->end - m->start) <= window) {
			i++;
			continue;
		}
		window = m->offset > window ? m->offset : window;
		c->window = window / page;
		memset(seen, 0, sizeof(seen));
		for (j = i; j < last; j++) {
			m = &objects->mappings.at[objects->order[j]];
			if (m->offset >= window + WINDOW)
				break;
			if (!walk_part(pagemap, m, window, window + WINDOW, c))
				return false;
		}
		for (run = 0; run < WINDOW / page; run = end) {
			for (end = run + 1; end < WINDOW / page && seen[end] == seen[run]; end++)
				;
			if (seen[run])
				take(c, c->window + run, end - run);
		}
		window += WINDOW;
	}
	return true;
}

/**
 * map_object_walk() - what of an object is in the page tables.
 * @objects: all of the process
 * @object: which; counted into its row
 * @pagemap: of the process, opened
 * @spread: counted into: over the file, or over the addresses of an area one after another
 * @gaps: set
 *
 * Return: false if the process has ended, or after a complaint.
 */
bool map_object_walk(struct map_objects *objects, struct map_object *object,
		     struct pagemap *pagemap, struct spread *spread, struct map_gaps *gaps)
{
	struct map_row *row = &object->row;
	struct counting c = { .row = row, .spread = spread, .gaps = gaps,
			      .of_file = mapping_is_file(row->first) };
	size_t i;

	gaps->nr = 0;
	gaps->end = 0;
	gaps->too_many = false;

	/* Not memory of the process's, and not in its RSS. */
	if (!strncmp(row->first->path, "[vvar", 5) || !strcmp(row->first->path, "[vsyscall]"))
		return true;
	row->has_huge = pagemap_tells_huge();
	if (c.of_file && row->range * (uint64_t)sysconf(_SC_PAGESIZE) < row->size)
		return walk_windows(objects, object, pagemap, &c);
	for (i = object->from; i < object->from + object->nr; i++)
		if (!walk_part(pagemap, &objects->mappings.at[objects->order[i]], 0, UINT64_MAX,
			       &c))
			return false;
	return true;
}

/**
 * map_object_open() - open an object's file, to look at what of it is cached.
 * @objects: all of the process
 * @object: which, of a file; its length is put down
 * @file: set, to be closed whatever comes
 */
void map_object_open(struct map_objects *objects, struct map_object *object,
		     struct residency *file)
{
	size_t i;

	/* A mapping may be gone by now, and the next one not. */
	for (i = object->from; i < object->from + object->nr && i < object->from + 3; i++) {
		mapping_open(file, &objects->mappings, &objects->mappings.at[objects->order[i]]);
		if (file->state == RESIDENCY_KNOWN || file->state == RESIDENCY_SPECIAL)
			break;
		residency_close(file);
	}
	file->deleted = mapping_is_deleted(&objects->mappings, object->row.first);
	object->row.deleted = file->deleted;
	object->row.file_pages = file->pages;
}

/**
 * map_object_count_cached() - what of an object's file is in the page cache.
 * @object: which; what is mapped of it has been counted
 * @gaps: what is not mapped
 * @file: the file, opened
 *
 * What is mapped is cached: that need not be asked.
 */
void map_object_count_cached(struct map_object *object, struct map_gaps *gaps,
			     struct residency *file)
{
	struct residency_counts counts = { 0 };
	struct map_row *row = &object->row;
	size_t i;

	if (gaps->too_many) {
		row->has_cached = residency_count_all(file, &counts);
		row->cached = counts.cached;
		return;
	}
	row->has_cached = true;
	for (i = 0; i < gaps->nr && row->has_cached; i++)
		row->has_cached = residency_count(file, gaps->at[i].first, gaps->at[i].nr, &counts);
	if (gaps->end < file->pages && row->has_cached)
		row->has_cached = residency_count(file, gaps->end, file->pages - gaps->end,
						  &counts);
	row->cached = counts.cached + row->mapped;
}

static void add_smaps(struct map_row *row, const char *line)
{
	uint64_t kib;

	if (sscanf(line, "Rss: %" SCNu64, &kib) == 1)
		row->smaps_rss += kib * 1024;
	else if (sscanf(line, "Pss: %" SCNu64, &kib) == 1)
		row->pss += kib * 1024;
	else if (sscanf(line, "Referenced: %" SCNu64, &kib) == 1)
		row->referenced += kib * 1024;
}

static void forget_smaps(struct map_objects *objects)
{
	size_t i;

	for (i = 0; i < objects->nr; i++) {
		objects->at[i].row.smaps_rss = 0;
		objects->at[i].row.pss = 0;
		objects->at[i].row.referenced = 0;
	}
}

/* Returns 0 or an error: ESRCH if the thread has exited, be it in the middle. */
static int read_smaps(struct map_objects *objects, int32_t tid)
{
	char name[32], *line = NULL;
	struct map_row *row = NULL;
	struct mapping m;
	size_t room = 0, place;
	ssize_t length;
	bool any = false;
	int error;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/smaps", tid);
	file = fopen(name, "re");
	if (!file)
		return errno == ENOENT ? ESRCH : errno;
	forget_smaps(objects);
	errno = 0;
	while ((length = getline(&line, &room, file)) > 0) {
		any = true;
		line[length - 1] = line[length - 1] == '\n' ? '\0' : line[length - 1];
		if (*line >= 'A' && *line <= 'Z') {
			if (row)
				add_smaps(row, line);
			continue;
		}
		if (!mapping_parse(&m, line))
			continue;
		place = map_object_place(&objects->keys, &m);
		/* What is new since maps was read is left out. */
		row = place < objects->nr ? &objects->at[place].row : NULL;
		if (row)
			row->has_smaps = true;
		free(m.path);
	}
	error = ferror(file) ? errno : any ? 0 : ESRCH;
	fclose(file);
	free(line);
	return error;
}

/**
 * map_objects_ask_smaps() - add what smaps says. The process has to wait meanwhile.
 * @objects: made
 *
 * Return: false if it has ended, or after a complaint.
 */
bool map_objects_ask_smaps(struct map_objects *objects)
{
	int32_t pid = objects->mappings.pid, tid = objects->mappings.tid;
	int error;

	while ((error = read_smaps(objects, tid))) {
		if (error != ESRCH) {
			complain("/proc/%d/smaps: %s", tid, strerror(error));
			return false;
		}
		tid = procfs_next_thread(pid, tid);
		if (!tid)
			return false;
	}
	return true;
}
