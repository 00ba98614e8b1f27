/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What runs at the same time, and what orders it.
 *
 * A CPU is a lock. Whoever has preemption or interrupts off holds one and is on that CPU; so
 * what two do there is one after the other, as the kernel has it, and what runs with preemption
 * on is on none. Waiting for the hooks is taking and giving back each CPU once. An interrupt
 * comes where interrupts are turned on, or at a barrier while they are on: it runs irq_work,
 * and frees tasks.
 *
 * For ThreadSanitizer, which knows no fences, the rules are those of x86 and of the kernel's
 * own KCSAN:
 *
 * - WRITE_ONCE() of a pointer is a release: on x86 no store overtakes another, so whoever finds
 *   what a thread has found itself finds it whole. Not so where a thing is published that was
 *   made a moment ago (MODEL_PUBLISHES()), since the compiler may move what made it: it is a
 *   release only if it is the first store after smp_wmb(). Of a number it is likewise, else it
 *   orders nothing.
 * - READ_ONCE() of a pointer is an acquire, for what is read by it.
 * - READ_ONCE() of a number, or of what is only compared, is not seen at all: it orders
 *   nothing, and a plain store of a word that races with it is none that the kernel minds.
 * - All else is a plain access, and races are reported. Those that are meant are in
 *   suppressions.txt.
 */
#ifndef MODEL_SYNC_H
#define MODEL_SYNC_H

#define MODEL_CPUS_MAX	16

extern int nr_cpu_ids;

enum model_context { IN_TASK, IN_SOFTIRQ, IN_IRQ };

/**
 * struct model_thread - what a thread of the test is doing
 * @current: the task that runs
 * @cpu: where it is; -1 while it may be preempted
 * @home: where it goes; -1: anywhere
 * @preempt: how often preemption was turned off
 * @irqs_off: whether interrupts are
 * @in_interrupt: whether it handles one, and which kind
 * @published: whether smp_wmb() was said since the last WRITE_ONCE()
 * @random: state of its random numbers
 */
struct model_thread {
	struct task_struct *current;
	int cpu;
	int home;
	int preempt;
	bool irqs_off;
	enum model_context in_interrupt;
	bool published;
	u64 random;
};

extern __thread struct model_thread model_thread;
#define current			(model_thread.current)

void model_cpus_start(int cpus);
void model_thread_start(u64 seed, int home);
void model_shake(void);
void model_synchronize(void);
void model_tick(int cpu);
extern void (*model_softirq)(int cpu);

/* Accesses and their order. */
#define barrier()		({ asm volatile("" ::: "memory"); model_shake(); })
#define smp_rmb()		barrier()
#define smp_wmb()		({ barrier(); model_thread.published = true; })
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)

#define MODEL_IS_POINTER(x)	(__builtin_classify_type(x) == 5)
#define MODEL_IN_TEXT(x, word)	(!!__builtin_strstr(#x, word))
/* The head of a stack, and whose a task state is, are compared and not followed. */
#define MODEL_IS_HINT(x)						\
	(!MODEL_IS_POINTER(x) || MODEL_IN_TEXT(x, "head") || MODEL_IN_TEXT(x, "state->task"))
/* Buckets of indexes, a row's heat, cells of a CPU, the ring. */
#define MODEL_PUBLISHES(x)						\
	(!MODEL_IS_POINTER(x) || MODEL_IN_TEXT(x, "*bucket") || MODEL_IN_TEXT(x, "->heat") ||	\
	 MODEL_IN_TEXT(x, "cells[") || MODEL_IN_TEXT(x, "ring"))

u64 model_read_unseen(const volatile void *from, size_t size);
#define READ_ONCE(x)							\
	(MODEL_IS_HINT(x) ? (typeof(x))model_read_unseen(&(x), sizeof(x)) :	\
			    __atomic_load_n(&(x), __ATOMIC_ACQUIRE))
#define WRITE_ONCE(x, value) do {					\
	if (model_thread.published || !MODEL_PUBLISHES(x))		\
		__atomic_store_n(&(x), value, __ATOMIC_RELEASE);	\
	else								\
		__atomic_store_n(&(x), value, __ATOMIC_RELAXED);	\
	model_thread.published = false;					\
} while (0)
#define xchg(at, value)		__atomic_exchange_n(at, value, __ATOMIC_SEQ_CST)
#define cmpxchg(at, old, value) ({					\
	__typeof__(*(at)) model_old = old;				\
									\
	__atomic_compare_exchange_n(at, &model_old, value, false,	\
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);\
	model_old;							\
})

typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;
typedef struct { u64 counter; } local_t;
#define ATOMIC_INIT(value)	{ value }
#define ATOMIC64_INIT(value)	{ value }
#define atomic_read(v)		__atomic_load_n(&(v)->counter, __ATOMIC_RELAXED)
#define atomic_set(v, n)	__atomic_store_n(&(v)->counter, n, __ATOMIC_RELAXED)
#define atomic_add(n, v)	((void)__atomic_fetch_add(&(v)->counter, n, __ATOMIC_RELAXED))
#define atomic_sub(n, v)	((void)__atomic_fetch_sub(&(v)->counter, n, __ATOMIC_RELAXED))
#define atomic_inc(v)		atomic_add(1, v)
#define atomic_dec(v)		atomic_sub(1, v)
#define atomic_add_return(n, v)	__atomic_add_fetch(&(v)->counter, n, __ATOMIC_SEQ_CST)
#define atomic_inc_return(v)	atomic_add_return(1, v)
#define atomic64_read		atomic_read
#define atomic64_set		atomic_set
#define atomic64_add		atomic_add
#define atomic64_sub		atomic_sub
#define atomic64_inc		atomic_inc
#define atomic64_add_return	(u64)atomic_add_return
#define atomic64_inc_return(v)	atomic_add_return(1, v)

/* Preemption and interrupts. */
void preempt_disable(void);
void preempt_enable(void);
unsigned long model_irq_save(void);
void local_irq_restore(unsigned long flags);
#define local_irq_save(flags)	((flags) = model_irq_save())
#define in_nmi()		false
#define rcu_read_lock()		preempt_disable()
#define rcu_read_unlock()	preempt_enable()
#define rcu_dereference(x)	READ_ONCE(x)
#define rcu_assign_pointer(x, value) __atomic_store_n(&(x), value, __ATOMIC_RELEASE)
#define synchronize_rcu()	model_synchronize()

static inline bool model_is_atomic(void)
{
	return model_thread.preempt || model_thread.irqs_off;
}

#define might_sleep()		MODEL_ASSERT(!model_is_atomic())
#define cond_resched()		do { might_sleep(); model_shake(); } while (0)

static inline int smp_processor_id(void)
{
	MODEL_ASSERT(model_is_atomic());
	return model_thread.cpu;
}

#define numa_mem_id()		cpu_to_mem(smp_processor_id())

/* Increments that no interrupt divides, of what other CPUs may be reading. */
static inline void model_add_here(u64 *at, u64 n)
{
	__atomic_store_n(at, __atomic_load_n(at, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

static inline void local_inc(local_t *at)
{
	MODEL_ASSERT(model_is_atomic());
	model_add_here(&at->counter, 1);
}

/* What each CPU has: in copies of a section. */
extern char *model_percpu[MODEL_CPUS_MAX];
extern char __start_percpu_first[];
#define MODEL_PERCPU		__attribute__((section("percpu_first")))
#define DEFINE_PER_CPU(type, name)	MODEL_PERCPU typeof(type) name
#define DECLARE_PER_CPU(type, name)	extern MODEL_PERCPU typeof(type) name
#define per_cpu_ptr(ptr, cpu)						\
	((typeof(ptr))(model_percpu[cpu] + ((char *)(ptr) - __start_percpu_first)))
#define per_cpu(name, cpu)	(*per_cpu_ptr(&(name), cpu))
#define this_cpu_ptr(ptr)	per_cpu_ptr(ptr, smp_processor_id())
#define this_cpu_add(name, n) do {					\
	unsigned long __flags = model_irq_save();			\
	model_add_here(this_cpu_ptr(&(name)), n);			\
	local_irq_restore(__flags);					\
} while (0)
#define this_cpu_inc(name)	this_cpu_add(name, 1)

/* CPUs and bits. */
#define num_online_cpus()	((unsigned int)nr_cpu_ids)
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < nr_cpu_ids; (cpu)++)
#define for_each_online_cpu	for_each_possible_cpu
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]
#define bitmap_zero(map, bits)	memset(map, 0, BITS_TO_LONGS(bits) * sizeof(long))
#define bitmap_weight(map, bits) ({					\
	unsigned int __bit, __count = 0;				\
									\
	for_each_set_bit(__bit, map, bits)				\
		__count++;						\
	__count;							\
})
#define model_bit(bit)		(1UL << (bit) % 64)
#define set_bit(bit, map)						\
	((void)__atomic_fetch_or((map) + (bit) / 64, model_bit(bit), __ATOMIC_RELAXED))
#define clear_bit(bit, map)						\
	((void)__atomic_fetch_and((map) + (bit) / 64, ~model_bit(bit), __ATOMIC_RELAXED))
#define test_bit(bit, map)						\
	(!!(__atomic_load_n((map) + (bit) / 64, __ATOMIC_RELAXED) & model_bit(bit)))
#define test_and_set_bit(bit, map)					\
	(!!(__atomic_fetch_or((map) + (bit) / 64, model_bit(bit), __ATOMIC_SEQ_CST) &	\
	    model_bit(bit)))
#define for_each_set_bit(bit, map, size)				\
	for ((bit) = 0; (bit) < (size); (bit)++)			\
		if (test_bit(bit, map))

/* Locks. */
typedef struct { pthread_mutex_t mutex; } raw_spinlock_t;
struct mutex { pthread_mutex_t mutex; };
struct rw_semaphore { pthread_rwlock_t lock; };
typedef struct { unsigned int sequence; } seqcount_t;
struct lock_class_key { int unused; };

#define DEFINE_RAW_SPINLOCK(name) raw_spinlock_t name = { PTHREAD_MUTEX_INITIALIZER }
#define DEFINE_MUTEX(name)	struct mutex name = { PTHREAD_MUTEX_INITIALIZER }
#define __MUTEX_INITIALIZER(name) { PTHREAD_MUTEX_INITIALIZER }
#define __RAW_SPIN_LOCK_UNLOCKED(name) { PTHREAD_MUTEX_INITIALIZER }
#define __RWSEM_INITIALIZER(name) { PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP }
#define SINGLE_DEPTH_NESTING	1
#define lockdep_set_class_and_name(lock, key, name)	((void)(key), (void)(name))

void raw_spin_lock_init(raw_spinlock_t *lock);
void raw_spin_lock(raw_spinlock_t *lock);
void raw_spin_unlock(raw_spinlock_t *lock);
#define raw_spin_lock_nested(lock, depth)	((void)(depth), raw_spin_lock(lock))
#define raw_spin_lock_irqsave_nested(lock, flags, depth) do {		\
	(flags) = model_irq_save();					\
	raw_spin_lock_nested(lock, depth);				\
} while (0)
#define raw_spin_unlock_irqrestore(lock, flags) do {			\
	raw_spin_unlock(lock);						\
	local_irq_restore(flags);					\
} while (0)

void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
void down_read(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void down_write(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);

static inline void seqcount_init(seqcount_t *count)
{
	count->sequence = 0;
}

static inline unsigned int raw_seqcount_begin(const seqcount_t *count)
{
	return __atomic_load_n(&count->sequence, __ATOMIC_ACQUIRE) & ~1U;
}

static inline bool read_seqcount_retry(const seqcount_t *count, unsigned int before)
{
	model_shake();
	return __atomic_load_n(&count->sequence, __ATOMIC_ACQUIRE) != before;
}

static inline void raw_write_seqcount_begin(seqcount_t *count)
{
	__atomic_fetch_add(&count->sequence, 1, __ATOMIC_ACQ_REL);
}

#define raw_write_seqcount_end	raw_write_seqcount_begin

/* Works. */
struct work_struct;
struct irq_work;
struct workqueue_struct;
typedef void (*work_func_t)(struct work_struct *work);

/**
 * struct irq_work - a function for a CPU's next interrupt
 * @func: the function
 * @next: in the CPU's list
 * @busy: 1 when it is asked for, 2 while it runs
 */
struct irq_work {
	void (*func)(struct irq_work *work);
	struct irq_work *next;
	int busy;
};

/**
 * struct work_struct - a function for a queue
 * @func: the function
 * @next: in the queue
 * @due: in jiffies, when it is to run
 * @queue: where it was queued last
 * @pending: whether it is queued
 * @running: whether it runs
 */
struct work_struct {
	work_func_t func;
	struct work_struct *next;
	unsigned long due;
	struct model_queue *queue;
	int pending;
	bool running;
};

struct delayed_work {
	struct work_struct work;
};

#define DECLARE_WORK(name, function)	struct work_struct name = { .func = function }
#define INIT_DELAYED_WORK(delayed, function)				\
	((delayed)->work = (struct work_struct){ .func = function })
#define to_delayed_work(some)	container_of(some, struct delayed_work, work)
#define WQ_HIGHPRI		0
#define WQ_PERCPU		0

void init_irq_work(struct irq_work *work, void (*func)(struct irq_work *work));
void irq_work_queue(struct irq_work *work);
void irq_work_sync(struct irq_work *work);
struct workqueue_struct *model_queues(int count);
#define alloc_ordered_workqueue(name, flags)	model_queues(1)
#define alloc_workqueue(name, flags, most)	model_queues(nr_cpu_ids)
void destroy_workqueue(struct workqueue_struct *queue);
bool queue_work(struct workqueue_struct *queue, struct work_struct *work);
void model_queue_later(struct workqueue_struct *queue, int cpu, struct work_struct *work,
		       unsigned long delay, bool sooner);
#define queue_delayed_work_on(cpu, queue, delayed, delay)		\
	model_queue_later(queue, cpu, &(delayed)->work, delay, false)
#define mod_delayed_work_on(cpu, queue, delayed, delay)			\
	model_queue_later(queue, cpu, &(delayed)->work, delay, true)
void cancel_work_sync(struct work_struct *work);
#define cancel_delayed_work_sync(delayed) cancel_work_sync(&(delayed)->work)
bool model_works_are_idle(void);

#endif
