// SPDX-License-Identifier: GPL-2.0
/*
 * figure.c - how many instructions something took, for the workloads of faults.c.
 *
 * For a guest that counts instructions: there the time stamp counter advances by one with each of
 * them, on the one CPU, so the difference of two readings is what everybody executed between. Each
 * workload is repeated three times; the first, which warms up, is dropped, and the lower of the
 * others taken, since whatever else runs in the guest can only add.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "figure.h"
#include "memory.h"

/**
 * die - ends, with what errno says
 * @what: failed
 */
void die(const char *what)
{
	fprintf(stderr, "faults: %s: %s\n", what, strerror(errno));
	exit(1);
}

static unsigned long long instructions(void)
{
	return __builtin_ia32_rdtsc();
}

/*
 * Two instructions a turn; where the counter says something else, nothing here means anything. As
 * many trials as it takes: interrupts come into them, and what a kernel still does after boot.
 */
static void check_counter(void)
{
	unsigned long long best = ~0ull, before, n;
	int i;

	for (i = 0; i < 500 && best > 2100000; i++) {
		n = 1000000;
		before = instructions();
		__asm__ volatile("1: dec %0; jnz 1b" : "+r" (n));
		n = instructions() - before;
		if (n < best)
			best = n;
	}
	if (best < 2000000 || best > 2100000) {
		fprintf(stderr, "faults: no instruction counting here: %llu for 2000000\n", best);
		exit(1);
	}
}

/**
 * rest - lets everybody finish what is left over from before
 */
void rest(void)
{
	const struct timespec while_all_else_ends = { .tv_nsec = 100000000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &while_all_else_ends, NULL);
}

/**
 * tick_wait - waits for the timer to tick: an interrupt is the only thing that comes between two
 * readings
 */
void tick_wait(void)
{
	unsigned long long last, now = instructions();

	do {
		last = now;
		now = instructions();
	} while (now - last < 500);
}

/**
 * figure_begin - begins a repetition
 * @f: the figure
 */
void figure_begin(struct figure *f)
{
	check_counter();
	f->spent = 0;
	f->units = 0;
	rest();
}

/**
 * figure_go - what is executed counts from here on
 * @f: the figure
 */
void figure_go(struct figure *f)
{
	f->begun = instructions();
}

/**
 * figure_stop - and up to here
 * @f: the figure
 * @units: faults, rows or processes that it was for
 */
void figure_stop(struct figure *f, unsigned long units)
{
	f->spent += instructions() - f->begun;
	f->units += units;
}

/**
 * figure_end - ends a repetition; the last prints the mean per unit
 * @f: the figure
 */
void figure_end(struct figure *f)
{
	double each = (double)f->spent / (double)f->units;

	if (f->done == 1 || (f->done > 1 && each < f->least))
		f->least = each;
	f->done++;
	if (f->done == REPEAT) {
		printf("%s %.1f\n", f->name, f->least);
		fflush(stdout);
	}
}

/**
 * faults_of - the kernel's count of faults
 * @who: as getrusage() has it
 */
long faults_of(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/**
 * expect_faults - that what was timed was the faults it should be
 * @name: of the workload
 * @seen: the kernel's count
 * @wanted: how many there should be
 */
void expect_faults(const char *name, long seen, unsigned long wanted)
{
	if (seen == (long)wanted)
		return;
	fprintf(stderr, "faults: %s: %ld faults where %lu should be\n", name, seen, wanted);
	exit(1);
}

/**
 * forget - unmaps pages, so that they fault again
 * @p: where they begin
 * @pages: how many
 */
void forget(char *p, size_t pages)
{
	if (madvise(p, pages * PAGE, MADV_DONTNEED))
		die("madvise");
}

/**
 * stretch - a stretch of faults, one at each of STRETCH places
 * @f: the figure
 * @p: the first place
 * @step: pages that the places lie apart
 * @write: whether to write, or to read
 */
void stretch(struct figure *f, volatile char *p, size_t step, bool write)
{
	long faults;
	size_t i;

	tick_wait();
	faults = faults_of(RUSAGE_SELF);
	figure_go(f);
	if (write) {
		for (i = 0; i < STRETCH; i++)
			p[i * step * PAGE] = 1;
	} else {
		for (i = 0; i < STRETCH; i++)
			(void)p[i * step * PAGE];
	}
	figure_stop(f, STRETCH);
	expect_faults(f->name, faults_of(RUSAGE_SELF) - faults, STRETCH);
}

/**
 * stand - what the environment's AT_REST says is run while everything stands
 * @name: of the workload
 */
void stand(const char *name)
{
	const char *command = getenv("AT_REST");

	rest();
	if (!command || system(command)) {
		fprintf(stderr, "faults: %s: the command in AT_REST failed\n", name);
		exit(1);
	}
}
