/* SPDX-License-Identifier: GPL-2.0 */
/*
 * uffd.h - faults that sleep until somebody resolves them.
 */
#ifndef SELFTESTS_UFFD_H
#define SELFTESTS_UFFD_H

#include <stdbool.h>
#include <stddef.h>

#include "workload.h"

int uffd_open(void);
int uffd_register(int fd, char *p, size_t size);
char *uffd_wait_fault(int fd, int ms);
int uffd_resolve(int fd, char *at);

/* A process with a thread asleep in a fault that nobody resolves. */
struct sleeper {
	struct workload w;
	struct gate asleep;	/* opens when the thread sleeps */
	struct gate wake;	/* opened by the test: resolve the fault, touch more, exit */
	bool from_kernel;	/* it faults in a system call */
};

int sleeper_start(struct sleeper *s);

#endif
