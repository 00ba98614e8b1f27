// SPDX-License-Identifier: GPL-2.0
/*
 * What exceptions.h says.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include "exceptions.h"

DEFINE_PER_CPU(struct fs_exceptions, fs_exceptions);

/**
 * fs_exceptions_disown - takes page faults of our own off again
 * @kernel_before: how many from kernel mode this CPU had counted before they came
 * @own: how many there were
 *
 * Preemption off. If these exceptions are not counted at the moment, nothing has come to be taken
 * off.
 */
void fs_exceptions_disown(u64 kernel_before, unsigned int own)
{
	u64 counted = this_cpu_read(fs_exceptions.kernel) - kernel_before;

	this_cpu_sub(fs_exceptions.kernel, min_t(u64, counted, own));
	this_cpu_add(fs_exceptions.own, own);
}

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
	sum->own = 0;
	for_each_possible_cpu(cpu) {
		sum->user += READ_ONCE(per_cpu(fs_exceptions, cpu).user);
		sum->kernel += READ_ONCE(per_cpu(fs_exceptions, cpu).kernel);
		sum->own += READ_ONCE(per_cpu(fs_exceptions, cpu).own);
	}
}
