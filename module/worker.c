// SPDX-License-Identifier: GPL-2.0
/*
 * Three works, each on a queue of its own: filling the pools, which hooks wait for in effect and
 * which therefore waits for nothing but memory; folding, on each CPU what that CPU has ended; and
 * housekeeping, which waits for grace periods. What they do is said at the start: nothing of it is
 * known here. A kick from a hook goes through irq_work, because queueing work takes a lock that
 * sleeps on PREEMPT_RT kernels up to 5.8.
 */
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>
#include "worker.h"

static bool stopping;
static bool room_wanted;
static unsigned long room_not_before;	/* jiffies, as the next */
static unsigned long room_asked;
static unsigned long refill_not_before;

static const struct fs_works *works;

static void refill_run(struct work_struct *work)
{
	works->refill();
}

static void house_run(struct work_struct *work)
{
	works->keep_house();
}

/**
 * struct fold_work - a CPU's folding
 * @kick: runs on the CPU
 * @work: likewise, but where the CPU went away; by and by: in a jiffy
 * @now: not by and by
 * @cpu: which
 */
struct fold_work {
	struct irq_work kick;
	struct delayed_work work;
	bool now;
	int cpu;
};

static DEFINE_PER_CPU(struct fold_work, fold_work);
static struct workqueue_struct *fold_queue;

static void fold_run(struct work_struct *work)
{
	works->fold(container_of(to_delayed_work(work), struct fold_work, work)->cpu);
}

static void fold_kicked(struct irq_work *irq_work)
{
	struct fold_work *fold = container_of(irq_work, struct fold_work, kick);

	if (fold->now)
		mod_delayed_work_on(fold->cpu, fold_queue, &fold->work, 0);
	else
		queue_delayed_work_on(fold->cpu, fold_queue, &fold->work, 1);
	fold->now = false;
}

static DECLARE_WORK(refill_work, refill_run);
static DECLARE_WORK(house_work, house_run);
static struct workqueue_struct *refill_queue;
static struct workqueue_struct *house_queue;

static void refill_kicked(struct irq_work *irq_work)
{
	queue_work(refill_queue, &refill_work);
}

static void house_kicked(struct irq_work *irq_work)
{
	queue_work(house_queue, &house_work);
}

static struct irq_work refill_kick;
static struct irq_work house_kick;

/**
 * fs_worker_refill - has the pools filled soon
 *
 * Any context but NMI, between fs_worker_start() and fs_worker_stop().
 */
void fs_worker_refill(void)
{
	if (!READ_ONCE(stopping))
		irq_work_queue(&refill_kick);
}

/**
 * fs_worker_refill_again - has the pools filled soon, unless that was tried a moment ago
 *
 * In a hook that lacks what the worker could not get either. Nobody says when there is memory
 * again: so it is tried a few times a second, for as long as something is lacking.
 */
void fs_worker_refill_again(void)
{
	unsigned long now = jiffies;

	if (time_before(now, READ_ONCE(refill_not_before)))
		return;
	WRITE_ONCE(refill_not_before, now + HZ / 4);
	fs_worker_refill();
}

/**
 * fs_worker_fold - has folded what this CPU has ended
 * @now: as soon as can be, and not by and by
 *
 * Interrupts off, between fs_worker_start() and fs_worker_stop().
 */
void fs_worker_fold(bool now)
{
	struct fold_work *fold = this_cpu_ptr(&fold_work);

	fold->now |= now;
	if (!READ_ONCE(stopping))
		irq_work_queue(&fold->kick);
}

/**
 * fs_worker_keep_house - has ended processes folded and surplus memory freed soon
 *
 * Any context but NMI, between fs_worker_start() and fs_worker_stop().
 */
void fs_worker_keep_house(void)
{
	if (!READ_ONCE(stopping))
		irq_work_queue(&house_kick);
}

/**
 * fs_worker_make_room - has room made for rows soon: of ended processes, and, unless that was
 *	tried a moment ago, of live ones
 *
 * In a hook, where a row was wanted, and there is none or are few. In a table that remains full
 * this comes at each new row, and on a file that is known by its handle at each fault: once a jiffy
 * is enough.
 */
void fs_worker_make_room(void)
{
	unsigned long now = jiffies;

	if (READ_ONCE(room_asked) == now)
		return;
	WRITE_ONCE(room_asked, now);
	if (!time_before(now, READ_ONCE(room_not_before)))
		WRITE_ONCE(room_wanted, true);
	fs_worker_keep_house();
}

/**
 * fs_worker_room_is_wanted - takes what fs_worker_make_room() asked for
 * @interval: in jiffies, for which nothing is asked for again
 *
 * In housekeeping.
 */
bool fs_worker_room_is_wanted(unsigned long interval)
{
	if (!READ_ONCE(room_wanted))
		return false;
	WRITE_ONCE(room_not_before, jiffies + interval);
	WRITE_ONCE(room_wanted, false);
	return true;
}

/**
 * fs_worker_room_again - has the next housekeeping make room, whenever that comes
 *
 * In housekeeping.
 */
void fs_worker_room_again(void)
{
	WRITE_ONCE(room_wanted, true);
}

/**
 * fs_worker_is_stopping - whether housekeeping is to come to an end
 *
 * In housekeeping.
 */
bool fs_worker_is_stopping(void)
{
	return READ_ONCE(stopping);
}

/**
 * fs_worker_start - makes the worker ready for kicks
 * @what: it is to do
 *
 * Process context. Returns 0 or -ENOMEM; fs_worker_stop() is right after either.
 */
int fs_worker_start(const struct fs_works *what)
{
	int cpu;

	works = what;
	refill_not_before = jiffies;
	init_irq_work(&refill_kick, refill_kicked);
	init_irq_work(&house_kick, house_kicked);
	for_each_possible_cpu(cpu) {
		struct fold_work *fold = &per_cpu(fold_work, cpu);

		fold->cpu = cpu;
		init_irq_work(&fold->kick, fold_kicked);
		INIT_DELAYED_WORK(&fold->work, fold_run);
	}
	/* Ordered queues are the kind that every kernel takes without a word. */
	refill_queue = alloc_ordered_workqueue("faultstat_refill", WQ_HIGHPRI);
	house_queue = alloc_ordered_workqueue("faultstat", 0);
	fold_queue = alloc_workqueue("faultstat_fold", WQ_HIGHPRI | COMPAT_WQ_PERCPU, 0);
	return refill_queue && house_queue && fold_queue ? 0 : -ENOMEM;
}

static void work_end(struct irq_work *kick, struct work_struct *work)
{
	irq_work_sync(kick);
	cancel_work_sync(work);
}

/**
 * fs_worker_stop - waits for the worker and ends it
 *
 * Process context, when no hook is left. The works themselves may still kick, since
 * folding may need a row: that is over once both have ended after @stopping.
 */
void fs_worker_stop(void)
{
	int cpu;

	WRITE_ONCE(stopping, true);
	work_end(&house_kick, &house_work);
	for_each_possible_cpu(cpu) {
		irq_work_sync(&per_cpu(fold_work, cpu).kick);
		cancel_delayed_work_sync(&per_cpu(fold_work, cpu).work);
	}
	work_end(&refill_kick, &refill_work);
	work_end(&house_kick, &house_work);
	if (fold_queue)
		destroy_workqueue(fold_queue);
	if (house_queue)
		destroy_workqueue(house_queue);
	if (refill_queue)
		destroy_workqueue(refill_queue);
}
