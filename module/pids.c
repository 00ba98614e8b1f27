// SPDX-License-Identifier: GPL-2.0
/*
 * Lists of process ids, as users write them: numbers with commas between; and the
 * processes that they mean.
 */
#include <linux/kernel.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/threads.h>
#include "pids.h"

/* Reads one number up to a comma or the end; false where there is none. */
static bool pid_parse(const char **text, pid_t *pid)
{
	unsigned int value = 0;
	const char *at = *text;

	while (*at >= '0' && *at <= '9' && value <= PID_MAX_LIMIT)
		value = value * 10 + (*at++ - '0');
	if (at == *text || !value || value > PID_MAX_LIMIT)
		return false;
	*text = at;
	*pid = value;
	return true;
}

/**
 * fs_pids_parse - reads a list, which may be empty and may end with a newline
 * @text: ended by NUL
 * @list: result; means nothing where this fails
 *
 * Any context. Returns whether it is a list.
 */
bool fs_pids_parse(const char *text, struct fs_pid_list *list)
{
	list->all = false;
	list->count = 0;
	if (!*text || sysfs_streq(text, ""))
		return true;
	do {
		if (list->count == PIDS_MAX || !pid_parse(&text, &list->pids[list->count]))
			return false;
		list->count++;
	} while (*text == ',' && text++);
	return sysfs_streq(text, "");
}

/**
 * fs_pids_text - a list as it is written
 * @list: the list
 * @buffer: result, empty for an empty list
 * @size: of it; PIDS_TEXT is always enough
 *
 * Any context. Returns its length.
 */
int fs_pids_text(const struct fs_pid_list *list, char *buffer, size_t size)
{
	int length = 0;
	unsigned int i;

	if (list->all)
		return scnprintf(buffer, size, "all");
	buffer[0] = '\0';
	for (i = 0; i < list->count; i++)
		length += scnprintf(buffer + length, size - length, "%s%d", i ? "," : "",
				    list->pids[i]);
	return length;
}

/* The process with that id now, with a reference; NULL where there is none. */
static struct pid *process_now(pid_t nr)
{
	struct pid *pid = find_pid_ns(nr, &init_pid_ns);
	struct task_struct *task = pid ? pid_task(pid, PIDTYPE_PID) : NULL;

	return task && thread_group_leader(task) ? get_pid(pid) : NULL;
}

/**
 * fs_pid_set_make - makes a set of processes
 * @set: all 0, and not in use yet
 * @list: of the ids
 *
 * Any context but NMI.
 */
void fs_pid_set_make(struct fs_pid_set *set, const struct fs_pid_list *list)
{
	unsigned int i;

	set->list = *list;
	rcu_read_lock();
	for (i = 0; i < PIDS_MAX; i++)
		set->held[i] = i < list->count ? process_now(list->pids[i]) : NULL;
	rcu_read_unlock();
}

/**
 * fs_pid_set_put - gives up what a set held
 * @held: of the set
 *
 * Process context.
 */
void fs_pid_set_put(struct pid *held[PIDS_MAX])
{
	unsigned int i;

	for (i = 0; i < PIDS_MAX; i++)
		put_pid(held[i]);
}

/**
 * fs_pid_set_has - whether a set has a process
 * @set: the set; an id in it that no process has had so far now means this one
 * @pid: of the thread group; NULL where it is not known any more
 * @nr: its number in the initial namespace
 *
 * In a hook, under one lock; or with @nr 0 and whatever keeps the set from being replaced.
 */
bool fs_pid_set_has(struct fs_pid_set *set, struct pid *pid, pid_t nr)
{
	unsigned int i;

	for (i = 0; pid && i < set->list.count; i++) {
		struct pid *held = READ_ONCE(set->held[i]);

		if (!held && set->list.pids[i] == nr) {
			held = get_pid(pid);
			WRITE_ONCE(set->held[i], held);
		}
		if (held == pid)
			return true;
	}
	return set->list.all;
}

/**
 * fs_pids_resolve - from the pid namespace of current to the initial one
 * @list: of tasks, whatever task of a process is named; of processes afterwards
 *
 * Process context. Returns false where there is no such task.
 */
bool fs_pids_resolve(struct fs_pid_list *list)
{
	struct task_struct *task;
	bool found = true;
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < list->count && found; i++) {
		task = pid_task(find_vpid(list->pids[i]), PIDTYPE_PID);
		found = task;
		if (task)
			list->pids[i] = task->tgid;
	}
	rcu_read_unlock();
	return found;
}

/**
 * fs_pids_request - what somebody asks for: "all", or ids of his pid namespace
 * @text: what was written
 * @list: result, in the initial namespace
 *
 * Process context. Returns 0; -EINVAL if it is neither, or asks for nobody; -ESRCH where one is not
 * there.
 */
int fs_pids_request(const char *text, struct fs_pid_list *list)
{
	list->all = sysfs_streq(text, "all");
	list->count = 0;
	if (list->all)
		return 0;
	if (!fs_pids_parse(text, list) || fs_pids_is_empty(list))
		return -EINVAL;
	return fs_pids_resolve(list) ? 0 : -ESRCH;
}
