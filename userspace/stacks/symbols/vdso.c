// SPDX-License-Identifier: GPL-2.0
/*
 * vdso.c - what the kernel maps into each process for calls that need no system call: an ELF file
 * that is nowhere but in memory. Ours is that of each process of the same kind. Called by images.c.
 */
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/mappings.h"
#include "stacks/symbols/elffile.h"
#include "stacks/symbols/rooted.h"
#include "stacks/symbols/vdso.h"

/* Bytes at most; it is a few pages. */
#define VDSO_MAX	0x100000

static int temporary_file(void)
{
	FILE *file;
	int fd = -1;

#ifdef SYS_memfd_create
	fd = (int)syscall(SYS_memfd_create, "vdso", 1 /* MFD_CLOEXEC */);
#endif
	if (fd >= 0)
		return fd;
	file = tmpfile();
	if (!file)
		return -1;
	fd = dup(fileno(file));
	fclose(file);
	return fd;
}

/* How large our mapping of it is; 0 if there is none. */
static size_t own_size(uintptr_t begin)
{
	struct mappings mappings;
	size_t i, size = 0;

	mappings_read(&mappings, getpid(), true);
	for (i = 0; i < mappings.nr; i++)
		if (mappings.at[i].start == begin)
			size = mappings.at[i].end - mappings.at[i].start;
	mappings_free(&mappings);
	return size <= VDSO_MAX ? size : 0;
}

/**
 * vdso_copy() - ours, as a file.
 *
 * Return: a file, to be closed; negative if there is none.
 */
int vdso_copy(void)
{
	const uintptr_t begin = getauxval(AT_SYSINFO_EHDR);
	const size_t size = begin ? own_size(begin) : 0;
	const int fd = size ? temporary_file() : -1;

	if (fd < 0)
		return -1;
	if (write(fd, (const void *)begin, size) == (ssize_t)size)
		return fd;
	close(fd);
	return -1;
}

static bool read_program_of(int32_t pid, struct elffile *elf)
{
	char link[32];
	bool done;
	int fd;

	snprintf(link, sizeof(link), "/proc/%d/exe", pid);
	fd = rooted_open_link(link);
	done = fd >= 0 && elffile_read(elf, fd);
	if (fd >= 0)
		close(fd);
	return done;
}

/**
 * vdso_is_that_of() - whether ours is that of a process, too: one of 32 bit has another.
 * @pid: of the process
 *
 * Return: false also where that is not known.
 */
bool vdso_is_that_of(int32_t pid)
{
	struct elffile own, its;

	return read_program_of(getpid(), &own) && read_program_of(pid, &its) &&
	       own.is_64 == its.is_64 && own.machine == its.machine;
}
