// SPDX-License-Identifier: GPL-2.0
/* ftrace_regs_get_argument(): since 6.2, and the only way since 6.13. */
#include <linux/ftrace.h>

unsigned long ftrace_argument(struct ftrace_regs *fregs);
unsigned long ftrace_argument(struct ftrace_regs *fregs)
{
	return ftrace_regs_get_argument(fregs, 0);
}
