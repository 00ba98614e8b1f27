/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of the table at one moment, as one reader may see it. Made at open;
 * what is read from the file, however slowly, is the snapshot.
 */
#ifndef FAULTSTAT_SNAPSHOT_H
#define FAULTSTAT_SNAPSHOT_H

#include "check.h"
#include "exceptions.h"
#include "hooks.h"
#include "process.h"
#include "row.h"
#include "table.h"

/**
 * struct fs_snapshot_row - one line of the file
 * @source: the row it was read from; means nothing once the snapshot is made
 * @name: pinned; NULL for SNAPSHOT_HIDDEN
 * @kernel: what the kernel counts for the process, if @kernel_known
 * @kind: enum fs_process_kind, or SNAPSHOT_HIDDEN
 */
struct fs_snapshot_row {
	const struct fs_row *source;
	struct fs_counters counters;
	u64 id;
	u64 ino;
	struct fs_name *name;
	u32 dev;
	pid_t pid;
	pid_t ppid;
	struct fs_kernel_counts kernel;
	u8 kind;
	bool kernel_known;
	bool deleted;
	char comm[TASK_COMM_LEN];
};

#define SNAPSHOT_HIDDEN	PROCESS_KINDS

/* The rows are sorted by a radix sort, one byte of the key after the other. */
#define ORDER_DIGITS	256

/* The sort key of a row, kept apart from it so that sorting moves 16 bytes for each. */
struct fs_snapshot_order {
	u64 calls;
	const struct fs_snapshot_row *row;
};

/**
 * struct fs_snapshot - everything that export writes
 * @mark: of processes with this one alone, and their folded ones; NULL: of all
 * @order: the rows in the order of the file: by calls, descending
 * @order_spare: as large, for sorting
 * @calls_bits: the bits that are set in any of their calls; @id_bits likewise
 * @order_next: where the next row of each digit goes, while they are sorted
 * @lifetime: of the totals that are counted on their own, not added up from rows
 * @total: since the last reset; in a snapshot with rows their sum
 * @count: of them
 * @rows: where they lie; @used of @room
 */
struct fs_snapshot {
	const struct fs_mark *mark;
	u64 boottime_ns;
	u64 realtime_ns;
	u64 resets;
	struct fs_hook_status hooks[HOOKS_MAX];
	unsigned int hook_count;
	struct fs_exceptions exceptions;
	struct fs_counters lifetime;
	struct fs_counters total;
	u64 overflow;
	unsigned int table_rows;
	unsigned int processes;
	unsigned int ended;
	u64 folded;
	struct fs_check_status check;
	unsigned long long memory;
	struct fs_snapshot_order *order;
	struct fs_snapshot_order *order_spare;
	unsigned int order_next[ORDER_DIGITS];
	u64 calls_bits;
	u64 id_bits;
	unsigned int count;
	struct fs_snapshot_row *rows;
	unsigned int used;
	unsigned int room;
};

struct fs_snapshot *fs_snapshot_take(struct pid_namespace *ns, const struct fs_mark *mark);
struct fs_snapshot *fs_snapshot_take_totals(void);
void fs_snapshot_free(struct fs_snapshot *snapshot);
bool fs_snapshot_fill_process(struct fs_snapshot_row *at, struct fs_process *process,
			      struct pid_namespace *ns);
void fs_snapshot_fill_object(struct fs_snapshot_row *at, const struct fs_row *row);
const char *fs_snapshot_object(const struct fs_snapshot_row *row, size_t *length);

#endif
