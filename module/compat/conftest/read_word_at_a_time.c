// SPDX-License-Identifier: GPL-2.0
/* read_word_at_a_time(): since 4.16. */
#include <linux/compiler.h>

unsigned long word(const void *at);
unsigned long word(const void *at)
{
	return read_word_at_a_time(at);
}
