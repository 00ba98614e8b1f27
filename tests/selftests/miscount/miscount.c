// SPDX-License-Identifier: GPL-2.0
/*
 * miscount.c - adds a minor fault that never was to what the kernel has counted for the process
 * that loads it. Loading fails with ECANCELED, so that it can be done again. For the suites check
 * and reader.
 */
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/ptrace.h>	/* linux/sched/signal.h, where there is one */
#include <linux/sched.h>

static int __init miscount_init(void)
{
	current->signal->min_flt++;
	return -ECANCELED;
}

module_init(miscount_init);
MODULE_DESCRIPTION("A fault too many, for the tests of faultstat");
MODULE_LICENSE("GPL");
