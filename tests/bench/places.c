// SPDX-License-Identifier: GPL-2.0
/*
 * places.c - workloads on many files, each of which is a row of a process: faults on one row or on
 * more in turn, new rows, full tables. For faults.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "figure.h"
#include "memory.h"
#include "module.h"
#include "places.h"

#define PLACES		2030ul	/* mappings, each a row: eight processes fill a table */
#define CROWD		8
#define NEW_ROWS	64ul
#define NEW_SETS	8ul

#define ROWS		"/proc/faultstat/faults"

/* In FILES_IN=, or /tmp: there, and with a number of six digits behind it, a path of 64 bytes. */
#define FILES		"files-of-a-path-that-is-sixty-four-bytes-long-in-all-"

static const char *file_path(unsigned long nr)
{
	const char *dir = getenv("FILES_IN");
	static char path[sizeof(FILES) + 80];

	snprintf(path, sizeof(path), "%s/" FILES "%06lu", dir ? dir : "/tmp", nr);
	return path;
}

static void files_make(unsigned long from, unsigned long nr)
{
	unsigned long i;

	for (i = from; i < from + nr; i++)
		if (access(file_path(i), F_OK) && file_make(file_path(i), 1))
			exit(1);
}

/*
 * PLACES mappings of one page each, place i being of file @from + i % @files. So however many
 * objects there are, the kernel's own work on a fault is the same.
 */
static char *places_map(unsigned long from, unsigned long files)
{
	char *p = mmap(NULL, PLACES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long i;

	if (p == MAP_FAILED)
		die("mmap");
	for (i = 0; i < PLACES; i++) {
		int fd = open(file_path(from + i % files), O_RDONLY);

		if (fd < 0 || mmap(p + i * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) ==
		    MAP_FAILED)
			die(file_path(from + i % files));
		close(fd);
	}
	return p;
}

/* One repetition: every place but the last few, in stretches. */
static void places_touch(struct figure *f, char *p)
{
	unsigned long at;

	forget(p, PLACES);
	for (at = 0; at + STRETCH <= PLACES; at += STRETCH)
		stretch(f, p + at * PAGE, 1, false);
}

static void spread(const char *name, unsigned long files)
{
	struct figure f = { .name = name };
	char *p;

	files_make(0, files);
	p = places_map(0, files);
	touch_read(p, PLACES);
	while (f.done < REPEAT) {
		figure_begin(&f);
		places_touch(&f, p);
		figure_end(&f);
	}
	munmap(p, PLACES * PAGE);
}

/**
 * rows_1 - faults on one file
 * @name: of the workload
 */
void rows_1(const char *name)
{
	spread(name, 1);
}

/**
 * rows_2 - faults on two files in turn
 * @name: of the workload
 */
void rows_2(const char *name)
{
	spread(name, 2);
}

/**
 * rows_100 - faults on a hundred files in turn
 * @name: of the workload
 */
void rows_100(const char *name)
{
	spread(name, 100);
}

/* With pauses, in which the worker can fill the reserves again. */
static void places_touch_slowly(char *p, long pause_ms)
{
	const struct timespec pause = { .tv_nsec = pause_ms * 1000000 };
	const unsigned long some = 20;
	unsigned long at;

	forget(p, PLACES);
	for (at = 0; at < PLACES; at += some) {
		touch_read(p + at * PAGE, at + some <= PLACES ? some : PLACES - at);
		nanosleep(&pause, NULL);
	}
}

/* A process of the crowd takes its turn when its byte comes, and hands back what it took. */
struct member {
	int turn[2], done[2];
	pid_t pid;
};

static void member_run(const struct member *m, const char *name, unsigned long from, long pause_ms)
{
	struct figure f = { .name = name };
	char *p = places_map(from, PLACES), turn;

	while (read(m->turn[0], &turn, 1) == 1) {
		f.spent = 0;
		f.units = 0;
		if (turn == 's')
			places_touch_slowly(p, pause_ms);
		else
			places_touch(&f, p);
		if (write(m->done[1], &f, sizeof(f)) != sizeof(f))
			_exit(1);
	}
	_exit(0);
}

static void member_turn(const struct member *m, char turn, struct figure *sum)
{
	struct figure f;

	if (write(m->turn[1], &turn, 1) != 1 || read(m->done[0], &f, sizeof(f)) != sizeof(f)) {
		fprintf(stderr, "faults: a process of the crowd failed\n");
		exit(1);
	}
	sum->spent += f.spent;
	sum->units += f.units;
}

/*
 * Processes that each have a row on PLACES files, which together fill the table. The files of one
 * and of the next lie @apart: PLACES if they have none in common. New rows come with pauses: with
 * longer ones fewer reserves grow, but what is too slow is idle, and a full table folds idle rows.
 */
static void crowd_start(struct member *crowd, const char *name, unsigned long apart, long pause_ms)
{
	struct figure none = { 0 };
	int i, again;

	files_make(0, PLACES + (CROWD - 1) * apart);
	for (i = 0; i < CROWD; i++) {
		if (pipe(crowd[i].turn) || pipe(crowd[i].done))
			die("pipe");
		fflush(NULL);
		crowd[i].pid = fork();
		if (!crowd[i].pid) {
			close(crowd[i].turn[1]);
			member_run(&crowd[i], name, (unsigned long)i * apart, pause_ms);
		}
		close(crowd[i].turn[0]);
		close(crowd[i].done[1]);
	}
	/* And again: where the reserves ran out all the same, some have no row yet. */
	for (again = 0; again < 4; again++)
		for (i = 0; i < CROWD; i++) {
			member_turn(&crowd[i], again ? 't' : 's', &none);
			rest();
		}
}

static void crowd_end(struct member *crowd)
{
	int i;

	/* A later one holds the pipes of those before it: they end from the last to the first. */
	for (i = CROWD - 1; i >= 0; i--) {
		close(crowd[i].turn[1]);
		close(crowd[i].done[0]);
		waitpid(crowd[i].pid, NULL, 0);
	}
}

static unsigned long file_read_lines(const char *path)
{
	static char text[64 << 10];
	unsigned long lines = 0;
	int fd = open(path, O_RDONLY);
	ssize_t n, i;

	if (fd < 0)
		die(path);
	while ((n = read(fd, text, sizeof(text))) > 0)
		for (i = 0; i < n; i++)
			lines += text[i] == '\n';
	close(fd);
	return lines;
}

static void expect_full_table(unsigned long lines)
{
	if (lines >= CROWD * PLACES)
		return;
	fprintf(stderr, "faults: %lu lines where there should be %lu rows\n", lines,
		CROWD * PLACES);
	exit(1);
}

/**
 * rows_full - faults on all rows of a full table in turn
 * @name: of the workload
 */
void rows_full(const char *name)
{
	struct figure f = { .name = name };
	struct member crowd[CROWD];
	char enabled[8];
	int i;

	crowd_start(crowd, name, PLACES, 3);
	while (f.done < REPEAT) {
		figure_begin(&f);
		for (i = 0; i < CROWD; i++)
			member_turn(&crowd[i], 't', &f);
		figure_end(&f);
	}
	if (!param_get("enabled", enabled, sizeof(enabled)) && *enabled == '1')
		expect_full_table(file_read_lines(ROWS));
	crowd_end(crowd);
}

/**
 * reading - reading a full table, from open to close, per row
 * @name: of the workload
 */
void reading(const char *name)
{
	struct figure f = { .name = name };
	struct member crowd[CROWD];

	crowd_start(crowd, name, PLACES, 3);
	while (f.done < REPEAT) {
		unsigned long lines;

		figure_begin(&f);
		figure_go(&f);
		lines = file_read_lines(ROWS);
		figure_stop(&f, lines);
		figure_end(&f);
		expect_full_table(lines);
	}
	crowd_end(crowd);
}

/**
 * full - a full table, each row on a file of its own
 * @name: of the workload
 */
void full(const char *name)
{
	struct member crowd[CROWD];

	crowd_start(crowd, name, PLACES, 8);
	stand(name);
	crowd_end(crowd);
}

/**
 * full_shared - a full table whose processes have all the same files
 * @name: of the workload
 */
void full_shared(const char *name)
{
	struct member crowd[CROWD];

	crowd_start(crowd, name, 0, 8);
	stand(name);
	crowd_end(crowd);
}

/*
 * The first faults of a process on some files. The processor is given up after each set, so that
 * what a worker has to do for them is done and timed too.
 */
static void new_rows(struct figure *f)
{
	char *p = places_map(0, NEW_ROWS * NEW_SETS);
	unsigned long i;

	for (i = 0; i < NEW_SETS; i++) {
		rest();
		tick_wait();
		figure_go(f);
		touch_read(p + i * NEW_ROWS * PAGE, NEW_ROWS);
		sched_yield();
		sched_yield();
		figure_stop(f, NEW_ROWS);
	}
}

/**
 * new_row - the first faults of a process on some files, with the work of workers for them
 * @name: of the workload
 */
void new_row(const char *name)
{
	struct figure f = { .name = name };
	int result[2];

	if (pipe(result))
		die("pipe");
	files_make(0, NEW_ROWS * NEW_SETS);
	while (f.done < REPEAT) {
		pid_t pid;

		figure_begin(&f);
		fflush(NULL);
		pid = fork();
		if (!pid) {
			new_rows(&f);
			_exit(write(result[1], &f, sizeof(f)) != sizeof(f));
		}
		if (waitpid(pid, NULL, 0) != pid || read(result[0], &f, sizeof(f)) != sizeof(f))
			die("new row");
		figure_end(&f);
	}
	close(result[0]);
	close(result[1]);
}
