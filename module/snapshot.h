/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of the table at one moment, as one reader may see it. Made at open;
 * what is read from the file, however slowly, is the snapshot.
 */
#ifndef FAULTSTAT_SNAPSHOT_H
#define FAULTSTAT_SNAPSHOT_H

#include "hooks.h"
#include "table.h"

/**
 * struct snapshot_row - one line of the file
 * @source: the row it was read from; means nothing once the snapshot is made
 * @name: with a reference held; NULL for SNAPSHOT_HIDDEN
 * @kind: enum process_kind, or SNAPSHOT_HIDDEN
 */
struct snapshot_row {
	const struct row *source;
	struct counters counters;
	u64 id;
	u64 ino;
	struct name *name;
	u32 dev;
	pid_t pid;
	pid_t ppid;
	u8 kind;
	char comm[TASK_COMM_LEN];
};

#define SNAPSHOT_HIDDEN	PROCESS_KINDS

/* They are sorted by one byte after the other. */
#define ORDER_DIGITS	256

/* What the rows are sorted by, beside them so that sorting moves little. */
struct snapshot_order {
	u64 calls;
	const struct snapshot_row *row;
};

/**
 * struct snapshot - everything that export writes
 * @order: the rows in the order of the file: by calls, descending
 * @order_spare: as large, for sorting
 * @calls_bits: the bits that are set in any of their calls; @id_bits likewise
 * @order_next: where the next row of each digit goes, while they are sorted
 * @count: of them
 * @rows: where they lie; @used of @room
 * @verdicts_read: rows that are not in it by now were made too late
 */
struct snapshot {
	u64 boottime_ns;
	u64 realtime_ns;
	u64 resets;
	struct hook_status hooks[HOOKS_MAX];
	unsigned int hook_count;
	struct exceptions exceptions;
	struct counters lifetime;
	struct counters total;
	u64 overflow;
	unsigned int table_rows;
	unsigned int processes;
	unsigned int ended;
	u64 folded;
	unsigned long long memory;
	struct snapshot_order *order;
	struct snapshot_order *order_spare;
	unsigned int order_next[ORDER_DIGITS];
	u64 calls_bits;
	u64 id_bits;
	unsigned int count;
	struct snapshot_row *rows;
	unsigned int used;
	unsigned int room;
	bool verdicts_read;
};

struct snapshot *snapshot_take(struct pid_namespace *ns);
struct snapshot *snapshot_take_totals(void);
void snapshot_free(struct snapshot *snapshot);
bool snapshot_fill_process(struct snapshot_row *at, const struct process *process,
			   struct pid_namespace *ns);
void snapshot_fill_object(struct snapshot_row *at, const struct row *row);
const char *snapshot_object(const struct snapshot_row *row, size_t *length);

#endif
