// SPDX-License-Identifier: GPL-2.0
/*
 * Lists of process ids, as users write them: numbers with commas between.
 */
#include <linux/kernel.h>
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

/**
 * fs_pids_have - whether a list has a process
 * @list: the list
 * @pid: its id
 *
 * Any context.
 */
bool fs_pids_have(const struct fs_pid_list *list, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < list->count; i++)
		if (list->pids[i] == pid)
			return true;
	return list->all;
}
