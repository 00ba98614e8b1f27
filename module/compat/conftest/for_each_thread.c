// SPDX-License-Identifier: GPL-2.0
/* for_each_thread(): since 3.14, the first that may walk under RCU while threads end. */
#include <linux/ptrace.h>	/* linux/sched/signal.h, where there is one */

int threads(struct task_struct *leader);
int threads(struct task_struct *leader)
{
	struct task_struct *task;
	int count = 0;

	for_each_thread(leader, task)
		count++;
	return count;
}
