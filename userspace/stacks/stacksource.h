/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stacksource.h - sources of stacks: the loaded module, which counts them on request, or a saved
 * copy.
 */
#ifndef KFAULTSTAT_STACKSOURCE_H
#define KFAULTSTAT_STACKSOURCE_H

#include "lib/message.h"
#include "stacks/stackfile.h"

/* What is asked for; of all processes if there are neither pids nor a mark. */
struct stack_request {
	const char *frames;	/* user, kernel or both */
	const int32_t *pids;
	size_t nr_pids;
	uint64_t mark;		/* of a file of marks; 0 for none */
};

#define STACK_PIDS_MAX	64	/* that the module takes in one request */

enum exit_code stacks_want(const struct stack_request *request, int *file, char **error);
enum exit_code stacks_read(struct stacks *stacks, const char *input, char **error);
enum exit_code stacks_read_again(struct stacks *stacks, int file, char **error);

#endif
