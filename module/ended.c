// SPDX-License-Identifier: GPL-2.0
/*
 * The ring of ended processes. Putting one in hands out whatever was in its place, one of the
 * oldest. CPUs take places some at a time, by an atomic addition: that is all that they share at a
 * process's end, once in so many. Rings are replaced when keep_exited changes; hooks use one with
 * interrupts off.
 *
 * What is due waits in a list of the CPU, without a lock, for that CPU's worker. It is in the table
 * until then, so the ring has that many places less than are kept.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include "ended.h"
#include "memory.h"
#include "worker.h"

#define PLACES_MAX	8U	/* that a CPU takes at once: a line of them */
#define DUE_MAX		64U	/* of a CPU, before its worker comes at once */

/**
 * struct ring - the ended processes that are kept
 * @keep: how many are kept, those that are due included
 * @size: how many places; may be 0
 * @at_once: how many of them a CPU takes, which all together are a quarter at most
 * @next: the next place, modulo @size
 * @kept: by place; NULL where none is, or where it was taken out for room
 */
struct ring {
	unsigned int keep;
	unsigned int size;
	unsigned int at_once;
	atomic_t next ____cacheline_aligned_in_smp;
	struct llist_node *kept[] ____cacheline_aligned_in_smp;
};

static struct ring *ring;

/* Who replaces the ring, or takes from it but hooks: for snapshots, settings, and room for rows. */
static DEFINE_MUTEX(ring_mutex);

/**
 * struct due - what a CPU is to fold
 * @list: that CPU adds, anybody takes all
 * @count: how many, or a few more or less while some are being taken
 * @in: the ring in which it has taken places
 * @place: the next one of those
 * @places_left: how many of them there are
 */
struct due {
	struct llist_head list;
	atomic_t count;
	const struct ring *in;
	unsigned int place;
	unsigned int places_left;
};

static DEFINE_PER_CPU(struct due, due);
static unsigned int due_max __read_mostly;	/* from here on the worker is to come at once */

/* Interrupts off: a CPU takes some places at once, so that not each is a line that all write. */
static unsigned int place_next(struct ring *in)
{
	struct due *own = this_cpu_ptr(&due);

	if (own->in != in || !own->places_left) {
		own->in = in;
		own->places_left = in->at_once;
		own->place = atomic_add_return(in->at_once, &in->next) - in->at_once;
	}
	own->places_left--;
	return own->place++;
}

/* Interrupts off. */
static void make_due(struct llist_node *process)
{
	struct due *own = this_cpu_ptr(&due);
	bool first, many;

	/* The first has the worker come by and by, and one that is too many at once. */
	first = llist_add(process, &own->list);
	many = atomic_inc_return(&own->count) == READ_ONCE(due_max);
	if (first || many)
		fs_worker_fold(many);
}

/**
 * fs_ended_add - a process has ended
 * @process: nothing counts in it any more
 * @keep: whether it is worth a place
 *
 * In a hook, interrupts off.
 */
void fs_ended_add(struct llist_node *process, bool keep)
{
	struct ring *in = READ_ONCE(ring);
	struct llist_node *oldest = process;

	if (in->size && keep)
		oldest = xchg(&in->kept[place_next(in) % in->size], process);
	if (oldest)
		make_due(oldest);
}

/**
 * fs_ended_take_due - takes what a CPU is to fold
 * @cpu: which
 *
 * Process context. Returns a list, the last one first; may be NULL.
 */
struct llist_node *fs_ended_take_due(int cpu)
{
	struct due *some = per_cpu_ptr(&due, cpu);

	atomic_set(&some->count, 0);
	return llist_del_all(&some->list);
}

/**
 * fs_ended_is_due - whether a CPU has anything to fold
 * @cpu: which
 *
 * Any context.
 */
bool fs_ended_is_due(int cpu)
{
	return !llist_empty(&per_cpu_ptr(&due, cpu)->list);
}

static void place_make_due(struct llist_node **place)
{
	struct llist_node *process = xchg(place, NULL);
	unsigned long flags;

	if (!process)
		return;
	local_irq_save(flags);
	make_due(process);
	local_irq_restore(flags);
}

/**
 * fs_ended_make_due - has the oldest ended processes folded, to make room
 * @count: how many at most
 *
 * Process context.
 */
void fs_ended_make_due(unsigned int count)
{
	unsigned int from, i;

	mutex_lock(&ring_mutex);
	from = atomic_read(&ring->next);
	for (i = 0; i < ring->size && count; i++) {
		struct llist_node **place = &ring->kept[(from + i) % ring->size];

		if (READ_ONCE(*place)) {
			place_make_due(place);
			count--;
		}
		cond_resched();
	}
	mutex_unlock(&ring_mutex);
}

/**
 * fs_ended_make_due_if - has some of those that are kept folded
 * @fn: whether this one is
 *
 * Process context, and whatever keeps those that are due from being freed meanwhile.
 */
void fs_ended_make_due_if(bool (*fn)(const struct llist_node *process))
{
	unsigned int i;

	mutex_lock(&ring_mutex);
	for (i = 0; i < ring->size; i++) {
		const struct llist_node *process = READ_ONCE(ring->kept[i]);

		if (process && fn(process))
			place_make_due(&ring->kept[i]);
		cond_resched();
	}
	mutex_unlock(&ring_mutex);
}

/**
 * fs_ended_count - how many ended processes are kept
 *
 * Process context.
 */
unsigned int fs_ended_count(void)
{
	unsigned int count = 0, i;

	mutex_lock(&ring_mutex);
	for (i = 0; i < ring->size; i++)
		count += !!READ_ONCE(ring->kept[i]);
	mutex_unlock(&ring_mutex);
	return count;
}

static size_t ring_bytes(unsigned int size)
{
	return sizeof(struct ring) + size * sizeof(struct llist_node *);
}

/*
 * Moves what an old ring has, which no hook uses any more: the newest, as many as there is room
 * for.
 */
static void ring_move(struct ring *from, struct ring *to)
{
	unsigned int next = atomic_read(&from->next), skip, i;

	skip = from->size > to->size ? from->size - to->size : 0;
	for (i = 0; i < from->size; i++) {
		struct llist_node **place = &from->kept[(next + i) % from->size];
		unsigned long flags;

		if (i < skip) {
			place_make_due(place);
		} else if (*place) {
			local_irq_save(flags);
			fs_ended_add(*place, true);
			local_irq_restore(flags);
		}
		cond_resched();
	}
}

/*
 * Places that those which are due leave free: an eighth, or three for each CPU where that is more,
 * but no more than half. Of so few as mean nothing all are kept.
 */
static unsigned int spare_of(unsigned int keep)
{
	unsigned int cpus = num_online_cpus();

	return keep < 16 ? 0 : clamp(3 * cpus, min(keep / 8, 2 * DUE_MAX * cpus), keep / 2);
}

/**
 * fs_ended_keep - how many ended processes are to be kept
 * @count: may be 0; those that are due included
 *
 * Process context; waits for the hooks. Returns 0, or -ENOMEM with nothing changed.
 */
int fs_ended_keep(unsigned int count)
{
	unsigned int cpus = num_online_cpus(), size = count - spare_of(count);
	struct ring *new, *old;

	mutex_lock(&ring_mutex);
	old = ring;
	if (old && old->keep == count)
		goto out;
	new = fs_memory_zalloc(ring_bytes(size));
	if (!new) {
		mutex_unlock(&ring_mutex);
		return -ENOMEM;
	}
	new->keep = count;
	new->size = size;
	new->at_once = clamp(size / 4 / cpus, 1U, PLACES_MAX);
	/* Hooks that see the ring see its size. */
	smp_wmb();
	WRITE_ONCE(ring, new);
	/* Half of them, for more end until the worker runs. */
	WRITE_ONCE(due_max, clamp(spare_of(count) / 2 / cpus, 2U, DUE_MAX));
	if (old) {
		compat_synchronize_hooks();
		ring_move(old, new);
		fs_memory_free(old, ring_bytes(old->size));
	}
out:
	mutex_unlock(&ring_mutex);
	return 0;
}

/**
 * fs_ended_destroy - frees the ring; what is in it or due is in its shard's list, too
 *
 * Process context, with no hook left.
 */
void fs_ended_destroy(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		fs_ended_take_due(cpu);
	if (ring)
		fs_memory_free(ring, ring_bytes(ring->size));
	ring = NULL;
}
