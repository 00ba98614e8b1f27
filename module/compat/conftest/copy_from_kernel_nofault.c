// SPDX-License-Identifier: GPL-2.0
/* 5.8: probe_kernel_read() has this name. */
#include <linux/uaccess.h>

long test(void *to, const void *from);
long test(void *to, const void *from)
{
	return copy_from_kernel_nofault(to, from, 1);
}
