// SPDX-License-Identifier: GPL-2.0
/* ktime_get_boottime_ns(): since 5.3, and ktime_get_boot_ns() before it. */
#include <linux/ktime.h>

u64 boottime(void);
u64 boottime(void)
{
	return ktime_get_boottime_ns();
}
