/* SPDX-License-Identifier: GPL-2.0 */
/*
 * glob.h - patterns of names of any bytes, the same in every locale.
 */
#ifndef KFAULTSTAT_GLOB_H
#define KFAULTSTAT_GLOB_H

#include <stdbool.h>

bool glob_matches(const char *glob, const char *text);

#endif
