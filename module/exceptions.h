/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hardware page faults, those included that never came to handle_mm_fault(); counted by hooks.c.
 */
#ifndef FAULTSTAT_EXCEPTIONS_H
#define FAULTSTAT_EXCEPTIONS_H

#include <linux/percpu.h>
#include <linux/types.h>

/**
 * struct fs_exceptions - hardware page faults
 * @user: from user mode
 * @kernel: from kernel mode, but for our own
 * @own: those of our own, of reading a program's memory
 */
struct fs_exceptions {
	u64 user;
	u64 kernel;
	u64 own;
};

DECLARE_PER_CPU(struct fs_exceptions, fs_exceptions);

void fs_exceptions_disown(u64 kernel_before, unsigned int own);
void fs_exceptions_read(struct fs_exceptions *sum);

#endif
