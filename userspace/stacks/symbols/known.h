/* SPDX-License-Identifier: GPL-2.0 */
/*
 * known.h - what is known of images, frames and processes, from one copy to the next. For symbols.c
 * and frames.c.
 */
#ifndef KFAULTSTAT_KNOWN_H
#define KFAULTSTAT_KNOWN_H

#include "lib/index.h"
#include "stacks/symbols/images.h"
#include "stacks/symbols/labels.h"
#include "stacks/symbols/perfmap.h"

/* An image. */
struct known_image {
	const char *path, *build_id;	/* the labels' */
	const char *trouble;	/* why frames have no names; NULL: they have, or nobody asked */
	uint32_t dev_major, dev_minor;
	uint64_t inode;
	bool deleted;
	int32_t pids[IMAGE_PIDS];	/* live processes that have it, in this copy */
	size_t nr_pids;
};

/* A frame in an image, or at an address of a process. */
struct known_frame {
	uint64_t owner;		/* number of the image, or id of the process */
	uint64_t at;
	bool exact;
	bool in_file;		/* the owner is an image */
	uint32_t first, nr;	/* of its labels; nr is 0 until they are known */
	double tried;		/* of an address without a name: the copy's time */
	int32_t pid;		/* of a process that lives, else 0 */
};

/* A process that has made code. */
struct known_process {
	uint64_t id;
	int32_t pid;
	struct perfmap_seen seen;
	const char *trouble;
};

/* An array that is looked into by key. */
struct known_set {
	void *at;
	size_t nr, room;
	struct index index;
};

struct known {
	struct labels *labels;
	struct known_set images, frames, processes;
	const struct label **list;	/* the frames' */
	size_t nr, room;
};

struct known_image *known_image_at(const struct known *known, size_t number);
struct known_frame *known_frame_at(const struct known *known, size_t number);
size_t known_image(struct known *known, const struct stack_image *image);
const struct known_frame *known_find_frame(const struct known *known,
					   const struct known_frame *wanted);
size_t known_frame(struct known *known, const struct known_frame *wanted, bool *is_new);
struct known_process *known_process(struct known *known, uint64_t id);
void known_add_labels(struct known *known, struct known_frame *frame,
		      const struct label **labels, size_t nr);
void known_free(struct known *known);

#endif
