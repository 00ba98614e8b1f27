/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of living processes make room for others when nothing was counted in them for a while.
 */
#ifndef FAULTSTAT_COLD_H
#define FAULTSTAT_COLD_H

void fs_cold_run(void);

#endif
