/* SPDX-License-Identifier: GPL-2.0 */
/*
 * habits.h - what this kernel counts where kernels differ, asked of the kernel itself, since
 * vendors backport.
 */
#ifndef SELFTESTS_HABITS_H
#define SELFTESTS_HABITS_H

#include <stdbool.h>

void habits_learn(void);
bool shared_writes_are_majors(void);
int shared_write_calls(void);
long long shared_writes(long long minor, long long major);
bool faults_counted_by_callers(void);

#endif
