/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names that no row has any more are freed.
 */
#ifndef FAULTSTAT_SWEEP_H
#define FAULTSTAT_SWEEP_H

#include <linux/types.h>

void fs_sweep_run(void);

#endif
