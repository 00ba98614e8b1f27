/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place where faultstat works in process context on its own account, and how
 * hooks ask for it. What the work is, is in housekeeping.c.
 */
#ifndef FAULTSTAT_WORKER_H
#define FAULTSTAT_WORKER_H

#include <linux/types.h>

int fs_worker_start(void (*refill_fn)(void), void (*keep_house_fn)(void));
void fs_worker_stop(void);

/* In hooks, too: */
void fs_worker_refill(void);
void fs_worker_keep_house(void);
void fs_worker_make_room(void);

/* For housekeeping: */
bool fs_worker_room_is_wanted(unsigned long interval);
void fs_worker_room_again(void);
bool fs_worker_is_stopping(void);

#endif
