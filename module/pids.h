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
 * struct pid_list - processes that somebody asks for
 * @all: every one, whatever @pids says
 */
struct pid_list {
	bool all;
	unsigned int count;
	pid_t pids[PIDS_MAX];
};

/* Whether a list asks for nobody. */
static inline bool pids_is_empty(const struct pid_list *list)
{
	return !list->all && !list->count;
}

bool pids_parse(const char *text, struct pid_list *list);
int pids_text(const struct pid_list *list, char *buffer, size_t size);
bool pids_have(const struct pid_list *list, pid_t pid);

#endif
