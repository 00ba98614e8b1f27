/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ended processes are kept for a while and then folded into rows per (comm, object).
 */
#ifndef FAULTSTAT_FOLD_H
#define FAULTSTAT_FOLD_H

bool fs_fold_run(void);

#endif
