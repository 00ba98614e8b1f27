// SPDX-License-Identifier: GPL-2.0
/*
 * signal_struct.stats_lock: since 3.18, together with "exit: Always reap resource stats in
 * __exit_signal()". Before, the counts of a thread group's leader were not added to those of its
 * other threads when it was reaped.
 */
#include <linux/ptrace.h>	/* linux/sched/signal.h, where there is one */

void *lock(struct signal_struct *signal);
void *lock(struct signal_struct *signal)
{
	return &signal->stats_lock;
}
