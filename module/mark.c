// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a mark (mark.h), which is that of an open file. Process context.
 */
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "fold.h"
#include "mark.h"
#include "process.h"
#include "table.h"

/* Taken where a file is opened or closed; inside it fs_table.rows_sem. */
static DEFINE_MUTEX(marks_mutex);
static unsigned int marks;	/* under it, as is fs_table.marks */

/**
 * fs_mark_begin - makes a mark that no process has yet
 *
 * Returns NULL where there is no memory.
 */
struct fs_mark *fs_mark_begin(void)
{
	struct fs_mark *mark = kzalloc(sizeof(*mark), GFP_KERNEL | __GFP_NORETRY);

	if (!mark)
		return NULL;
	mark->id = fs_process_new_id();
	if (fs_fold_mark_begin(mark)) {
		kfree(mark);
		return NULL;
	}
	mutex_lock(&marks_mutex);
	marks++;
	WRITE_ONCE(fs_table.marks, true);
	mutex_unlock(&marks_mutex);
	return mark;
}

/**
 * fs_mark_put_on - marks a process, and all that descend from it from now on
 * @mark: which
 * @pid: of the process or of a task of it, in the namespace of current
 *
 * Returns 0; -ESRCH where there is no such task; -EINVAL for one of the kernel.
 */
int fs_mark_put_on(struct fs_mark *mark, pid_t pid)
{
	struct task_struct *task;
	int err = 0;

	rcu_read_lock();
	task = pid_task(find_vpid(pid), PIDTYPE_PID);
	if (!task)
		err = -ESRCH;
	else if (task->flags & PF_KTHREAD)
		err = -EINVAL;
	else
		fs_process_mark(task, mark);
	rcu_read_unlock();
	return err;
}

/**
 * fs_mark_end - takes a mark from all that have it, and frees it
 * @mark: may be NULL
 *
 * Sleeps; waits for the hooks.
 */
void fs_mark_end(struct fs_mark *mark)
{
	if (!mark)
		return;
	mutex_lock(&marks_mutex);
	WRITE_ONCE(mark->ending, true);
	/* A birth that is under way may have it in hand. */
	compat_synchronize_hooks();
	down_write(&fs_table.rows_sem);
	fs_processes_unmark(mark);
	fs_fold_mark_end(mark);
	up_write(&fs_table.rows_sem);
	if (!--marks)
		WRITE_ONCE(fs_table.marks, false);
	mutex_unlock(&marks_mutex);
	kfree(mark);
}
