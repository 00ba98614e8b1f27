/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of living processes that nobody has counted in for a while make room for others.
 */
#ifndef FAULTSTAT_COLD_H
#define FAULTSTAT_COLD_H

void fs_cold_request(void);
void fs_cold_run(void);

#endif
