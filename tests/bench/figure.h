/* SPDX-License-Identifier: GPL-2.0 */
/*
 * figure.h - measuring what a workload takes, and what all workloads do.
 */
#ifndef FAULTSTAT_FIGURE_H
#define FAULTSTAT_FIGURE_H

#include <stdbool.h>
#include <stddef.h>

#define REPEAT		3
#define STRETCH		300ul	/* faults that end well before the timer's next tick */

/* What the repetitions of one workload took. */
struct figure {
	const char *name;
	int done;
	double least;
	unsigned long long begun, spent;
	unsigned long units;
};

void die(const char *what) __attribute__((noreturn));
void rest(void);
void tick_wait(void);
void figure_begin(struct figure *f);
void figure_go(struct figure *f);
void figure_stop(struct figure *f, unsigned long units);
void figure_end(struct figure *f);
long faults_of(int who);
void expect_faults(const char *name, long seen, unsigned long wanted);
void forget(char *p, size_t pages);
void stretch(struct figure *f, volatile char *p, size_t step, bool write);
void stand(const char *name);

#endif
