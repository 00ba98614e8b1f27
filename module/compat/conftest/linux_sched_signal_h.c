// SPDX-License-Identifier: GPL-2.0
/* linux/sched/signal.h and its siblings: since 4.11. */
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

int sched_signal(struct task_struct *task);
int sched_signal(struct task_struct *task)
{
	return task->signal->nr_threads;
}
