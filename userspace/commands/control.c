// SPDX-License-Identifier: GPL-2.0
/*
 * control.c - the commands reset, on and off: they write the module's parameters and check that
 * the module has acted.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/options.h"
#include "faults/source.h"
#include "kernel/procfs.h"

#define PARAMETERS "/sys/module/faultstat/parameters/"

static enum exit_code parameter_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t written = fd < 0 ? -1 : write(fd, value, strlen(value));
	int failure = written < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	if (!failure)
		return EXIT_FINE;
	if (failure == ENOENT) {
		complain("faultstat is %s", NOT_LOADED);
		return EXIT_NOT_LOADED;
	}
	if (failure == EACCES || failure == EPERM)
		complain("%s: %s: run as root", path, strerror(failure));
	else
		complain("%s: %s: dmesg may say more", path, strerror(failure));
	return EXIT_ERROR;
}

static enum exit_code enable(const char *value)
{
	static const char path[] = PARAMETERS "enabled";
	enum exit_code code = parameter_write(path, value);
	char *now;

	if (code != EXIT_FINE)
		return code;
	now = procfs_read(path, NULL);
	if (!now || *now != *value) {
		complain("%s is still %.1s: dmesg may say why", path, now ? now : "?");
		code = EXIT_ERROR;
	}
	free(now);
	return code;
}

/**
 * on_run() - the command on.
 * @options: nothing of it
 *
 * Return: the exit code.
 */
enum exit_code on_run(struct options *options)
{
	(void)options;
	return enable("1");
}

/**
 * off_run() - the command off.
 * @options: nothing of it
 *
 * Return: the exit code.
 */
enum exit_code off_run(struct options *options)
{
	(void)options;
	return enable("0");
}

static enum exit_code resets_now(uint64_t *resets)
{
	enum exit_code code;
	struct snapshot s;

	code = source_take(&s, NULL, SOURCE_TOTALS);
	if (code != EXIT_FINE)
		return code;
	*resets = s.resets;
	snapshot_free(&s);
	return EXIT_FINE;
}

/**
 * reset_run() - the command reset.
 * @options: nothing of it
 *
 * Return: the exit code.
 */
enum exit_code reset_run(struct options *options)
{
	uint64_t before = 0, after = 0;
	enum exit_code code;

	(void)options;
	code = resets_now(&before);
	if (code == EXIT_FINE)
		code = parameter_write(PARAMETERS "reset", "1");
	if (code == EXIT_FINE)
		code = resets_now(&after);
	if (code == EXIT_FINE && after <= before) {
		complain("the module has not reset its counters: dmesg may say why");
		code = EXIT_ERROR;
	}
	return code;
}
