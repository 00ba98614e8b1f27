/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Locks by hash. What many CPUs put in and take out of an index is divided among as many locks as
 * make it unlikely that two of them want the same one; each has a line of its own.
 */
#ifndef FAULTSTAT_SHARD_H
#define FAULTSTAT_SHARD_H

#include <linux/cache.h>
#include <linux/cpumask.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/seqlock.h>
#include "lock.h"
#include "memory.h"

/**
 * struct fs_shard - the lock of some buckets of an index
 * @lock: raw, interrupts off
 * @changes: written under it, where searches without it want to know
 * @count: of what is in the buckets; under it
 * @list: of the same, where readers walk it; likewise
 */
struct fs_shard {
	raw_spinlock_t lock;
	seqcount_t changes;
	unsigned int count;
	struct list_head list;
} ____cacheline_aligned_in_smp;

/* An index's shards, as many as a power of two. Written at load alone. */
struct fs_shards {
	struct fs_shard *of;
	u32 mask;
};

static inline struct fs_shard *fs_shard_of(const struct fs_shards *shards, u32 bucket)
{
	return &shards->of[bucket & shards->mask];
}

static inline size_t fs_shards_bytes(const struct fs_shards *shards)
{
	return (shards->mask + 1) * sizeof(struct fs_shard);
}

/* Process context. Returns 0 or -ENOMEM; fs_shards_destroy() is right after either. */
#define fs_shards_init(shards) ({ \
	static struct lock_class_key __key; /* one kind of lock is held inside the other */ \
	fs_shards_make(shards, &__key, #shards); \
})

static inline int fs_shards_make(struct fs_shards *shards, struct lock_class_key *key,
				 const char *name)
{
	u32 i;

	shards->mask = roundup_pow_of_two(clamp(8 * num_online_cpus(), 16U, 1024U)) - 1;
	shards->of = fs_memory_zalloc(fs_shards_bytes(shards));
	if (!shards->of)
		return -ENOMEM;
	for (i = 0; i <= shards->mask; i++) {
		raw_spin_lock_init(&shards->of[i].lock);
		lockdep_set_class_and_name(&shards->of[i].lock, key, name);
		seqcount_init(&shards->of[i].changes);
		INIT_LIST_HEAD(&shards->of[i].list);
	}
	return 0;
}

static inline void fs_shards_destroy(struct fs_shards *shards)
{
	fs_memory_free(shards->of, fs_shards_bytes(shards));
	shards->of = NULL;
}

#endif
