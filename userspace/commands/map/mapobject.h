/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mapobject.h - the objects that a process has mapped, each with its pages in the page tables.
 */
#ifndef KFAULTSTAT_MAPOBJECT_H
#define KFAULTSTAT_MAPOBJECT_H

#include "commands/map/maprow.h"
#include "kernel/fileset.h"

/* An object and its mappings, by offset. */
struct map_object {
	struct map_row row;
	size_t from, nr;	/* in the order of the objects */
};

/* What of a file is not mapped, as long as these are few runs of pages. */
struct map_gaps {
	struct {
		uint64_t first, nr;
	} at[512];
	size_t nr;
	uint64_t end;		/* what is mapped so far ends here */
	bool too_many;
};

struct map_objects {
	struct mappings mappings;
	size_t *order;		/* of mappings, by object and offset */
	struct map_object *at;
	size_t nr;
	struct identities keys;	/* of objects, in their order */
};

size_t map_object_place(struct identities *keys, const struct mapping *m);
void map_objects_make(struct map_objects *objects, const char *glob);
void map_objects_free(struct map_objects *objects);
bool map_object_walk(struct map_objects *objects, struct map_object *object,
		     struct pagemap *pagemap, struct spread *spread, struct map_gaps *gaps);
void map_object_open(struct map_objects *objects, struct map_object *object,
		     struct residency *file);
void map_object_count_cached(struct map_object *object, struct map_gaps *gaps,
			     struct residency *file);
bool map_objects_ask_smaps(struct map_objects *objects);

#endif
