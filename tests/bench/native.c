// SPDX-License-Identifier: GPL-2.0
/*
 * native.c - what the benches that need no guest measure with, and the reader's test of speed.
 *
 * "time RUNS COMMAND..." says how long a command takes: milliseconds from start to end and
 * milliseconds of processor time, of each the least of the runs, and the most KiB it had. That
 * is why this is no script: a process begins with the memory of the one it was forked from.
 *
 * "load FILE" is a process for map to look at: it maps a file, touches each page, and from
 * then on maps and unmaps a page every millisecond. Each line on standard input is answered by
 * the worst time that took since the one before, in microseconds.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void touch(const char *path)
{
	int fd = open(path, O_RDWR);
	volatile unsigned char sum = 0;
	unsigned char *at;
	struct stat about;
	off_t i;

	if (fd < 0 || fstat(fd, &about)) {
		perror(path);
		exit(1);
	}
	at = mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	for (i = 0; i < about.st_size; i += 4096)
		sum += at[i];
}

static void run(char **command)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execvp(*command, command);
	_exit(127);
}

static double seconds_of(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int measure(int runs, char **command)
{
	double elapsed = 1e12, processor = 1e12;
	long most = 0;
	int i;

	for (i = 0; i < runs; i++) {
		double begin = now(), took, used;
		struct rusage usage;
		pid_t pid = fork();
		int status;

		if (!pid)
			run(command);
		if (pid < 0 || wait4(pid, &status, 0, &usage) < 0 || status) {
			fprintf(stderr, "%s fails\n", *command);
			return 1;
		}
		took = (now() - begin) / 1e3;
		used = (seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime)) * 1e3;
		elapsed = took < elapsed ? took : elapsed;
		processor = used < processor ? used : processor;
		most = usage.ru_maxrss > most ? usage.ru_maxrss : most;
	}
	printf("%.2f %.2f %ld\n", elapsed, processor, most);
	return 0;
}

static int serve(const char *path)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	double worst = 0;
	char line[16];

	touch(path);
	puts("ready");
	fflush(stdout);
	for (;;) {
		double begin = now(), took;
		void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		munmap(page, 4096);
		took = now() - begin;
		worst = took > worst ? took : worst;
		/* Leaves the processor to others now and then. */
		if (poll(&input, 1, 1) <= 0)
			continue;
		if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
			return 0;
		printf("%.0f\n", worst);
		fflush(stdout);
		worst = 0;
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "load"))
		return serve(argv[2]);
	if (argc > 3 && !strcmp(argv[1], "time"))
		return measure(atoi(argv[2]), argv + 3);
	fputs("usage: native time RUNS COMMAND..., native load FILE\n", stderr);
	return 2;
}
