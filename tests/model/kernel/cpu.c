// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs, preemption, interrupts, locks. See sync.h.
 */
#include <sched.h>
#include <time.h>
#include <unistd.h>
#include "imitation.h"

int nr_cpu_ids;
int nr_node_ids = 1;
__thread struct model_thread model_thread = { .cpu = -1, .home = -1 };
void (*model_softirq)(int cpu);

extern char __stop_percpu_first[];
char *model_percpu[MODEL_CPUS_MAX];

/**
 * struct cpu - a CPU
 * @lock: whoever runs on it and cannot be preempted
 * @waiting: who else wants to
 * @irq_works: what its next interrupt runs; @lock
 */
static struct cpu {
	pthread_mutex_t lock;
	int waiting;
	struct irq_work *irq_works;
} cpus[MODEL_CPUS_MAX];

/**
 * model_cpus_start - makes the CPUs and what is per CPU
 * @count: of CPUs
 */
void model_cpus_start(int count)
{
	size_t size = __stop_percpu_first - __start_percpu_first;
	int cpu;

	MODEL_ASSERT(count <= MODEL_CPUS_MAX);
	nr_cpu_ids = count;
	for (cpu = 0; cpu < count; cpu++) {
		pthread_mutex_init(&cpus[cpu].lock, NULL);
		MODEL_ASSERT(!posix_memalign((void **)&model_percpu[cpu], 64, size));
		memcpy(model_percpu[cpu], __start_percpu_first, size);
	}
}

/**
 * model_thread_start - what every thread says first
 * @seed: of its random numbers
 * @home: its CPU, or -1 for any
 */
void model_thread_start(u64 seed, int home)
{
	model_thread.home = home;
	model_thread.random = seed * 0x9e3779b97f4a7c15ULL | 1;
}

/**
 * model_random - a random number of this thread
 */
u64 model_random(void)
{
	u64 x = model_thread.random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	model_thread.random = x;
	return x * 0x2545f4914f6cdd1dULL >> 16;
}

void get_random_bytes(void *to, size_t size)
{
	unsigned char *at = to;

	while (size--)
		*at++ = model_random();
}

static void cpu_take(void)
{
	int cpu = model_thread.home;

	if (cpu < 0)
		cpu = model_random() % nr_cpu_ids;
	if (pthread_mutex_trylock(&cpus[cpu].lock)) {
		__atomic_fetch_add(&cpus[cpu].waiting, 1, __ATOMIC_RELAXED);
		pthread_mutex_lock(&cpus[cpu].lock);
		__atomic_fetch_sub(&cpus[cpu].waiting, 1, __ATOMIC_RELAXED);
	}
	model_thread.cpu = cpu;
}

static void cpu_give(void)
{
	int cpu = model_thread.cpu;

	model_thread.cpu = -1;
	pthread_mutex_unlock(&cpus[cpu].lock);
	/* Else the next one of this thread would mostly be before who waits. */
	if (__atomic_load_n(&cpus[cpu].waiting, __ATOMIC_RELAXED))
		sched_yield();
}

/**
 * model_synchronize - waits for every hook that runs now
 */
void model_synchronize(void)
{
	int cpu;

	might_sleep();
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		pthread_mutex_lock(&cpus[cpu].lock);
		pthread_mutex_unlock(&cpus[cpu].lock);
	}
}

static void softirq_run(void)
{
	if (!model_softirq || model_thread.in_interrupt != IN_TASK)
		return;
	model_thread.in_interrupt = IN_SOFTIRQ;
	model_thread.preempt++;
	model_softirq(model_thread.cpu);
	model_thread.preempt--;
	model_thread.in_interrupt = IN_TASK;
}

/**
 * model_read_unseen - reads a number, or a pointer, without ThreadSanitizer's knowing
 * @from: where
 * @size: of it
 */
__attribute__((no_sanitize("thread"))) noinline
u64 model_read_unseen(const volatile void *from, size_t size)
{
	switch (size) {
	case 1: return *(const volatile u8 *)from;
	case 2: return *(const volatile u16 *)from;
	case 4: return *(const volatile u32 *)from;
	default: return *(const volatile u64 *)from;
	}
}

/* With interrupts off. */
static void irq_works_run(void)
{
	struct cpu *cpu = &cpus[model_thread.cpu];
	enum model_context context = model_thread.in_interrupt;
	struct irq_work *work;

	model_thread.in_interrupt = IN_IRQ;
	while ((work = cpu->irq_works)) {
		cpu->irq_works = work->next;
		__atomic_store_n(&work->busy, 2, __ATOMIC_SEQ_CST);
		work->func(work);
		/* Asked for again meanwhile it is 1. */
		__atomic_compare_exchange_n(&work->busy, &(int){ 2 }, 0, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST);
	}
	model_thread.in_interrupt = context;
}

/**
 * model_shake - lets others run, or an interrupt come, now and then
 */
void model_shake(void)
{
	u64 random = model_random();

	if (random % 64)
		return;
	random >>= 8;
	if (model_thread.preempt && !model_thread.irqs_off && random % 4 == 0)
		softirq_run();
	else if (random % 16 == 1)
		usleep(random >> 8 & 255);
	else if (random % 4 == 2)
		sched_yield();
}

void preempt_disable(void)
{
	if (!model_is_atomic())
		cpu_take();
	model_thread.preempt++;
}

void preempt_enable(void)
{
	MODEL_ASSERT(model_thread.preempt > 0);
	if (model_thread.preempt == 1 && !model_thread.irqs_off && model_random() % 8 == 0)
		softirq_run();
	if (!--model_thread.preempt && !model_thread.irqs_off)
		cpu_give();
}

unsigned long model_irq_save(void)
{
	unsigned long flags = model_thread.irqs_off;

	if (!model_is_atomic())
		cpu_take();
	model_thread.irqs_off = true;
	return flags;
}

void local_irq_restore(unsigned long flags)
{
	MODEL_ASSERT(model_thread.irqs_off);
	if (flags)
		return;
	if (model_thread.in_interrupt != IN_IRQ)
		irq_works_run();
	model_thread.irqs_off = false;
	if (model_thread.preempt)
		model_shake();
	else
		cpu_give();
}

/**
 * model_tick - an interrupt on a CPU that may be idle
 * @cpu: which
 */
void model_tick(int cpu)
{
	int home = model_thread.home;

	model_thread.home = cpu;
	preempt_disable();
	softirq_run();
	preempt_enable();
	model_thread.home = home;
}

void init_irq_work(struct irq_work *work, void (*func)(struct irq_work *work))
{
	work->func = func;
	work->next = NULL;
	work->busy = 0;
}

void irq_work_queue(struct irq_work *work)
{
	unsigned long flags;
	struct cpu *cpu;

	if (__atomic_exchange_n(&work->busy, 1, __ATOMIC_SEQ_CST) == 1)
		return;
	local_irq_save(flags);
	cpu = &cpus[model_thread.cpu];
	work->next = cpu->irq_works;
	cpu->irq_works = work;
	local_irq_restore(flags);
}

void irq_work_sync(struct irq_work *work)
{
	might_sleep();
	while (__atomic_load_n(&work->busy, __ATOMIC_SEQ_CST))
		usleep(100);
}

/* Locks. */

void raw_spin_lock_init(raw_spinlock_t *lock)
{
	pthread_mutex_init(&lock->mutex, NULL);
}

void raw_spin_lock(raw_spinlock_t *lock)
{
	MODEL_ASSERT(model_thread.irqs_off);
	model_shake();
	pthread_mutex_lock(&lock->mutex);
}

void raw_spin_unlock(raw_spinlock_t *lock)
{
	pthread_mutex_unlock(&lock->mutex);
	model_shake();
}

void mutex_lock(struct mutex *mutex)
{
	might_sleep();
	pthread_mutex_lock(&mutex->mutex);
}

void mutex_unlock(struct mutex *mutex)
{
	pthread_mutex_unlock(&mutex->mutex);
}

void down_read(struct rw_semaphore *sem)
{
	might_sleep();
	pthread_rwlock_rdlock(&sem->lock);
}

void up_read(struct rw_semaphore *sem)
{
	pthread_rwlock_unlock(&sem->lock);
}

void down_write(struct rw_semaphore *sem)
{
	might_sleep();
	pthread_rwlock_wrlock(&sem->lock);
}

void up_write(struct rw_semaphore *sem)
{
	pthread_rwlock_unlock(&sem->lock);
}

/* Time. */

ktime_t ktime_get(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

unsigned long model_jiffies(void)
{
	return ktime_get() / 1000000;
}
