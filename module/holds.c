// SPDX-License-Identifier: GPL-2.0
/*
 * What holds.h measures, kept by the place where it began, and shown in debugfs. Only in a build of
 * its own. Between the begin and the end of anything here interrupts are off, so that each CPU
 * has its list of what has begun and a stretch has no interrupt in it.
 */
#include <linux/debugfs.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/timex.h>
#include "holds.h"

/* More locks than are ever held at once, and the stretches around them. */
#define DEPTH	16

/**
 * struct begun - a hold or a stretch that has not ended
 * @place: where it began
 * @lock: NULL for a stretch
 * @begin: time stamp
 * @own_before: what measuring had taken by then
 * @flags: of a stretch: interrupts as they were
 */
struct begun {
	struct fs_hold_place *place;
	const void *lock;
	u64 begin;
	u64 own_before;
	unsigned long flags;
};

/**
 * struct holds - a CPU's
 * @of: from the outermost in
 * @depth: how many there are
 * @own: what measuring has taken so far, which is nobody's
 */
struct holds {
	struct begun of[DEPTH];
	unsigned int depth;
	u64 own;
};

static DEFINE_PER_CPU(struct holds, holds);
static DEFINE_RAW_SPINLOCK(places_lock);
static struct fs_hold_place *places;	/* a list that only grows; places_lock to add */
static struct dentry *holds_file;

static void notrace begin_at(const void *lock, struct fs_hold_place *place, unsigned long flags)
{
	struct holds *own = this_cpu_ptr(&holds);
	u64 entered = get_cycles();
	struct begun *begun;

	if (WARN_ON_ONCE(own->depth == DEPTH))
		return;
	begun = &own->of[own->depth++];
	begun->place = place;
	begun->lock = lock;
	begun->flags = flags;
	begun->begin = get_cycles();
	own->own += begun->begin - entered;
	begun->own_before = own->own;
}

static void notrace place_note(struct fs_hold_place *place, u64 ticks)
{
	raw_spin_lock(&places_lock);
	if (!place->next) {
		/* The last one's next is itself, for none is one that is not in it. */
		place->next = places ? places : place;
		WRITE_ONCE(places, place);
	}
	if (ticks > place->longest)
		place->longest = ticks;
	place->count++;
	raw_spin_unlock(&places_lock);
}

/* Locks are not given back in the order in which they were taken. Returns how interrupts were. */
static unsigned long notrace end_at(const void *lock)
{
	struct holds *own = this_cpu_ptr(&holds);
	unsigned int at = own->depth, i;
	u64 ended = get_cycles();
	unsigned long flags;

	while (at && own->of[at - 1].lock != lock)
		at--;
	if (WARN_ON_ONCE(!at))
		return 0;
	at--;
	place_note(own->of[at].place,
		   ended - own->of[at].begin - (own->own - own->of[at].own_before));
	flags = own->of[at].flags;
	own->depth--;
	for (i = at; i < own->depth; i++)
		own->of[i] = own->of[i + 1];
	own->own += get_cycles() - ended;
	return flags;
}

/**
 * fs_hold_begin_at - a lock has been taken
 * @lock: which
 * @place: where
 *
 * Interrupts off.
 */
void notrace fs_hold_begin_at(const void *lock, struct fs_hold_place *place)
{
	begin_at(lock, place, 0);
}

/**
 * fs_hold_end - a lock is given back
 * @lock: which
 *
 * Interrupts off.
 */
void notrace fs_hold_end(const void *lock)
{
	end_at(lock);
}

/**
 * fs_stretch_begin_at - preemption is off from here on
 * @place: where
 *
 * Any context but NMI, preemption off.
 */
void notrace fs_stretch_begin_at(struct fs_hold_place *place)
{
	unsigned long flags;

	local_irq_save(flags);
	begin_at(NULL, place, flags);
}

/**
 * fs_stretch_end - preemption will be on again
 *
 * The same context.
 */
void notrace fs_stretch_end(void)
{
	local_irq_restore(end_at(NULL));
}

/* Lines "KIND LONGEST COUNT FILE:LINE FUNCTION". */
static int holds_show(struct seq_file *seq, void *unused)
{
	struct fs_hold_place *place, *next;

	for (place = READ_ONCE(places); place; place = next) {
		const char *slash = strrchr(place->file, '/');

		seq_printf(seq, "%s %llu %llu %s:%u %s\n", place->kind,
			   READ_ONCE(place->longest), READ_ONCE(place->count),
			   slash ? slash + 1 : place->file, place->line, place->function);
		next = place->next == place ? NULL : place->next;
	}
	return 0;
}

static int holds_open(struct inode *inode, struct file *file)
{
	return single_open(file, holds_show, NULL);
}

/* Whatever is written: all is forgotten. */
static ssize_t holds_write(struct file *file, const char __user *text, size_t size, loff_t *at)
{
	struct fs_hold_place *place, *next;
	unsigned long flags;

	raw_spin_lock_irqsave(&places_lock, flags);
	for (place = places; place; place = next) {
		place->longest = 0;
		place->count = 0;
		next = place->next == place ? NULL : place->next;
	}
	raw_spin_unlock_irqrestore(&places_lock, flags);
	return size;
}

static const struct file_operations holds_operations = {
	.owner = THIS_MODULE,
	.open = holds_open,
	.read = seq_read,
	.write = holds_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * fs_holds_start - shows what is measured
 *
 * Process context.
 */
void fs_holds_start(void)
{
	holds_file = debugfs_create_file("faultstat-holds", 0600, NULL, NULL, &holds_operations);
}

/**
 * fs_holds_stop - does so no longer
 *
 * Process context.
 */
void fs_holds_stop(void)
{
	debugfs_remove(holds_file);
}
