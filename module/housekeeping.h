/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What main.c hands to the worker.
 */
#ifndef FAULTSTAT_HOUSEKEEPING_H
#define FAULTSTAT_HOUSEKEEPING_H

void fs_house_refill(void);
void fs_house_keep(void);

#endif
