// SPDX-License-Identifier: GPL-2.0
/*
 * The digits of line.h.
 */
#include <linux/kernel.h>
#include "line.h"

char fs_line_pairs[200];

/**
 * fs_line_init - before the first fs_line_number()
 *
 * Process context.
 */
void fs_line_init(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(fs_line_pairs) / 2; i++) {
		fs_line_pairs[2 * i] = '0' + i / 10;
		fs_line_pairs[2 * i + 1] = '0' + i % 10;
	}
}
