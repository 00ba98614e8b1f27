// SPDX-License-Identifier: GPL-2.0
/*
 * Folding: the oldest ended processes leave the table, their counts stay, added
 * up by (comm, object). Called by the worker and by readers, in process context.
 * No count changes in a process that has ended, so nothing is lost between reading
 * a row and freeing it.
 *
 * A row that is the first of its (comm, object) becomes the folded row itself: then
 * folding needs no memory when there is none.
 *
 * Where there is no room for one more, the folded rows that were not added to for the
 * longest time leave for the [other] of their comm, and such rows for that of all comms.
 * A snapshot finds a count in the one row or in the other, never in both or none.
 */
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/list.h>
#include <linux/string.h>
#include "fold.h"
#include "heat.h"
#include "pool.h"
#include "process.h"
#include "row.h"
#include "table.h"

/* Processes taken with interrupts off. */
#define FOLD_BATCH	64
#define COMM_BITS	8

/* Folded processes by comm; fs_table.mutex. */
static struct fs_process *comm_index[1 << COMM_BITS];

/* Folded rows, the one that was added to longest ago first: of objects, and [other]. */
static LIST_HEAD(objects_by_age);
static LIST_HEAD(others_by_age);
static unsigned int objects_folded;

/* What waits for the grace period. */
struct chosen {
	struct list_head processes;
	struct list_head rows;	/* folded rows that reset has emptied */
	struct list_head aged;	/* those that make room, by_age */
};

static struct fs_process **comm_bucket(const char *comm)
{
	return &comm_index[hash_32(jhash(comm, strnlen(comm, TASK_COMM_LEN), 0), COMM_BITS)];
}

static struct fs_process *comm_find(const char *comm)
{
	struct fs_process *process = *comm_bucket(comm);

	while (process && strncmp(process->comm, comm, TASK_COMM_LEN))
		process = process->index_next;
	return process;
}

static void comm_unlink(struct fs_process *process)
{
	struct fs_process **at = comm_bucket(process->comm);

	while (*at != process)
		at = &(*at)->index_next;
	*at = process->index_next;
}

/* Rows of their own for objects stop here, to leave room for the (comm, [other]). */
static unsigned int folded_objects_max(void)
{
	return fs_table.rows_max / 2 - fs_table.rows_max / 8;
}

static unsigned int folded_rows_max(void)
{
	return fs_table.rows_max / 2;
}

/* No more than that leave for others in one run: what is wanted is only known roughly. */
static unsigned int folded_leave_max(void)
{
	return max(folded_objects_max() / 4, 1U);
}

static bool row_is_other(const struct fs_row *row)
{
	return fs_object_key_equal(row->key, fs_object_other);
}

static bool row_has_room(const struct fs_row *row)
{
	return fs_table.rows_folded < folded_rows_max() &&
	       (row_is_other(row) || objects_folded < folded_objects_max());
}

static struct list_head *row_ages(const struct fs_row *row)
{
	return row_is_other(row) ? &others_by_age : &objects_by_age;
}

/* A row has become a folded one. */
static void row_joins(struct fs_row *row)
{
	list_add_tail(&row->by_age, row_ages(row));
	fs_table.rows_folded++;
	objects_folded += !row_is_other(row);
}

/* A folded row, out of its list already, is one no more. */
static void row_leaves(const struct fs_row *row)
{
	fs_table.rows_folded--;
	objects_folded -= !row_is_other(row);
}

/* Adds to a folded row, or to that of all comms. */
static void row_take_in(struct fs_row *row, const struct fs_counters *counters)
{
	fs_row_add(row, counters);
	if (!row->process->only)
		list_move_tail(&row->by_age, row_ages(row));
}

/* Under fs_table.lock: does the oldest ended process have to go, whatever room there is? */
static bool fold_is_owed(void)
{
	return !list_empty(&fs_table.ended) &&
	       (fs_table.ended_count > fs_table.keep_exited ||
		list_first_entry(&fs_table.ended, struct fs_process, link)->purge);
}

/* Under fs_table.lock: does the oldest ended process have to go? */
static bool fold_is_due(void)
{
	if (list_empty(&fs_table.ended))
		return false;
	return fold_is_owed() || fs_table_is_crowded() ||
	       list_empty(&list_first_entry(&fs_table.ended, struct fs_process, link)->rows);
}

/* Room needed is made in steps, for what is taken frees its rows only later. */
static bool fold_take_some(struct list_head *processes)
{
	unsigned int count = 0;
	unsigned long flags;
	bool more;

	fs_hook_lock_irqsave(&fs_table.lock, flags);
	while (count < FOLD_BATCH && fold_is_due()) {
		list_move_tail(fs_table.ended.next, processes);
		fs_table.ended_count--;
		count++;
	}
	more = count == FOLD_BATCH && fold_is_owed();
	fs_hook_unlock_irqrestore(&fs_table.lock, flags);
	return more;
}

/*
 * Takes the rows of a process out of the index. Returns how many folded rows it wants;
 * those that there are already are as good as used.
 */
static unsigned int fold_unlink(struct fs_process *process)
{
	struct fs_process *folded = comm_find(process->comm);
	struct fs_row *row, *target;
	unsigned int wanted = 0;

	list_for_each_entry(row, &process->rows, of_process) {
		target = folded ? fs_row_find(folded, row->key) : NULL;
		if (target)
			list_move_tail(&target->by_age, row_ages(target));
		else
			wanted += !row->dropped;
		fs_row_unlink(row);
		cond_resched();
	}
	return wanted;
}

/* The folded rows that reset has emptied. */
static void fold_choose_emptied(struct list_head *rows)
{
	struct fs_process *process;
	struct fs_row *row, *next;

	list_for_each_entry(process, &fs_table.folded, link) {
		list_for_each_entry_safe(row, next, &process->rows, of_process) {
			if (!row->dropped)
				continue;
			fs_row_unlink(row);
			list_del(&row->by_age);
			list_move(&row->of_process, rows);
		}
	}
	fs_table.purge_folded = false;
}

/* The oldest of a list, no more than @count. */
static struct fs_row *fold_choose_oldest(struct list_head *ages, struct list_head *aged,
					 int count)
{
	struct fs_row *row;

	if (count <= 0 || list_empty(ages))
		return NULL;
	row = list_first_entry(ages, struct fs_row, by_age);
	fs_row_unlink(row);
	list_move_tail(&row->by_age, aged);
	return row;
}

/* Room for @wanted rows: those that will leave for an [other]. */
static void fold_choose_aged(struct list_head *aged, unsigned int wanted)
{
	int most = folded_leave_max(), joining, left, merged = 0, i;
	const struct fs_process *last = NULL;
	struct fs_row *row, *other;

	for (i = 0; i < most; i++) {
		row = fold_choose_oldest(&objects_by_age, aged, (int)(objects_folded + wanted -
								      folded_objects_max()) - i);
		if (!row)
			break;
		other = fs_row_find(row->process, fs_object_other);
		if (other)
			list_move_tail(&other->by_age, &others_by_age);
		/* The first of a comm becomes its [other]. */
		if (other || row->process == last)
			merged++;
		last = row->process;
		cond_resched();
	}
	/* However many want to join, no more of them will than there is room for objects. */
	joining = min_t(int, wanted, folded_objects_max() - (objects_folded - i));
	left = fs_table.rows_folded + joining - folded_rows_max() - merged;
	for (i = 0; i < most; i++) {
		if (!fold_choose_oldest(&others_by_age, aged, left - i))
			break;
		cond_resched();
	}
}

/* Takes what has to go out of the index; hooks may still be looking at it. */
static bool fold_choose(struct chosen *chosen)
{
	struct fs_process *process;
	unsigned int wanted = 0;
	bool any = false;

	INIT_LIST_HEAD(&chosen->processes);
	INIT_LIST_HEAD(&chosen->rows);
	INIT_LIST_HEAD(&chosen->aged);
	if (fs_table.purge_folded) {
		fold_choose_emptied(&chosen->rows);
		any = true;
	}
	while (fold_take_some(&chosen->processes))
		cond_resched();
	list_for_each_entry(process, &chosen->processes, link)
		wanted += fold_unlink(process);
	fold_choose_aged(&chosen->aged, wanted);
	return any || !list_empty(&chosen->processes);
}

/* A grace period after fold_choose(): what was chosen goes where the rest of its kind is. */
static void fold_aged(struct list_head *aged)
{
	struct fs_row *row, *next, *target;
	struct fs_counters counters;

	list_for_each_entry_safe(row, next, aged, by_age) {
		list_del(&row->by_age);
		row_leaves(row);
		target = row_is_other(row) ? fs_special.others.only :
			 fs_row_find(row->process, fs_object_other);
		if (!target && !row->dropped) {
			/* Nothing else makes one. */
			fs_row_become_other(row);
			row_joins(row);
			continue;
		}
		/* Reset may have emptied it meanwhile. */
		if (!row->dropped) {
			fs_row_total(row, &counters);
			row_take_in(target, &counters);
		}
		fs_row_free(row);
		cond_resched();
	}
}

/* Keeps the row, as the folded row of @folded. */
static void fold_in_place(struct fs_process *folded, struct fs_row *row,
			  const struct fs_counters *counters)
{
	fs_row_release_cells(row);
	fs_row_forget_baseline(row);
	/* Everything is in @counters: start from nothing. */
	row->dropped = true;
	fs_row_add(row, counters);
	fs_row_move(row, folded);
	row_joins(row);
}

/* The row (comm, [other]), or the one for all that has no room. */
static struct fs_row *fold_other(struct fs_process *folded)
{
	struct fs_row *row;

	if (folded->only)
		return folded->only;
	row = fs_row_find(folded, fs_object_other);
	if (!row && fs_table.rows_folded < folded_rows_max()) {
		row = fs_row_make_region(folded, REGION_OTHER);
		if (row)
			row_joins(row);
	}
	return row ? row : fs_special.others.only;
}

static void fold_row(struct fs_process *folded, struct fs_row *row)
{
	struct fs_row *target = NULL;
	struct fs_counters counters;

	fs_heat_free(row);
	fs_row_total(row, &counters);
	if (row->dropped || (!fs_counters_calls(&counters) && !fs_counters_missed(&counters))) {
		fs_row_free(row);
		return;
	}
	if (!folded->only) {
		target = fs_row_find(folded, row->key);
		if (!target && row_has_room(row)) {
			fold_in_place(folded, row, &counters);
			return;
		}
	}
	row_take_in(target ? target : fold_other(folded), &counters);
	fs_row_free(row);
}

/* Turns an ended process into the folded one of its comm. */
static void comm_begin(struct fs_process *process)
{
	struct fs_process **bucket = comm_bucket(process->comm);

	put_pid(process->pid);
	put_pid(process->ppid);
	process->pid = NULL;
	process->ppid = NULL;
	process->id = 0;
	process->kind = PROCESS_FOLDED;
	process->purge = false;
	process->index_next = *bucket;
	*bucket = process;
	list_add_tail(&process->link, &fs_table.folded);
}

/* A grace period after fold_choose(): only readers could look at it, and they wait. */
static void fold_process(struct fs_process *process)
{
	struct fs_process *folded = comm_find(process->comm);
	struct fs_row *row, *next;
	LIST_HEAD(rows);

	list_del(&process->link);
	list_splice_init(&process->rows, &rows);
	if (!folded && fs_table.rows_folded < folded_rows_max()) {
		comm_begin(process);
		folded = process;
	} else if (!folded) {
		folded = &fs_special.others;
	}
	list_for_each_entry_safe(row, next, &rows, of_process) {
		fold_row(folded, row);
		cond_resched();
	}
	fs_table.processes_folded++;
	if (process != folded)
		fs_process_free(process);
}

static void fold_free_emptied(struct chosen *chosen)
{
	struct fs_process *process, *next_process;
	struct fs_row *row, *next;

	list_for_each_entry_safe(row, next, &chosen->rows, of_process) {
		row_leaves(row);
		fs_row_free(row);
	}
	list_for_each_entry_safe(process, next_process, &fs_table.folded, link) {
		if (!list_empty(&process->rows))
			continue;
		comm_unlink(process);
		list_del(&process->link);
		fs_process_free(process);
	}
}

/* Under fs_table.folding. */
static bool fold_once(void)
{
	struct fs_process *process, *next;
	struct chosen chosen;
	bool any;

	mutex_lock(&fs_table.mutex);
	any = fold_choose(&chosen);
	mutex_unlock(&fs_table.mutex);
	if (!any)
		return false;

	compat_synchronize_hooks();

	mutex_lock(&fs_table.mutex);
	fold_aged(&chosen.aged);
	list_for_each_entry_safe(process, next, &chosen.processes, link)
		fold_process(process);
	fold_free_emptied(&chosen);
	mutex_unlock(&fs_table.mutex);
	return true;
}

/**
 * fs_fold_run - folds what has ended beyond keep_exited, and more where room is short
 *
 * Process context; sleeps for a grace period, or two where another caller is at it.
 * What ends meanwhile is not waited for. Returns whether there was anything: then
 * there may be more.
 */
bool fs_fold_run(void)
{
	bool any;

	mutex_lock(&fs_table.folding);
	any = fold_once();
	mutex_unlock(&fs_table.folding);
	return any;
}
