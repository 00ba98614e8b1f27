// SPDX-License-Identifier: GPL-2.0
/*
 * FAULT_FLAG_INTERRUPTIBLE: since 5.7, and in RHEL 8.4. Where it exists,
 * get_user_pages() sets FAULT_FLAG_KILLABLE as well, but never this one.
 */
#include <linux/mm.h>

unsigned int fault_flag_interruptible(void);
unsigned int fault_flag_interruptible(void)
{
	return FAULT_FLAG_INTERRUPTIBLE;
}
