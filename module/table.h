/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table: what holds processes, their rows, the rows' counters. It knows neither hooks
 * nor text, nor what is in it: that is in process.h, row.h and name.h. Rules that hold
 * everywhere:
 *
 * - No lock that all CPUs share is taken in a hook. An index is divided into shards (shard.h); what
 *   belongs to a process has the process's own lock (process.h). All are raw and held with
 *   interrupts off, for a few hundred instructions. Order: a task's shard, a process's shard, a
 *   process, a row's or a name's shard, a CPU's magazine, a depot.
 * - fs_table.rows_sem guards what is taken out. Whoever holds it for writing may walk all
 *   processes and rows: they come, but none goes, or becomes another's. Rows and processes go under
 *   it held for reading (folding, by several at once, each its own processes) or for writing.
 * - Hooks look tasks, rows and names up without a lock. A row of a process that lives, or a name,
 *   is freed only after every hook that ran when it left the index has ended. What is of an ended
 *   process, and an alias, may be freed at once: a hook of another process that steps on it finds
 *   no key of its own there, and its memory remains of the same kind until the hooks have ended. If
 *   it is led astray it finds nothing, and looks again under the lock.
 * - A cell is written by its own CPU alone, in task context with preemption off; a
 *   row's shared counters from anywhere, atomically. So in the usual fault no cache
 *   line is written that another CPU writes.
 */
#ifndef FAULTSTAT_TABLE_H
#define FAULTSTAT_TABLE_H

#include <linux/cache.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include "cacheline.h"
#include "counters.h"
#include "lock.h"
#include "pids.h"
#include "shard.h"

struct fs_process;
struct fs_row;

struct fs_table {
	/*
	 * What is read at each fault, in a line that is written at load, and where an epoch begins.
	 */
	struct fs_row **row_index ____cacheline_aligned_in_smp;
	u64 hash_ino;			/* random and odd, as is the next */
	u64 hash_dev;
	u32 row_mask;
	/*
	 * Upper half of a task state's generation: grows when the selection
	 * changes or counting ends, so that every task looks again at its next
	 * call.
	 */
	u64 epoch;

	/* What is read at births, deaths and first uses; likewise. */
	struct fs_shards row_shards ____cacheline_aligned_in_smp;
	struct fs_shards process_shards;
	struct fs_process **process_index;
	u32 process_mask;
	unsigned int rows_max;
	struct fs_pid_set *selection;	/* which processes are counted; NULL: all */
	/*
	 * Another number whenever calls may have gone by unseen, nobody knows of which processes:
	 * those that were born before are not compared with the kernel's counts. Never 0.
	 */
	u32 watch;
	bool born;			/* any process since then */
	bool marks;			/* whether any process may have a mark */

	/*
	 * What no hook takes or writes. rows_sem is taken for reading by a CPU that folds, once for
	 * all that it has ended by then; for writing by snapshots, resets, marks that are taken off
	 * and housekeeping where rows or names are short.
	 */
	struct rw_semaphore rows_sem ____cacheline_aligned_in_smp;
	struct list_head folded;	/* a process for each comm; fold.c */
	u64 resets;			/* rows_sem */
	struct fs_counters totals_before; /* what the totals had at the last reset; rows_sem */
};

/* What faults read, what births read, and what neither takes part in. */
static_assert(fs_line_of(struct fs_table, row_index) == fs_line_of(struct fs_table, epoch));
static_assert(fs_line_of(struct fs_table, row_shards) > fs_line_of(struct fs_table, epoch));
static_assert(fs_line_of(struct fs_table, rows_sem) > fs_line_of(struct fs_table, marks));

extern struct fs_table fs_table;
DECLARE_PER_CPU(struct fs_counters, fs_table_totals);

/* What follows in a list that hooks may be adding to. */
static inline struct list_head *fs_list_next(const struct list_head *at)
{
	return READ_ONCE(at->next);
}

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
int fs_table_init(unsigned int max_rows, unsigned int max_tasks);
void fs_table_destroy(void);
void fs_table_new_epoch(void);
int fs_table_select(const struct fs_pid_list *pids);
u32 fs_table_watch(void);
void fs_table_overlooked(void);
void fs_totals_read_verdicts(struct fs_counters *counters);
void fs_totals_read_calls(struct fs_counters *counters);

#endif
