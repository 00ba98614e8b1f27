/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counting from nothing again, without writing a counter.
 */
#ifndef FAULTSTAT_RESET_H
#define FAULTSTAT_RESET_H

#include "hooks.h"

int reset_run(void);
void reset_exceptions_before(struct exceptions *before);

#endif
