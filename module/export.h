/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files. They see snapshots, nothing else of the module.
 */
#ifndef FAULTSTAT_EXPORT_H
#define FAULTSTAT_EXPORT_H

int export_start(void);
void export_stop(void);

#endif
