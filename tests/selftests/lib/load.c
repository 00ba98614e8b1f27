// SPDX-License-Identifier: GPL-2.0
/*
 * load.c - full load: anonymous and file faults, threads, forks, execs, until told to stop.
 *
 * Each process takes its turns until the stop flag is set and then exits by itself, so that after
 * load_stop() the machine is at rest and nothing was killed half way.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"
#include "memory.h"
#include "note.h"
#include "workload.h"

#define MAX_LOAD 32
#define LOAD_PAGES 64ul

struct load {
	volatile int stop;
	int nr;
	struct {
		volatile unsigned long turns;
		struct workload w;
		char path[64];
	} of[MAX_LOAD];
};

struct load_arg {
	struct load *load;
	int nr;
};

static int touch_and_drop(void *arg, int nr)
{
	char *p = (char *)arg + (size_t)nr * LOAD_PAGES * PAGE;

	touch_write(p, LOAD_PAGES);
	return madvise(p, LOAD_PAGES * PAGE, MADV_DONTNEED);
}

static int turn_file(const char *path)
{
	char *p = map_file(path, LOAD_PAGES, PROT_READ | PROT_WRITE, MAP_SHARED);

	if (!p)
		return 1;
	touch_read(p, LOAD_PAGES / 2);
	touch_write(p, LOAD_PAGES);
	return munmap(p, LOAD_PAGES * PAGE);
}

static int turn_fork(char *p, bool exec)
{
	char program[600];
	int status;
	pid_t pid = kid_fork();

	if (pid < 0)
		return 1;
	if (!pid) {
		if (exec) {
			snprintf(program, sizeof(program), "%s/work", suite_dir());
			execl(program, "work", "touch", "8", (char *)NULL);
			_exit(1);
		}
		touch_write(p, 8);
		_exit(0);
	}
	return waitpid(pid, &status, 0) != pid || status;
}

static int load_main(void *arg)
{
	struct load_arg *a = arg;
	struct load *load = a->load;
	char *p = map_anon(2 * LOAD_PAGES);
	unsigned long turn;
	int ret = 0;

	if (!p)
		return 1;
	for (turn = 0; !load->stop && !ret; turn++) {
		load->of[a->nr].turns = turn;
		switch ((turn + (unsigned long)a->nr) % 8) {
		case 0:
			ret = threads_run(2, touch_and_drop, p, false);
			break;
		case 1:
			ret = turn_fork(p, false);
			break;
		case 2:
			ret = turn_fork(p, turn % 4 == 0);
			break;
		case 3:
		case 4:
			ret = turn_file(load->of[a->nr].path);
			break;
		default:
			ret = touch_and_drop(p, 0);
			break;
		}
	}
	return ret ? 1 : 0;
}

/**
 * load_start() - start the load.
 * @nr: how many processes
 *
 * Return: the load, or NULL after a note.
 */
struct load *load_start(int nr)
{
	struct load *load = shared_alloc(sizeof(*load));
	int i;

	for (i = 0; i < nr && i < MAX_LOAD; i++) {
		struct load_arg arg = { load, i };

		snprintf(load->of[i].path, sizeof(load->of[i].path), "/tmp/load.%d", i);
		if (file_make_empty(load->of[i].path, LOAD_PAGES) ||
		    workload_start(&load->of[i].w, load_main, &arg)) {
			note("cannot start the load");
			return NULL;
		}
		load->nr++;
	}
	return load;
}

static unsigned long load_turns(const struct load *load)
{
	unsigned long sum = 0;
	int i;

	for (i = 0; i < load->nr; i++)
		sum += load->of[i].turns;
	return sum;
}

/**
 * load_wait_busy() - wait until the load has done some more work.
 * @load: the load
 * @turns: how much more, of all its processes together
 *
 * Return: 0, or -1 if it does not come along.
 */
int load_wait_busy(struct load *load, unsigned long turns)
{
	unsigned long want = load_turns(load) + turns;
	long long end = now_ms() + 120000;

	while (load_turns(load) < want) {
		if (now_ms() > end) {
			note("the load does not come along");
			return -1;
		}
		short_rest();
	}
	return 0;
}

/**
 * load_stop() - end the load, and wait until all of it is gone.
 * @load: the load
 * @compare: compare every process with the module's rows, as zombies
 *
 * Return: 0, or -1 if one of its processes had an error or differs.
 */
int load_stop(struct load *load, bool compare)
{
	struct snapshot s = { 0 };
	int i, ret = 0;

	load->stop = 1;
	for (i = 0; i < load->nr; i++)
		if (workload_wait(&load->of[i].w))
			ret = -1;
	if (compare && snapshot_take(&s, faults_file()))
		ret = -1;
	for (i = 0; i < load->nr; i++) {
		if (compare && !ret && workload_compare(&load->of[i].w, &s))
			ret = -1;
		workload_kill(&load->of[i].w);
		unlink(load->of[i].path);
	}
	snapshot_free(&s);
	munmap(load, sizeof(*load));
	return ret;
}
