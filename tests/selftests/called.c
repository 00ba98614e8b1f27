// SPDX-License-Identifier: GPL-2.0
/*
 * called.c - a library that touches memory for callers.c.
 */
#include "callers.h"

KNOWN static void called_inner(volatile char *memory, size_t pages)
{
	size_t i;

	frame();
	for (i = 0; i < pages; i++)
		memory[i * CALLERS_PAGE] = 1;
}

KNOWN void called_outer(volatile char *memory, size_t pages)
{
	called_inner(memory, pages);
	barrier();
}
