// SPDX-License-Identifier: GPL-2.0
/*
 * Names: found without a lock, made under that of their shard, and swept away when no row has
 * them. See name.h.
 *
 * A hook that has found a name gives it to a row before preemption is on again. So a sweep takes
 * names out of the index that no row has, waits for the hooks, and looks once more.
 */
#include <linux/log2.h>
#include <linux/random.h>
#include <linux/string.h>
#include "memory.h"
#include "name.h"
#include "object.h"
#include "pool.h"
#include "shard.h"
#include "worker.h"

static struct fs_name **name_index __read_mostly;
static u32 name_mask __read_mostly;
static u64 name_secret __read_mostly;
static struct fs_shards shards __read_mostly;

/* With more names in a shard a sweep is worth it: twice what the last one left in any. */
#define SHARD_LEAST	64
static unsigned int shard_max __read_mostly;

static u64 name_mix(u64 hash, u64 word)
{
	hash = (hash ^ word) * name_secret;
	return hash ^ hash >> 29;
}

/* A secret hash, eight bytes at a time: paths may be long, and a hook waits for it. */
static u32 name_hash(const char *text, size_t length)
{
	u64 hash = length, rest = 0;

	for (; length >= sizeof(u64); length -= sizeof(u64), text += sizeof(u64))
		hash = name_mix(hash, fs_word_at(text));
	memcpy(&rest, text, length);
	return name_mix(hash, rest) >> 32;
}

static bool name_is(const struct fs_name *name, u32 hash, const char *text, size_t length)
{
	const char *at = name->text;
	u64 rest = 0;

	if (name->hash != hash || name->length != length)
		return false;
	for (; length >= sizeof(u64); length -= sizeof(u64), text += sizeof(u64), at += sizeof(u64))
		if (fs_word_at(text) != fs_word_at(at))
			return false;
	memcpy(&rest, text, length);
	return fs_word_at(at) == rest;
}

/* A name's memory stays what it is until the hooks have ended: no lock is needed. */
static struct fs_name *name_find(u32 hash, const char *text, size_t length)
{
	struct fs_name *name = READ_ONCE(name_index[hash & name_mask]);

	while (name && !name_is(name, hash, text, length))
		name = READ_ONCE(name->index_next);
	return name;
}

/* With the zeroes behind the text, and a word that fs_anon_name_is_shown() may read. */
#define NAME_BEHIND	(2 * sizeof(u64))

static size_t name_bytes(size_t length)
{
	return offsetof(struct fs_name, text) + round_down(length, sizeof(u64)) + NAME_BEHIND;
}

/* From the smallest size that will do, or the next one that is left. */
static struct fs_name *name_new(size_t length)
{
	struct fs_name *name = NULL;
	int id;

	for (id = POOL_NAME_FIRST; id <= POOL_NAME_LAST && !name; id++) {
		if (name_bytes(length) > fs_pool_item_size(id))
			continue;
		name = fs_pool_get(id);
		if (name)
			name->pool = id;
	}
	return name;
}

static struct fs_name *name_make(u32 hash, const char *text, size_t length)
{
	/* There are few of the last size: without one of them the end has to do. */
	size_t room = fs_pool_item_size(POOL_NAME_LAST - 1) - offsetof(struct fs_name, text) -
		      NAME_BEHIND;
	struct fs_name *name = name_new(length);
	bool cut = !name && length > room;

	if (cut) {
		text += length - room;
		length = room;
		hash = name_hash(text, length);
		name = name_new(length);
	}
	if (!name)
		return NULL;
	name->hash = hash;
	name->length = length;
	name->seen = 0;
	atomic_set(&name->pins, 0);
	memset(name->text + round_down(length, sizeof(u64)), 0, sizeof(u64));
	memcpy(name->text, text, length);
	if (cut)
		memcpy(name->text, "...", 3);
	return name;
}

/* Under the shard's lock. */
static void name_link(struct fs_shard *shard, struct fs_name *name)
{
	struct fs_name **bucket = &name_index[name->hash & name_mask];

	name->indexed = true;
	WRITE_ONCE(shard->count, shard->count + 1);
	name->index_next = *bucket;
	/* Hooks that find the name find it whole. */
	smp_wmb();
	WRITE_ONCE(*bucket, name);
}

/* Under the shard's lock; hooks may be at it. */
static void name_unlink(struct fs_shard *shard, struct fs_name *name)
{
	struct fs_name **at = &name_index[name->hash & name_mask];

	while (*at != name)
		at = &(*at)->index_next;
	WRITE_ONCE(*at, name->index_next);
	name->indexed = false;
	WRITE_ONCE(shard->count, shard->count - 1);
}

/*
 * Puts a new name into the index, unless another CPU was here; then that one's is taken. Long names
 * are not compared under the lock: a bucket that has changed is searched again, and where it does
 * so all the time there are two of a name, which is no harm.
 */
static struct fs_name *name_settle(struct fs_name *name, struct fs_name *seen)
{
	struct fs_shard *shard = fs_shard_of(&shards, name->hash & name_mask);
	struct fs_name **bucket = &name_index[name->hash & name_mask], *other;
	bool linked = false, many;
	unsigned long flags;
	int tries;

	for (tries = 0; !linked; tries++) {
		fs_hook_lock_irqsave(&shard->lock, flags);
		linked = *bucket == seen || tries == 3;
		if (linked)
			name_link(shard, name);
		many = shard->count > READ_ONCE(shard_max);
		seen = *bucket;
		fs_hook_unlock_irqrestore(&shard->lock, flags);
		if (linked)
			break;
		other = name_find(name->hash, name->text, name->length);
		if (other) {
			fs_pool_put(name->pool, name);
			return other;
		}
	}
	if (many)
		fs_worker_keep_house();
	return name;
}

/**
 * fs_name_get - finds or makes a name
 * @text: the name
 * @length: its bytes, less than NAME_SIZE_MAX
 *
 * Preemption off. Returns the name, which stays until preemption is on unless a row gets it before
 * that; NULL where there is no memory.
 */
struct fs_name *fs_name_get(const char *text, size_t length)
{
	u32 hash = name_hash(text, length);
	struct fs_name *seen = READ_ONCE(name_index[hash & name_mask]);
	struct fs_name *name = name_find(hash, text, length);

	if (name)
		return name;
	name = name_make(hash, text, length);
	if (!name) {
		/* Of names that no row has any more. */
		fs_worker_make_room();
		return NULL;
	}
	return name_settle(name, name->hash == hash ? seen : NULL);
}

/* Sweeping; process context, one at a time. */

/**
 * fs_names_are_many - whether a sweep is worth it
 *
 * Any context.
 */
bool fs_names_are_many(void)
{
	u32 i;

	for (i = 0; i <= shards.mask; i++)
		if (READ_ONCE(shards.of[i].count) > READ_ONCE(shard_max))
			return true;
	return false;
}

/**
 * fs_names_take_idle - takes names that were not marked out of the index
 * @sweep: the mark
 * @idle: result
 * @most: its size
 *
 * Process context. Hooks may still be at them. Returns how many there are.
 */
unsigned int fs_names_take_idle(u32 sweep, struct fs_name **idle, unsigned int most)
{
	unsigned int count = 0, bucket;
	struct fs_name *name, *next;
	unsigned long flags;

	for (bucket = 0; bucket <= name_mask && count < most; bucket++) {
		struct fs_shard *shard = fs_shard_of(&shards, bucket);

		if (!READ_ONCE(name_index[bucket]))
			continue;
		fs_hook_lock_irqsave(&shard->lock, flags);
		for (name = name_index[bucket]; name && count < most; name = next) {
			next = name->index_next;
			if (name->seen == sweep || atomic_read(&name->pins))
				continue;
			name_unlink(shard, name);
			idle[count++] = name;
		}
		fs_hook_unlock_irqrestore(&shard->lock, flags);
		cond_resched();
	}
	return count;
}

/**
 * fs_names_drop - frees names that were taken out, but for those that are marked by now
 * @sweep: the mark
 * @idle: the names
 * @count: of them
 *
 * Process context, a grace period later.
 */
void fs_names_drop(u32 sweep, struct fs_name **idle, unsigned int count)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct fs_name *name = idle[i];
		struct fs_shard *shard = fs_shard_of(&shards, name->hash & name_mask);

		if (name->seen == sweep || atomic_read(&name->pins)) {
			fs_hook_lock_irqsave(&shard->lock, flags);
			name_link(shard, name);
			fs_hook_unlock_irqrestore(&shard->lock, flags);
		} else {
			fs_pool_put(name->pool, name);
		}
		cond_resched();
	}
}

/**
 * fs_names_swept - there are no idle names but those of a moment ago
 *
 * Process context.
 */
void fs_names_swept(void)
{
	unsigned int most = 0;
	u32 i;

	for (i = 0; i <= shards.mask; i++)
		most = max(most, READ_ONCE(shards.of[i].count));
	WRITE_ONCE(shard_max, 2 * most + SHARD_LEAST);
}

/* Beginning and end. */

/**
 * fs_names_pool_sizes - the item sizes of the pools that names use
 * @size: by pool
 *
 * Any context.
 */
void fs_names_pool_sizes(size_t *size)
{
	static const size_t names[] = { 64, 128, 256, 1024 };
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		size[POOL_NAME_FIRST + i] = names[i];
	size[POOL_NAME_LAST] = offsetof(struct fs_name, text) + NAME_SIZE_MAX + sizeof(u64);
}

/**
 * fs_names_init - makes the index
 * @max_rows: rows at once
 *
 * Process context. Returns 0 or -ENOMEM; fs_names_destroy() is right after either.
 */
int fs_names_init(unsigned int max_rows)
{
	name_mask = (1U << clamp(order_base_2(max_rows) - 2, 6, 16)) - 1;
	get_random_bytes(&name_secret, sizeof(name_secret));
	name_secret |= 1;
	shard_max = SHARD_LEAST;
	name_index = fs_memory_zalloc((name_mask + 1) * sizeof(*name_index));
	return name_index ? fs_shards_init(&shards) : -ENOMEM;
}

/**
 * fs_names_destroy - frees all names
 *
 * Process context, with no hook, row or reader left.
 */
void fs_names_destroy(void)
{
	struct fs_name *name, *next;
	u32 bucket;

	for (bucket = 0; name_index && bucket <= name_mask; bucket++) {
		for (name = name_index[bucket]; name; name = next) {
			next = name->index_next;
			fs_pool_put(name->pool, name);
		}
		cond_resched();
	}
	fs_memory_free(name_index, (name_mask + 1) * sizeof(*name_index));
	name_index = NULL;
	if (shards.of)
		fs_shards_destroy(&shards);
}
