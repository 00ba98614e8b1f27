// SPDX-License-Identifier: GPL-2.0
/*
 * listed.c - touches known pages of a file, in the process itself or in one that then waits.
 */
#include "listed.h"
#include "memory.h"

#include <sys/mman.h>

int listed_touch(void *arg)
{
	struct listed *t = arg;
	/* Private, since some kernels retry the first write to a page that is shared. */
	char *p = map_file(t->path, t->pages, PROT_READ | (t->read ? 0 : PROT_WRITE),
			   MAP_PRIVATE);
	const unsigned int *at;

	if (!p || madvise(p, t->pages * PAGE, MADV_RANDOM))
		return 1;
	for (at = t->touch; *at != END; at++) {
		if (t->read)
			(void)*(volatile char *)(p + *at * PAGE);
		else
			p[*at * PAGE] = 1;
	}
	return munmap(p, t->pages * PAGE);
}

static int touch_and_wait(void *arg)
{
	struct listed *t = arg;

	if (listed_touch(t))
		return 1;
	gate_open(&t->ready);
	return gate_wait(&t->go);
}

int listed_start(struct workload *w, struct listed *t)
{
	if (gate_init(&t->ready) || gate_init(&t->go) || workload_start(w, touch_and_wait, t))
		return -1;
	return gate_wait(&t->ready);
}

int listed_end(struct workload *w, struct listed *t)
{
	gate_open(&t->go);
	return workload_finish(w);
}
