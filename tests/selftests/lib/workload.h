/* SPDX-License-Identifier: GPL-2.0 */
/*
 * workload.h - run something in a process born while the module counts, and compare.
 *
 * The kernel's own figures are those of the thread group alone, from /proc/PID/stat of the
 * zombie: wait4() would add what the process's own children took.
 */
#ifndef SELFTESTS_WORKLOAD_H
#define SELFTESTS_WORKLOAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "snapshot.h"

struct workload {
	pid_t pid;
	int signal;		/* set before: the process shall die of it */
	long long missed;	/* set before: how many it may miss, -1 is any number */
	int code, status;	/* how it ended, as of waitid() */
	long long minor, major;	/* what the kernel counted for the thread group */
	struct counts rows;	/* what the module's rows say */
};

/* A descendant of a workload, waited for within it; lives in memory shared with the test. */
struct kid {
	pid_t pid;
	int status;
	long long minor, major;
};

/* A pipe on which one process waits for another. */
struct gate {
	int fds[2];
};

typedef int (*workload_fn)(void *arg);

long long now_ms(void);
void short_rest(void);
bool wait_until(bool (*done)(void *arg), void *arg, int ms);
int scaled(int full);
int scaled_up(int full, int most);
void *shared_alloc(size_t size);

int gate_init(struct gate *g);
void gate_open(struct gate *g);
int gate_wait(struct gate *g);

int proc_faults(pid_t pid, long long *minor, long long *major);
char proc_state(pid_t pid);

int workload_start(struct workload *w, workload_fn fn, void *arg);
int workload_wait(struct workload *w);
int workload_compare(struct workload *w, const struct snapshot *s);
int workload_finish(struct workload *w);
int workload_run(struct workload *w, workload_fn fn, void *arg);
int workload_compare_live(struct workload *w);
void workload_kill(struct workload *w);
void workload_kill_all(void);

pid_t kid_fork(void);
int kid_wait(struct kid *kid, pid_t pid);
int kids_compare(const struct kid *kids, int nr, const struct snapshot *s);
int kids_compare_now(const struct kid *kids, int nr);
int run_work32(void *arg);

#endif
