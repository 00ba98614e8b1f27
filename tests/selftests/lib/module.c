// SPDX-License-Identifier: GPL-2.0
/*
 * module.c - loads and unloads faultstat by system call, and sets its parameters.
 *
 * By system call, not by a tool, so that the tests see the kernel's own error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module.h"
#include "note.h"
#include "workload.h"

/**
 * module_loaded() - is faultstat in the kernel?
 */
bool module_loaded(void)
{
	return !access("/sys/module/faultstat/parameters", F_OK);
}

/**
 * module_load() - load faultstat.
 * @params: "name=value ..." as on insmod's command line
 *
 * One that a failed test left behind is unloaded first.
 *
 * Return: 0 or -errno.
 */
int module_load(const char *params)
{
	const char *path = getenv("FAULTSTAT_KO");
	int fd, ret;

	if (module_loaded()) {
		ret = module_unload_soon();
		if (ret)
			return ret;
	}
	fd = open(path ? path : "/faultstat.ko", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return ret;
}

/**
 * module_unload() - try once to unload faultstat.
 *
 * Return: 0 or -errno.
 */
int module_unload(void)
{
	return syscall(SYS_delete_module, "faultstat", O_NONBLOCK) ? -errno : 0;
}

/**
 * module_unload_soon() - unload faultstat, as soon as what was killed just now lets go of it.
 *
 * Return: 0 or -errno; -EAGAIN if something still held it after ten seconds.
 */
int module_unload_soon(void)
{
	long long end = now_ms() + 10000;
	int ret;

	do {
		ret = module_unload();
		if (ret != -EAGAIN && ret != -EBUSY)
			break;
		short_rest();
	} while (now_ms() < end);
	return ret;
}

/**
 * file_write() - write a short text in one write().
 * @path: an existing file
 * @text: the text
 *
 * Return: 0 or -errno.
 */
int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		ret = -errno;
	close(fd);
	return ret;
}

/**
 * file_read_line() - read the first line of a file.
 * @path: the file
 * @line: the line without its newline
 * @size: of @line
 *
 * Return: 0 or -errno.
 */
int file_read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, line, size - 1);
	if (n < 0) {
		n = -errno;
		close(fd);
		return (int)n;
	}
	close(fd);
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return 0;
}

static void param_path(char *path, size_t size, const char *name)
{
	snprintf(path, size, "/sys/module/faultstat/parameters/%s", name);
}

/**
 * param_set() - set a module parameter.
 * @name: the parameter
 * @value: what is written; an empty value as a newline, for sysfs ignores writes of nothing
 *
 * Return: 0 or -errno.
 */
int param_set(const char *name, const char *value)
{
	char path[128];

	param_path(path, sizeof(path), name);
	return file_write(path, *value ? value : "\n");
}

/**
 * param_get() - read a module parameter.
 * @name: the parameter
 * @value: what it says, without the newline
 * @size: of @value
 *
 * Return: 0 or -errno.
 */
int param_get(const char *name, char *value, size_t size)
{
	char path[128];

	param_path(path, sizeof(path), name);
	return file_read_line(path, value, size);
}
