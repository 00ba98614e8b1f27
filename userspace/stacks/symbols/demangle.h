/* SPDX-License-Identifier: GPL-2.0 */
/*
 * demangle.h - names of functions as people write them.
 */
#ifndef KFAULTSTAT_DEMANGLE_H
#define KFAULTSTAT_DEMANGLE_H

void demangle_begin(void);
char *demangle(const char *name);

#endif
