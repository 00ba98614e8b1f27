// SPDX-License-Identifier: GPL-2.0
/*
 * habits.c - what this kernel counts where kernels differ, asked of the kernel itself, since
 * vendors backport.
 *
 * From 5.0 to 5.19 fault_dirty_shared_page() gives up the lock at the first write to a shared
 * page, and the call is retried: what was retried is a major from 5.9 on, a minor before.
 *
 * Up to 5.8 the callers of handle_mm_fault() count, and not the function: get_user_pages() at every
 * return, even where it has to try again, and for the owner of the memory, not for who asks.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "habits.h"
#include "memory.h"

#define ASKED_PAGES	64ul

static struct {
	bool known;
	bool majors;		/* first writes to shared pages are */
	int calls;		/* that each of them takes */
	bool by_callers;	/* faults are counted */
} habits;

/* A value of /proc/vmstat, or -1. */
static long long vmstat_read(const char *key)
{
	char name[64];
	long long value = -1, n;
	FILE *f = fopen("/proc/vmstat", "r");

	while (f && value < 0 && fscanf(f, "%63s %lld", name, &n) == 2)
		if (!strcmp(name, key))
			value = n;
	if (f)
		fclose(f);
	return value;
}

/*
 * The system counts every call where there may be two. Others fault meanwhile, so the fewest of
 * a few tries count.
 */
static void learn_shared_writes(void)
{
	long long start, calls, fewest = LLONG_MAX;
	struct rusage before, after;
	char *p;
	int i;

	for (i = 0; i < 5; i++) {
		p = mmap(NULL, ASKED_PAGES * PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			break;
		start = vmstat_read("pgfault");
		getrusage(RUSAGE_SELF, &before);
		touch_write(p, ASKED_PAGES);
		getrusage(RUSAGE_SELF, &after);
		calls = vmstat_read("pgfault") - start;
		munmap(p, ASKED_PAGES * PAGE);
		if (calls < fewest)
			fewest = calls;
		habits.majors = after.ru_majflt - before.ru_majflt >= (long)ASKED_PAGES;
	}
	habits.calls = habits.majors || fewest >= 2 * (long long)ASKED_PAGES ? 2 : 1;
}

/* Whether reading another process's untouched memory counts for the reader. */
static void learn_who_counts(void)
{
	char *theirs = map_anon(ASKED_PAGES), *own = map_anon(ASKED_PAGES);
	struct iovec local = { own, ASKED_PAGES * PAGE }, remote = { theirs, ASKED_PAGES * PAGE };
	struct rusage before, after;
	pid_t owner;

	if (!theirs || !own)
		return;
	owner = fork();
	if (!owner) {
		pause();
		_exit(0);
	}
	if (owner > 0) {
		/* Not before the fork, which takes the right to write. */
		touch_write(own, ASKED_PAGES);
		getrusage(RUSAGE_SELF, &before);
		if (process_vm_readv(owner, &local, 1, &remote, 1, 0) > 0) {
			getrusage(RUSAGE_SELF, &after);
			habits.by_callers = after.ru_minflt - before.ru_minflt < (long)ASKED_PAGES;
		}
		kill(owner, SIGKILL);
		waitpid(owner, NULL, 0);
	}
	munmap(theirs, ASKED_PAGES * PAGE);
	munmap(own, ASKED_PAGES * PAGE);
}

/**
 * habits_learn() - ask the kernel, once.
 *
 * Before the module is loaded: what is asked here may be missed there.
 */
void habits_learn(void)
{
	if (habits.known)
		return;
	learn_shared_writes();
	learn_who_counts();
	habits.known = true;
}

/**
 * shared_writes_are_majors() - does the first write to a shared page count as a major fault?
 */
bool shared_writes_are_majors(void)
{
	return habits.majors;
}

/**
 * shared_write_calls() - how many calls does the first write to a shared page take?
 *
 * Return: 2 where the first is retried, else 1.
 */
int shared_write_calls(void)
{
	return habits.calls;
}

/**
 * shared_writes() - how many first writes to shared pages may be among some faults?
 * @minor: the minor faults
 * @major: the major ones
 *
 * Return: the minor ones, and the major ones where the kernel counts such writes so.
 */
long long shared_writes(long long minor, long long major)
{
	return habits.majors ? minor + major : minor;
}

/**
 * faults_counted_by_callers() - do the callers of handle_mm_fault() count, and not the function?
 */
bool faults_counted_by_callers(void)
{
	return habits.by_callers;
}
