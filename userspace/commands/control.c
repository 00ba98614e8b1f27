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

#include "commands/commands.h"
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
		complain("%s: %s: see dmesg", path, strerror(failure));
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
		complain("%s is still %.1s: see dmesg", path, now ? now : "?");
		code = EXIT_ERROR;
	}
	free(now);
	return code;
}

static enum exit_code run_on(struct command_line *line)
{
	(void)line;
	return enable("1");
}

static enum exit_code run_off(struct command_line *line)
{
	(void)line;
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

static enum exit_code run_reset(struct command_line *line)
{
	uint64_t before = 0, after = 0;
	enum exit_code code;

	(void)line;
	code = resets_now(&before);
	if (code == EXIT_FINE)
		code = parameter_write(PARAMETERS "reset", "1");
	if (code == EXIT_FINE)
		code = resets_now(&after);
	if (code == EXIT_FINE && after <= before) {
		complain("the module did not reset its counters: see dmesg");
		code = EXIT_ERROR;
	}
	return code;
}

static const struct option_group none[] = { { NULL, NULL } };

const struct command reset_command = {
	.name = "reset",
	.arguments = "",
	.summary = "Reset all counters but the lifetime sums.",
	.options = none,
	.examples = (const char *const []){ "reset", NULL },
	.run = run_reset,
};

const struct command on_command = {
	.name = "on",
	.arguments = "",
	.summary = "Start counting.",
	.options = none,
	.examples = (const char *const []){ "on", NULL },
	.run = run_on,
};

const struct command off_command = {
	.name = "off",
	.arguments = "",
	.summary = "Stop counting, at no cost from then on.",
	.options = none,
	.examples = (const char *const []){ "off", NULL },
	.run = run_off,
};
