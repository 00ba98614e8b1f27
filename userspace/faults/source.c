// SPDX-License-Identifier: GPL-2.0
/*
 * source.c - reads one snapshot from the module's files or from a saved copy; an error is one
 * line that says what to do. Called by every command that shows counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults/source.h"
#include "lib/xalloc.h"

#define DEBUGFS_FILE	"/sys/kernel/debug/" FAULTSTAT_DEBUGFS

/* A full table is two megabytes. */
#define TEXT_MAX	((size_t)1 << 30)

/**
 * source_text_of() - a text as a whole, from where an open file is at.
 * @fd: the file
 * @size: its bytes, set
 * @failure: what errno says, set if it fails
 *
 * Return: the text with room for one more byte, to be freed; NULL if it cannot be read.
 */
char *source_text_of(int fd, size_t *size, int *failure)
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

/**
 * source_text() - a text as a whole.
 * @path: of the module's, or of a saved copy; "-" for standard input
 * @size: its bytes, set
 * @failure: what errno says, set if it fails
 *
 * Return: the text with room for one more byte, to be freed; NULL if it cannot be read.
 */
char *source_text(const char *path, size_t *size, int *failure)
{
	char *text;
	int fd;

	if (!strcmp(path, "-"))
		return source_text_of(STDIN_FILENO, size, failure);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		*failure = errno;
		return NULL;
	}
	text = source_text_of(fd, size, failure);
	close(fd);
	return text;
}

/**
 * source_name() - what a saved copy is called in complaints.
 * @input: the copy, "-" for standard input
 *
 * Return: its name.
 */
const char *source_name(const char *input)
{
	return strcmp(input, "-") ? input : "standard input";
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
		*error = xasprintf("%s: no rows, as in a copy of "
				   PROC_FILE(FAULTSTAT_PROC_TOTALS)
				   ": use a copy of " PROC_FILE(FAULTSTAT_PROC_FAULTS), name);
		snapshot_free(s);
		return EXIT_ERROR;
	}
	return EXIT_FINE;
}

static enum exit_code read_input(struct snapshot *s, const char *input, enum source_what what,
				 char **error)
{
	const char *name = source_name(input);
	int failure = 0;
	size_t size = 0;
	char *text = source_text(input, &size, &failure);

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

/**
 * source_trouble() - why a file of the module's cannot be had.
 * @path: its name
 * @failure: what errno said
 * @error: what to complain of, to be freed
 *
 * Return: EXIT_ERROR or EXIT_NOT_LOADED.
 */
enum exit_code source_trouble(const char *path, int failure, char **error)
{
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

static enum exit_code read_module(struct snapshot *s, enum source_what what, char **error)
{
	const char *path = what == SOURCE_TOTALS ? PROC_FILE(FAULTSTAT_PROC_TOTALS) :
						   PROC_FILE(FAULTSTAT_PROC_FAULTS);
	int failure = 0, debugfs_failure = 0;
	size_t size = 0;
	char *text;

	text = source_text(path, &size, &failure);
	if (!text && what == SOURCE_FAULTS && failure == ENOENT) {
		text = source_text(DEBUGFS_FILE, &size, &debugfs_failure);
		if (text)
			path = DEBUGFS_FILE;
		else if (debugfs_failure != ENOENT && !is_denied(debugfs_failure))
			failure = debugfs_failure;
	}
	if (text)
		return parse(s, text, size, path, what, error);
	return source_trouble(path, failure, error);
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

/**
 * source_mark() - mark a process and all that will descend from it.
 * @pid: of the process
 *
 * Return: the file that has the mark as long as it is open; -1 where the module has none or does
 * not let us, which takes nothing but what is said of processes that are folded.
 */
int source_mark(int32_t pid)
{
	int mark = open(PROC_FILE(FAULTSTAT_PROC_MARK), O_RDWR | O_CLOEXEC);

	if (mark >= 0 && dprintf(mark, "%" PRId32, pid) > 0)
		return mark;
	if (mark >= 0)
		close(mark);
	return -1;
}

/**
 * source_read_mark() - a snapshot of what has a mark.
 * @s: filled in on success
 * @mark: of source_mark()
 * @error: as in source_read()
 *
 * Return: as there.
 */
enum exit_code source_read_mark(struct snapshot *s, int mark, char **error)
{
	const char *path = PROC_FILE(FAULTSTAT_PROC_MARK);
	int failure = 0;
	size_t size = 0;
	char *text;

	*error = NULL;
	lseek(mark, 0, SEEK_SET);
	text = source_text_of(mark, &size, &failure);
	if (text)
		return parse(s, text, size, path, SOURCE_FAULTS, error);
	return source_trouble(path, failure, error);
}

/**
 * source_incomplete() - what is said of a copy that is being written.
 * @input: the copy
 * @error: what is wrong with it, begins with its name; freed
 *
 * Return: what to complain of, to be freed.
 */
char *source_incomplete(const char *input, char *error)
{
	const char *name = source_name(input);
	char *text = xasprintf("%s: " INCOMPLETE "%s", name, error + strlen(name));

	free(error);
	return text;
}

/**
 * source_missing() - what it means that a copy cannot be opened.
 * @failure: what errno said
 *
 * Return: EXIT_MISSING if another one may take its place at any moment, else EXIT_ERROR.
 */
enum exit_code source_missing(int failure)
{
	return failure == ENOENT || failure == ESTALE ? EXIT_MISSING : EXIT_ERROR;
}

/**
 * source_read_again() - source_read() of rows, again and again while a copy may be written.
 * @s: filled in on success
 * @input: as there
 * @error: as there
 *
 * What is cut must not be the earlier one of a difference: rows that it lacks would count
 * from nothing in the next.
 *
 * Return: as there, or EXIT_INCOMPLETE, or EXIT_MISSING.
 */
enum exit_code source_read_again(struct snapshot *s, const char *input, char **error)
{
	enum exit_code code;
	uint64_t calls;
	char *text;
	int failure = 0;
	size_t size = 0;
	bool begins;

	if (!input)
		return source_read(s, NULL, SOURCE_FAULTS, error);
	*error = NULL;
	text = source_text(input, &size, &failure);
	if (!text) {
		*error = xasprintf("%s: %s", source_name(input), strerror(failure));
		return source_missing(failure);
	}
	begins = snapshot_begins(text, size);
	code = parse(s, text, size, source_name(input), SOURCE_FAULTS, error);
	if (code == EXIT_FINE && snapshot_seems_cut(s, &calls)) {
		*error = xasprintf("%s: its rows have %" PRIu64 " of %" PRIu64 " calls",
				   source_name(input), calls, s->total.n[CALLS]);
		*error = source_incomplete(input, *error);
		snapshot_free(s);
		return EXIT_INCOMPLETE;
	}
	if (code == EXIT_FINE || !begins)
		return code;
	*error = source_incomplete(input, *error);
	return EXIT_INCOMPLETE;
}

static void warn_if_cut(const struct snapshot *s, const char *input)
{
	uint64_t calls;

	if (snapshot_seems_cut(s, &calls))
		complain("%s: its rows have %" PRIu64 " of %" PRIu64 " calls: the copy seems truncated",
			 source_name(input), calls, s->total.n[CALLS]);
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
