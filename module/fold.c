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

/* Folded processes by comm; table.mutex. */
static struct process *comm_index[1 << COMM_BITS];

/* What waits for the grace period. */
struct chosen {
	struct list_head processes;
	struct list_head rows;	/* folded rows that reset has emptied */
};

static struct process **comm_bucket(const char *comm)
{
	return &comm_index[hash_32(jhash(comm, strnlen(comm, TASK_COMM_LEN), 0), COMM_BITS)];
}

static struct process *comm_find(const char *comm)
{
	struct process *process = *comm_bucket(comm);

	while (process && strncmp(process->comm, comm, TASK_COMM_LEN))
		process = process->index_next;
	return process;
}

static void comm_unlink(struct process *process)
{
	struct process **at = comm_bucket(process->comm);

	while (*at != process)
		at = &(*at)->index_next;
	*at = process->index_next;
}

/* Rows of their own for objects stop here, to leave room for the (comm, [other]). */
static unsigned int folded_objects_max(void)
{
	return table.rows_max / 2 - table.rows_max / 8;
}

static unsigned int folded_rows_max(void)
{
	return table.rows_max / 2;
}

/* Under table.lock: does the oldest ended process have to go, whatever room there is? */
static bool fold_is_owed(void)
{
	return !list_empty(&table.ended) &&
	       (table.ended_count > table.keep_exited ||
		list_first_entry(&table.ended, struct process, link)->purge);
}

/* Under table.lock: does the oldest ended process have to go? */
static bool fold_is_due(void)
{
	if (list_empty(&table.ended))
		return false;
	return fold_is_owed() || table_is_crowded() ||
	       list_empty(&list_first_entry(&table.ended, struct process, link)->rows);
}

/* Room needed is made in steps, for what is taken frees its rows only later. */
static bool fold_take_some(struct list_head *processes)
{
	unsigned int count = 0;
	unsigned long flags;
	bool more;

	hook_lock_irqsave(&table.lock, flags);
	while (count < FOLD_BATCH && fold_is_due()) {
		list_move_tail(table.ended.next, processes);
		table.ended_count--;
		count++;
	}
	more = count == FOLD_BATCH && fold_is_owed();
	hook_unlock_irqrestore(&table.lock, flags);
	return more;
}

/* Takes what has to go out of the index; hooks may still be looking at it. */
static bool fold_choose(struct chosen *chosen)
{
	struct process *process;
	struct row *row, *next;
	bool any;

	INIT_LIST_HEAD(&chosen->processes);
	INIT_LIST_HEAD(&chosen->rows);
	while (fold_take_some(&chosen->processes))
		cond_resched();
	any = !list_empty(&chosen->processes);

	list_for_each_entry(process, &chosen->processes, link) {
		list_for_each_entry(row, &process->rows, of_process) {
			row_unlink(row);
			cond_resched();
		}
	}

	if (!table.purge_folded)
		return any;
	list_for_each_entry(process, &table.folded, link) {
		list_for_each_entry_safe(row, next, &process->rows, of_process) {
			if (!row->dropped)
				continue;
			row_unlink(row);
			list_move(&row->of_process, &chosen->rows);
		}
	}
	table.purge_folded = false;
	return true;
}

/* Keeps the row, as the folded row of @folded. */
static void fold_in_place(struct process *folded, struct row *row,
			  const struct counters *counters)
{
	row_release_cells(row);
	row_forget_baseline(row);
	heat_free(row);
	/* Everything is in @counters: start from nothing. */
	row->dropped = true;
	row_add(row, counters);
	row_move(row, folded);
	table.rows_folded++;
}

/* The row (comm, [other]), or the one for all that has no room. */
static struct row *fold_other(struct process *folded)
{
	struct row *row;

	if (folded->only)
		return folded->only;
	row = row_find(folded, OBJECT_OTHER);
	if (!row && table.rows_folded < folded_rows_max()) {
		row = row_make_region(folded, REGION_OTHER);
		if (row)
			table.rows_folded++;
	}
	return row ? row : table.others.only;
}

static void fold_row(struct process *folded, struct row *row)
{
	struct row *target = NULL;
	struct counters counters;

	row_total(row, &counters);
	if (row->dropped || (!counters_calls(&counters) && !counters_missed(&counters))) {
		row_free(row);
		return;
	}
	if (!folded->only) {
		target = row_find(folded, row->key);
		if (!target && table.rows_folded < folded_objects_max()) {
			fold_in_place(folded, row, &counters);
			return;
		}
	}
	row_add(target ? target : fold_other(folded), &counters);
	row_free(row);
}

/* Turns an ended process into the folded one of its comm. */
static void comm_begin(struct process *process)
{
	struct process **bucket = comm_bucket(process->comm);

	put_pid(process->pid);
	put_pid(process->ppid);
	process->pid = NULL;
	process->ppid = NULL;
	process->id = 0;
	process->kind = PROCESS_FOLDED;
	process->purge = false;
	process->index_next = *bucket;
	*bucket = process;
	list_add_tail(&process->link, &table.folded);
}

/* A grace period after fold_choose(): nobody looks at it but readers, who wait. */
static void fold_process(struct process *process)
{
	struct process *folded = comm_find(process->comm);
	struct row *row, *next;
	LIST_HEAD(rows);

	list_del(&process->link);
	list_splice_init(&process->rows, &rows);
	if (!folded && table.rows_folded < folded_rows_max()) {
		comm_begin(process);
		folded = process;
	} else if (!folded) {
		folded = &table.others;
	}
	list_for_each_entry_safe(row, next, &rows, of_process) {
		fold_row(folded, row);
		cond_resched();
	}
	table.processes_folded++;
	if (process != folded)
		process_free(process);
}

static void fold_free_emptied(struct chosen *chosen)
{
	struct process *process, *next_process;
	struct row *row, *next;

	list_for_each_entry_safe(row, next, &chosen->rows, of_process) {
		table.rows_folded--;
		row_free(row);
	}
	list_for_each_entry_safe(process, next_process, &table.folded, link) {
		if (!list_empty(&process->rows))
			continue;
		comm_unlink(process);
		list_del(&process->link);
		process_free(process);
	}
}

/* Under table.folding. */
static bool fold_once(void)
{
	struct process *process, *next;
	struct chosen chosen;
	bool any;

	mutex_lock(&table.mutex);
	any = fold_choose(&chosen);
	mutex_unlock(&table.mutex);
	if (!any)
		return false;

	compat_synchronize_hooks();

	mutex_lock(&table.mutex);
	list_for_each_entry_safe(process, next, &chosen.processes, link)
		fold_process(process);
	fold_free_emptied(&chosen);
	mutex_unlock(&table.mutex);
	return true;
}

/**
 * fold_run - folds what has ended beyond keep_exited, and more where room is short
 *
 * Process context; sleeps for a grace period, or two where somebody else is at it.
 * What ends meanwhile is not waited for. Returns whether there was anything: then
 * there may be more.
 */
bool fold_run(void)
{
	bool any;

	mutex_lock(&table.folding);
	any = fold_once();
	mutex_unlock(&table.folding);
	return any;
}
