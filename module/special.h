/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Making what struct fs_special (process.h) has.
 */
#ifndef FAULTSTAT_SPECIAL_H
#define FAULTSTAT_SPECIAL_H

int fs_special_start(void);

#endif
