// SPDX-License-Identifier: GPL-2.0
/*
 * stacksource.c - reads stacks, and requests them from the module. A request lasts as long as the
 * file that it was written to is open: it ends with the reader, however that ends. Called by the
 * command stacks.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults/source.h"
#include "lib/xalloc.h"
#include "stacks/stacksource.h"

#define STACKS_FILE	PROC_FILE(FAULTSTAT_PROC_STACKS)

static enum exit_code trouble(int failure, char **error)
{
	if (failure == ENOENT && !access("/proc/" FAULTSTAT_PROC_DIR, F_OK)) {
		*error = xstrdup(STACKS_FILE ": the loaded module does not count by stack: load a newer one");
		return EXIT_ERROR;
	}
	if (failure == EBUSY) {
		*error = xstrdup(STACKS_FILE ": as many ask for stacks already as may at once");
		return EXIT_ERROR;
	}
	if (failure == ESRCH) {
		*error = xstrdup(STACKS_FILE ": no such process, or it is of another pid namespace");
		return EXIT_ERROR;
	}
	return source_trouble(STACKS_FILE, failure, error);
}

static char *request_text(const struct stack_request *request)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = xmemstream(&text, &size);

	fprintf(out, "%s ", request->frames);
	if (request->mark)
		fprintf(out, "mark=%" PRIu64, request->mark);
	else if (!request->nr_pids)
		fputs("all", out);
	for (i = 0; i < request->nr_pids && !request->mark; i++)
		fprintf(out, "%s%" PRId32, i ? "," : "", request->pids[i]);
	fclose(out);
	return text;
}

/**
 * stacks_want() - have calls counted by stack from now on.
 * @request: which; at most STACK_PIDS_MAX pids
 * @file: set: it lasts as long as this is open; -1 if it fails
 * @error: what to complain of, to be freed, if it fails
 *
 * Return: EXIT_FINE, EXIT_ERROR or EXIT_NOT_LOADED.
 */
enum exit_code stacks_want(const struct stack_request *request, int *file, char **error)
{
	enum exit_code code = EXIT_FINE;
	char *text = request_text(request);
	ssize_t length = (ssize_t)strlen(text);

	*error = NULL;
	*file = open(STACKS_FILE, O_RDWR | O_CLOEXEC);
	if (*file < 0 || write(*file, text, (size_t)length) != length) {
		code = trouble(errno, error);
		if (*file >= 0)
			close(*file);
		*file = -1;
	}
	free(text);
	return code;
}

/**
 * stacks_read() - what has been counted by now, of all that anybody asks for.
 * @stacks: filled in on success
 * @input: a saved copy, "-" for standard input, NULL for the loaded module
 * @error: what to complain of, to be freed, if it fails
 *
 * Return: EXIT_FINE, EXIT_ERROR or EXIT_NOT_LOADED.
 */
enum exit_code stacks_read(struct stacks *stacks, const char *input, char **error)
{
	const char *name = input ? source_name(input) : STACKS_FILE;
	char why[PARSE_ERROR_MAX], *text;
	int failure = 0;
	size_t size;

	*error = NULL;
	text = source_text(input ? input : STACKS_FILE, &size, &failure);
	if (!text && !input)
		return trouble(failure, error);
	if (!text)
		*error = xasprintf("%s: %s", name, strerror(failure));
	else if (!stacks_parse(stacks, text, size, why))
		*error = xasprintf("%s: %s", name, why);
	if (*error && text)
		stacks_free(stacks);
	return *error ? EXIT_ERROR : EXIT_FINE;
}

/**
 * stacks_read_again() - what has been counted by now, by the file that asked.
 * @stacks: filled in on success
 * @file: of stacks_want(); if that was for a mark, only of processes that have it
 * @error: what to complain of, to be freed, if it fails
 *
 * Return: EXIT_FINE or EXIT_ERROR.
 */
enum exit_code stacks_read_again(struct stacks *stacks, int file, char **error)
{
	char why[PARSE_ERROR_MAX], *text;
	int failure = 0;
	size_t size = 0;

	*error = NULL;
	lseek(file, 0, SEEK_SET);
	text = source_text_of(file, &size, &failure);
	if (!text)
		return trouble(failure, error);
	if (stacks_parse(stacks, text, size, why))
		return EXIT_FINE;
	*error = xasprintf(STACKS_FILE ": %s", why);
	stacks_free(stacks);
	return EXIT_ERROR;
}
