/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files. They see snapshots, nothing else of the module.
 */
#ifndef FAULTSTAT_EXPORT_H
#define FAULTSTAT_EXPORT_H

int fs_export_start(void);
void fs_export_stop(void);

#endif
