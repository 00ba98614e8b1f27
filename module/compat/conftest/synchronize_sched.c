// SPDX-License-Identifier: GPL-2.0
/*
 * synchronize_sched(): up to 5.0. Since 4.20 synchronize_rcu() waits for regions
 * with preemption off as well.
 */
#include <linux/rcupdate.h>

void synchronize_sched_test(void);
void synchronize_sched_test(void)
{
	synchronize_sched();
}
