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
 * struct fs_settings - what the user asked for
 *
 * Read anywhere for display; changed under the lock of settings.c.
 */
struct fs_settings {
	bool enabled;
	bool exceptions;
	enum fs_attach attach;
	unsigned int max_rows;
	unsigned int max_tasks;
	unsigned int max_memory;	/* MiB */
	unsigned int keep_exited;
	struct fs_pid_list pid;
	struct fs_pid_list heat_pid;
	unsigned int stacks;
	struct fs_pid_list stacks_pid;
	unsigned int stack_depth;
	unsigned int stack_every;
};

extern struct fs_settings fs_settings;

void fs_settings_fill(void);
int fs_settings_start(void);
void fs_settings_stop(void);
const char *fs_settings_stacks_name(unsigned int mode);
const char *fs_settings_attach_name(enum fs_attach attach);
void fs_settings_copy(struct fs_settings *copy);

#endif
