// SPDX-License-Identifier: GPL-2.0
/* 5.0: user_access_begin() is told what is to be read. */
#include <linux/uaccess.h>

int test(const unsigned long __user *at);
int test(const unsigned long __user *at)
{
	unsigned long value;

	if (!user_access_begin(at, sizeof(*at)))
		return -1;
	unsafe_get_user(value, at, gone);
	user_access_end();
	return value;
gone:
	user_access_end();
	return -1;
}
