/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table: processes, their rows, the rows' counters. It knows neither hooks nor
 * text. Rules that hold everywhere:
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

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <asm/local.h>
#include "counters.h"
#include "lock.h"
#include "object.h"
#include "pids.h"

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

/**
 * struct fs_process - a thread group between two execs, or a special row's owner
 * @index_next: chain of the index by @signal; fs_table.lock
 * @signal: identifies the thread group until its last task is freed; never followed
 * @id: never used twice
 * @exec_id: the self_exec_id of its tasks, by which an exec shows
 * @kind: what it is; changes under fs_table.lock, from live when it has ended
 * @gone: no task of it can call handle_mm_fault() any more; fs_table.lock
 * @ended: gone, and no task state left: its counts do not change any more
 * @became_other: gone by exec
 * @purge: reset has emptied its rows; to be folded away first
 * @tasks: task states attached; fs_table.lock
 * @crowded: wanted more rows than fs_process_has_room() allows
 * @row_count: its rows in the index; fs_table.lock
 * @pid: of the thread group, held; NULL in special and folded ones
 * @ppid: of the parent at birth, held; may be NULL
 * @comm: the leader's name now, or when the process ended
 * @comm_before: the name before the last change; what exec replaced
 * @rows: its rows; fs_table.lock to add
 * @link: in fs_table.live, fs_table.ended, fs_table.folded, or the folding worker's list
 * @only: the single row of a special process, NULL otherwise
 * @detour: what hooks take instead of looking rows up: @only, or ROW_HEATED where
 *	calls are counted by region, too; NULL in the usual process
 */
struct fs_process {
	struct fs_process *index_next;
	struct signal_struct *signal;
	u64 id;
	u32 exec_id;
	u8 kind;
	bool gone;
	bool ended;
	bool became_other;
	bool purge;
	bool crowded;
	unsigned int tasks;
	unsigned int row_count;
	struct pid *pid;
	struct pid *ppid;
	char comm[TASK_COMM_LEN];
	char comm_before[TASK_COMM_LEN];
	struct list_head rows;
	struct list_head link;
	struct fs_row *only;
	struct fs_row *detour;
};

#define ROW_HEATED	((struct fs_row *)1)

/* A row on one CPU. No other CPU writes in the page, so cells need not begin a cache line. */
#define CELL_WORDS	(sizeof(struct fs_counters) / sizeof(u64))
#define GROUP_ROWS	(4096 / sizeof(struct fs_counters))
#define GROUP_FULL	(~0ULL >> (64 - GROUP_ROWS))

/**
 * struct fs_group - the cells of some rows, a page for each CPU that counted in one
 * @used: which of the GROUP_ROWS places have a row; fs_table.lock
 * @link: in fs_table.groups while a place is free
 * @cells: by CPU; written once by that CPU, cleared when the group is freed
 */
struct fs_group {
	u64 used;
	struct list_head link;
	u64 *cells[];
};

/* Counters since the last reset are those of the row less its baseline. */
struct fs_baseline {
	struct fs_counters counters;
	u64 carried;		/* calls under way at the reset: they count after it */
};

/**
 * struct fs_row - a process's calls on one object, in 256 bytes: more would take 512 of kmalloc()
 * @freed: lies over a free item's link, so that @index_next outlives the row
 * @index_next: chain of the index by @process and @key
 * @ino: inode as shown
 * @dev: device as shown
 * @group: NULL for rows that have no cells: folded and special ones
 * @cell: offset of its cells, in words, in each page of the group
 * @position: where the snapshot that holds fs_table.mutex put it, or ROW_NOT_SEEN
 * @indexed: hooks find it; fs_table.lock
 * @deleted: as shown
 * @dropped: emptied by reset, waiting to be freed
 * @leaving: cold.c has taken it out of the index; fs_table.mutex
 * @wanted: the last call of some task is in it; cold.c
 * @calls_then: its calls when cold.c looked last; of rows of live processes
 * @by_age: in fold.c's lists of folded rows, in the order of their last use; fs_table.mutex
 * @baseline: NULL before the first reset; fs_table.mutex
 * @heat: its calls by region, by CPU, where that was asked for; heat.h
 * @shared: counts that could not go to a cell
 */
struct fs_row {
	void *freed;
	struct fs_row *index_next;
	struct fs_process *process;
	struct fs_object_key key;
	struct fs_name *name;
	u64 ino;
	u32 dev;
	u32 position;
	struct fs_group *group;
	u16 cell;
	bool indexed;
	bool deleted;
	bool dropped;
	bool leaving;
	bool wanted;
	union {
		u64 calls_then;
		struct list_head by_age;
	};
	struct list_head of_process;
	struct list_head of_table;
	struct fs_baseline *baseline;
	struct fs_heat_cells *heat;
	atomic64_t shared[COUNTERS];
};

#define ROW_NOT_SEEN	(~0U)

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

	struct fs_process unselected;
	struct fs_process overflow;
	struct fs_process others;		/* folded processes whose comm has no room */
};

extern struct fs_table fs_table;
DECLARE_PER_CPU(struct fs_counters, fs_table_totals);

/* Spreads what differs in any bits over the upper ones. */
#define TABLE_HASH	0x9e3779b97f4a7c15ULL

/* The fast path, for account.h. */

static __always_inline u64 *fs_row_cell(const struct fs_row *row, unsigned int cpu)
{
	u64 *page = row->group ? READ_ONCE(row->group->cells[cpu]) : NULL;

	return page ? page + row->cell : NULL;
}

/*
 * A cell is written by one CPU in task context alone, so no lock prefix; a single
 * instruction, where WRITE_ONCE() would make four.
 */
static __always_inline void fs_count_one(u64 *at)
{
	local_inc((local_t *)at);
}

static __always_inline void fs_cell_count(u64 *cell, enum fs_counter counter)
{
	fs_count_one(&cell[counter]);
}

/* Interrupts may come between, and count in totals of their own: single instructions. */
static __always_inline void fs_totals_count(enum fs_counter counter)
{
	/* As in a cell: an array's bounds would be checked on kernels with UBSAN, twice a fault. */
	this_cpu_inc(*(fs_table_totals.n + counter));
}

/*
 * By secret multipliers: FUSE lets its users choose inode numbers and generations, as
 * prctl() does names, and a chain that was made long on purpose would be walked
 * with interrupts off.
 */
static __always_inline u32 fs_row_bucket(const struct fs_process *process, struct fs_object_key key)
{
	u64 mixed = (unsigned long)process * TABLE_HASH + key.ino * fs_table.hash_ino +
		    key.dev * fs_table.hash_dev;

	/* Masked and not shifted by a variable number, which would take a register from hooks. */
	return mixed >> 32 & fs_table.row_mask;
}

/**
 * fs_row_find - the row of a process and an object, without a lock
 * @process: a process that cannot end meanwhile
 * @key: as the row was made with
 *
 * In a hook. May miss a row that is being made at this moment.
 */
static __always_inline struct fs_row *fs_row_find(const struct fs_process *process,
						  struct fs_object_key key)
{
	struct fs_row *row = READ_ONCE(fs_table.row_index[fs_row_bucket(process, key)]);

	while (row && (row->process != process || !fs_object_key_equal(row->key, key)))
		row = READ_ONCE(row->index_next);
	return row;
}

/* A process's share of the rows: a quarter, and never less than eight. */
static inline unsigned int fs_process_rows_max(void)
{
	return max(fs_table.rows_max / 4, 8U);
}

/* row.c; in hooks: */
u64 *fs_row_make_cell(struct fs_row *row, unsigned int cpu);
void fs_row_count(struct fs_row *row, enum fs_counter counter, u64 n);
struct fs_row *fs_row_make(struct fs_process *process, const struct fs_object_key *key,
			   const struct fs_object_shown *shown);
struct fs_row *fs_row_make_region(struct fs_process *process, enum fs_region region);
struct fs_row *fs_row_missed(struct fs_process *process);
bool fs_process_has_room(const struct fs_process *process);
bool fs_table_is_crowded(void);

/* row.c; in process context: */
int fs_row_make_only(struct fs_process *process, enum fs_region region, bool cells);
void fs_row_read_verdicts(const struct fs_row *row, struct fs_counters *counters);
void fs_row_read_calls(const struct fs_row *row, struct fs_counters *counters);
void fs_row_total(const struct fs_row *row, struct fs_counters *counters);
void fs_row_add(struct fs_row *row, const struct fs_counters *counters);
void fs_row_unlink(struct fs_row *row);
bool fs_row_relink(struct fs_row *row);
bool fs_row_become_other(struct fs_row *row);
void fs_row_move(struct fs_row *row, struct fs_process *process);
void fs_row_release_cells(struct fs_row *row);
void fs_row_forget_baseline(struct fs_row *row);
void fs_row_free(struct fs_row *row);

/* process.c; under fs_table.lock: */
struct fs_process *fs_process_find(const struct signal_struct *signal);
struct fs_process *fs_process_make(struct task_struct *task, struct task_struct *parent);
struct fs_process *fs_process_exec(struct fs_process *old, struct task_struct *task);
void fs_process_group_dead(struct fs_process *process);
void fs_process_end_if_unused(struct fs_process *process);
void fs_process_free(struct fs_process *process);

/* table.c: */
bool fs_table_selects(struct pid *pid, pid_t nr);
int fs_table_init(unsigned int max_rows, unsigned int keep_exited);
int fs_table_start(void);
void fs_table_destroy(void);
void fs_table_new_epoch(void);
int fs_table_select(const struct fs_pid_list *pids);
void fs_totals_read_verdicts(struct fs_counters *counters);
void fs_totals_read_calls(struct fs_counters *counters);
void fs_table_pool_sizes(size_t *size);

#endif
