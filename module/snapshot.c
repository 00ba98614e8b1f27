// SPDX-License-Identifier: GPL-2.0
/*
 * Making snapshots, in process context, under fs_table.mutex: rows cannot leave, but
 * counting goes on and is never stopped. There are three passes over the rows, and a
 * look at the tasks:
 *
 *   1. calls
 *   2. verdicts; then those that have come on open calls, as the tasks tell
 *   3. calls again, of rows that now have more verdicts than calls
 *
 * A call of the first pass without a verdict in the second was open between the two
 * passes. A task has one open call at a time, so no more calls are pending than there
 * are tasks. A verdict whose call was too late for the first pass gets its call from
 * the third: hooks write the call before its verdict (account.h). Calls that nothing
 * has settled and that came later than the first pass are left to the next snapshot.
 *
 * So each row holds by itself, and the total is the sum of the rows that are shown. A
 * row that is made too late for the snapshot is in neither. Only the lifetime line
 * comes from the totals that hooks count by CPU, and may be a little ahead of the rows;
 * when nothing faults it says the same.
 *
 * Preemption is on throughout, but for a few rows or one bucket of tasks at a time.
 */
#include <linux/list.h>
#include <linux/pid_namespace.h>
#include <linux/vmalloc.h>
#include "fold.h"
#include "name.h"
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
	/* Counters and names are filled in, whole, when the row is shown. */
	at->source = row;
	at->name = NULL;
	at->pid = 0;
	at->ppid = 0;
	/* Now and not later: a process that has ended by now has no call open. */
	at->kind = row->process->kind;
	return at;
}

/* Until the verdicts of the lifetime are read they will be found there, and likewise of a row. */
static void snapshot_count(struct fs_snapshot *snapshot, struct fs_snapshot_row *at,
			   enum fs_counter counter, u64 n)
{
	if (at && at < snapshot->rows + snapshot->verdicts_of)
		at->counters.n[counter] += n;
	if (snapshot->verdicts_read)
		snapshot->lifetime.n[counter] += n;
}

/* Where missed counts go: without room for the row itself the overflow's has them. */
static struct fs_snapshot_row *row_of_missed(struct fs_snapshot *snapshot, struct fs_row *row)
{
	struct fs_snapshot_row *at = row_in(snapshot, row);

	if (at || !snapshot->verdicts_read)
		return at;
	at = row_take_in(snapshot, row);
	if (!at)
		return row_in(snapshot, fs_special.overflow.only);
	memset(&at->counters, 0, sizeof(at->counters));
	snapshot->verdicts_of = snapshot->used;
	return at;
}

/* Under fs_table.lock: a verdict that has come on a call that was not settled when we began. */
static void add_open(struct fs_row *row, struct fs_process *process,
		     const struct fs_task_moved *moved, void *data)
{
	struct fs_snapshot *snapshot = data;
	struct fs_snapshot_row *at;

	if (moved->verdict != NO_VERDICT)
		snapshot_count(snapshot, row_in(snapshot, row), moved->verdict, 1);
	if (!moved->missed_minor && !moved->missed_major)
		return;

	at = row_of_missed(snapshot, fs_row_missed(process));
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

/* First pass. */
static void read_calls(struct fs_snapshot *snapshot)
{
	struct fs_snapshot_row *at;
	struct fs_row *row;

	list_for_each_entry(row, &fs_table.rows, of_table) {
		at = row_take_in(snapshot, row);
		if (at)
			fs_row_read_calls(row, &at->counters);
		cond_resched();
	}
}

/* A row that was made after the first pass had no call then. */
static struct fs_snapshot_row *row_take_in_late(struct fs_snapshot *snapshot, struct fs_row *row)
{
	struct fs_snapshot_row *at = row_take_in(snapshot, row);

	if (at)
		memset(&at->counters, 0, sizeof(at->counters));
	return at;
}

/* Second pass. The order of the rows is that of the first. */
static void read_verdicts(struct fs_snapshot *snapshot)
{
	unsigned int done = 0, at_once = rows_locked();
	struct fs_snapshot_row *at;
	unsigned long flags;
	struct fs_row *row;

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	fs_task_visit_begin(add_open, snapshot);
	list_for_each_entry(row, &fs_table.rows, of_table) {
		if (done++ == at_once) {
			done = 1;
			fs_hook_unlock_irqrestore(&fs_table.lock, flags);
			cond_resched();
			fs_hook_lock_irqsave(&fs_table.lock, flags);
		}
		at = row_in(snapshot, row);
		if (!at)
			at = row_take_in_late(snapshot, row);
		if (!at)
			break;
		fs_row_read_verdicts(row, &at->counters);
		snapshot->verdicts_of++;
	}
	fs_totals_read_verdicts(&snapshot->lifetime);
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
static void raise_calls(const struct fs_row *row, struct fs_counters *counters)
{
	u64 verdicts = fs_counters_verdicts(counters);
	struct fs_counters later;

	if (verdicts <= fs_counters_calls(counters))
		return;
	fs_row_read_calls(row, &later);
	fs_counters_raise_calls(counters, &later, verdicts);
}

/*
 * Never behind the rows, even where a CPU is between its row and its totals. What is
 * pending in a row is pending here.
 */
static void read_lifetime(struct fs_snapshot *snapshot)
{
	struct fs_counters *lifetime = &snapshot->lifetime, rows = snapshot->total, later;
	int i;

	fs_counters_add(&rows, &fs_table.totals_before);
	for (i = COUNT_FIRST_VERDICT; i <= COUNT_LAST_VERDICT; i++)
		lifetime->n[i] = max(lifetime->n[i], rows.n[i]);
	for (i = COUNT_FIRST_CLASS; i <= COUNT_LAST_CLASS; i++)
		lifetime->n[i] = rows.n[i];
	fs_totals_read_calls(&later);
	fs_counters_raise_calls(lifetime, &later, fs_counters_verdicts(lifetime) +
				fs_counters_pending(&snapshot->total));
}

/* Third pass; what the last reset left behind, and which rows the reader may see. */
static void read_rest(struct fs_snapshot *snapshot, struct pid_namespace *ns)
{
	struct fs_snapshot_row *at, *hidden = &snapshot->rows[snapshot->room];
	struct fs_row *row;

	memset(hidden, 0, sizeof(*hidden));
	list_for_each_entry(row, &fs_table.rows, of_table) {
		cond_resched();
		at = row_in(snapshot, row);
		if (!at)
			continue;
		raise_calls(row, &at->counters);
		if (row == fs_special.overflow.only)
			snapshot->overflow = fs_counters_calls(&at->counters);
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
	}
	if (fs_counters_calls(&hidden->counters) || fs_counters_missed(&hidden->counters)) {
		hidden->kind = SNAPSHOT_HIDDEN;
		hidden->comm[0] = '-';
		order_add(snapshot, hidden);
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

/* Under fs_table.mutex: what the header says beside the counters themselves. */
static void read_header(struct fs_snapshot *snapshot)
{
	struct fs_exceptions before;

	snapshot->boottime_ns = ktime_get_boottime_ns();
	snapshot->realtime_ns = ktime_to_ns(ktime_get_real());
	snapshot->resets = fs_table.resets;
	snapshot->hook_count = fs_hooks_status(snapshot->hooks);

	/* Last of all: there are never fewer exceptions than faults. */
	fs_hooks_read_exceptions(&snapshot->exceptions);
	fs_reset_exceptions_before(&before);
	snapshot->exceptions.user -= before.user;
	snapshot->exceptions.kernel -= before.kernel;

	if (fs_special.overflow.only->baseline)
		snapshot->overflow -=
			fs_counters_calls(&fs_special.overflow.only->baseline->counters);
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
		read_calls(snapshot);
		smp_rmb(); /* a call that is open in both passes is one of this moment */
		read_verdicts(snapshot);
		smp_rmb(); /* against the order of writes in account.h */
		fs_task_visit_open(add_open, snapshot);
		smp_rmb(); /* against the order of writes in account.h */
		read_rest(snapshot, ns);
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
	struct fs_counters later;

	if (!snapshot)
		return NULL;
	mutex_lock(&fs_table.mutex);
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
	fs_row_read_calls(fs_special.overflow.only, &later);
	snapshot->overflow = fs_counters_calls(&later);
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
