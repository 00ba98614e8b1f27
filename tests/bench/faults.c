// SPDX-License-Identifier: GPL-2.0
/*
 * faults.c - workloads that fault, and how many instructions each fault took.
 *
 *   faults WORKLOAD...     prints "WORKLOAD INSTRUCTIONS", a mean per fault, row or process
 *
 * Some only put something there for the command in AT_REST to look at, and print nothing.
 *
 * For a guest that counts instructions: there the time stamp counter advances by one with each of
 * them, on the one CPU, so the difference of two readings is what everybody executed between. Each
 * workload is repeated three times; the first, which warms up, is dropped, and the lower of the
 * others taken, since whatever else runs in the guest can only add. Run by the guest's scripts
 * bench and cost, bare, with the module or under another tool.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <kselftest.h>

#include "memory.h"
#include "module.h"

#define REPEAT		3
#define STRETCH		300ul	/* faults that end well before the timer's next tick */
#define STRETCHES	10	/* in a repetition */

#define AROUND		16ul	/* pages that a read fault maps around the one it is for */
#define PLACES		2030ul	/* mappings, each a row: eight processes fill a table */
#define CROWD		8
#define NEW_ROWS	64ul
#define NEW_SETS	8ul
#define THREADS		32
#define THREAD_PAGES	10ul
#define TASKS		3000
#define BIRTHS		200ul
#define BIRTH_PAGES	60ul

#define ROWS		"/proc/faultstat/faults"
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

/* In FILES_IN=, or /tmp: there, and with a number of six digits behind it, a path of 64 bytes. */
#define FILES		"files-of-a-path-that-is-sixty-four-bytes-long-in-all-"

static void die(const char *what)
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

/* Lets everybody finish what is left over from before. */
static void rest(void)
{
	const struct timespec while_all_else_ends = { .tv_nsec = 100000000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &while_all_else_ends, NULL);
}

/* Waits for the timer to tick: an interrupt is the only thing that comes between two readings. */
static void tick_wait(void)
{
	unsigned long long last, now = instructions();

	do {
		last = now;
		now = instructions();
	} while (now - last < 500);
}

/* What the repetitions of one workload took. */
struct figure {
	const char *name;
	int done;
	double least;
	unsigned long long begun, spent;
	unsigned long units;
};

static void figure_begin(struct figure *f)
{
	check_counter();
	f->spent = 0;
	f->units = 0;
	rest();
}

static void figure_go(struct figure *f)
{
	f->begun = instructions();
}

static void figure_stop(struct figure *f, unsigned long units)
{
	f->spent += instructions() - f->begun;
	f->units += units;
}

static void figure_end(struct figure *f)
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

static long faults_of(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* That what was timed was the faults it should be. */
static void expect_faults(const char *name, long seen, unsigned long wanted)
{
	if (seen == (long)wanted)
		return;
	fprintf(stderr, "faults: %s: %ld faults where %lu should be\n", name, seen, wanted);
	exit(1);
}

static void forget(char *p, size_t pages)
{
	if (madvise(p, pages * PAGE, MADV_DONTNEED))
		die("madvise");
}

/* A stretch of faults, one at each of STRETCH places that lie @step pages apart. */
static void stretch(struct figure *f, volatile char *p, size_t step, bool write)
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

/* Faults on 4 KiB pages of anonymous memory, by one process. */
static void anon(const char *name)
{
	struct figure f = { .name = name };
	char *p = map_anon(STRETCH);
	int i;

	if (!p)
		die("mmap");
	/* The page table's own pages are there before. */
	touch_write(p, STRETCH);
	while (f.done < REPEAT) {
		figure_begin(&f);
		for (i = 0; i < STRETCHES; i++) {
			forget(p, STRETCH);
			stretch(&f, p, 1, true);
		}
		figure_end(&f);
	}
	munmap(p, STRETCH * PAGE);
}

/* Faults on STRETCH pages, by one process: they are read, and were there before. */
static void turns(const char *name, char *p)
{
	struct figure f = { .name = name };
	int i;

	touch_read(p, STRETCH);
	while (f.done < REPEAT) {
		figure_begin(&f);
		for (i = 0; i < STRETCHES; i++) {
			forget(p, STRETCH);
			stretch(&f, p, 1, false);
		}
		figure_end(&f);
	}
	munmap(p, STRETCH * PAGE);
}

/* Shared anonymous memory in turns with private, as a database's buffers are. */
static void shm_turns(const char *name)
{
	char *p = mmap(NULL, STRETCH * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	unsigned long i;

	if (p == MAP_FAILED)
		die("mmap");
	touch_write(p, STRETCH);
	for (i = 1; i < STRETCH; i += 2)
		if (mmap(p + i * PAGE, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
			die("mmap");
	turns(name, p);
}

/* Anonymous memory that has a name, as Go's heap, in turns with such as has none. */
static void named_turns(const char *name)
{
	char *p = map_anon(STRETCH);
	unsigned long i;

	if (!p)
		die("mmap");
	for (i = 1; i < STRETCH; i += 2)
		if (prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, p + i * PAGE, PAGE, "Go: heap"))
			die("the kernel has no names for anonymous memory");
	turns(name, p);
}

/* Faults on a file that is in the page cache, through a shared map with MADV_RANDOM. */
static void hits(const char *name)
{
	struct figure f = { .name = name };
	const char *disk = test_disk();
	char path[256], *p;
	int i;

	snprintf(path, sizeof(path), "%s/cached", disk ? disk : "/tmp");
	if (file_make(path, STRETCH * AROUND))
		exit(1);
	p = map_file(path, STRETCH * AROUND, PROT_READ, MAP_SHARED);
	if (!p || madvise(p, STRETCH * AROUND * PAGE, MADV_RANDOM))
		die(path);
	touch_read(p, STRETCH * AROUND);
	while (f.done < REPEAT) {
		figure_begin(&f);
		for (i = 0; i < STRETCHES; i++) {
			forget(p, STRETCH * AROUND);
			stretch(&f, p, AROUND, false);
		}
		figure_end(&f);
	}
	munmap(p, STRETCH * AROUND * PAGE);
	unlink(path);
}

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

/* Faults on one file, on two in turn, on a hundred in turn. */
static void rows_1(const char *name)
{
	spread(name, 1);
}

static void rows_2(const char *name)
{
	spread(name, 2);
}

static void rows_100(const char *name)
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

/* Faults on all rows of a full table in turn. */
static void rows_full(const char *name)
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

/* Reading a full table, from open to close, per row. */
static void reading(const char *name)
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

/* What the environment's AT_REST says is run while everything stands. */
static void stand(const char *name)
{
	const char *command = getenv("AT_REST");

	rest();
	if (!command || system(command)) {
		fprintf(stderr, "faults: %s: the command in AT_REST failed\n", name);
		exit(1);
	}
}

/* A full table, each row on a file of its own. */
static void full(const char *name)
{
	struct member crowd[CROWD];

	crowd_start(crowd, name, PLACES, 8);
	stand(name);
	crowd_end(crowd);
}

/* A full table whose processes have all the same files. */
static void full_shared(const char *name)
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

static void new_row(const char *name)
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

/* Threads of one process, each on memory of its own, in turn as the scheduler has it. */
static struct {
	pthread_barrier_t go, gone;
	char *memory;
	bool over;
} gang;

static void *gang_member(void *nr)
{
	for (;;) {
		pthread_barrier_wait(&gang.go);
		if (gang.over)
			return NULL;
		touch_write(gang.memory + (size_t)nr * THREAD_PAGES * PAGE, THREAD_PAGES);
		pthread_barrier_wait(&gang.gone);
	}
}

static void threads(const char *name)
{
	struct figure f = { .name = name };
	pthread_t ids[THREADS];
	size_t i;

	gang.memory = map_anon(THREADS * THREAD_PAGES);
	if (!gang.memory || pthread_barrier_init(&gang.go, NULL, THREADS + 1) ||
	    pthread_barrier_init(&gang.gone, NULL, THREADS + 1))
		die("barrier");
	gang.over = false;
	touch_write(gang.memory, THREADS * THREAD_PAGES);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&ids[i], NULL, gang_member, (void *)i))
			die("thread");
	while (f.done < REPEAT) {
		figure_begin(&f);
		for (i = 0; i < STRETCHES; i++) {
			long faults;

			forget(gang.memory, THREADS * THREAD_PAGES);
			rest();
			tick_wait();
			faults = faults_of(RUSAGE_SELF);
			figure_go(&f);
			pthread_barrier_wait(&gang.go);
			pthread_barrier_wait(&gang.gone);
			figure_stop(&f, THREADS * THREAD_PAGES);
			/* A thread's own first faults may be among them, in what is dropped. */
			if (f.done)
				expect_faults(name, faults_of(RUSAGE_SELF) - faults,
					      THREADS * THREAD_PAGES);
		}
		figure_end(&f);
	}
	gang.over = true;
	pthread_barrier_wait(&gang.go);
	for (i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
	munmap(gang.memory, THREADS * THREAD_PAGES * PAGE);
}

/* Many threads that have faulted and are still there. */
static void tasks(const char *name)
{
	static pthread_t ids[TASKS];
	pthread_attr_t attr;
	size_t i;

	gang.memory = map_anon(TASKS * THREAD_PAGES);
	pthread_attr_init(&attr);
	if (!gang.memory || pthread_attr_setstacksize(&attr, 32 << 10) ||
	    pthread_barrier_init(&gang.go, NULL, TASKS + 1) ||
	    pthread_barrier_init(&gang.gone, NULL, TASKS + 1))
		die("barrier");
	gang.over = false;
	for (i = 0; i < TASKS; i++)
		if (pthread_create(&ids[i], &attr, gang_member, (void *)i))
			die("thread");
	pthread_barrier_wait(&gang.go);
	pthread_barrier_wait(&gang.gone);
	stand(name);
	gang.over = true;
	pthread_barrier_wait(&gang.go);
	for (i = 0; i < TASKS; i++)
		pthread_join(ids[i], NULL);
}

/* What all kworkers have executed so far; one that sleeps has it to the instruction. */
static unsigned long long kworkers_instructions(void)
{
	unsigned long long sum = 0;
	char path[300], line[128];
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	if (!dir)
		die("/proc");
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (atoi(entry->d_name) <= 0 || file_read_line(path, line, sizeof(line)) ||
		    strncmp(line, "kworker", strlen("kworker")))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/schedstat", entry->d_name);
		if (file_read_line(path, line, sizeof(line)))
			die(path);
		sum += strtoull(line, NULL, 10);
	}
	closedir(dir);
	return sum;
}

/*
 * A process: its birth, faults on some pages, death, and the parent's wait. What the kernel does
 * about it later, in the timer's ticks, is in this too, so that it is timed in one. Beside it: what
 * kworkers executed for each, until all was over.
 */
static void births(const char *name)
{
	struct figure f = { .name = name }, workers = { .name = "kworkers" };
	unsigned long i;

	while (f.done < REPEAT) {
		char *p = map_anon(BIRTH_PAGES);

		if (!p)
			die("mmap");
		figure_begin(&f);
		workers.spent = -kworkers_instructions();
		tick_wait();
		figure_go(&f);
		for (i = 0; i < BIRTHS; i++) {
			pid_t pid = fork();

			if (pid < 0)
				die("fork");
			if (!pid) {
				touch_write(p, BIRTH_PAGES);
				_exit(0);
			}
			waitpid(pid, NULL, 0);
		}
		figure_stop(&f, BIRTHS);
		figure_end(&f);
		rest();
		workers.spent += kworkers_instructions();
		workers.units = BIRTHS;
		figure_end(&workers);
		munmap(p, BIRTH_PAGES * PAGE);
	}
}

static const struct {
	const char *name;
	void (*run)(const char *name);
} workloads[] = {
	{ "anon", anon },
	{ "hits", hits },
	{ "rows-1", rows_1 },
	{ "rows-2", rows_2 },
	{ "rows-100", rows_100 },
	{ "rows-full", rows_full },
	{ "threads", threads },
	{ "births", births },
	{ "new-row", new_row },
	{ "reading", reading },
	{ "shm-turns", shm_turns },
	{ "named-turns", named_turns },
	{ "full", full },
	{ "full-shared", full_shared },
	{ "tasks", tasks },
};

int main(int argc, char **argv)
{
	size_t i;
	int n;

	for (n = 1; n < argc; n++) {
		for (i = 0; i < ARRAY_SIZE(workloads); i++)
			if (!strcmp(argv[n], workloads[i].name))
				break;
		if (i == ARRAY_SIZE(workloads)) {
			fprintf(stderr, "faults: no workload %s\n", argv[n]);
			return 2;
		}
		workloads[i].run(argv[n]);
	}
	return 0;
}
