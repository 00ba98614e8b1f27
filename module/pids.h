/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists of process ids, as users write them, and the processes that they mean.
 */
#ifndef FAULTSTAT_PIDS_H
#define FAULTSTAT_PIDS_H

#include <linux/types.h>

struct pid;

#define PIDS_MAX	64
/* A pid has at most seven digits, and a comma. */
#define PIDS_TEXT	(PIDS_MAX * 8)
#define PIDS_ALLOWED	"up to 64 process ids with commas between"

/**
 * struct fs_pid_list - ids of processes
 * @all: all processes, whatever @pids says
 */
struct fs_pid_list {
	bool all;
	unsigned int count;
	pid_t pids[PIDS_MAX];
};

/* Whether a list asks for no process. */
static inline bool fs_pids_is_empty(const struct fs_pid_list *list)
{
	return !list->all && !list->count;
}

/**
 * struct fs_pid_set - the processes that a list means
 * @list: their ids in the initial namespace
 * @held: by place in the list: the process that had the id when the list was given, or
 *	the first that got it later; NULL until then. An id that is used again is not it.
 */
struct fs_pid_set {
	struct fs_pid_list list;
	struct pid *held[PIDS_MAX];
};

void fs_pid_set_make(struct fs_pid_set *set, const struct fs_pid_list *list);
void fs_pid_set_put(struct pid *held[PIDS_MAX]);
bool fs_pid_set_has(struct fs_pid_set *set, struct pid *pid, pid_t nr);

bool fs_pids_resolve(struct fs_pid_list *list);
int fs_pids_request(const char *text, struct fs_pid_list *list);
bool fs_pids_parse(const char *text, struct fs_pid_list *list);
int fs_pids_text(const struct fs_pid_list *list, char *buffer, size_t size);

#endif
