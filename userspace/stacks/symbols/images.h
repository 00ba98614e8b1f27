/* SPDX-License-Identifier: GPL-2.0 */
/*
 * images.h - finding the file of an image on this host.
 */
#ifndef KFAULTSTAT_IMAGES_H
#define KFAULTSTAT_IMAGES_H

#include "kernel/mappings.h"
#include "stacks/symbols/elffile.h"
#include "stacks/stackfile.h"

/* Live processes at most by which a file is looked for. */
#define IMAGE_PIDS	4

/* Why there is none; the worse ones say more. */
enum image_state {
	IMAGE_FOUND,
	IMAGE_GONE,		/* there is no such name */
	IMAGE_NO_ID,		/* there is one; but nothing says that it is the same file */
	IMAGE_OTHER,		/* it is another file's by now */
	IMAGE_CHANGED,		/* it was written since */
	IMAGE_FORBIDDEN,
	IMAGE_STRANGE,		/* it is it, and nothing that has functions */
	IMAGE_SPECIAL,		/* it is no file, but memory that the kernel maps */
};

/* How files are looked for. */
struct image_search {
	int root;		/* our own */
	bool by_build_id;	/* by nothing else: the copy may be another host's */
	double realtime;	/* when the copy was made; 0 if that is not known */
	struct mappings mappings;	/* of the process that was asked last */
};

/* What is looked for: the image, and live processes that have it. */
struct image_wanted {
	const struct stack_image *image;
	const char *path;	/* of it; without what is said behind a deleted one */
	int32_t pids[IMAGE_PIDS];
	size_t nr_pids;
};

/* What was found; files are read-only, and negative where there is none. */
struct image_files {
	enum image_state state;
	int main;
	int debug;		/* has what was taken out of it */
	int alt;		/* has what several of those have in common */
	bool is_debug;		/* main is such a one, as the file itself is not here */
	struct elffile elf;	/* of main */
};

void images_begin(struct image_search *search, bool by_build_id, double realtime);
void images_end(struct image_search *search);
void image_find(struct image_search *search, const struct image_wanted *wanted,
		struct image_files *files);
void image_close(struct image_files *files);
const char *image_state_text(enum image_state state);

#endif
