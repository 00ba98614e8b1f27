/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files. They see snapshots, nothing else of the module.
 */
#ifndef FAULTSTAT_EXPORT_H
#define FAULTSTAT_EXPORT_H

#include <linux/seq_file.h>
#include <linux/types.h>

int export_start(void);
void export_stop(void);

/* For heat_file.c: */
bool export_permits(void);
const char *export_state_name(u8 kind);
void export_put_load(struct seq_file *m, u64 boottime_ns, u64 realtime_ns, u64 resets);

#endif
