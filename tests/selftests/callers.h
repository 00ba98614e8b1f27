/* SPDX-License-Identifier: GPL-2.0 */
/*
 * callers.h - what callers.c and its library share.
 */
#ifndef SELFTESTS_CALLERS_H
#define SELFTESTS_CALLERS_H

#include <stddef.h>

#define CALLERS_PAGE	4096ul

/* A function that stays one, under its own name. */
#define KNOWN	__attribute__((noipa))

/* gcc gives a function that calls none no frame of its own, unless it asks for it. */
static inline __attribute__((always_inline)) void frame(void)
{
	asm volatile("" : : "r"(__builtin_frame_address(0)));
}

static inline __attribute__((always_inline)) void barrier(void)
{
	asm volatile("" ::: "memory");
}

void called_outer(volatile char *memory, size_t pages);

#endif
