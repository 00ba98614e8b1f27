// SPDX-License-Identifier: GPL-2.0
/*
 * crowd.c - many processes at once. Where rows cannot hold them all apart, the totals still must
 * be the sum of what the kernel counted for every one of them, and for the test that watches.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crowd.h"
#include "note.h"

/**
 * crowd_start() - start processes and wait until all of them have done what they are told.
 * @c: filled
 * @nr: how many
 * @fn: what each does before it waits; 0 or an exit code
 * @arg: for all of them
 *
 * Return: 0, or -1 after a note.
 */
int crowd_start(struct crowd *c, int nr, int (*fn)(void *arg, int nr), void *arg)
{
	int i;

	memset(c, 0, sizeof(*c));
	c->kids = shared_alloc((size_t)nr * sizeof(*c->kids));
	if (gate_init(&c->ready) || gate_init(&c->done))
		return -1;
	fflush(NULL);
	for (i = 0; i < nr; i++) {
		pid_t pid = kid_fork();

		if (pid < 0) {
			note("fork %d of %d failed", i, nr);
			return -1;
		}
		if (!pid) {
			int ret = fn(arg, i);

			gate_open(&c->ready);
			close(c->ready.fds[1]);
			_exit(ret ? ret : gate_wait(&c->done) ? 99 : 0);
		}
		c->kids[i].pid = pid;
		c->nr++;
	}
	/* So that the wait ends if one of them died. */
	close(c->ready.fds[1]);
	for (i = 0; i < nr; i++) {
		if (gate_wait(&c->ready)) {
			note("only %d of %d processes came along", i, nr);
			return -1;
		}
	}
	return 0;
}

/**
 * crowd_end() - let the processes exit and add up their figures.
 * @c: a crowd that was started
 *
 * Return: 0, or -1 after a note if one of them did not exit with 0.
 */
int crowd_end(struct crowd *c)
{
	int i, ret = 0;

	for (i = 0; i < c->nr; i++)
		gate_open(&c->done);
	for (i = 0; i < c->nr; i++) {
		struct kid *kid = &c->kids[i];

		if (kid_wait(kid, kid->pid) || !WIFEXITED(kid->status) ||
		    WEXITSTATUS(kid->status)) {
			note("process %d of the crowd: wait status %#x", i,
			     (unsigned int)kid->status);
			ret = -1;
		}
		c->minor += kid->minor;
		c->major += kid->major;
	}
	close(c->ready.fds[0]);
	close(c->done.fds[0]);
	close(c->done.fds[1]);
	return ret;
}

static int others_read(struct mark *m)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	m->nr = 0;
	while (dir && (entry = readdir(dir))) {
		pid_t pid = atoi(entry->d_name);

		if (pid <= 0 || pid == getpid())
			continue;
		if (m->nr == MARK_PROCESSES) {
			note("more than %d processes", m->nr);
			break;
		}
		m->others[m->nr].pid = pid;
		if (!proc_faults(pid, &m->others[m->nr].minor, &m->others[m->nr].major))
			m->nr++;
	}
	if (dir)
		closedir(dir);
	return dir && m->nr && m->nr < MARK_PROCESSES ? 0 : -1;
}

/* Nobody else faulted between the two readings. */
static bool others_equal(const struct mark *a, const struct mark *b)
{
	return a->nr == b->nr &&
	       !memcmp(a->others, b->others, (size_t)a->nr * sizeof(a->others[0]));
}

/**
 * mark_take() - the totals now, and what the kernel has counted for everybody.
 * @m: filled
 *
 * Return: 0, or -1 after a note.
 */
int mark_take(struct mark *m)
{
	static struct mark again;
	struct snapshot s;
	int i;

	memset(m, 0, sizeof(*m));
	memset(&again, 0, sizeof(again));
	for (i = 0; i < 20; i++) {
		if (others_read(m) || snapshot_undisturbed(&s, FAULTS_PROC))
			return -1;
		m->total = s.total;
		m->minor = s.self.ru_minflt;
		m->major = s.self.ru_majflt;
		snapshot_free(&s);
		if (others_read(&again))
			return -1;
		if (others_equal(m, &again))
			return 0;
	}
	note("the machine is not at rest");
	return -1;
}

/* What the processes that were there both times took in between. */
static void others_moved(const struct mark *before, const struct mark *after, long long *minor,
			 long long *major)
{
	int i, j;

	for (i = 0; i < before->nr; i++) {
		for (j = 0; j < after->nr; j++) {
			if (before->others[i].pid != after->others[j].pid)
				continue;
			*minor += after->others[j].minor - before->others[i].minor;
			*major += after->others[j].major - before->others[i].major;
		}
	}
}

static bool mark_equal(const struct mark *before, const struct mark *after, long long minor,
		       long long major)
{
	return after->total.minor - before->total.minor == minor &&
	       after->total.major - before->total.major == major;
}

/**
 * mark_compare() - the totals moved by exactly what the kernel counted in between.
 * @before: the totals before
 * @after: the totals after
 * @minor: what the kernel counted for processes that began and ended in between
 * @major: the same
 *
 * Return: 0, or -1 after a note.
 */
int mark_compare(const struct mark *before, const struct mark *after, long long minor,
		 long long major)
{
	minor += after->minor - before->minor;
	major += after->major - before->major;
	others_moved(before, after, &minor, &major);
	if (mark_equal(before, after, minor, major))
		return 0;
	note("the kernel counted minor %lld major %lld for all processes, # total moved by minor %lld major %lld and has %lld pending",
	     minor, major, after->total.minor - before->total.minor,
	     after->total.major - before->total.major, after->total.pending);
	return -1;
}

#define MARK_WAITS	100

/**
 * mark_wait() - likewise, but at last: within ten seconds.
 * @before: the totals before
 * @after: the totals after, taken anew until they are equal
 * @minor: what the kernel counted for processes that began and ended in between
 * @major: the same
 *
 * Return: 0, or -1 after a note.
 */
int mark_wait(const struct mark *before, struct mark *after, long long minor, long long major)
{
	long long others_minor, others_major;
	int i;

	for (i = 0; i < MARK_WAITS; i++) {
		others_minor = after->minor - before->minor;
		others_major = after->major - before->major;
		others_moved(before, after, &others_minor, &others_major);
		if (mark_equal(before, after, minor + others_minor, major + others_major))
			return 0;
		usleep(100000);
		if (mark_take(after))
			return -1;
	}
	return mark_compare(before, after, minor, major);
}
