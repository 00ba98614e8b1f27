// SPDX-License-Identifier: GPL-2.0
/*
 * index.c - an open hash table of array positions. Used wherever elements of an array are looked
 * up: the rows of two snapshots (delta.c), groups (group.c), sets of files (fileset.c).
 */
#include <stdlib.h>

#include "lib/index.h"
#include "lib/xalloc.h"

/**
 * index_init() - an empty index.
 * @index: set
 * @elements: how many there may be at most
 */
void index_init(struct index *index, size_t elements)
{
	size_t slots = 16;

	while (slots < 2 * elements)
		slots *= 2;
	index->slots = xcalloc(slots, sizeof(*index->slots));
	index->mask = slots - 1;
}

/**
 * index_free() - free the index.
 * @index: initialised
 */
void index_free(struct index *index)
{
	free(index->slots);
	index->slots = NULL;
}

/**
 * index_slot() - where an element stands, or is to be put.
 * @index: the index
 * @hash: of what is looked for
 * @same: compares
 * @wanted: what is looked for
 * @array: the caller's array, for @same
 *
 * Return: the slot: position + 1, or 0 if there is no such element; who adds one to the
 * array writes its position + 1 there.
 */
uint32_t *index_slot(const struct index *index, uint64_t hash, index_same same, const void *wanted,
		     const void *array)
{
	size_t at = (hash ^ hash >> 32) & index->mask;

	while (index->slots[at] && !same(wanted, index->slots[at] - 1, array))
		at = (at + 1) & index->mask;
	return &index->slots[at];
}

/**
 * hash_text() - FNV-1a, continued.
 * @hash: so far, HASH_BEGIN at first
 * @text: what is added
 *
 * Return: the hash.
 */
uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ull;
	return hash_number(hash, 0xff);
}

/**
 * hash_number() - the same for a number.
 * @hash: so far
 * @number: what is added
 *
 * Return: the hash.
 */
uint64_t hash_number(uint64_t hash, uint64_t number)
{
	hash = (hash ^ number) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}
