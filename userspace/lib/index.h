/* SPDX-License-Identifier: GPL-2.0 */
/*
 * index.h - finds an element of an array by its key, in constant time. The array is the
 * caller's; the index only has hashes and positions.
 */
#ifndef KFAULTSTAT_INDEX_H
#define KFAULTSTAT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index {
	uint32_t *slots;	/* position + 1; 0 is free */
	size_t mask;
};

/* Whether the element at @position is the one that is looked for. */
typedef bool (*index_same)(const void *wanted, size_t position, const void *array);

void index_init(struct index *index, size_t elements);
void index_free(struct index *index);
uint32_t *index_slot(const struct index *index, uint64_t hash, index_same same, const void *wanted,
		     const void *array);
uint64_t hash_text(uint64_t hash, const char *text);
uint64_t hash_number(uint64_t hash, uint64_t number);

#define HASH_BEGIN 0xcbf29ce484222325ull

#endif
