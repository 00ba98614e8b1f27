// SPDX-License-Identifier: GPL-2.0
/*
 * self_exec_id in a structure beside task_struct: RHEL 8.3 and later, which had to
 * keep the layout of task_struct when the field became wider in 5.7.
 */
#include <linux/sched.h>

u64 exec_id(const struct task_struct *task);
u64 exec_id(const struct task_struct *task)
{
	return task->task_struct_rh->self_exec_id;
}
