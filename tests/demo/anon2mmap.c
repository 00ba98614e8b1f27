// SPDX-License-Identifier: GPL-2.0
/*
 * anon2mmap - a program of the demo: maps 256 MiB of anonymous memory and
 * touches every page, on 4 KiB pages ("small") or on huge pages ("huge").
 * Its last line tells its pid and its own rusage; the guest script reads it.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define SIZE (256UL << 20)
#define PAGE 4096UL
#define HUGE (2UL << 20)

int main(int argc, char **argv)
{
	int huge = argc == 2 && !strcmp(argv[1], "huge");
	struct rusage usage;
	size_t offset;
	char *memory;

	if (!huge && (argc != 2 || strcmp(argv[1], "small"))) {
		fprintf(stderr, "usage: anon2mmap small|huge\n");
		return 2;
	}
	memory = mmap(NULL, SIZE + HUGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	/* A huge page must be aligned to its size. */
	memory = (char *)(((uintptr_t)memory + HUGE - 1) & ~(HUGE - 1));
	if (madvise(memory, SIZE, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE)) {
		perror("madvise");
		return 1;
	}
	for (offset = 0; offset < SIZE; offset += PAGE)
		((volatile char *)memory)[offset] = 1;

	getrusage(RUSAGE_SELF, &usage);
	printf("anon2mmap pid %d: touched 256 MiB on %s pages, own rusage: minor %ld major %ld\n",
	       getpid(), huge ? "huge" : "4 KiB", usage.ru_minflt, usage.ru_majflt);
	return 0;
}
