/* SPDX-License-Identifier: GPL-2.0 */
/*
 * heatfile.h - /proc/faultstat/heat: reading it, asking by it.
 */
#ifndef SELFTESTS_HEATFILE_H
#define SELFTESTS_HEATFILE_H

#include <stddef.h>
#include <sys/types.h>

#define HEAT		"/proc/faultstat/heat"
#define REGIONS		256

struct heat_row {
	char *comm, *state, *object;
	long long pid, id, calls, major, lost, lost_major;
	unsigned long long inode, size;
	int deleted;
	struct {
		long long calls, major;
	} region[REGIONS];
};

struct heat {
	char *text;
	struct heat_row *rows;
	size_t nr;
	long long lost, requests, memory;	/* of the header */
};

void heat_free(struct heat *h);
int heat_take(struct heat *h);
struct heat_row *heat_find(struct heat *h, pid_t pid, const char *object);
size_t heat_rows_of(const struct heat *h, pid_t pid);
int heat_equals_faults(pid_t pid, long long *lost);
int heat_ask(const char *who);
int is_hot(pid_t pid, const char *object);

#endif
