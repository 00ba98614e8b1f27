// SPDX-License-Identifier: GPL-2.0
/*
 * Folding: ended processes leave the table, their counts stay, added up by (comm, object). Each CPU
 * folds what it ended, in its worker, with fs_table.rows_sem held for reading; readers fold what is
 * left. Process context. No count changes in a process that has ended, and no hook looks for a row
 * of it, so nothing is lost between reading a row and freeing it, and there is nothing to wait for.
 *
 * What a CPU folds at once is first added up by itself: of processes of the same comm the first
 * takes in the rows of the others. So the folded rows, which all CPUs share, are written once for
 * all of them.
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
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/string.h>
#include "cells.h"
#include "check.h"
#include "code.h"
#include "ended.h"
#include "fold.h"
#include "heat.h"
#include "pool.h"
#include "process.h"
#include "row.h"
#include "row_life.h"
#include "stack_merge.h"
#include "table.h"

#define COMM_BITS	10

/*
 * Who has it changes folded rows; inside fs_table.rows_sem. Taken once for what a CPU folds at
 * once, of up to HEADS comms. All that follows is under it.
 */
static DEFINE_MUTEX(fold_mutex);

/* Folded processes by comm, which users choose: the hash is secret. */
static struct fs_process *comm_index[1 << COMM_BITS];
static u32 comm_secret;

/* Folded rows, the one that was added to longest ago first: of objects, and [other]. */
static LIST_HEAD(objects_by_age);
static LIST_HEAD(others_by_age);
static unsigned int objects_folded;
static unsigned int rows_folded;
static u64 processes_folded;

static struct fs_process **comm_bucket(const char *comm)
{
	u32 hash = jhash(comm, strnlen(comm, TASK_COMM_LEN), comm_secret);

	return &comm_index[hash_32(hash, COMM_BITS)];
}

/* Of the same comm, and of the same command that somebody waits for, if any. */
static bool same_comm(const struct fs_process *a, const struct fs_process *b)
{
	return a->mark == b->mark && !strncmp(a->comm, b->comm, TASK_COMM_LEN);
}

/* The row for what has no room, of a folded process or of one to be folded. */
static struct fs_row *last_resort(const struct fs_process *process)
{
	return process->mark ? process->mark->others->only : fs_special.others.only;
}

static struct fs_process *comm_find(const struct fs_process *ended)
{
	struct fs_process *process = *comm_bucket(ended->comm);

	while (process && !same_comm(process, ended))
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

static bool row_is_other(const struct fs_row *row)
{
	return fs_object_key_equal(row->key, fs_object_other);
}

static bool row_has_room(const struct fs_row *row)
{
	return rows_folded < folded_rows_max() &&
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
	rows_folded++;
	objects_folded += !row_is_other(row);
}

/* A folded row is one no more. */
static void row_leaves(struct fs_row *row)
{
	list_del(&row->by_age);
	rows_folded--;
	objects_folded -= !row_is_other(row);
}

/* Adds a flat row to another, and frees it. */
static void row_merge(struct fs_row *row, struct fs_row *into)
{
	fs_stacks_merge(row, into);
	fs_row_merge(row, into);
}

/* Frees a flat row that counts nothing. */
static void row_free(struct fs_row *row)
{
	fs_stacks_free(row);
	fs_row_free_flat(row);
}

/* Adds a row to a folded one, or to that of all comms, and frees it. */
static void row_take_in(struct fs_row *into, struct fs_row *row)
{
	row_merge(row, into);
	if (!into->process->only)
		list_move_tail(&into->by_age, row_ages(into));
}

/* A comm whose last row has gone. */
static void comm_end_if_empty(struct fs_process *process)
{
	if (!list_empty(&process->rows))
		return;
	comm_unlink(process);
	list_del(&process->link);
	fs_process_free(process);
}

/* Making room. */

/* The folded row that was added to longest ago goes where the rest of its kind is. */
static void age_one(struct fs_row *row, const struct fs_process *in_use)
{
	struct fs_process *process = row->process;
	struct fs_row *target;

	fs_row_unlink(row);
	row_leaves(row);
	target = row_is_other(row) ? last_resort(process) :
		 fs_row_look(process, fs_object_other);
	if (row->dropped) {
		/* Reset has emptied it. */
		row_free(row);
	} else if (target) {
		row_take_in(target, row);
	} else {
		/* Nothing else makes one. */
		fs_row_become_other(row);
		row_joins(row);
	}
	if (process != in_use)
		comm_end_if_empty(process);
}

/* For one row more of a comm that is @in_use. */
static void make_room(const struct fs_row *row, const struct fs_process *in_use)
{
	if (!row_is_other(row) && objects_folded >= folded_objects_max() &&
	    !list_empty(&objects_by_age))
		age_one(list_first_entry(&objects_by_age, struct fs_row, by_age), in_use);
	if (rows_folded >= folded_rows_max() && !list_empty(&others_by_age))
		age_one(list_first_entry(&others_by_age, struct fs_row, by_age), in_use);
}

/* Into the folded rows. */

/* The row (comm, [other]), or the one for all that has no room. */
static struct fs_row *fold_other(struct fs_process *folded)
{
	struct fs_row *row;

	row = fs_row_look(folded, fs_object_other);
	if (!row && rows_folded < folded_rows_max()) {
		row = fs_row_make_region(folded, REGION_OTHER);
		if (row)
			row_joins(row);
	}
	return row ? row : last_resort(folded);
}

static void fold_row(struct fs_process *folded, struct fs_row *row)
{
	struct fs_row *target = fs_row_look(folded, row->key);

	if (!target)
		make_room(row, folded);
	if (!target && row_has_room(row)) {
		fs_row_move(row, folded);
		row_joins(row);
		return;
	}
	row_take_in(target ? target : fold_other(folded), row);
}

/* Turns an ended process without rows into the folded one of its comm. */
static void comm_begin(struct fs_process *process)
{
	struct fs_process **bucket = comm_bucket(process->comm);

	put_pid(process->pid);
	put_pid(process->ppid);
	process->pid = NULL;
	process->ppid = NULL;
	process->id = process->mark ? process->mark->id : 0;
	WRITE_ONCE(process->kind, PROCESS_FOLDED);
	process->purge = false;
	process->index_next = *bucket;
	*bucket = process;
	list_add_tail(&process->link, &fs_table.folded);
}

/* Under fold_mutex: a process whose rows are flat. */
static void fold_process(struct fs_process *process)
{
	struct fs_process *folded = comm_find(process);
	struct fs_row *row, *next;
	LIST_HEAD(rows);

	list_splice_init(&process->rows, &rows);
	if (!folded && list_empty(&rows)) {
		fs_process_free(process);
		return;
	}
	if (!folded) {
		comm_begin(process);
		folded = process;
	}
	list_for_each_entry_safe(row, next, &rows, of_process) {
		fold_row(folded, row);
		cond_resched();
	}
	if (process != folded)
		fs_process_free(process);
	comm_end_if_empty(folded);
}

/* Ended processes, on their own. */

/* Makes it its worker's alone. Returns how many rows it has that count anything. */
static unsigned int process_flatten(struct fs_process *process)
{
	struct fs_row *row, *next;
	unsigned int count = 0;

	fs_process_delist(process);
	if (process->code)
		fs_code_release(process);
	fs_rows_flatten(process);
	fs_check_process(process);
	list_for_each_entry_safe(row, next, &process->rows, of_process) {
		fs_heat_free(row);
		if (fs_row_is_empty(row)) {
			row_free(row);
		} else {
			/* From now on by places: other processes have other addresses. */
			if (row->stacks)
				fs_stacks_merge(row, row);
			count++;
		}
		cond_resched();
	}
	return count;
}

/* With more rows than that it is cheaper to look them up among the folded ones. */
#define MERGED_ROWS_MAX	64

/*
 * The row of a key; mostly the one at @from, for processes of a comm touch the same in the same
 * order.
 */
static struct fs_row *merge_find(struct fs_process *process, struct list_head *from,
				 struct fs_object_key key)
{
	struct list_head *at = from;

	do {
		struct fs_row *row = list_entry(at, struct fs_row, of_process);

		if (at != &process->rows && fs_object_key_equal(row->key, key))
			return row;
		at = at->next;
	} while (at != from);
	return NULL;
}

static void process_merge(struct fs_process *into, struct fs_process *process)
{
	struct list_head *from = into->rows.next;
	struct fs_row *row, *next, *target;

	list_for_each_entry_safe(row, next, &process->rows, of_process) {
		target = merge_find(into, from, row->key);
		if (target) {
			from = target->of_process.next;
			row_merge(row, target);
		} else {
			WRITE_ONCE(row->process, into);
			list_move_tail(&row->of_process, &into->rows);
			into->merged++;
		}
	}
	fs_process_free(process);
}

/* What a CPU folds at once, by comm. */
#define HEADS	8

struct heads {
	struct fs_process *of[HEADS];
	unsigned int count;
	unsigned int processes;	/* that they stand for */
};

static void heads_fold(struct heads *heads)
{
	unsigned int i;

	mutex_lock(&fold_mutex);
	for (i = 0; i < heads->count; i++)
		fold_process(heads->of[i]);
	processes_folded += heads->processes;
	mutex_unlock(&fold_mutex);
	heads->count = 0;
	heads->processes = 0;
}

static void heads_take(struct heads *heads, struct fs_process *process)
{
	unsigned int i;

	process->merged = process_flatten(process);
	heads->processes++;
	for (i = 0; i < heads->count; i++) {
		if (heads->of[i]->merged + process->merged <= MERGED_ROWS_MAX &&
		    same_comm(heads->of[i], process)) {
			process_merge(heads->of[i], process);
			return;
		}
	}
	if (heads->count == HEADS)
		heads_fold(heads);
	heads->of[heads->count++] = process;
}

/* Of a list that was put together from its end. */
static struct llist_node *list_reverse(struct llist_node *list)
{
	struct llist_node *reverse = NULL;

	while (list) {
		struct llist_node *next = list->next;

		list->next = reverse;
		reverse = list;
		list = next;
	}
	return reverse;
}

/**
 * fs_fold_cpu - folds what is due on a CPU
 * @cpu: which
 *
 * Process context; sleeps.
 */
void fs_fold_cpu(int cpu)
{
	struct heads heads = { .count = 0 };
	struct llist_node *at;

	down_read(&fs_table.rows_sem);
	at = list_reverse(fs_ended_take_due(cpu));
	while (at) {
		struct fs_process *process = llist_entry(at, struct fs_process, due);

		at = at->next;
		heads_take(&heads, process);
		cond_resched();
	}
	if (heads.count)
		heads_fold(&heads);
	up_read(&fs_table.rows_sem);
}

/* Under fold_mutex: folded rows that reset has emptied, and comms that have none left. */
static void fold_emptied(void)
{
	struct fs_process *process, *next_process;
	struct fs_row *row, *next;

	list_for_each_entry_safe(process, next_process, &fs_table.folded, link) {
		list_for_each_entry_safe(row, next, &process->rows, of_process) {
			if (!row->dropped)
				continue;
			fs_row_unlink(row);
			row_leaves(row);
			row_free(row);
			cond_resched();
		}
		comm_end_if_empty(process);
	}
}

/**
 * fs_fold_all - folds what is due on all CPUs
 * @emptied: and gives up folded rows that reset has emptied
 *
 * Process context; sleeps. What ends meanwhile is not waited for.
 */
void fs_fold_all(bool emptied)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (fs_ended_is_due(cpu))
			fs_fold_cpu(cpu);
	if (!emptied)
		return;
	down_read(&fs_table.rows_sem);
	mutex_lock(&fold_mutex);
	fold_emptied();
	mutex_unlock(&fold_mutex);
	up_read(&fs_table.rows_sem);
}

/**
 * fs_fold_mark_begin - makes room for what processes with a mark counted
 * @mark: a new one
 *
 * Process context. Returns 0 or -ENOMEM.
 */
int fs_fold_mark_begin(struct fs_mark *mark)
{
	struct fs_process *process = fs_pool_get(POOL_PROCESS);

	if (!process)
		return -ENOMEM;
	fs_process_setup(process);
	process->kind = PROCESS_FOLDED;
	process->id = mark->id;
	process->mark = mark;
	strscpy(process->comm, fs_object_region_name(REGION_OTHER), TASK_COMM_LEN);
	if (fs_row_make_only(process, REGION_OTHER, false)) {
		fs_process_free(process);
		return -ENOMEM;
	}
	down_write(&fs_table.rows_sem);
	mark->others = process;
	list_add(&process->link, &fs_table.folded);
	up_write(&fs_table.rows_sem);
	return 0;
}

/* Under fold_mutex: the folded rows of a comm with a mark become those of the comm. */
static void comm_lose_mark(struct fs_process *process)
{
	struct fs_row *row;

	comm_unlink(process);
	list_del(&process->link);
	list_for_each_entry(row, &process->rows, of_process) {
		fs_row_unlink(row);
		row_leaves(row);
	}
	WRITE_ONCE(process->mark, NULL);
	fold_process(process);
}

/* Under fold_mutex. One at a time, since room that is made for its rows may end others. */
static struct fs_process *marked_find(const struct fs_mark *mark)
{
	struct fs_process *process;

	list_for_each_entry(process, &fs_table.folded, link)
		if (process->mark == mark)
			return process;
	return NULL;
}

/**
 * fs_fold_mark_end - folds what is left of a mark with all others
 * @mark: that no process has any more
 *
 * Process context, fs_table.rows_sem held for writing.
 */
void fs_fold_mark_end(struct fs_mark *mark)
{
	struct fs_process *process;

	mutex_lock(&fold_mutex);
	list_del(&mark->others->link);
	/* What a reset has emptied is not to count again where it goes. */
	fold_emptied();
	while ((process = marked_find(mark))) {
		comm_lose_mark(process);
		cond_resched();
	}
	row_merge(mark->others->only, fs_special.others.only);
	fs_process_free(mark->others);
	mutex_unlock(&fold_mutex);
}

/**
 * fs_fold_count - processes that were folded since load
 *
 * Process context.
 */
u64 fs_fold_count(void)
{
	u64 count;

	mutex_lock(&fold_mutex);
	count = processes_folded;
	mutex_unlock(&fold_mutex);
	return count;
}

/**
 * fs_fold_init - before anything is folded
 *
 * Process context.
 */
void fs_fold_init(void)
{
	get_random_bytes(&comm_secret, sizeof(comm_secret));
}

/**
 * fs_fold_destroy - frees folded processes
 *
 * Process context, with no row, hook, reader or worker left.
 */
void fs_fold_destroy(void)
{
	struct fs_process *process, *next;

	list_for_each_entry_safe(process, next, &fs_table.folded, link) {
		list_del(&process->link);
		fs_process_free(process);
	}
}
