/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place where faultstat works in process context on its own account, and how
 * hooks ask for it. What the work is, is in housekeeping.c.
 */
#ifndef FAULTSTAT_WORKER_H
#define FAULTSTAT_WORKER_H

#include <linux/types.h>

/**
 * struct fs_works - what the worker is to do; process context
 * @refill: what fs_worker_refill() asks for; waits for nothing but memory
 * @fold: what fs_worker_fold() asks for, with the CPU that asked
 * @keep_house: what fs_worker_keep_house() asks for; waits for grace periods
 */
struct fs_works {
	void (*refill)(void);
	void (*fold)(int cpu);
	void (*keep_house)(void);
};

int fs_worker_start(const struct fs_works *what);
void fs_worker_stop(void);

/* In hooks, too: */
void fs_worker_refill(void);
void fs_worker_refill_again(void);
void fs_worker_fold(bool now);
void fs_worker_keep_house(void);
void fs_worker_make_room(void);

/* For housekeeping: */
bool fs_worker_room_is_wanted(unsigned long interval);
void fs_worker_room_again(void);
bool fs_worker_is_stopping(void);

#endif
