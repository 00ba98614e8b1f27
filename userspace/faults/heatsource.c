// SPDX-License-Identifier: GPL-2.0
/*
 * heatsource.c - reads heat, and requests it from the module. A request lasts as long as the
 * file that it was written to is open: it ends with the reader, however that ends, and is
 * independent of the requests of other readers. Called by the command regions.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults/heatsource.h"
#include "faults/source.h"
#include "lib/xalloc.h"

#define HEAT_FILE	PROC_FILE(FAULTSTAT_PROC_HEAT)
#define TRIES		8	/* while processes end */

static enum exit_code trouble(int failure, char **error)
{
	if (failure == ENOENT && !access("/proc/" FAULTSTAT_PROC_DIR, F_OK)) {
		*error = xstrdup(HEAT_FILE ": the loaded module does not count by region: load a newer one");
		return EXIT_ERROR;
	}
	return source_trouble(HEAT_FILE, failure, error);
}

/**
 * heat_read() - what has been counted by now.
 * @heat: filled in on success
 * @input: a saved copy, "-" for standard input, NULL for the loaded module
 * @error: what to complain of, to be freed, if it fails
 *
 * Return: EXIT_FINE, EXIT_ERROR or EXIT_NOT_LOADED; EXIT_INCOMPLETE for a copy that may
 * be just being written, EXIT_MISSING for one that is not there.
 */
enum exit_code heat_read(struct heat *heat, const char *input, char **error)
{
	const char *name = input ? source_name(input) : HEAT_FILE;
	char why[PARSE_ERROR_MAX], *text;
	int failure = 0;
	size_t size;
	bool begins;

	*error = NULL;
	text = source_text(input ? input : HEAT_FILE, &size, &failure);
	if (!text && !input)
		return trouble(failure, error);
	if (!text) {
		*error = xasprintf("%s: %s", name, strerror(failure));
		return source_missing(failure);
	}
	begins = input && heat_begins(text, size);
	if (heat_parse(heat, text, size, why))
		return EXIT_FINE;
	*error = xasprintf("%s: %s", name, why);
	heat_free(heat);
	return begins ? EXIT_INCOMPLETE : EXIT_ERROR;
}

static bool has(const int32_t *pids, size_t nr, int32_t pid)
{
	size_t i;

	for (i = 0; i < nr && pids[i] != pid; i++)
		;
	return i < nr;
}

static bool is_wanted_already(const struct heat_requests *requests, int32_t pid)
{
	size_t i;

	for (i = 0; i < requests->nr; i++)
		if (has(requests->at[i].pids, requests->at[i].nr, pid))
			return true;
	return false;
}

/* The whole list of one request; it takes the place of what was written before. */
static bool put(const struct heat_request *request)
{
	char list[12 * HEAT_PIDS_MAX], *to = list;
	size_t i;

	for (i = 0; i < request->nr; i++)
		to += sprintf(to, "%s%" PRId32, i ? "," : "", request->pids[i]);
	return write(request->fd, list, (size_t)(to - list)) == to - list;
}

/* Those that are not wanted any more, so that one of that number would be another. */
static void leave_out_unwanted(struct heat_request *request, const int32_t *pids, size_t nr)
{
	size_t i, to;

	for (i = to = 0; i < request->nr; i++)
		if (has(pids, nr, request->pids[i]))
			request->pids[to++] = request->pids[i];
	request->nr = to;
}

static void leave_out_ended(struct heat_request *request)
{
	size_t i, to;

	for (i = to = 0; i < request->nr; i++)
		if (!kill(request->pids[i], 0) || errno != ESRCH)
			request->pids[to++] = request->pids[i];
	request->nr = to;
}

static enum exit_code submit(struct heat_request *request, char **error)
{
	int tries;

	for (tries = 0; tries < TRIES && request->nr; tries++) {
		if (put(request))
			return EXIT_FINE;
		if (errno != ESRCH)
			return trouble(errno, error);
		leave_out_ended(request);
	}
	if (!request->nr)
		return EXIT_FINE;
	*error = xstrdup(HEAT_FILE ": some of the processes are unknown to the module: is this another pid namespace?");
	return EXIT_ERROR;
}

static struct heat_request *request_with_room(struct heat_requests *requests)
{
	struct heat_request *request;
	size_t i;
	int fd;

	for (i = 0; i < requests->nr; i++)
		if (requests->at[i].nr < HEAT_PIDS_MAX)
			return &requests->at[i];
	fd = open(HEAT_FILE, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	requests->at = xrealloc(requests->at, (requests->nr + 1) * sizeof(*requests->at));
	request = &requests->at[requests->nr++];
	request->fd = fd;
	request->nr = 0;
	return request;
}

/**
 * heat_want() - have heat counted for processes, those from before that are not named any
 * more no longer than until there is something new in the same request.
 * @requests: that were made so far
 * @pids: the processes; one that has ended is left out
 * @nr: how many
 * @error: what to complain of, to be freed, if it fails
 *
 * Return: EXIT_FINE, EXIT_ERROR or EXIT_NOT_LOADED.
 */
enum exit_code heat_want(struct heat_requests *requests, const int32_t *pids, size_t nr,
			 char **error)
{
	enum exit_code code = EXIT_FINE;
	size_t i;

	*error = NULL;
	for (i = 0; i < requests->nr; i++)
		leave_out_unwanted(&requests->at[i], pids, nr);
	for (i = 0; i < nr && code == EXIT_FINE;) {
		struct heat_request *request;
		bool more = false;

		if (is_wanted_already(requests, pids[i])) {
			i++;
			continue;
		}
		request = request_with_room(requests);
		if (!request)
			return trouble(errno, error);
		for (; i < nr && request->nr < HEAT_PIDS_MAX; i++) {
			if (is_wanted_already(requests, pids[i]))
				continue;
			request->pids[request->nr++] = pids[i];
			more = true;
		}
		if (more)
			code = submit(request, error);
	}
	return code;
}

/**
 * heat_want_none() - take all requests back.
 * @requests: that were made
 */
void heat_want_none(struct heat_requests *requests)
{
	size_t i;

	for (i = 0; i < requests->nr; i++)
		close(requests->at[i].fd);
	free(requests->at);
	memset(requests, 0, sizeof(*requests));
}
