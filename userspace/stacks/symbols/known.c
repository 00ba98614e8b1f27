// SPDX-License-Identifier: GPL-2.0
/*
 * known.c - what is known of images, frames and processes, from one copy to the next: each is
 * looked for once. Called by symbols.c and frames.c.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "stacks/symbols/known.h"

typedef uint64_t (*hash_of)(const void *one);

/* Where one is, or is to be put, with room for it; @wanted is like those in the array. */
static uint32_t *place_of(struct known_set *set, size_t size, hash_of hash, index_same same,
			  const void *wanted)
{
	size_t i;

	if (set->nr == set->room) {
		set->at = xgrow(set->at, set->nr, &set->room, size);
		index_free(&set->index);
		index_init(&set->index, set->room);
		for (i = 0; i < set->nr; i++) {
			const void *one = (const char *)set->at + i * size;

			*index_slot(&set->index, hash(one), same, one, set->at) = (uint32_t)i + 1;
		}
	}
	return index_slot(&set->index, hash(wanted), same, wanted, set->at);
}

static void set_free(struct known_set *set)
{
	index_free(&set->index);
	free(set->at);
}

/* Images. */

static uint64_t image_hash(const void *one)
{
	const struct known_image *image = one;
	uint64_t hash = hash_text(HASH_BEGIN, image->path);

	hash = hash_text(hash, image->build_id ? image->build_id : "");
	hash = hash_number(hash, (uint64_t)image->dev_major << 32 | image->dev_minor);
	return hash_number(hash, image->inode * 2 + image->deleted);
}

static bool same_image(const void *wanted, size_t position, const void *array)
{
	const struct known_image *one = wanted;
	const struct known_image *other = (const struct known_image *)array + position;

	return one->inode == other->inode && one->dev_major == other->dev_major &&
	       one->dev_minor == other->dev_minor && one->deleted == other->deleted &&
	       !one->build_id == !other->build_id && !strcmp(one->path, other->path) &&
	       (!one->build_id || !strcmp(one->build_id, other->build_id));
}

/**
 * known_image_at() - an image.
 * @known: where
 * @number: of it
 *
 * Return: it, until there is another.
 */
struct known_image *known_image_at(const struct known *known, size_t number)
{
	return (struct known_image *)known->images.at + number;
}

/**
 * known_image() - remember an image, or find it.
 * @known: where
 * @image: of a copy, which need not stay
 *
 * Return: its number.
 */
size_t known_image(struct known *known, const struct stack_image *image)
{
	struct known_image one = {
		.path = image->path, .build_id = image->build_id,
		.dev_major = image->dev_major, .dev_minor = image->dev_minor,
		.inode = image->inode, .deleted = image->deleted,
	};
	struct known_set *set = &known->images;
	uint32_t *slot = place_of(set, sizeof(one), image_hash, same_image, &one);

	if (!*slot) {
		one.path = labels_text(known->labels, one.path);
		one.build_id = labels_text(known->labels, one.build_id);
		*known_image_at(known, set->nr++) = one;
		*slot = (uint32_t)set->nr;
	}
	return *slot - 1;
}

/* Frames. */

static uint64_t frame_hash(const void *one)
{
	const struct known_frame *frame = one;

	return hash_number(hash_number(hash_number(HASH_BEGIN, frame->owner), frame->at),
			   frame->exact + 2u * frame->in_file);
}

static bool same_frame(const void *wanted, size_t position, const void *array)
{
	const struct known_frame *one = wanted;
	const struct known_frame *other = (const struct known_frame *)array + position;

	return one->owner == other->owner && one->at == other->at && one->exact == other->exact &&
	       one->in_file == other->in_file;
}

/**
 * known_frame_at() - a frame.
 * @known: where
 * @number: of it
 *
 * Return: it, until there is another.
 */
struct known_frame *known_frame_at(const struct known *known, size_t number)
{
	return (struct known_frame *)known->frames.at + number;
}

/**
 * known_find_frame() - find a frame.
 * @known: where
 * @wanted: what it is
 *
 * Return: it, until there is another; NULL if it is not remembered.
 */
const struct known_frame *known_find_frame(const struct known *known,
					   const struct known_frame *wanted)
{
	const struct known_set *set = &known->frames;
	const uint32_t *slot = set->nr ? index_slot(&set->index, frame_hash(wanted), same_frame,
						    wanted, set->at) : NULL;

	return slot && *slot ? known_frame_at(known, *slot - 1) : NULL;
}

/**
 * known_frame() - remember a frame, or find it.
 * @known: where
 * @wanted: what it is, without labels
 * @is_new: set: it was not there
 *
 * Return: its number.
 */
size_t known_frame(struct known *known, const struct known_frame *wanted, bool *is_new)
{
	struct known_set *set = &known->frames;
	uint32_t *slot = place_of(set, sizeof(*wanted), frame_hash, same_frame, wanted);

	*is_new = !*slot;
	if (!*slot) {
		*known_frame_at(known, set->nr++) = *wanted;
		*slot = (uint32_t)set->nr;
	}
	return *slot - 1;
}

/**
 * known_add_labels() - remember the labels of a frame.
 * @known: where
 * @frame: of it; labels that it has are forgotten
 * @labels: the innermost first
 * @nr: how many
 */
void known_add_labels(struct known *known, struct known_frame *frame,
		      const struct label **labels, size_t nr)
{
	size_t i;

	if (frame->nr < nr)
		frame->first = (uint32_t)known->nr;
	for (i = 0; i < nr; i++) {
		if (frame->nr < nr) {
			known->list = xgrow(known->list, known->nr, &known->room,
					    sizeof(*known->list));
			known->nr++;
		}
		known->list[frame->first + i] = labels[i];
	}
	frame->nr = (uint32_t)nr;
}

/* Processes. */

static uint64_t process_hash(const void *one)
{
	return hash_number(HASH_BEGIN, ((const struct known_process *)one)->id);
}

static bool same_process(const void *wanted, size_t position, const void *array)
{
	return ((const struct known_process *)wanted)->id ==
	       ((const struct known_process *)array + position)->id;
}

/**
 * known_process() - remember a process, or find it.
 * @known: where
 * @id: of it
 *
 * Return: it, until there is another.
 */
struct known_process *known_process(struct known *known, uint64_t id)
{
	struct known_process one = { .id = id };
	struct known_set *set = &known->processes;
	uint32_t *slot = place_of(set, sizeof(one), process_hash, same_process, &one);

	if (!*slot) {
		((struct known_process *)set->at)[set->nr++] = one;
		*slot = (uint32_t)set->nr;
	}
	return (struct known_process *)set->at + *slot - 1;
}

/**
 * known_free() - forget all; the labels are left.
 * @known: all zero, or used
 */
void known_free(struct known *known)
{
	set_free(&known->images);
	set_free(&known->frames);
	set_free(&known->processes);
	free(known->list);
}
