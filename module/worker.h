/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place where faultstat works in process context on its own account:
 * filling the pools, folding ended processes and cold rows.
 */
#ifndef FAULTSTAT_WORKER_H
#define FAULTSTAT_WORKER_H

int worker_start(void);
void worker_stop(void);
void worker_refill(void);
void worker_keep_house(void);

#endif
