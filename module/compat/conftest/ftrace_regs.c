// SPDX-License-Identifier: GPL-2.0
/* ftrace callbacks that get struct ftrace_regs: since 5.11. */
#include <linux/ftrace.h>

static void callback(unsigned long ip, unsigned long parent_ip,
		     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
}

void ftrace_regs_test(struct ftrace_ops *ops);
void ftrace_regs_test(struct ftrace_ops *ops)
{
	ops->func = callback;
}
