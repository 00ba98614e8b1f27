// SPDX-License-Identifier: GPL-2.0
/* WQ_PERCPU: since 6.18, which warns of queues that are said to be neither this nor unbound. */
#include <linux/workqueue.h>

int percpu(void);
int percpu(void)
{
	return WQ_PERCPU;
}
