// SPDX-License-Identifier: GPL-2.0
/* 5.2: stack_trace_save() is given an array, save_stack_trace() a struct stack_trace. */
#include <linux/stacktrace.h>

unsigned int test(unsigned long *entries);
unsigned int test(unsigned long *entries)
{
	return stack_trace_save(entries, 1, 0);
}
