/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vdso.h - what the kernel maps into each process for calls that need no system call.
 */
#ifndef KFAULTSTAT_VDSO_H
#define KFAULTSTAT_VDSO_H

#include <stdbool.h>
#include <stdint.h>

int vdso_copy(void);
bool vdso_is_that_of(int32_t pid);

#endif
