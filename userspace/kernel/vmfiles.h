/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmfiles.h - statistics of the whole system, from /proc/meminfo, /proc/vmstat and
 * /proc/pressure/memory by the exact names there.
 */
#ifndef KFAULTSTAT_VMFILES_H
#define KFAULTSTAT_VMFILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vm_kind {
	VM_NOW,		/* KiB at the moment */
	VM_RATE,	/* counted, shown per second */
	VM_RATE_SIZE,	/* KiB per second */
	VM_SHARE,	/* microseconds counted, shown as percent of the time */
};

struct vm_column {
	const char *name;
	enum vm_kind kind;
	const char *help;
};

enum {
	VM_TOTAL, VM_USED, VM_FREE, VM_SHARED, VM_BUFFERS, VM_CACHE, VM_AVAILABLE,
	VM_SWAP_TOTAL, VM_SWAP_USED, VM_SWAP_FREE, VM_ACTIVE, VM_INACTIVE,
	VM_FAULT, VM_MAJFLT, VM_PGPGIN, VM_PGPGOUT, VM_PGFREE,
	VM_SCAN_KSWAPD, VM_SCAN_DIRECT, VM_STEAL_KSWAPD, VM_STEAL_DIRECT, VM_ALLOCSTALL,
	VM_REFAULT, VM_THP_FAULT, VM_THP_FALLBACK, VM_PSWPIN, VM_PSWPOUT,
	VM_PSI_SOME, VM_PSI_FULL,
	NR_VM
};

extern const struct vm_column vm_columns[NR_VM];

/* One reading. What the kernel has no name for is not known, which is not 0. */
struct vm_sample {
	double when;		/* seconds */
	bool known[NR_VM];
	uint64_t value[NR_VM];
};

bool vm_sample_read(struct vm_sample *sample, const char *root);
bool vm_value(const struct vm_sample *before, const struct vm_sample *after, int column,
	      double *value);

#endif
