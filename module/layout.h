/* SPDX-License-Identifier: GPL-2.0 */
/* layout.h - whether the kernel that runs has the structures that this was compiled for. */
#ifndef FAULTSTAT_LAYOUT_H
#define FAULTSTAT_LAYOUT_H

int fs_layout_check(void);

#endif
