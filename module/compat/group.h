/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel counts for a thread group: the counts of its tasks, of those that are gone in its
 * signal struct.
 */
#ifndef FAULTSTAT_COMPAT_GROUP_H
#define FAULTSTAT_COMPAT_GROUP_H

#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

/**
 * compat_group_counts_at_end - what was counted for a thread group that has no task left
 * @task: the first of its tasks that is freed then
 * @minor: result, faults
 * @major: result, faults
 *
 * Any context. Returns false where it is not known: before 3.18 the leader's counts are its own,
 * and it may be freed at this moment.
 */
static inline bool compat_group_counts_at_end(const struct task_struct *task, u64 *minor,
					      u64 *major)
{
	/*
	 * Who finds no thread left finds the counts of all: __exit_signal() adds them up before it
	 * counts the thread out, and x86 has both seen in that order.
	 */
	*minor = READ_ONCE(task->signal->min_flt);
	*major = READ_ONCE(task->signal->maj_flt);
#ifndef FS_HAVE_SIGNAL_STATS_LOCK
	if (task != task->group_leader)
		return false;
	*minor += task->min_flt;
	*major += task->maj_flt;
#endif
	return true;
}

/**
 * compat_group_counts_now - what has been counted for a thread group
 * @pid: its
 * @minor: result, faults
 * @major: result, faults
 *
 * Process context. While tasks of it end it may be off. Returns false where it is not known.
 */
static inline bool compat_group_counts_now(struct pid *pid, u64 *minor, u64 *major)
{
	bool known = false;
#ifdef FS_HAVE_FOR_EACH_THREAD
	struct task_struct *leader, *task;

	rcu_read_lock();
	leader = pid_task(pid, PIDTYPE_PID);
	if (leader) {
		*minor = READ_ONCE(leader->signal->min_flt);
		*major = READ_ONCE(leader->signal->maj_flt);
		for_each_thread(leader, task) {
			*minor += READ_ONCE(task->min_flt);
			*major += READ_ONCE(task->maj_flt);
		}
		known = true;
	}
	rcu_read_unlock();
#endif
	return known;
}

#endif
