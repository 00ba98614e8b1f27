// SPDX-License-Identifier: GPL-2.0
/*
 * work32.c - a 32-bit program, for the suites exec and stacks: touches WORK32_PAGES pages each of
 * its heap, its stack and an anonymous mapping, and exits with 0 if all went well.
 *
 * On its own, without a library: one for 32-bit programs is seldom installed.
 */
#include "work32.h"

#define PAGE		4096
#define NR_EXIT		1
#define NR_BRK		45
#define NR_MMAP2	192
#define PROT_RW		3
#define MAP_ANON_PRIVATE 0x22

static unsigned long call(long nr, long a, long b, long c, long d, long e)
{
	unsigned long ret;

	/* No sixth argument: the offset is not looked at where there is no file. */
	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (nr), "b" (a), "c" (b), "d" (c), "S" (d), "D" (e) : "memory");
	return ret;
}

__attribute__((noinline)) static void touch(unsigned long start)
{
	volatile char *p = (volatile char *)start;
	int i;

	/* Else it has no frame, whatever the compiler is told: it calls nobody. */
	asm volatile("" : : "r" (__builtin_frame_address(0)));
	for (i = 0; i < WORK32_PAGES; i++)
		p[i * PAGE] = 1;
}

__attribute__((noinline)) static void touch_stack(void)
{
	char room[WORK32_PAGES * PAGE];

	touch((unsigned long)room);
	/* It is called, and not gone on to. */
	asm volatile("" ::: "memory");
}

void _start(void)
{
	unsigned long heap = call(NR_BRK, 0, 0, 0, 0, 0);
	unsigned long map = call(NR_MMAP2, 0, WORK32_PAGES * PAGE, PROT_RW, MAP_ANON_PRIVATE, -1);
	int failed = 1;

	if (call(NR_BRK, heap + WORK32_PAGES * PAGE, 0, 0, 0, 0) > heap && map < -4095ul) {
		touch(heap);
		touch(map);
		touch_stack();
		failed = 0;
	}
	call(NR_EXIT, failed, 0, 0, 0, 0);
}
