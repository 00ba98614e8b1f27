// SPDX-License-Identifier: GPL-2.0
/*
 * log.c - reads the kernel's log, a record at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/**
 * log_open() - the log from now on.
 *
 * Return: a descriptor for log_lines(), or -1.
 */
int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/**
 * log_lines() - count lines that were written since the last call.
 * @fd: of log_open()
 * @first: a text that they have
 * @second: another one
 */
int log_lines(int fd, const char *first, const char *second)
{
	char record[1024];
	int nr = 0;
	ssize_t n;

	/* EPIPE: records were lost before they were read. */
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		record[n] = '\0';
		nr += strstr(record, first) && strstr(record, second);
	}
	return nr;
}
