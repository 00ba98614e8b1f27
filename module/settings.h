/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's parameters: their values, what is allowed, and the order in which
 * changes take effect while it runs.
 */
#ifndef FAULTSTAT_SETTINGS_H
#define FAULTSTAT_SETTINGS_H

#include <linux/types.h>
#include "hooks.h"

#define SETTINGS_PIDS_MAX	64
/* A pid has at most seven digits, and a comma. */
#define SETTINGS_PIDS_TEXT	(SETTINGS_PIDS_MAX * 8)

/**
 * struct settings - what the user asked for
 *
 * Read by anyone for display; changed under the lock of settings.c.
 */
struct settings {
	bool enabled;
	bool exceptions;
	enum attach attach;
	unsigned int max_rows;
	unsigned int max_tasks;
	unsigned int max_memory;	/* MiB */
	unsigned int keep_exited;
	unsigned int pid_count;
	pid_t pids[SETTINGS_PIDS_MAX];
};

extern struct settings settings;

int settings_start(void);
void settings_stop(void);
const char *settings_attach_name(enum attach attach);
void settings_copy(struct settings *copy);
int settings_pids_text(const struct settings *copy, char *buffer, size_t size);

#endif
