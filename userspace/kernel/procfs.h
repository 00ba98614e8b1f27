/* SPDX-License-Identifier: GPL-2.0 */
/*
 * procfs.h - what /proc knows about live processes that the module does not.
 */
#ifndef KFAULTSTAT_PROCFS_H
#define KFAULTSTAT_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

char *procfs_read(const char *path, size_t *size);
int32_t procfs_next_thread(int32_t pid, int32_t tid);
int64_t procfs_rss_kib(int32_t pid);
char *procfs_cgroup(int32_t pid);
char *cgroup_parse(const char *text);

#endif
