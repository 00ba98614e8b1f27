// SPDX-License-Identifier: GPL-2.0
/*
 * mapread - a program of the demo: maps a file shared and reads a byte of each
 * of its pages in random order. Its last line tells its pid and its own rusage;
 * the guest script reads it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096UL

int main(int argc, char **argv)
{
	unsigned int sum = 0;
	struct rusage usage;
	struct stat stat;
	unsigned long pages, i, at;
	const char *memory;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: mapread FILE\n");
		return 2;
	}
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || fstat(fd, &stat)) {
		perror(argv[1]);
		return 1;
	}
	pages = stat.st_size / PAGE;
	memory = mmap(NULL, stat.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	/* Numbers of full period modulo a power of two: each page once. */
	for (i = 0, at = 1; i < pages; i++) {
		at = (at * 1664525 + 1013904223) % pages;
		sum += ((const volatile unsigned char *)memory)[at * PAGE];
	}

	getrusage(RUSAGE_SELF, &usage);
	/* The sum is told so that the reads cannot be left out. */
	printf("mapread pid %d: read %ld MiB at random (sum %u), own rusage: minor %ld major %ld\n",
	       getpid(), (long)(stat.st_size >> 20), sum, usage.ru_minflt, usage.ru_majflt);
	return 0;
}
