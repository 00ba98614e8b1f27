// SPDX-License-Identifier: GPL-2.0
/* Must compile with every kernel that can build modules at all. */
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/sched.h>

int sanity_pass(struct task_struct *task);
int sanity_pass(struct task_struct *task)
{
	return task->min_flt != 0;
}
