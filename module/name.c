// SPDX-License-Identifier: GPL-2.0
/*
 * Names: one for all rows of the same text. Hooks call this, under fs_table.lock, when a
 * row is new.
 */
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/string.h>
#include "name.h"
#include "pool.h"
#include "table.h"

static struct fs_name *name_find(u32 hash, const char *text)
{
	struct fs_name *name = fs_table.name_index[hash_32(hash, fs_table.name_bits)];

	while (name && (name->hash != hash || strcmp(name->text, text)))
		name = name->index_next;
	return name;
}

/**
 * fs_name_hash - the hash by which a name is found
 * @text: the name
 *
 * Any context. Long to make, so it is made before a lock is taken.
 */
u32 fs_name_hash(const char *text)
{
	return jhash(text, strlen(text), fs_table.hash_name);
}

/* From the smallest size that will do, or the next one that is left. */
static struct fs_name *name_new(size_t len)
{
	struct fs_name *name = NULL;
	int id;

	for (id = POOL_NAME_FIRST; id <= POOL_NAME_LAST && !name; id++) {
		if (offsetof(struct fs_name, text) + len + 1 > fs_pool_item_size(id))
			continue;
		name = fs_pool_get(id);
		if (name)
			name->pool = id;
	}
	return name;
}

/**
 * fs_name_get - finds or makes a name
 * @text: shorter than NAME_SIZE_MAX
 * @hash: fs_name_hash() of it
 *
 * Under fs_table.lock. Returns the name with a reference taken, or NULL where there is no
 * memory.
 */
struct fs_name *fs_name_get(const char *text, u32 hash)
{
	struct fs_name **bucket = &fs_table.name_index[hash_32(hash, fs_table.name_bits)];
	struct fs_name *name = name_find(hash, text);
	/* There are few of the last size: without one of them the end has to do. */
	size_t room = fs_pool_item_size(POOL_NAME_LAST - 1) - offsetof(struct fs_name, text) - 1;
	size_t len;
	bool cut;

	if (name) {
		atomic_inc(&name->refs);
		return name;
	}
	len = strlen(text);
	name = name_new(len);
	cut = !name && len > room;
	if (cut) {
		text += len - room;
		len = room;
		name = name_new(len);
	}
	if (!name)
		return NULL;
	name->hash = hash;
	name->length = len;
	atomic_set(&name->refs, 1);
	memcpy(name->text, text, len + 1);
	if (cut)
		memcpy(name->text, "...", 3);
	name->index_next = *bucket;
	*bucket = name;
	return name;
}

/* Under fs_table.lock. */
static void name_unlink(struct fs_name *name)
{
	struct fs_name **at = &fs_table.name_index[hash_32(name->hash, fs_table.name_bits)];

	while (*at != name)
		at = &(*at)->index_next;
	*at = name->index_next;
	fs_pool_put(name->pool, name);
}

/**
 * fs_name_put_locked - gives up a reference to a name
 * @name: may be freed by this
 *
 * Under fs_table.lock.
 */
void fs_name_put_locked(struct fs_name *name)
{
	if (atomic_dec_and_test(&name->refs))
		name_unlink(name);
}

/**
 * fs_name_put - gives up a reference to a name
 * @name: may be freed by this
 *
 * Any context but NMI, without fs_table.lock.
 */
void fs_name_put(struct fs_name *name)
{
	unsigned long flags;

	if (atomic_add_unless(&name->refs, -1, 1))
		return;
	fs_hook_lock_irqsave(&fs_table.lock, flags);
	fs_name_put_locked(name);
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
}

/**
 * fs_name_pool_sizes - the item sizes of the pools that names use
 * @size: by pool
 *
 * Any context.
 */
void fs_name_pool_sizes(size_t *size)
{
	static const size_t names[] = { 64, 128, 256, 1024 };
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		size[POOL_NAME_FIRST + i] = names[i];
	size[POOL_NAME_LAST] = offsetof(struct fs_name, text) + NAME_SIZE_MAX + 1;
}
