/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Forced into every object by Kbuild, after features.h. Gives older kernels the
 * newest spelling of what they have, under its own name where that is free and
 * with the prefix compat_ where it is not. What only one subject needs is in the
 * other headers of this folder. Nothing outside this folder asks for a version or
 * a feature.
 */
#ifndef FAULTSTAT_COMPAT_H
#define FAULTSTAT_COMPAT_H

/* Before printk.h, which gives every message of ours this beginning. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/compiler.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#ifdef FS_HAVE_LINUX_SCHED_SIGNAL_H
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#endif

#ifndef READ_ONCE
#define READ_ONCE(x) ACCESS_ONCE(x)
#define WRITE_ONCE(x, value) (ACCESS_ONCE(x) = (value))
#endif

#ifndef static_assert
#define static_assert(that, ...) _Static_assert(that, #that)
#endif

/* The reader's right before 5.8 was CAP_SYS_ADMIN alone. */
#ifndef CAP_PERFMON
#define CAP_PERFMON CAP_SYS_ADMIN
#endif

#ifndef FS_HAVE_KVZALLOC
static inline void *kvzalloc(size_t size, gfp_t flags)
{
	void *ptr = kzalloc(size, flags | __GFP_NOWARN | __GFP_NORETRY);

	return ptr ? ptr : __vmalloc(size, flags | __GFP_ZERO, PAGE_KERNEL);
}
#endif

/* Memory that may be large, for which no process is killed. */
static inline void *compat_kvmalloc(size_t size)
{
#ifdef FS_HAVE_KVZALLOC
	return kvmalloc(size, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
#else
	return __vmalloc(size, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, PAGE_KERNEL);
#endif
}

#if !defined(FS_HAVE_KTIME_GET_BOOTTIME_NS)
static inline u64 ktime_get_boottime_ns(void)
{
	return ktime_to_ns(ktime_get_boottime());
}
#endif

/*
 * Waits for every hook that runs now. They run with preemption off, which plain
 * RCU waits for since 4.20 only.
 */
static inline void compat_synchronize_hooks(void)
{
#ifdef FS_HAVE_SYNCHRONIZE_SCHED
	synchronize_sched();
#else
	synchronize_rcu();
#endif
}

/*
 * What says that a queue's work runs on the CPU that queued it: it goes without saying before 6.18.
 */
#ifdef FS_HAVE_WQ_PERCPU
#define COMPAT_WQ_PERCPU WQ_PERCPU
#else
#define COMPAT_WQ_PERCPU 0
#endif

/* Changes with each exec. */
static __always_inline u32 compat_task_exec_id(const struct task_struct *task)
{
#ifdef FS_HAVE_TASK_STRUCT_RH_EXEC_ID
	return (u32)task->task_struct_rh->self_exec_id;
#else
	return (u32)task->self_exec_id;
#endif
}

/* When the task was made, nanoseconds of the clock that compat_task_clock_ns() reads. */
static inline u64 compat_task_start_ns(const struct task_struct *task)
{
#ifdef FS_HAVE_START_TIME_NS
	return task->start_time;
#else
	return timespec_to_ns(&task->start_time);
#endif
}

/* The clock of task start times: CLOCK_MONOTONIC on every kernel. */
static inline u64 compat_task_clock_ns(void)
{
	return ktime_to_ns(ktime_get());
}

/*
 * PREEMPT_RT, by its names over the years: spinlocks sleep there, so that a hook
 * may take raw ones only.
 */
static inline bool compat_preempt_rt(void)
{
#if defined(CONFIG_PREEMPT_RT) || defined(CONFIG_PREEMPT_RT_FULL)
	return true;
#else
	return false;
#endif
}

#endif
