// SPDX-License-Identifier: GPL-2.0
/* 3.11 (RHEL 7's 3.10, too) to 4.13: exceptions are traced by an interrupt table of their own. */
#include <linux/cpu.h>
#include <asm/desc.h>

bool test(void);
bool test(void)
{
	return is_trace_idt_enabled();
}
