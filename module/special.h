/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Making what struct fs_special (process.h) has.
 */
#ifndef FAULTSTAT_SPECIAL_H
#define FAULTSTAT_SPECIAL_H

#define SPECIAL_ROWS	3

int fs_special_start(void);

/* How many of @rows are not special ones. */
static inline unsigned int fs_special_rows_beside(unsigned int rows)
{
	return rows > SPECIAL_ROWS ? rows - SPECIAL_ROWS : 0;
}

#endif
