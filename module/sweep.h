/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names that no row has any more are freed.
 */
#ifndef FAULTSTAT_SWEEP_H
#define FAULTSTAT_SWEEP_H

#include <linux/types.h>

bool fs_sweep_is_due(void);
void fs_sweep_run(void);
int fs_sweep_init(void);
void fs_sweep_destroy(void);

#endif
