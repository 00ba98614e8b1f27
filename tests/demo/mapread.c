// SPDX-License-Identifier: GPL-2.0
/*
 * mapread - a program of the demo: maps a file shared and reads a byte of each
 * of its pages in random order; with a number, so many times, each with an empty
 * page table, and of all times but the first only its second half. Its last line
 * tells its pid and its own rusage; the guest script reads it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096UL

/* Each page once, from the page @first on; returns what cannot be left out. */
static unsigned int read_pages(const char *memory, unsigned long first, unsigned long pages)
{
	unsigned int sum = 0;
	unsigned long i, at;

	/* Numbers of full period modulo a power of two. */
	for (i = 0, at = 1; i < pages; i++) {
		at = (at * 1664525 + 1013904223) % pages;
		sum += ((const volatile unsigned char *)memory)[(first + at) * PAGE];
	}
	return sum;
}

int main(int argc, char **argv)
{
	int times = argc == 3 ? atoi(argv[2]) : 1, i, fd;
	unsigned int sum = 0;
	struct rusage usage;
	struct stat stat;
	unsigned long pages;
	char *memory;

	if (argc < 2 || argc > 3 || times < 1) {
		fprintf(stderr, "usage: mapread FILE [TIMES]\n");
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
	for (i = 0; i < times; i++) {
		/* From the page table, not from the page cache: the mapping stays. */
		if (i && madvise(memory, stat.st_size, MADV_DONTNEED)) {
			perror("madvise");
			return 1;
		}
		sum += i ? read_pages(memory, pages / 2, pages / 2) : read_pages(memory, 0, pages);
	}

	getrusage(RUSAGE_SELF, &usage);
	printf("mapread pid %d: read %ld MiB at random (sum %u), own rusage: minor %ld major %ld\n",
	       getpid(), (long)(stat.st_size >> 20), sum, usage.ru_minflt, usage.ru_majflt);
	return 0;
}
