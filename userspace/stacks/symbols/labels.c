// SPDX-License-Identifier: GPL-2.0
/*
 * labels.c - makes labels, and the texts by which frames are shown; each label and each string is
 * there once, so that those that are the same are the same pointers. Called by symbols.c.
 *
 * A file's name alone is not shown where a function could be meant: it has an offset, or stands in
 * brackets.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/index.h"
#include "lib/xalloc.h"
#include "stacks/symbols/labels.h"

#define DELETED	" (deleted)"

/* All pointers, and where in them something is. */
struct set {
	void **at;
	size_t nr, room;
	struct index index;
};

struct labels {
	struct set texts, labels;
};

static void *set_at(const struct set *set, size_t position)
{
	return set->at[position];
}

/* Makes room for one more; @hash is of one that is there. */
static void set_grow(struct set *set, uint64_t (*hash)(const void *one), index_same same)
{
	size_t i;

	if (set->nr < set->room)
		return;
	set->at = xgrow(set->at, set->nr, &set->room, sizeof(*set->at));
	index_free(&set->index);
	index_init(&set->index, set->room);
	for (i = 0; i < set->nr; i++)
		*index_slot(&set->index, hash(set_at(set, i)), same, set_at(set, i), set->at) =
			(uint32_t)i + 1;
}

static void set_free(struct set *set)
{
	index_free(&set->index);
	free(set->at);
}

/* Strings. */

static uint64_t text_hash(const void *text)
{
	return hash_text(HASH_BEGIN, text);
}

static bool same_text(const void *wanted, size_t position, const void *array)
{
	return !strcmp(wanted, ((char * const *)array)[position]);
}

/**
 * labels_text() - a string that stays as long as labels do, and is there once.
 * @labels: the set
 * @text: any string, or NULL
 *
 * Return: the same one, or NULL.
 */
const char *labels_text(struct labels *labels, const char *text)
{
	struct set *texts = &labels->texts;
	uint32_t *slot;

	if (!text)
		return NULL;
	set_grow(texts, text_hash, same_text);
	slot = index_slot(&texts->index, text_hash(text), same_text, text, texts->at);
	if (!*slot) {
		texts->at[texts->nr++] = xstrdup(text);
		*slot = (uint32_t)texts->nr;
	}
	return set_at(texts, *slot - 1);
}

/* And one that was made for that. */
static char *keep_text(struct labels *labels, char *text)
{
	const char *kept = labels_text(labels, text);

	free(text);
	return (char *)kept;
}

/* Labels; their strings are those of the set. */

static uint64_t label_hash(const void *one)
{
	const struct label *label = one;
	uint64_t hash = hash_number(HASH_BEGIN, label->kind * 2u + label->inlined);

	hash = hash_number(hash, (uintptr_t)label->function);
	hash = hash_number(hash, label->offset);
	hash = hash_number(hash, (uintptr_t)label->path);
	hash = hash_number(hash, (uintptr_t)label->build_id);
	hash = hash_number(hash, label->at);
	hash = hash_number(hash, (uintptr_t)label->source);
	return hash_number(hash, label->line);
}

static bool same_label(const void *wanted, size_t position, const void *array)
{
	const struct label *one = wanted, *other = ((struct label * const *)array)[position];

	return one->kind == other->kind && one->function == other->function &&
	       one->offset == other->offset && one->inlined == other->inlined &&
	       one->path == other->path && one->build_id == other->build_id &&
	       one->at == other->at && one->why == other->why && one->source == other->source &&
	       one->line == other->line;
}

/* The last part of a path, and whether the file has no name any more; to be freed. */
static char *file_of(const struct label *label, bool deleted)
{
	const size_t length = strlen(label->path), end = strlen(DELETED);
	const char *slash = strrchr(label->path, '/');
	const char *name = slash && slash[1] ? slash + 1 : label->path;
	const bool is_said = length > end && !strcmp(label->path + length - end, DELETED);

	return xasprintf("%s%s", name, deleted && !is_said ? DELETED : "");
}

/* Where it is, in brackets; to be freed. */
static char *place_of(const struct label *label, bool deleted)
{
	char *file, *place;

	if (label->kind == LABEL_KERNEL)
		return xstrdup("[kernel]");
	if (label->kind == LABEL_OVERFLOW)
		return xstrdup("[overflow]");
	if (!label->path)
		return xasprintf("[%s]", label->why ? label->why : "no file");
	/* What the kernel maps has them already. */
	file = file_of(label, deleted);
	place = *file == '[' ? xstrdup(file) : xasprintf("[%s]", file);
	free(file);
	return place;
}

static char *full_of(const struct label *label, const char *place, bool deleted)
{
	char *file, *full;

	if (label->function && label->inlined)
		return xasprintf("%s (inlined) %s", label->function, place);
	if (label->function)
		return xasprintf("%s+0x%" PRIx64 " %s", label->function, label->offset, place);
	if (label->kind == LABEL_KERNEL || label->kind == LABEL_OVERFLOW)
		return xstrdup(place);
	if (!label->path)
		return xasprintf("0x%" PRIx64 " %s", label->at, place);
	file = file_of(label, deleted);
	full = xasprintf("%s+0x%" PRIx64, file, label->at);
	free(file);
	return full;
}

static struct label *make(struct labels *labels, const struct label *wanted, bool deleted)
{
	struct label *label = xmalloc(sizeof(*label));
	char *place = place_of(wanted, deleted);

	*label = *wanted;
	label->full = keep_text(labels, full_of(wanted, place, deleted));
	label->brief = keep_text(labels, xstrdup(wanted->function ? wanted->function : place));
	free(place);
	return label;
}

/**
 * labels_get() - the label that says this.
 * @labels: the set
 * @wanted: what it says, but for the texts by which it is shown; strings need not stay
 * @deleted: the file has no name any more
 *
 * Return: it, which stays as long as the set.
 */
const struct label *labels_get(struct labels *labels, const struct label *wanted, bool deleted)
{
	struct label own = *wanted;
	struct set *set = &labels->labels;
	uint32_t *slot;

	own.function = labels_text(labels, wanted->function);
	own.path = labels_text(labels, wanted->path);
	own.build_id = labels_text(labels, wanted->build_id);
	own.why = labels_text(labels, wanted->why);
	own.source = labels_text(labels, wanted->source);
	set_grow(set, label_hash, same_label);
	slot = index_slot(&set->index, label_hash(&own), same_label, &own, set->at);
	if (!*slot) {
		set->at[set->nr++] = make(labels, &own, deleted);
		*slot = (uint32_t)set->nr;
	}
	return set_at(set, *slot - 1);
}

/**
 * labels_new() - an empty set.
 *
 * Return: it, to be freed.
 */
struct labels *labels_new(void)
{
	return xcalloc(1, sizeof(struct labels));
}

static void free_all(struct set *set)
{
	size_t i;

	for (i = 0; i < set->nr; i++)
		free(set_at(set, i));
	set_free(set);
}

/**
 * labels_free() - free it, its labels and its strings.
 * @labels: the set
 */
void labels_free(struct labels *labels)
{
	free_all(&labels->texts);
	free_all(&labels->labels);
	free(labels);
}
