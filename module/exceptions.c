// SPDX-License-Identifier: GPL-2.0
/*
 * What exceptions.h says.
 */
#include <linux/cpumask.h>
#include "exceptions.h"

DEFINE_PER_CPU(struct fs_exceptions, fs_exceptions);

/**
 * fs_exceptions_read - hardware page faults since load, those included that never came to
 *	handle_mm_fault()
 * @sum: result
 *
 * Process context.
 */
void fs_exceptions_read(struct fs_exceptions *sum)
{
	int cpu;

	sum->user = 0;
	sum->kernel = 0;
	for_each_possible_cpu(cpu) {
		sum->user += READ_ONCE(per_cpu(fs_exceptions, cpu).user);
		sum->kernel += READ_ONCE(per_cpu(fs_exceptions, cpu).kernel);
	}
}
