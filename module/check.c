// SPDX-License-Identifier: GPL-2.0
/*
 * The check of ended processes, when they are folded or read: once each. The kernel's counts are
 * those of the thread group, of the time between two execs (process.c); a process that was not seen
 * all the time has none that could be compared. What a reset has left behind counts, whether rows
 * still have it or not. Process context, fs_table.rows_sem held.
 */
#include <linux/percpu.h>
#include <linux/printk.h>
#include "cells.h"
#include "check.h"
#include "process.h"
#include "row.h"

static DEFINE_PER_CPU(struct fs_check_status, checks);

/* Once: what is different for one is so for many. */
static void report(const struct fs_process *process, const struct fs_kernel_counts *kernel,
		   u64 minor, u64 major)
{
	static bool reported;

	if (xchg(&reported, true))
		return;
	pr_warn("process %d (%.*s): the kernel counted %llu minor and %llu major faults, the rows have %llu and %llu; /proc/faultstat/totals says how many differ\n",
		pid_nr(process->pid), TASK_COMM_LEN, process->comm, kernel->minor, kernel->major,
		minor, major);
}

/**
 * fs_check_process - compares the rows of an ended process with the kernel's counts
 * @process: ended; its rows may be flat
 */
void fs_check_process(struct fs_process *process)
{
	u64 minor = process->forgotten.minor, major = process->forgotten.major;
	struct fs_kernel_counts kernel;
	const struct fs_row *row;

	if (process->checked)
		return;
	process->checked = true;
	if (!READ_ONCE(process->watched) || !fs_process_kernel_counts(process, &kernel)) {
		this_cpu_inc(checks.unchecked);
		return;
	}
	list_for_each_entry(row, &process->rows, of_process) {
		struct fs_counters counters;

		fs_row_read_verdicts(row, &counters);
		minor += fs_counters_minor(&counters);
		major += fs_counters_major(&counters);
	}
	if (minor == kernel.minor && major == kernel.major) {
		this_cpu_inc(checks.equal);
		return;
	}
	this_cpu_inc(checks.different);
	report(process, &kernel, minor, major);
}

/**
 * fs_check_status - the results so far
 * @status: result
 */
void fs_check_status(struct fs_check_status *status)
{
	int cpu;

	memset(status, 0, sizeof(*status));
	for_each_possible_cpu(cpu) {
		const struct fs_check_status *some = per_cpu_ptr(&checks, cpu);

		status->equal += READ_ONCE(some->equal);
		status->different += READ_ONCE(some->different);
		status->unchecked += READ_ONCE(some->unchecked);
	}
}
