// SPDX-License-Identifier: GPL-2.0
/*
 * deep.c - faults with callers, for what counting by stack costs: compiled with frame pointers.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "deep.h"
#include "figure.h"
#include "memory.h"

#define STRETCHES	10	/* in a repetition */

/* More than any depth that is measured. */
#define CALLERS		40

/* Few, so that what is new finds its memory ready. */
#define WAYS_STRETCH	60ul
#define WAYS_DEPTH	14

#define CALLED __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))

CALLED static void stretch_under(int callers, struct figure *f, char *p)
{
	if (callers)
		stretch_under(callers - 1, f, p);
	else
		stretch(f, p, 1, true);
	__asm__ volatile("" ::: "memory");
}

/**
 * deep - faults on anonymous memory, with CALLERS callers, always the same
 * @name: of the workload
 */
void deep(const char *name)
{
	struct figure f = { .name = name };
	char *p = map_anon(STRETCH);
	int i;

	if (!p)
		die("mmap");
	touch_write(p, STRETCH);
	while (f.done < REPEAT) {
		figure_begin(&f);
		for (i = 0; i < STRETCHES; i++) {
			forget(p, STRETCH);
			stretch_under(CALLERS, &f, p);
		}
		figure_end(&f);
	}
	munmap(p, STRETCH * PAGE);
}

/* By a way that each number has of its own. */
CALLED static void touch_by(volatile char *p, unsigned int way, int depth);

CALLED static void touch_aside(volatile char *p, unsigned int way, int depth)
{
	touch_by(p, way, depth);
	__asm__ volatile("" ::: "memory");
}

CALLED static void touch_by(volatile char *p, unsigned int way, int depth)
{
	if (!depth)
		*p = 1;
	else if (way & 1)
		touch_aside(p, way / 2, depth - 1);
	else
		touch_by(p, way / 2, depth - 1);
	__asm__ volatile("" ::: "memory");
}

/**
 * deep_ways - faults on anonymous memory, each from a place of its own
 * @name: of the workload
 */
void deep_ways(const char *name)
{
	struct figure f = { .name = name };
	char *p = map_anon(WAYS_STRETCH);
	static unsigned int way;
	size_t i, page;

	if (!p)
		die("mmap");
	touch_write(p, WAYS_STRETCH);
	while (f.done < REPEAT) {
		figure_begin(&f);
		for (i = 0; i < STRETCHES; i++) {
			forget(p, WAYS_STRETCH);
			rest();
			tick_wait();
			figure_go(&f);
			for (page = 0; page < WAYS_STRETCH; page++)
				touch_by(p + page * PAGE, way++, WAYS_DEPTH);
			figure_stop(&f, WAYS_STRETCH);
		}
		figure_end(&f);
	}
	munmap(p, WAYS_STRETCH * PAGE);
}
