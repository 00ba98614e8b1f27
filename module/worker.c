// SPDX-License-Identifier: GPL-2.0
/*
 * A kick from a hook goes through irq_work, because queueing work takes a lock
 * that sleeps on PREEMPT_RT kernels up to 5.8; the irq_work queues the work.
 */
#include <linux/irq_work.h>
#include <linux/workqueue.h>
#include "fold.h"
#include "pool.h"
#include "worker.h"

static struct workqueue_struct *queue;
static bool stopping;

static void worker_run(struct work_struct *work)
{
	/* Folding frees what the pools would otherwise have to allocate. */
	while (fold_run() && !READ_ONCE(stopping))
		cond_resched();
	pool_refill();
	if (pool_has_surplus())
		pool_trim();
}

static DECLARE_WORK(work, worker_run);

static void worker_queue(struct irq_work *irq_work)
{
	queue_work(queue, &work);
}

static struct irq_work kick;

/**
 * worker_kick - has the worker run soon
 *
 * Any context but NMI, between worker_start() and worker_stop().
 */
void worker_kick(void)
{
	if (!READ_ONCE(stopping))
		irq_work_queue(&kick);
}

/**
 * worker_start - makes the worker ready for kicks
 *
 * Process context. Returns 0 or -ENOMEM.
 */
int worker_start(void)
{
	init_irq_work(&kick, worker_queue);
	/* Its own queue, so that nobody's long work holds ours up; ordered is clean on 7.x. */
	queue = alloc_ordered_workqueue("faultstat", WQ_HIGHPRI);
	return queue ? 0 : -ENOMEM;
}

/**
 * worker_stop - waits for the worker and ends it
 *
 * Process context, when nothing can kick any more.
 */
void worker_stop(void)
{
	/* The worker itself kicks: what it folds may need a row. */
	WRITE_ONCE(stopping, true);
	irq_work_sync(&kick);
	cancel_work_sync(&work);
	irq_work_sync(&kick);
	cancel_work_sync(&work);
	destroy_workqueue(queue);
}
