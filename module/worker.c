// SPDX-License-Identifier: GPL-2.0
/*
 * Two works, each on a queue of its own: filling the pools, which hooks wait for in
 * effect and which therefore waits for nothing but memory; and housekeeping, which
 * waits for grace periods. What they do is said at the start: nothing of it is known
 * here. A kick from a hook goes through irq_work, because queueing work takes a lock
 * that sleeps on PREEMPT_RT kernels up to 5.8.
 */
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/workqueue.h>
#include "worker.h"

static bool stopping;
static bool room_wanted;
static unsigned long room_not_before;	/* jiffies */

static void (*refill)(void);
static void (*keep_house)(void);

static void refill_run(struct work_struct *work)
{
	refill();
}

static void house_run(struct work_struct *work)
{
	keep_house();
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
 * fs_worker_make_room - has rows of live processes make room soon, unless that was tried
 *	a moment ago
 *
 * In a hook, where a row was wanted and not to be had.
 */
void fs_worker_make_room(void)
{
	if (time_before(jiffies, READ_ONCE(room_not_before)))
		return;
	/* On a file that is known by its handle this comes at each fault. */
	if (!READ_ONCE(room_wanted))
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
 * @refill_fn: fills the pools; process context, sleeps
 * @keep_house_fn: does all other work; likewise
 *
 * Process context. Returns 0 or -ENOMEM; fs_worker_stop() is right after either.
 */
int fs_worker_start(void (*refill_fn)(void), void (*keep_house_fn)(void))
{
	refill = refill_fn;
	keep_house = keep_house_fn;
	init_irq_work(&refill_kick, refill_kicked);
	init_irq_work(&house_kick, house_kicked);
	/* Ordered queues are the kind that every kernel takes without a word. */
	refill_queue = alloc_ordered_workqueue("faultstat_refill", WQ_HIGHPRI);
	house_queue = alloc_ordered_workqueue("faultstat", 0);
	return refill_queue && house_queue ? 0 : -ENOMEM;
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
	WRITE_ONCE(stopping, true);
	work_end(&house_kick, &house_work);
	work_end(&refill_kick, &refill_work);
	work_end(&house_kick, &house_work);
	if (house_queue)
		destroy_workqueue(house_queue);
	if (refill_queue)
		destroy_workqueue(refill_queue);
}
