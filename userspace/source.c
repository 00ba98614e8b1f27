// SPDX-License-Identifier: GPL-2.0
/*
 * source.c - reads one snapshot from the module's files or from a saved copy, and says
 * in a line what to do if that cannot be. Called by every command that shows counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source.h"
#include "../module/uapi/faultstat.h"

#define PROC_FILE(name)	"/proc/" FAULTSTAT_PROC_DIR "/" name
#define DEBUGFS_FILE	"/sys/kernel/debug/" FAULTSTAT_DEBUGFS

/* A full table is two megabytes. */
#define TEXT_MAX	((size_t)1 << 30)

/* Reads to the end; the text has room for one more byte. */
static char *read_all(int fd, size_t *size, int *failure)
{
	size_t room = 1 << 16, used = 0;
	char *text = xmalloc(room + 1);

	for (;;) {
		ssize_t got = read(fd, text + used, room - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || used + (size_t)got >= TEXT_MAX) {
			*failure = got < 0 ? errno : EFBIG;
			free(text);
			return NULL;
		}
		if (!got)
			break;
		used += (size_t)got;
		if (used == room) {
			room *= 2;
			text = xrealloc(text, room + 1);
		}
	}
	*size = used;
	return xrealloc(text, used + 1);
}

static char *read_path(const char *path, size_t *size, int *failure)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;

	if (fd < 0) {
		*failure = errno;
		return NULL;
	}
	text = read_all(fd, size, failure);
	close(fd);
	return text;
}

static enum exit_code parse(struct snapshot *s, char *text, size_t size, const char *name,
			    enum source_what what, char **error)
{
	char why[PARSE_ERROR_MAX];

	if (!snapshot_parse(s, text, size, why)) {
		*error = xasprintf("%s: %s", name, why);
		snapshot_free(s);
		return EXIT_ERROR;
	}
	if (what == SOURCE_FAULTS && !s->has_rows) {
		*error = xasprintf("%s has no rows, it is a copy of "
				   PROC_FILE(FAULTSTAT_PROC_TOTALS)
				   ": give one of " PROC_FILE(FAULTSTAT_PROC_FAULTS), name);
		snapshot_free(s);
		return EXIT_ERROR;
	}
	return EXIT_FINE;
}

static enum exit_code read_input(struct snapshot *s, const char *input, enum source_what what,
				 char **error)
{
	const char *name = strcmp(input, "-") ? input : "standard input";
	int failure = 0;
	size_t size = 0;
	char *text;

	if (name == input)
		text = read_path(input, &size, &failure);
	else
		text = read_all(STDIN_FILENO, &size, &failure);
	if (!text) {
		*error = xasprintf("%s: %s", name, strerror(failure));
		return EXIT_ERROR;
	}
	return parse(s, text, size, name, what, error);
}

static bool is_denied(int failure)
{
	return failure == EACCES || failure == EPERM;
}

static enum exit_code read_module(struct snapshot *s, enum source_what what, char **error)
{
	const char *path = what == SOURCE_TOTALS ? PROC_FILE(FAULTSTAT_PROC_TOTALS) :
						   PROC_FILE(FAULTSTAT_PROC_FAULTS);
	int failure = 0, debugfs_failure = 0;
	size_t size = 0;
	char *text;

	text = read_path(path, &size, &failure);
	if (!text && what == SOURCE_FAULTS && failure == ENOENT) {
		text = read_path(DEBUGFS_FILE, &size, &debugfs_failure);
		if (text)
			path = DEBUGFS_FILE;
		else if (debugfs_failure != ENOENT && !is_denied(debugfs_failure))
			failure = debugfs_failure;
	}
	if (text)
		return parse(s, text, size, path, what, error);
	/* Reading goes wrong where the module is unloaded at this moment. */
	if (failure == ENOENT || failure == EIO) {
		*error = xstrdup("faultstat is " NOT_LOADED);
		return EXIT_NOT_LOADED;
	}
	if (is_denied(failure))
		*error = xasprintf("%s: %s: run as root, or with CAP_PERFMON", path,
				   strerror(failure));
	else
		*error = xasprintf("%s: %s", path, strerror(failure));
	return EXIT_ERROR;
}

/**
 * source_read() - one snapshot.
 * @s: filled in on success
 * @input: a saved copy, "-" for standard input, NULL for the loaded module
 * @what: with rows or without
 * @error: what to complain of, to be freed, if it fails
 *
 * Return: EXIT_FINE, EXIT_ERROR or EXIT_NOT_LOADED.
 */
enum exit_code source_read(struct snapshot *s, const char *input, enum source_what what,
			   char **error)
{
	*error = NULL;
	if (input)
		return read_input(s, input, what, error);
	return read_module(s, what, error);
}

static void warn_if_cut(const struct snapshot *s, const char *input)
{
	uint64_t calls;

	if (snapshot_seems_cut(s, &calls))
		complain("%s: its rows have %" PRIu64 " of %" PRIu64 " calls: the copy seems to be cut",
			 strcmp(input, "-") ? input : "standard input", calls, s->total.n[CALLS]);
}

/**
 * source_take() - source_read() that complains; of a copy also if it seems to be cut.
 * @s: filled in on success
 * @input: as there
 * @what: as there
 *
 * Return: as there.
 */
enum exit_code source_take(struct snapshot *s, const char *input, enum source_what what)
{
	enum exit_code code;
	char *error;

	code = source_read(s, input, what, &error);
	if (code != EXIT_FINE)
		complain("%s", error);
	else if (input && what == SOURCE_FAULTS)
		warn_if_cut(s, input);
	free(error);
	return code;
}
