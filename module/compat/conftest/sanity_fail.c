// SPDX-License-Identifier: GPL-2.0
/* Must not compile with any kernel. */
#include <linux/module.h>

int sanity_fail(void);
int sanity_fail(void)
{
	return faultstat_no_kernel_has_this_symbol;
}
