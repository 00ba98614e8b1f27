/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes: thread groups between two execs, and the special ones that own a row each.
 */
#ifndef FAULTSTAT_PROCESS_H
#define FAULTSTAT_PROCESS_H

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include "table.h"

struct fs_code;
struct fs_mark;
struct fs_row;

/* What a process is, or was. */
enum fs_process_kind {
	PROCESS_LIVE,
	PROCESS_EXEC,		/* became another program */
	PROCESS_EXITED,
	PROCESS_FOLDED,		/* all folded processes of one comm */
	PROCESS_OVERFLOW,
	PROCESS_UNSELECTED,
	PROCESS_KINDS
};

/* What the kernel counts for a thread group. */
struct fs_kernel_counts {
	u64 minor;
	u64 major;
};

/**
 * struct fs_process - a thread group between two execs, or a special row's owner
 * @index_next: chain of the index by @signal; the shard's lock
 * @signal: identifies the thread group until its last task is freed; never followed
 * @id: never used twice
 * @hash: of itself, for the buckets of its rows
 * @only: the single row of a special process, NULL otherwise
 * @detour: what hooks take instead of looking rows up: @only; or, where more is wanted of its
 *	calls, ROW_HEATED, ROW_STACKED or both; NULL in the usual process
 * @exec_id: the self_exec_id of its tasks, by which an exec shows
 * @kind: what it is; changes under @lock, from live when it has ended
 * @gone: no task of it can call handle_mm_fault() any more; @lock
 * @ended: gone, and no task state left: its counts do not change any more; @lock
 * @became_other: gone by exec
 * @purge: reset has emptied its rows; to be folded away first
 * @crowded: wanted more rows than fs_process_has_room() allows
 * @mark: put on it or on an ancestor; NULL for most; the shard's lock and @lock to change, and to
 *	follow
 * @due: in the queue of a CPU that is to fold it (ended.c)
 * @pid: of the thread group, held; NULL in special and folded ones
 * @ppid: of the parent at birth, held; may be NULL
 * @comm: the leader's name now, or when the process ended; @lock
 * @comm_before: the name before the last change; what exec replaced; likewise
 * @link: in its shard's list, or in fold.c's of folded ones
 * @lock: raw, interrupts off
 * @tasks: task states attached; @lock
 * @row_count: its rows in the index; @lock
 * @merged: rows that it has while it is folded; fold.c
 * @watched: fs_table.watch when it was born; 0 where not all of its calls were seen
 * @kernel: what the kernel had counted for the thread group when it began; for itself, once it is
 *	gone
 * @forgotten: what its rows had counted before a reset and do not have any more; fs_table.rows_sem
 * @kernel_unknown: it ended, and what the kernel had counted was not to be had
 * @checked: @kernel has been compared with its rows; fs_table.rows_sem
 * @alias_count: in @aliases; @lock
 * @rows: its rows, of which nothing is known here; @lock to add
 * @groups: of its rows' cells; @lock
 * @aliases: of its rows; @lock
 * @code: its executable mappings, where its stacks are asked for; NULL where they are not known;
 *	@lock to write
 * @code_wanted: whether the worker is to look at them, enum fs_code_wanted
 * @ran: while its stacks are asked for: it has been seen to run, and not just to be loaded by exec
 *
 * Hooks read the first line at faults, and write what is behind @lock at first uses, births and
 * ends.
 */
struct fs_process {
	struct fs_process *index_next;
	struct signal_struct *signal;
	u64 id;
	u64 hash;
	struct fs_row *only;
	struct fs_row *detour;
	u32 exec_id;
	u8 kind;
	bool gone;
	bool ended;
	bool became_other;
	bool purge;
	bool crowded;

	struct fs_mark *mark;
	struct llist_node due;
	struct pid *pid;
	struct pid *ppid;
	char comm[TASK_COMM_LEN];
	char comm_before[TASK_COMM_LEN];
	struct list_head link;

	raw_spinlock_t lock;
	unsigned int tasks;
	unsigned int row_count;
	unsigned int merged;
	unsigned int alias_count;
	u32 watched;
	bool checked;
	bool kernel_unknown;
	u8 code_wanted;
	bool ran;
	struct fs_kernel_counts kernel;
	struct fs_kernel_counts forgotten;
	struct list_head rows;
	struct list_head groups;
	struct list_head aliases;
	struct fs_code *code;
};

/* What faults read, and what births, ends and first uses write. */
static_assert(fs_line_of(struct fs_process, crowded) == 0);
static_assert(fs_line_of(struct fs_process, lock) > 0);

/* Detours that are no rows, and are added up: calls are counted by region, or by stack. */
#define ROW_HEATED	((struct fs_row *)1)
#define ROW_STACKED	((struct fs_row *)2)
#define ROW_BOTH	((struct fs_row *)3)

static __always_inline bool fs_process_is_heated(const struct fs_process *process)
{
	struct fs_row *detour = READ_ONCE(process->detour);

	return detour == ROW_HEATED || detour == ROW_BOTH;
}

static __always_inline bool fs_process_is_stacked(const struct fs_process *process)
{
	struct fs_row *detour = READ_ONCE(process->detour);

	return detour == ROW_STACKED || detour == ROW_BOTH;
}

/**
 * struct fs_mark - one open file's mark
 * @id: of the same numbers as those of processes, never used twice; that of its folded rows
 * @others: owns the row for what has no room of its own among the folded; fold.c
 * @ending: its file is being closed: no process is born with it any more
 * @born: processes that have had it, each counted once however often it called exec
 * @ended: of them
 * @minor: what the kernel counted for those that ended or called exec
 * @major: likewise
 * @unchecked: how many of them cannot be compared with that, or have no mark for want of memory or
 *	for another one's sake
 *
 * The numbers are written by all CPUs, but only at births and ends of processes with the mark.
 */
struct fs_mark {
	u64 id;
	struct fs_process *others;
	bool ending;
	atomic64_t born;
	atomic64_t ended;
	atomic64_t minor;
	atomic64_t major;
	atomic64_t unchecked;
};

/**
 * struct fs_special - the processes that are always there; special.c makes them
 * @unselected: what is not counted on its own
 * @overflow: where there was no memory
 * @others: folded processes whose comm has no room
 */
struct fs_special {
	struct fs_process unselected;
	struct fs_process overflow;
	struct fs_process others;
};

extern struct fs_special fs_special;

/* A process's share of the rows: a quarter, and never less than eight. */
static inline unsigned int fs_process_rows_max(void)
{
	return max(fs_table.rows_max / 4, 8U);
}

/* In hooks: */
bool fs_process_make(struct task_struct *task, struct task_struct *parent);
struct fs_process *fs_process_join(struct task_struct *task, struct task_struct *parent);
struct fs_process *fs_process_rejoin(const struct task_struct *task);
void fs_process_leave(struct fs_process *process);
void fs_process_group_dead(const struct task_struct *task);
void fs_process_renamed(const struct task_struct *task, const char *comm);
bool fs_process_has_room(const struct fs_process *process);
void fs_process_overlooked(struct fs_process *process);
u64 fs_process_mark_id(struct fs_process *process);

/* In process context: */
unsigned int fs_processes_live(void);
void fs_process_read_comm(struct fs_process *process, char comm[TASK_COMM_LEN]);
bool fs_process_kernel_counts(struct fs_process *process, struct fs_kernel_counts *counts);
void fs_process_setup(struct fs_process *process);
u64 fs_process_new_id(void);
void fs_process_mark(struct task_struct *task, struct fs_mark *mark);
void fs_processes_unmark(const struct fs_mark *mark);
void fs_process_delist(struct fs_process *process);
void fs_process_free(struct fs_process *process);
void fs_processes_destroy(void);

#endif
