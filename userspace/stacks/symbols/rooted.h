/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rooted.h - files below a root that may be another's.
 */
#ifndef KFAULTSTAT_ROOTED_H
#define KFAULTSTAT_ROOTED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

int rooted_own(void);
int rooted_of(int32_t pid);
int rooted_open(int root, const char *path);
int rooted_open_strictly(int root, const char *path, struct stat *about);
int rooted_open_link(const char *link);

#endif
