/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists of process ids, as users write them.
 */
#ifndef FAULTSTAT_PIDS_H
#define FAULTSTAT_PIDS_H

#include <linux/types.h>

#define PIDS_MAX	64
/* A pid has at most seven digits, and a comma. */
#define PIDS_TEXT	(PIDS_MAX * 8)
#define PIDS_ALLOWED	"up to 64 process ids with commas between"

/**
 * struct fs_pid_list - processes that somebody asks for
 * @all: every one, whatever @pids says
 */
struct fs_pid_list {
	bool all;
	unsigned int count;
	pid_t pids[PIDS_MAX];
};

/* Whether a list asks for nobody. */
static inline bool fs_pids_is_empty(const struct fs_pid_list *list)
{
	return !list->all && !list->count;
}

bool fs_pids_parse(const char *text, struct fs_pid_list *list);
int fs_pids_text(const struct fs_pid_list *list, char *buffer, size_t size);
bool fs_pids_have(const struct fs_pid_list *list, pid_t pid);

#endif
