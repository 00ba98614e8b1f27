/* SPDX-License-Identifier: GPL-2.0 */
/*
 * named.h - a process's rows held against its /proc/PID/maps.
 */
#ifndef SELFTESTS_NAMED_H
#define SELFTESTS_NAMED_H

#include <stdbool.h>

#include "workload.h"

#define NAMES		40
#define NAME_PAGES	4ul

/* What the process mapped, for the test to look at; in memory they share. */
struct named {
	struct gate ready, done;
	int (*make)(struct named *n);	/* maps and touches; 0 or an exit code */
	char dir[64];
	int nr;
	struct {
		char *at;
		char object[64];
	} of[NAMES];
};

struct named *named_in(const char *dir);
void named_remove(const struct named *n);
int named_run(struct named *n, int (*make)(struct named *n), struct snapshot *s);
int name_add(struct named *n, char *p, const char *object);
int name_add_file(struct named *n, const char *path);
bool escaped_well(const char *text);

#endif
