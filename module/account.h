/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The accounting of one call. hooks.c calls it, with preemption off.
 */
#ifndef FAULTSTAT_ACCOUNT_H
#define FAULTSTAT_ACCOUNT_H

#include "counters.h"

struct vm_area_struct;

void account_call(struct vm_area_struct *vma, enum counter class);

#endif
