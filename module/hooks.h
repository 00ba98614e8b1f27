/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What faultstat hangs in the kernel, and whether it still hangs there.
 */
#ifndef FAULTSTAT_HOOKS_H
#define FAULTSTAT_HOOKS_H

#include <linux/types.h>

enum fs_attach { ATTACH_AUTO, ATTACH_FTRACE, ATTACH_KPROBE, ATTACHES };

/**
 * struct fs_hook_status - one hook, for the file's header
 * @name: of the function or tracepoint
 * @how: kprobe, ftrace, tracepoint; NULL where it is off
 * @why: why it is off
 * @nmissed: hits that the mechanism itself lost, -1 where it cannot lose any
 */
struct fs_hook_status {
	const char *name;
	const char *how;
	const char *why;
	long nmissed;
};

#define HOOKS_MAX 8

int fs_hooks_init(void);
void fs_hooks_exit(void);
int fs_hooks_attach(enum fs_attach attach);
void fs_hooks_detach(void);
void fs_hooks_exceptions(bool on);
void fs_hooks_watch(void);
int fs_hooks_mappings(bool on);
void fs_hooks_mappings_status(struct fs_hook_status *status);
unsigned int fs_hooks_status(struct fs_hook_status status[HOOKS_MAX]);

#endif
