// SPDX-License-Identifier: GPL-2.0
/*
 * Making snapshots, in process context, under fs_table.rows_sem held for writing: rows cannot
 * leave, but counting goes on and is never stopped. There are three passes over the rows, and a
 * look at the tasks:
 *
 *   1. calls
 *   2. verdicts; then those that have come on open calls, as the tasks tell
 *   3. calls again, of rows that now have more verdicts than calls
 *
 * A call of the first pass without a verdict in the second was open between the two
 * passes. A task has one open call at a time, so no more calls are pending than there
 * were tasks. A verdict whose call was too late for the first pass gets its call from
 * the third: hooks write the call before its verdict (account.h). Calls that nothing
 * has settled and that came later than the first pass are left to the next snapshot.
 *
 * So each row holds by itself, and the total is the sum of the rows that are shown. A row that is
 * made too late for the first pass is in neither, unless a task tells of it. Only the lifetime line
 * comes from the totals that hooks count by CPU, and may be a little ahead of the rows; when
 * nothing faults it says the same.
 *
 * Preemption is on throughout, but for one bucket of tasks at a time.
 */
#include <linux/list.h>
#include <linux/pid_namespace.h>
#include <linux/vmalloc.h>
#include "cells.h"
#include "ended.h"
#include "fold.h"
#include "memory.h"
#include "name.h"
#include "pool.h"
#include "reset.h"
#include "row_life.h"
#include "snapshot.h"
#include "special.h"
#include "task.h"

/* Rows that may come while a snapshot is made. */
#define ROOM_SLACK	256

/* A position may be left from an earlier snapshot. */
static struct fs_snapshot_row *row_in(struct fs_snapshot *snapshot, const struct fs_row *row)
{
	struct fs_snapshot_row *at;

	if (row->position >= snapshot->used)
		return NULL;
	at = &snapshot->rows[row->position];
	return at->source == row ? at : NULL;
}

static bool is_wanted(const struct fs_snapshot *snapshot, const struct fs_process *process)
{
	return !snapshot->mark || READ_ONCE(process->mark) == snapshot->mark;
}

/*
 * Now and not later: a process that has ended by now has no call open. And for all its rows, which
 * come one after the other, the same.
 */
static u8 kind_now(const struct fs_snapshot *snapshot, const struct fs_row *row)
{
	const struct fs_snapshot_row *before = snapshot->rows + snapshot->used;

	if (before-- > snapshot->rows && before->source->process == row->process)
		return before->kind;
	return READ_ONCE(row->process->kind);
}

static struct fs_snapshot_row *row_take_in(struct fs_snapshot *snapshot, struct fs_row *row)
{
	u8 kind = kind_now(snapshot, row);
	struct fs_snapshot_row *at;

	if (snapshot->used == snapshot->room || !is_wanted(snapshot, row->process))
		return NULL;
	row->position = snapshot->used++;
	at = &snapshot->rows[row->position];
	/* Counters and names are filled in, whole, when the row is shown. */
	at->source = row;
	at->name = NULL;
	at->pid = 0;
	at->ppid = 0;
	at->kind = kind;
	return at;
}

/*
 * Where a task's counts go that have come while we were reading: to the row as it is in the
 * snapshot, if it is. The lifetime has its verdicts by then.
 */
static void count_open(struct fs_snapshot *snapshot, struct fs_snapshot_row *at,
		       enum fs_counter counter, u64 n)
{
	if (!at)
		return;
	at->counters.n[counter] += n;
	snapshot->lifetime.n[counter] += n;
}

/*
 * A row that nothing was counted in yet, and that is made for what a task's end will put into it.
 */
static struct fs_snapshot_row *row_of_missed(struct fs_snapshot *snapshot, struct fs_row *row)
{
	struct fs_snapshot_row *at = row_in(snapshot, row);

	if (at)
		return at;
	at = row_take_in(snapshot, row);
	if (!at)
		return row_in(snapshot, fs_special.overflow.only);
	memset(&at->counters, 0, sizeof(at->counters));
	return at;
}

/* Under a task's shard's lock: a verdict that has come on a call that was not settled. */
static void add_open(struct fs_row *row, struct fs_process *process,
		     const struct fs_task_moved *moved, void *data)
{
	struct fs_snapshot *snapshot = data;
	struct fs_snapshot_row *at;

	count_open(snapshot, row_in(snapshot, row), moved->verdict, 1);
	if ((!moved->missed_minor && !moved->missed_major) || !is_wanted(snapshot, process))
		return;

	at = row_of_missed(snapshot, fs_row_missed(process));
	count_open(snapshot, at, COUNT_MISSED_MINOR, moved->missed_minor);
	count_open(snapshot, at, COUNT_MISSED_MAJOR, moved->missed_major);
}

/* First pass. Ends where there is no room. */
static bool read_calls(struct fs_row *row, void *data)
{
	struct fs_snapshot *snapshot = data;
	struct fs_snapshot_row *at = row_take_in(snapshot, row);

	if (at)
		fs_row_read_calls(row, &at->counters);
	return at || snapshot->used < snapshot->room;
}

/* Second pass. */
static bool read_verdicts(struct fs_row *row, void *data)
{
	struct fs_snapshot_row *at = row_in(data, row);

	if (at)
		fs_row_read_verdicts(row, &at->counters);
	return true;
}

/**
 * fs_snapshot_fill_process - says whose row it is
 * @at: a row of a snapshot
 * @process: whose
 * @ns: of the reader
 *
 * Process context, fs_table.rows_sem held. Returns whether the reader may see it.
 */
bool fs_snapshot_fill_process(struct fs_snapshot_row *at, struct fs_process *process,
			      struct pid_namespace *ns)
{
	at->id = process->id;
	fs_process_read_comm(process, at->comm);
	/* In which namespaces the folded ones lived is not known any more. */
	if (!process->pid)
		return process->kind != PROCESS_FOLDED || ns == &init_pid_ns;
	at->pid = pid_nr_ns(process->pid, ns);
	at->ppid = pid_nr_ns(process->ppid, ns);
	return at->pid != 0;
}

/**
 * fs_snapshot_fill_object - says what object a row is of
 * @at: a row of a snapshot
 * @row: the row; its name is pinned
 *
 * Process context, fs_table.rows_sem held.
 */
void fs_snapshot_fill_object(struct fs_snapshot_row *at, const struct fs_row *row)
{
	at->name = row->name;
	fs_name_pin(at->name);
	at->ino = row->ino;
	at->dev = row->dev;
	at->deleted = row->deleted;
}

static void order_add(struct fs_snapshot *snapshot, const struct fs_snapshot_row *row, u64 calls)
{
	struct fs_snapshot_order *order = &snapshot->order[snapshot->count++];

	order->calls = calls;
	order->row = row;
	fs_counters_add(&snapshot->total, &row->counters);
	snapshot->calls_bits |= order->calls;
	snapshot->id_bits |= row->id;
}

/*
 * Reset counts a verdict that has come as past, even where no task has settled it
 * yet. A snapshot that does not look at the tasks, or that read the row before the task
 * settled, may find less than was left behind.
 */
static void clamp_verdicts(struct fs_counters *counters)
{
	int i;

	for (i = COUNT_MINOR; i <= COUNT_UNCOUNTED; i++)
		if ((s64)counters->n[i] < 0)
			counters->n[i] = 0;
}

/* Third pass, for one row. */
static void raise_calls(const struct fs_row *row, struct fs_counters *counters,
			const struct fs_counters *baseline)
{
	u64 verdicts = fs_counters_verdicts(counters);
	struct fs_counters later = { 0 };

	if (verdicts <= fs_counters_calls(counters))
		return;
	fs_row_read_calls(row, &later);
	if (baseline)
		fs_counters_subtract(&later, baseline);
	fs_counters_raise_calls(counters, &later, verdicts);
}

/*
 * What is left of a verdict that was found to be past may be less than nothing, while others
 * have come, whose calls may be too late for the first pass.
 */
static void take_baseline(const struct fs_row *row, struct fs_counters *counters)
{
	const struct fs_counters *baseline = &row->baseline->counters;

	fs_counters_subtract(counters, baseline);
	clamp_verdicts(counters);
	raise_calls(row, counters, baseline);
}

/*
 * Never behind the rows, even where a CPU is between its row and its totals. What is
 * pending in a row is pending here.
 */
static void read_lifetime(struct fs_snapshot *snapshot)
{
	struct fs_counters *lifetime = &snapshot->lifetime, rows = snapshot->total, later;
	int i;

	if (snapshot->mark) {
		*lifetime = snapshot->total;
		return;
	}
	fs_counters_add(&rows, &fs_table.totals_before);
	for (i = COUNT_FIRST_VERDICT; i <= COUNT_LAST_VERDICT; i++)
		lifetime->n[i] = max(lifetime->n[i], rows.n[i]);
	for (i = COUNT_FIRST_CLASS; i <= COUNT_LAST_CLASS; i++)
		lifetime->n[i] = rows.n[i];
	fs_totals_read_calls(&later);
	fs_counters_raise_calls(lifetime, &later, fs_counters_verdicts(lifetime) +
				fs_counters_pending(&snapshot->total));
}

struct show {
	struct fs_snapshot *snapshot;
	struct fs_snapshot_row *hidden;
	struct pid_namespace *ns;
	/* of the last row, with what is the same in all rows of it, and whether they may be seen */
	const struct fs_process *process;
	struct fs_snapshot_row whose;
	bool seen;
};

/* Rows of a process come one after the other. */
static void show_process(struct show *show, struct fs_process *process)
{
	if (show->process == process)
		return;
	show->process = process;
	show->whose.pid = 0;
	show->whose.ppid = 0;
	show->whose.kernel_known = fs_process_kernel_counts(process, &show->whose.kernel);
	show->seen = fs_snapshot_fill_process(&show->whose, process, show->ns);
}

static void show_whose(struct fs_snapshot_row *at, const struct fs_snapshot_row *whose)
{
	at->id = whose->id;
	at->pid = whose->pid;
	at->ppid = whose->ppid;
	at->kernel = whose->kernel;
	at->kernel_known = whose->kernel_known;
	memcpy(at->comm, whose->comm, sizeof(at->comm));
}

/* Third pass; what the last reset left behind, and whether the reader may see the row. */
static bool show_row(struct fs_row *row, void *data)
{
	struct show *show = data;
	struct fs_snapshot_row *at = row_in(show->snapshot, row);
	u64 calls;

	if (!at)
		return true;
	/* Also of one that has counted nothing since a reset. */
	if (READ_ONCE(row->process->ended))
		fs_check_process(row->process);
	calls = fs_counters_calls(&at->counters);
	if (row->baseline || fs_counters_verdicts(&at->counters) > calls) {
		raise_calls(row, &at->counters, NULL);
		if (row->baseline)
			take_baseline(row, &at->counters);
		calls = fs_counters_calls(&at->counters);
	}
	if (row->dropped || (!calls && !fs_counters_missed(&at->counters)))
		return true;
	show_process(show, row->process);
	if (show->seen) {
		show_whose(at, &show->whose);
		fs_snapshot_fill_object(at, row);
		order_add(show->snapshot, at, calls);
	} else {
		fs_counters_add(&show->hidden->counters, &at->counters);
	}
	return true;
}

static void show_rows(struct fs_snapshot *snapshot, struct pid_namespace *ns)
{
	struct fs_snapshot_row *hidden = &snapshot->rows[snapshot->room];
	struct show show = { .snapshot = snapshot, .hidden = hidden, .ns = ns };

	memset(hidden, 0, sizeof(*hidden));
	fs_rows_walk(show_row, &show);
	if (fs_counters_calls(&hidden->counters) || fs_counters_missed(&hidden->counters)) {
		hidden->kind = SNAPSHOT_HIDDEN;
		hidden->comm[0] = '-';
		order_add(snapshot, hidden, fs_counters_calls(&hidden->counters));
	}
	read_lifetime(snapshot);
}

/* Bytes of the keys, the most significant ones of descending calls turned round. */
static __always_inline unsigned int order_digit(const struct fs_snapshot_order *order,
						bool by_calls, unsigned int shift)
{
	u64 key = by_calls ? ~order->calls : order->row->id;

	return (key >> shift) % ORDER_DIGITS;
}

/* One pass of a radix sort: by one byte, the order of what is equal there staying as it is. */
static __always_inline void order_pass(struct fs_snapshot *snapshot, bool by_calls,
				       unsigned int shift)
{
	struct fs_snapshot_order *from = snapshot->order, *to = snapshot->order_spare;
	unsigned int *next = snapshot->order_next, before = 0, i;

	memset(next, 0, sizeof(snapshot->order_next));
	for (i = 0; i < snapshot->count; i++) {
		next[order_digit(&from[i], by_calls, shift)]++;
		if (i % 256 == 255)
			cond_resched();
	}
	for (i = 0; i < ORDER_DIGITS; i++) {
		unsigned int number = next[i];

		next[i] = before;
		before += number;
	}
	for (i = 0; i < snapshot->count; i++) {
		to[next[order_digit(&from[i], by_calls, shift)]++] = from[i];
		if (i % 256 == 255)
			cond_resched();
	}
	snapshot->order = to;
	snapshot->order_spare = from;
}

/*
 * By calls, descending; the older process first where they are equal. From the least
 * significant byte on, a few passes over the rows: a sixth of what the comparisons
 * of a full table cost.
 */
static void order_sort(struct fs_snapshot *snapshot)
{
	unsigned int i;

	for (i = 0; i < 64 && snapshot->id_bits >> i; i += 8)
		order_pass(snapshot, false, i);
	for (i = 0; i < 64 && snapshot->calls_bits >> i; i += 8)
		order_pass(snapshot, true, i);
}

/* Under fs_table.rows_sem: what the header says beside the counters themselves. */
static void read_header(struct fs_snapshot *snapshot)
{
	struct fs_exceptions before;
	struct fs_counters overflow;

	snapshot->boottime_ns = ktime_get_boottime_ns();
	snapshot->realtime_ns = ktime_to_ns(ktime_get_real());
	snapshot->resets = fs_table.resets;
	snapshot->hook_count = fs_hooks_status(snapshot->hooks);

	/* Last of all: there are never fewer exceptions than faults. */
	fs_exceptions_read(&snapshot->exceptions);
	fs_reset_exceptions_before(&before);
	snapshot->exceptions.user -= before.user;
	/* One of our own may have been taken off since. */
	snapshot->exceptions.kernel -= min(snapshot->exceptions.kernel, before.kernel);

	fs_row_read_calls(fs_special.overflow.only, &overflow);
	snapshot->overflow = fs_counters_calls(&overflow);
	if (fs_special.overflow.only->baseline)
		snapshot->overflow -=
			fs_counters_calls(&fs_special.overflow.only->baseline->counters);
	snapshot->table_rows = fs_special_rows_beside(fs_pool_used(POOL_ROW));
	snapshot->processes = fs_processes_live();
	snapshot->ended = fs_ended_count();
	snapshot->folded = fs_fold_count();
	fs_check_status(&snapshot->check);
	snapshot->memory = fs_memory_used();
}

static void free_room(struct fs_snapshot *snapshot)
{
	kvfree(snapshot->rows);
	kvfree(snapshot->order);
	kvfree(snapshot->order_spare);
	snapshot->rows = NULL;
	snapshot->order = NULL;
	snapshot->order_spare = NULL;
	snapshot->room = 0;
	snapshot->used = 0;
}

/* For so many rows, and the hidden one behind them all. */
static bool make_room(struct fs_snapshot *snapshot, unsigned int room)
{
	snapshot->room = room;
	snapshot->rows = compat_kvmalloc((snapshot->room + 1) * sizeof(*snapshot->rows));
	snapshot->order = compat_kvmalloc((snapshot->room + 1) * sizeof(*snapshot->order));
	snapshot->order_spare = compat_kvmalloc((snapshot->room + 1) * sizeof(*snapshot->order));
	return snapshot->rows && snapshot->order && snapshot->order_spare;
}

/*
 * The first pass, with room for the rows there are and a few more. Where more come meanwhile it
 * begins again with twice as much; none goes, so that has an end. False where there is no memory.
 */
static bool read_all_calls(struct fs_snapshot *snapshot)
{
	unsigned int room = fs_pool_used(POOL_ROW) + ROOM_SLACK;

	while (make_room(snapshot, room)) {
		if (fs_rows_walk(read_calls, snapshot))
			return true;
		free_room(snapshot);
		room *= 2;
	}
	return false;
}

/**
 * fs_snapshot_take - the whole table as a reader in @ns may see it
 * @ns: pid namespace; processes that are not in it are summed up
 * @mark: those that have it alone; NULL: all
 *
 * Process context; sleeps. Returns NULL where there is no memory.
 */
struct fs_snapshot *fs_snapshot_take(struct pid_namespace *ns, const struct fs_mark *mark)
{
	struct fs_snapshot *snapshot = kzalloc(sizeof(*snapshot), GFP_KERNEL | __GFP_NORETRY);
	bool room;

	if (!snapshot)
		return NULL;
	snapshot->mark = mark;
	/* What is to be folded by the settings is not to be seen. */
	fs_fold_all(false);

	down_write(&fs_table.rows_sem);
	room = read_all_calls(snapshot);
	if (room) {
		fs_task_visit_begin();
		smp_rmb(); /* a call that is open in both passes is one of this moment */
		fs_rows_walk(read_verdicts, snapshot);
		fs_totals_read_verdicts(&snapshot->lifetime);
		smp_rmb(); /* against the order of writes in account.h */
		fs_task_visit_open(add_open, snapshot);
		fs_task_visit_end();
		smp_rmb(); /* against the order of writes in account.h */
		show_rows(snapshot, ns);
		smp_rmb(); /* against the order of writes in account.h */
		read_header(snapshot);
	}
	up_write(&fs_table.rows_sem);

	if (!room) {
		fs_snapshot_free(snapshot);
		return NULL;
	}
	order_sort(snapshot);
	return snapshot;
}

/**
 * fs_snapshot_take_totals - the header alone: no row and no task is looked at
 *
 * Process context; sleeps. What calls are open is pending there, settled or not.
 * Returns NULL where there is no memory.
 */
struct fs_snapshot *fs_snapshot_take_totals(void)
{
	struct fs_snapshot *snapshot = kzalloc(sizeof(*snapshot), GFP_KERNEL | __GFP_NORETRY);
	struct fs_counters later;

	if (!snapshot)
		return NULL;
	down_read(&fs_table.rows_sem);
	/* As with rows: calls, verdicts, calls again where there are more verdicts. */
	fs_totals_read_calls(&snapshot->lifetime);
	smp_rmb(); /* a call that is open in both is one of this moment */
	fs_totals_read_verdicts(&snapshot->lifetime);
	smp_rmb(); /* against the order of writes in account.h */
	fs_totals_read_calls(&later);
	fs_counters_raise_calls(&snapshot->lifetime, &later,
				fs_counters_verdicts(&snapshot->lifetime));
	snapshot->total = snapshot->lifetime;
	fs_counters_subtract(&snapshot->total, &fs_table.totals_before);
	clamp_verdicts(&snapshot->total);
	smp_rmb(); /* against the order of writes in account.h */
	read_header(snapshot);
	up_read(&fs_table.rows_sem);
	return snapshot;
}

/**
 * fs_snapshot_free - frees a snapshot
 * @snapshot: may be NULL
 *
 * Process context; sleeps.
 */
void fs_snapshot_free(struct fs_snapshot *snapshot)
{
	unsigned int i;

	if (!snapshot)
		return;
	for (i = 0; i < snapshot->used && snapshot->rows; i++)
		if (snapshot->rows[i].name)
			fs_name_unpin(snapshot->rows[i].name);
	free_room(snapshot);
	kfree(snapshot);
}

/**
 * fs_snapshot_object - the object of a row
 * @row: of a snapshot
 * @length: set, without the NUL
 *
 * Any context. Returns text that lives as long as the snapshot.
 */
const char *fs_snapshot_object(const struct fs_snapshot_row *row, size_t *length)
{
	const char *text;

	if (row->name) {
		*length = row->name->length;
		return row->name->text;
	}
	text = fs_object_region_name(REGION_HIDDEN);
	*length = strlen(text);
	return text;
}
