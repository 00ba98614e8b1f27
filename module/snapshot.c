// SPDX-License-Identifier: GPL-2.0
/*
 * Making snapshots, in process context, under fs_table.mutex: rows cannot leave, but
 * counting goes on and is never stopped. Verdicts are summed first, then open calls
 * are looked at, then calls are summed; the order in which hooks write (account.c)
 * then makes sure that no verdict is without its call. Preemption is on throughout,
 * but for a few rows or one bucket of tasks at a time.
 */
#include <linux/list.h>
#include <linux/pid_namespace.h>
#include <linux/vmalloc.h>
#include "fold.h"
#include "pool.h"
#include "reset.h"
#include "snapshot.h"
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

static struct fs_snapshot_row *row_take_in(struct fs_snapshot *snapshot, struct fs_row *row)
{
	struct fs_snapshot_row *at;

	if (snapshot->used == snapshot->room)
		return NULL;
	row->position = snapshot->used++;
	at = &snapshot->rows[row->position];
	/* Counters and names are filled in, whole, by who shows the row. */
	at->source = row;
	at->name = NULL;
	at->pid = 0;
	at->ppid = 0;
	/* Now and not later: who has ended by now has no call open. */
	at->kind = row->process->kind;
	return at;
}

static void snapshot_count(struct fs_snapshot *snapshot, struct fs_snapshot_row *at,
			   enum fs_counter counter, u64 n)
{
	if (at)
		at->counters.n[counter] += n;
	snapshot->lifetime.n[counter] += n;
}

/*
 * Under fs_table.lock: a verdict that has come, on a call that nothing had settled when
 * we began. If it is told before we read the row, it will be found there.
 */
static void add_open(struct fs_row *row, struct fs_process *process,
		     const struct fs_task_moved *moved, void *data)
{
	struct fs_snapshot *snapshot = data;
	struct fs_snapshot_row *at;

	if (moved->verdict != NO_VERDICT)
		snapshot_count(snapshot, row_in(snapshot, row), moved->verdict, 1);
	if (!moved->missed_minor && !moved->missed_major)
		return;

	row = fs_row_missed(process);
	at = row_in(snapshot, row);
	if (!at && snapshot->verdicts_read) {
		at = row_take_in(snapshot, row);
		if (at)
			memset(&at->counters, 0, sizeof(at->counters));
	}
	snapshot_count(snapshot, at, COUNT_MISSED_MINOR, moved->missed_minor);
	snapshot_count(snapshot, at, COUNT_MISSED_MAJOR, moved->missed_major);
}

/*
 * Rows that are read at once under fs_table.lock, so that each is read before or after a
 * task settles in it. With more CPUs one takes longer.
 */
static unsigned int rows_locked(void)
{
	return clamp(64 / (unsigned int)nr_cpu_ids, 1U, 8U);
}

static void read_verdicts(struct fs_snapshot *snapshot)
{
	unsigned int done = 0, at_once = rows_locked();
	struct fs_snapshot_row *at;
	unsigned long flags;
	struct fs_row *row;

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	fs_task_visit_begin(add_open, snapshot);
	fs_totals_read_verdicts(&snapshot->lifetime);
	list_for_each_entry(row, &fs_table.rows, of_table) {
		if (done++ == at_once) {
			done = 1;
			fs_hook_unlock_irqrestore(&fs_table.lock, flags);
			cond_resched();
			fs_hook_lock_irqsave(&fs_table.lock, flags);
		}
		at = row_take_in(snapshot, row);
		if (at)
			fs_row_read_verdicts(row, &at->counters);
	}
	snapshot->verdicts_read = true;
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
}

/**
 * fs_snapshot_fill_process - says whose row it is
 * @at: a row of a snapshot
 * @process: whose
 * @ns: of the reader
 *
 * Process context, fs_table.mutex held. Returns whether the reader may see it.
 */
bool fs_snapshot_fill_process(struct fs_snapshot_row *at, const struct fs_process *process,
			      struct pid_namespace *ns)
{
	at->id = process->id;
	memcpy(at->comm, process->comm, TASK_COMM_LEN);
	at->comm[TASK_COMM_LEN - 1] = '\0';
	/* Nobody knows any more in which namespaces the folded ones lived. */
	if (!process->pid)
		return process->kind != PROCESS_FOLDED || ns == &init_pid_ns;
	at->pid = pid_nr_ns(process->pid, ns);
	at->ppid = pid_nr_ns(process->ppid, ns);
	return at->pid != 0;
}

/**
 * fs_snapshot_fill_object - says what object a row is of
 * @at: a row of a snapshot
 * @row: the row; a reference to its name is taken
 *
 * Process context, fs_table.mutex held.
 */
void fs_snapshot_fill_object(struct fs_snapshot_row *at, const struct fs_row *row)
{
	at->name = row->name;
	atomic_inc(&at->name->refs);
	at->ino = row->ino;
	at->dev = row->dev;
	at->deleted = row->deleted;
}

static void order_add(struct fs_snapshot *snapshot, const struct fs_snapshot_row *row)
{
	struct fs_snapshot_order *order = &snapshot->order[snapshot->count++];

	order->calls = fs_counters_calls(&row->counters);
	order->row = row;
	snapshot->calls_bits |= order->calls;
	snapshot->id_bits |= row->id;
}

/*
 * Reset counts a verdict that has come as past, even where no task has settled it
 * yet. Who does not look at the tasks, or looked at the row before the task settled,
 * may find less than was left behind.
 */
static void clamp_verdicts(struct fs_counters *counters)
{
	int i;

	for (i = COUNT_MINOR; i <= COUNT_UNCOUNTED; i++)
		if ((s64)counters->n[i] < 0)
			counters->n[i] = 0;
}

/* The last step: calls, what the last reset left behind, and who may see it. */
static void read_calls(struct fs_snapshot *snapshot, struct pid_namespace *ns)
{
	struct fs_snapshot_row *at, *hidden = &snapshot->rows[snapshot->room];
	struct fs_row *row;

	memset(hidden, 0, sizeof(*hidden));
	list_for_each_entry(row, &fs_table.rows, of_table) {
		at = row_in(snapshot, row);
		if (!at)
			continue;
		fs_row_read_calls(row, &at->counters);
		if (row->baseline) {
			fs_counters_subtract(&at->counters, &row->baseline->counters);
			clamp_verdicts(&at->counters);
		}
		if (row->dropped ||
		    (!fs_counters_calls(&at->counters) && !fs_counters_missed(&at->counters)))
			continue;
		if (fs_snapshot_fill_process(at, row->process, ns)) {
			fs_snapshot_fill_object(at, row);
			order_add(snapshot, at);
		} else {
			fs_counters_add(&hidden->counters, &at->counters);
		}
		cond_resched();
	}
	if (fs_counters_calls(&hidden->counters) || fs_counters_missed(&hidden->counters)) {
		hidden->kind = SNAPSHOT_HIDDEN;
		hidden->comm[0] = '-';
		order_add(snapshot, hidden);
	}
	fs_totals_read_calls(&snapshot->lifetime);
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

static void read_overflow(struct fs_snapshot *snapshot)
{
	const struct fs_row *row = fs_table.overflow.only;
	struct fs_counters counters;

	fs_row_read_calls(row, &counters);
	snapshot->overflow = fs_counters_calls(&counters);
	if (row->baseline)
		snapshot->overflow -= fs_counters_calls(&row->baseline->counters);
}

/* Under fs_table.mutex: what the header says beside the counters themselves. */
static void read_header(struct fs_snapshot *snapshot)
{
	struct fs_exceptions before;

	snapshot->boottime_ns = ktime_get_boottime_ns();
	snapshot->realtime_ns = ktime_to_ns(ktime_get_real());
	snapshot->resets = fs_table.resets;
	snapshot->hook_count = fs_hooks_status(snapshot->hooks);

	snapshot->total = snapshot->lifetime;
	fs_counters_subtract(&snapshot->total, &fs_table.totals_before);
	clamp_verdicts(&snapshot->total);
	/* Last of all: there are never fewer exceptions than faults. */
	fs_hooks_read_exceptions(&snapshot->exceptions);
	fs_reset_exceptions_before(&before);
	snapshot->exceptions.user -= before.user;
	snapshot->exceptions.kernel -= before.kernel;

	read_overflow(snapshot);
	snapshot->table_rows = READ_ONCE(fs_table.rows_used);
	snapshot->processes = READ_ONCE(fs_table.processes);
	snapshot->ended = READ_ONCE(fs_table.ended_count);
	snapshot->folded = fs_table.processes_folded;
	snapshot->memory = fs_memory_used();
}

/* Room for the rows there are, a few more, and the hidden one behind them all. */
static bool make_room(struct fs_snapshot *snapshot)
{
	snapshot->room = READ_ONCE(fs_table.rows_used) + ROOM_SLACK;
	snapshot->rows = vmalloc((snapshot->room + 1) * sizeof(*snapshot->rows));
	snapshot->order = vmalloc((snapshot->room + 1) * sizeof(*snapshot->order));
	snapshot->order_spare = vmalloc((snapshot->room + 1) * sizeof(*snapshot->order));
	return snapshot->rows && snapshot->order && snapshot->order_spare;
}

/**
 * fs_snapshot_take - the whole table as a reader in @ns may see it
 * @ns: pid namespace; processes that are not in it are summed up
 *
 * Process context; sleeps. Returns NULL where there is no memory.
 */
struct fs_snapshot *fs_snapshot_take(struct pid_namespace *ns)
{
	struct fs_snapshot *snapshot = kzalloc(sizeof(*snapshot), GFP_KERNEL);
	bool room;

	if (!snapshot)
		return NULL;
	/* What is to be folded by the settings is not to be seen. */
	fs_fold_run();

	mutex_lock(&fs_table.mutex);
	room = make_room(snapshot);
	if (room) {
		read_verdicts(snapshot);
		smp_rmb(); /* against the order of writes in account.h */
		fs_task_visit_open(add_open, snapshot);
		smp_rmb(); /* against the order of writes in account.h */
		read_calls(snapshot, ns);
		smp_rmb(); /* against the order of writes in account.h */
		read_header(snapshot);
	}
	mutex_unlock(&fs_table.mutex);

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
	struct fs_snapshot *snapshot = kzalloc(sizeof(*snapshot), GFP_KERNEL);

	if (!snapshot)
		return NULL;
	mutex_lock(&fs_table.mutex);
	fs_totals_read_verdicts(&snapshot->lifetime);
	smp_rmb(); /* against the order of writes in account.h */
	fs_totals_read_calls(&snapshot->lifetime);
	smp_rmb(); /* against the order of writes in account.h */
	read_header(snapshot);
	mutex_unlock(&fs_table.mutex);
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
			fs_name_put(snapshot->rows[i].name);
	vfree(snapshot->rows);
	vfree(snapshot->order);
	vfree(snapshot->order_spare);
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
