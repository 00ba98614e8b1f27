// SPDX-License-Identifier: GPL-2.0
/*
 * Folding: the oldest ended processes leave the table, their counts stay, added
 * up by (comm, object). Called by the worker and by readers, in process context.
 * No count changes in a process that has ended, so nothing is lost between reading
 * a row and freeing it.
 *
 * A row that is the first of its (comm, object) becomes the folded row itself: then
 * folding needs no memory when there is none.
 */
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/list.h>
#include <linux/string.h>
#include "fold.h"
#include "heat.h"
#include "pool.h"
#include "table.h"

/* Processes taken with interrupts off. */
#define FOLD_BATCH	64
#define COMM_BITS	8

/* Folded processes by comm; fs_table.mutex. */
static struct fs_process *comm_index[1 << COMM_BITS];

/* What waits for the grace period. */
struct chosen {
	struct list_head processes;
	struct list_head rows;	/* folded rows that reset has emptied */
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

/* Takes what has to go out of the index; hooks may still be looking at it. */
static bool fold_choose(struct chosen *chosen)
{
	struct fs_process *process;
	struct fs_row *row, *next;
	bool any;

	INIT_LIST_HEAD(&chosen->processes);
	INIT_LIST_HEAD(&chosen->rows);
	while (fold_take_some(&chosen->processes))
		cond_resched();
	any = !list_empty(&chosen->processes);

	list_for_each_entry(process, &chosen->processes, link) {
		list_for_each_entry(row, &process->rows, of_process) {
			fs_row_unlink(row);
			cond_resched();
		}
	}

	if (!fs_table.purge_folded)
		return any;
	list_for_each_entry(process, &fs_table.folded, link) {
		list_for_each_entry_safe(row, next, &process->rows, of_process) {
			if (!row->dropped)
				continue;
			fs_row_unlink(row);
			list_move(&row->of_process, &chosen->rows);
		}
	}
	fs_table.purge_folded = false;
	return true;
}

/* Keeps the row, as the folded row of @folded. */
static void fold_in_place(struct fs_process *folded, struct fs_row *row,
			  const struct fs_counters *counters)
{
	fs_row_release_cells(row);
	fs_row_forget_baseline(row);
	fs_heat_free(row);
	/* Everything is in @counters: start from nothing. */
	row->dropped = true;
	fs_row_add(row, counters);
	fs_row_move(row, folded);
	fs_table.rows_folded++;
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
			fs_table.rows_folded++;
	}
	return row ? row : fs_table.others.only;
}

static void fold_row(struct fs_process *folded, struct fs_row *row)
{
	struct fs_row *target = NULL;
	struct fs_counters counters;

	fs_row_total(row, &counters);
	if (row->dropped || (!fs_counters_calls(&counters) && !fs_counters_missed(&counters))) {
		fs_row_free(row);
		return;
	}
	if (!folded->only) {
		target = fs_row_find(folded, row->key);
		if (!target && fs_table.rows_folded < folded_objects_max()) {
			fold_in_place(folded, row, &counters);
			return;
		}
	}
	fs_row_add(target ? target : fold_other(folded), &counters);
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

/* A grace period after fold_choose(): nobody looks at it but readers, who wait. */
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
		folded = &fs_table.others;
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
		fs_table.rows_folded--;
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
	list_for_each_entry_safe(process, next, &chosen.processes, link)
		fold_process(process);
	fold_free_emptied(&chosen);
	mutex_unlock(&fs_table.mutex);
	return true;
}

/**
 * fs_fold_run - folds what has ended beyond keep_exited, and more where room is short
 *
 * Process context; sleeps for a grace period, or two where somebody else is at it.
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
