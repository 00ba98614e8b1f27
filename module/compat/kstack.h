/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's own stack, in a hook. For walk.c.
 */
#ifndef FAULTSTAT_COMPAT_KSTACK_H
#define FAULTSTAT_COMPAT_KSTACK_H

#include <linux/stacktrace.h>

/*
 * Up to some 4.x ftrace comes before a function has its frame, and makes none for it: neither it
 * nor its caller is in a stack by frame pointers.
 */
static inline bool compat_entry_has_no_frame(void)
{
#ifdef FS_HAVE_STACK_TRACE_SAVE
	return false;
#else
	return true;
#endif
}

/* Return addresses from the innermost on. Returns how many there are. */
static inline unsigned int compat_kernel_stack(unsigned long *entries, unsigned int room)
{
#if defined(FS_HAVE_STACK_TRACE_SAVE)
	return stack_trace_save(entries, room, 0);
#elif defined(CONFIG_STACKTRACE)
	struct stack_trace trace = { .entries = entries, .max_entries = room };

	save_stack_trace(&trace);
	/* Older ones end with a mark. */
	if (trace.nr_entries && entries[trace.nr_entries - 1] == ULONG_MAX)
		trace.nr_entries--;
	return trace.nr_entries;
#else
	return 0;
#endif
}

#endif
