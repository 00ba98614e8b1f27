/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of living processes that nobody has counted in for a while make room for others.
 */
#ifndef FAULTSTAT_COLD_H
#define FAULTSTAT_COLD_H

void cold_request(void);
void cold_run(void);

#endif
