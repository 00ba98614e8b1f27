/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counting from nothing again, without writing a counter.
 */
#ifndef FAULTSTAT_RESET_H
#define FAULTSTAT_RESET_H

#include "exceptions.h"

int fs_reset_run(void);
void fs_reset_exceptions_before(struct fs_exceptions *before);

#endif
