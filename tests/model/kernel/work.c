// SPDX-License-Identifier: GPL-2.0
/*
 * Work queues: a thread for each, and for each CPU where a queue has one of its own there.
 */
#include <time.h>
#include <unistd.h>
#include "imitation.h"

/**
 * struct model_queue - what one thread works at
 * @lock: for all of it
 * @wake: something is queued, or it is to stop
 * @idle: a work has ended
 * @first: of those that are queued
 * @cpu: where it runs; -1: anywhere
 */
struct model_queue {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_cond_t idle;
	struct work_struct *first;
	pthread_t thread;
	int cpu;
	bool stop;
};

struct workqueue_struct {
	int count;
	struct model_queue queues[];
};

/* Queued or running, in all queues. */
static int works_busy;

/* Under the lock: the first that is due, taken out; else when to look again. */
static struct work_struct *work_due(struct model_queue *queue, unsigned long *next)
{
	struct work_struct **at, *work;

	*next = jiffies + 1000;
	for (at = &queue->first; (work = *at); at = &work->next) {
		if (!time_before(jiffies, work->due)) {
			*at = work->next;
			return work;
		}
		if (time_before(work->due, *next))
			*next = work->due;
	}
	return NULL;
}

static void queue_wait(struct model_queue *queue, unsigned long until)
{
	struct timespec when = { .tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000 };

	pthread_cond_timedwait(&queue->wake, &queue->lock, &when);
}

static void *queue_run(void *data)
{
	struct model_queue *queue = data;
	struct work_struct *work;
	unsigned long next;

	model_thread_start((unsigned long)queue, queue->cpu);
	pthread_mutex_lock(&queue->lock);
	while (!queue->stop) {
		work = work_due(queue, &next);
		if (!work) {
			queue_wait(queue, next);
			continue;
		}
		work->running = true;
		__atomic_store_n(&work->pending, 0, __ATOMIC_SEQ_CST);
		pthread_mutex_unlock(&queue->lock);
		work->func(work);
		MODEL_ASSERT(!model_is_atomic());
		pthread_mutex_lock(&queue->lock);
		work->running = false;
		__atomic_fetch_sub(&works_busy, 1, __ATOMIC_SEQ_CST);
		pthread_cond_broadcast(&queue->idle);
	}
	pthread_mutex_unlock(&queue->lock);
	return NULL;
}

/**
 * model_queues - a queue for each CPU, or one
 * @count: 1, or as many as there are CPUs
 */
struct workqueue_struct *model_queues(int count)
{
	struct workqueue_struct *some;
	pthread_condattr_t clock;
	int i;

	some = model_alloc(sizeof(*some) + count * sizeof(some->queues[0]), true);
	if (!some)
		return NULL;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	some->count = count;
	for (i = 0; i < count; i++) {
		struct model_queue *queue = &some->queues[i];

		queue->cpu = count > 1 ? i : -1;
		pthread_mutex_init(&queue->lock, NULL);
		pthread_cond_init(&queue->wake, &clock);
		pthread_cond_init(&queue->idle, NULL);
		MODEL_ASSERT(!pthread_create(&queue->thread, NULL, queue_run, queue));
	}
	return some;
}

void destroy_workqueue(struct workqueue_struct *some)
{
	int i;

	for (i = 0; i < some->count; i++) {
		struct model_queue *queue = &some->queues[i];

		pthread_mutex_lock(&queue->lock);
		MODEL_ASSERT(!queue->first);
		queue->stop = true;
		pthread_cond_signal(&queue->wake);
		pthread_mutex_unlock(&queue->lock);
		pthread_join(queue->thread, NULL);
		pthread_cond_destroy(&queue->wake);
		pthread_cond_destroy(&queue->idle);
		pthread_mutex_destroy(&queue->lock);
	}
	kfree(some);
}

/**
 * model_queue_later - queues a work
 * @some: the queues
 * @cpu: whose
 * @work: what
 * @delay: jiffies
 * @sooner: whether it is to come earlier where it is queued already
 */
void model_queue_later(struct workqueue_struct *some, int cpu, struct work_struct *work,
		       unsigned long delay, bool sooner)
{
	struct model_queue *queue = &some->queues[some->count > 1 ? cpu : 0];
	struct work_struct **at;

	if (__atomic_exchange_n(&work->pending, 1, __ATOMIC_SEQ_CST)) {
		if (!sooner)
			return;
		pthread_mutex_lock(&queue->lock);
		work->due = jiffies + delay;
		pthread_cond_signal(&queue->wake);
		pthread_mutex_unlock(&queue->lock);
		return;
	}
	__atomic_fetch_add(&works_busy, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_lock(&queue->lock);
	work->queue = queue;
	work->due = jiffies + delay;
	work->next = NULL;
	for (at = &queue->first; *at; at = &(*at)->next)
		;
	*at = work;
	pthread_cond_signal(&queue->wake);
	pthread_mutex_unlock(&queue->lock);
}

bool queue_work(struct workqueue_struct *some, struct work_struct *work)
{
	model_queue_later(some, 0, work, 0, false);
	return true;
}

void cancel_work_sync(struct work_struct *work)
{
	struct model_queue *queue = work->queue;
	struct work_struct **at;

	might_sleep();
	if (!queue)
		return;
	pthread_mutex_lock(&queue->lock);
	for (at = &queue->first; *at; at = &(*at)->next) {
		if (*at != work)
			continue;
		*at = work->next;
		__atomic_store_n(&work->pending, 0, __ATOMIC_SEQ_CST);
		__atomic_fetch_sub(&works_busy, 1, __ATOMIC_SEQ_CST);
		break;
	}
	while (work->running)
		pthread_cond_wait(&queue->idle, &queue->lock);
	pthread_mutex_unlock(&queue->lock);
}

/**
 * model_works_are_idle - whether no work is queued or runs
 */
bool model_works_are_idle(void)
{
	return !__atomic_load_n(&works_busy, __ATOMIC_SEQ_CST);
}
