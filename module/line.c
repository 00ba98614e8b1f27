// SPDX-License-Identifier: GPL-2.0
/*
 * The digits of line.h.
 */
#include <linux/kernel.h>
#include "line.h"

char line_pairs[200];

/**
 * line_init - before the first line_number()
 *
 * Process context.
 */
void line_init(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(line_pairs) / 2; i++) {
		line_pairs[2 * i] = '0' + i / 10;
		line_pairs[2 * i + 1] = '0' + i % 10;
	}
}
