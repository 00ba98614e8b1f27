/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What faultstat hangs in the kernel, and whether it still hangs there.
 */
#ifndef FAULTSTAT_HOOKS_H
#define FAULTSTAT_HOOKS_H

#include <linux/types.h>

enum attach { ATTACH_AUTO, ATTACH_FTRACE, ATTACH_KPROBE, ATTACHES };

/**
 * struct hook_status - one hook, for the file's header
 * @name: of the function or tracepoint
 * @how: kprobe, ftrace, tracepoint; NULL where it is off
 * @why: why it is off
 * @nmissed: hits that the mechanism itself lost, -1 where it cannot lose any
 */
struct hook_status {
	const char *name;
	const char *how;
	const char *why;
	long nmissed;
};

#define HOOKS_MAX 8

struct exceptions {
	u64 user;
	u64 kernel;
};

int hooks_init(void);
void hooks_exit(void);
int hooks_attach(enum attach attach);
void hooks_detach(void);
void hooks_exceptions(bool on);
unsigned int hooks_status(struct hook_status status[HOOKS_MAX]);
void hooks_read_exceptions(struct exceptions *exceptions);

#endif
