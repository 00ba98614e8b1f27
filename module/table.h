/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table: what holds processes, their rows, the rows' counters. It knows neither hooks
 * nor text, nor what is in it: that is in process.h, row.h and name.h. Rules that hold
 * everywhere:
 *
 * - fs_table.lock (raw, interrupts off) guards every list, the index of processes and
 *   the making of rows. Hooks take it on first use, at births and at deaths, for a
 *   few hundred instructions.
 * - fs_table.mutex guards what is taken out: rows leave under it alone, so its holder
 *   may walk all rows without fs_table.lock. It is never taken in a hook. Taking rows
 *   out needs fs_table.folding as well, and before it: choosing, waiting for the hooks
 *   and freeing are three steps, and no other caller may come between them.
 * - Hooks look rows up without a lock. A row that has left the index is freed only
 *   after every hook that ran then has ended.
 * - A cell is written by its own CPU alone, in task context with preemption off; a
 *   row's shared counters from anywhere, atomically. So in the usual fault no cache
 *   line is written that another CPU writes.
 */
#ifndef FAULTSTAT_TABLE_H
#define FAULTSTAT_TABLE_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include "counters.h"
#include "lock.h"
#include "pids.h"

struct fs_name;
struct fs_process;
struct fs_row;

struct fs_table {
	raw_spinlock_t lock;	/* lists, indexes, making rows; in hooks too */
	struct mutex mutex;	/* taking rows out, and reading them all */
	struct mutex folding;	/* one at a time takes rows out; before mutex */

	struct fs_row **row_index;
	struct fs_process **process_index;
	struct fs_name **name_index;
	unsigned int row_bits;
	u32 row_mask;
	u64 hash_ino;			/* random and odd, as is the next */
	u64 hash_dev;
	u32 hash_name;
	unsigned int process_bits;
	unsigned int name_bits;

	struct list_head rows;		/* of_table: all, special and folded ones too */
	struct list_head live;
	struct list_head ended;		/* oldest first */
	struct list_head folded;	/* one process a comm; fs_table.mutex */
	struct list_head groups;	/* with a free place */

	unsigned int rows_max;
	unsigned int rows_used;		/* special ones not counted */
	unsigned int rows_folded;
	unsigned int processes;		/* live */
	unsigned int ended_count;
	unsigned int keep_exited;
	bool purge_folded;		/* reset has emptied folded rows; fs_table.mutex */
	u64 processes_folded;
	u64 last_id;
	u64 resets;

	/*
	 * Upper half of a task state's generation: grows when the selection
	 * changes or counting ends, so that every task looks again at its next
	 * call.
	 */
	u64 epoch;
	struct fs_pid_set *selection;	/* which processes are counted; NULL: all */

	/* What the totals had at the last reset: the sum of what the rows had. */
	struct fs_counters totals_before;
};

extern struct fs_table fs_table;
DECLARE_PER_CPU(struct fs_counters, fs_table_totals);

/* Spreads what differs in any bits over the upper ones. */
#define TABLE_HASH	0x9e3779b97f4a7c15ULL

/*
 * The fast path. Interrupts may come between, and count in totals of their own: single
 * instructions.
 */
static __always_inline void fs_totals_count(enum fs_counter counter)
{
	/* As in a cell: an array's bounds would be checked on kernels with UBSAN, twice a fault. */
	this_cpu_inc(*(fs_table_totals.n + counter));
}

bool fs_table_selects(struct pid *pid, pid_t nr);
bool fs_table_is_crowded(void);
int fs_table_init(unsigned int max_rows, unsigned int keep_exited);
void fs_table_destroy(void);
void fs_table_new_epoch(void);
int fs_table_select(const struct fs_pid_list *pids);
void fs_totals_read_verdicts(struct fs_counters *counters);
void fs_totals_read_calls(struct fs_counters *counters);

#endif
