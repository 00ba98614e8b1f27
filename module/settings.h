/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's parameters: their values, what is allowed, and the order in which
 * changes take effect while it runs.
 */
#ifndef FAULTSTAT_SETTINGS_H
#define FAULTSTAT_SETTINGS_H

#include <linux/types.h>
#include "hooks.h"
#include "pids.h"

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
	struct pid_list pid;
	struct pid_list heat_pid;
};

extern struct settings settings;

int settings_start(void);
void settings_stop(void);
const char *settings_attach_name(enum attach attach);
void settings_copy(struct settings *copy);

#endif
