// SPDX-License-Identifier: GPL-2.0
/*
 * Two works, each on a queue of its own: filling the pools, which hooks wait for in
 * effect and which therefore waits for nothing but memory; and housekeeping, which
 * waits for grace periods. A kick from a hook goes through irq_work, because
 * queueing work takes a lock that sleeps on PREEMPT_RT kernels up to 5.8.
 */
#include <linux/irq_work.h>
#include <linux/workqueue.h>
#include "cold.h"
#include "fold.h"
#include "pool.h"
#include "worker.h"

static bool stopping;

static void refill_run(struct work_struct *work)
{
	fs_pool_refill();
}

static void house_run(struct work_struct *work)
{
	while (fs_fold_run() && !READ_ONCE(stopping))
		cond_resched();
	fs_cold_run();
	if (fs_pool_has_surplus())
		fs_pool_trim();
	/* What was freed may be what some pool could not get. */
	fs_pool_refill();
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
 * fs_worker_start - makes the worker ready for kicks
 *
 * Process context. Returns 0 or -ENOMEM; fs_worker_stop() is right after either.
 */
int fs_worker_start(void)
{
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
