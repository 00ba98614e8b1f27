/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place where faultstat works in process context on its own account:
 * filling the pools, folding ended processes and cold rows.
 */
#ifndef FAULTSTAT_WORKER_H
#define FAULTSTAT_WORKER_H

int fs_worker_start(void);
void fs_worker_stop(void);
void fs_worker_refill(void);
void fs_worker_keep_house(void);

#endif
