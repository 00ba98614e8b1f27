// SPDX-License-Identifier: GPL-2.0
/*
 * pprof.c - stacks, told by pprof.py on standard input, as a profile on standard output; built and
 * run by that. A line is a word and its values. Text is hexadecimal behind an x, - is none.
 *
 *	about WHAT EVERY DIFFERENCE BARE REALTIME SECONDS
 *	comment TEXT
 *	label KIND INLINED OFFSET AT LINE FUNCTION PATH BUILD_ID SOURCE FULL
 *	stack PID COMM OBJECT STATE N... BEFORE... [LABEL...]
 *	large STACKS FRAMES
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "stacks/pprof/pprof.h"

#define ROOM 4096	/* of labels, stacks, comments told; the test has less */

static struct label labels[ROOM];
static struct callstack told[ROOM];
static const char *comments[ROOM];
static size_t nr_labels;
static struct callstacks stacks = { .at = told };
static struct pprof_origin origin = { .comments = comments };

static char *word(void)
{
	char *found = strtok(NULL, "\n ");

	if (!found) {
		fputs("a line is too short\n", stderr);
		exit(2);
	}
	return found;
}

static uint64_t number(void)
{
	return strtoull(word(), NULL, 0);
}

static char *text(void)
{
	const char *from = word();
	char *whole, *to;

	if (*from++ != 'x')
		return NULL;
	whole = xmalloc(strlen(from) / 2 + 1);
	to = whole;
	for (; *from; from += 2) {
		char digits[] = { from[0], from[1], '\0' };

		*to++ = (char)strtoul(digits, NULL, 16);
	}
	*to = '\0';
	return whole;
}

static void tell_about(void)
{
	stacks.what = (enum stack_counter)number();
	stacks.every = number();
	stacks.is_difference = number();
	origin.bare = number();
	origin.realtime = strtod(word(), NULL);
	origin.seconds = strtod(word(), NULL);
}

static void tell_label(void)
{
	struct label *label = &labels[nr_labels++];

	label->kind = (enum label_kind)number();
	label->inlined = number();
	label->offset = number();
	label->at = number();
	label->line = (unsigned int)number();
	label->function = text();
	label->path = text();
	label->build_id = text();
	label->source = text();
	label->full = text();
}

static void tell_stack(void)
{
	struct callstack *stack = &told[stacks.nr++];
	const char *at;
	size_t i;

	stack->pid = (int32_t)number();
	stack->comm = text();
	stack->object = text();
	stack->state = text();
	for (i = 0; i < STACK_COUNTERS; i++)
		stack->n[i] = number();
	for (i = 0; i < STACK_COUNTERS; i++)
		stack->before[i] = number();
	stack->labels = xmalloc(ROOM * sizeof(*stack->labels));
	while ((at = strtok(NULL, "\n ")) && stack->nr < ROOM)
		stack->labels[stack->nr++] = &labels[strtoul(at, NULL, 10)];
}

/* As many as the module has at most: a tree of calls with names as long as those of C++. */
static void make_large(void)
{
	size_t nr = number(), depth = number(), pool = 40000, i, j;
	struct label *all = xcalloc(pool, sizeof(*all));

	for (i = 0; i < pool; i++) {
		if (i % 5)
			all[i].function = xasprintf("std::space_%zu<int>::name_%zu(char*, int)",
						    i % 91, i);
		all[i].full = xasprintf("library-%zu.so+0x%zx", i % 50, i * 64);
		all[i].path = xasprintf("/usr/lib/x86_64-linux-gnu/library-%zu.so", i % 50);
		all[i].build_id = xasprintf("%040zx", i % 50);
		all[i].source = xasprintf("/build/source/part-%zu/file-%zu.cc", i % 91, i % 991);
		all[i].at = i * 64;
		all[i].line = (unsigned int)i % 5000;
	}
	stacks.at = xcalloc(nr, sizeof(*stacks.at));
	for (i = 0; i < nr; i++) {
		struct callstack *stack = &stacks.at[stacks.nr++];

		stack->comm = xasprintf("thread-%zu", i % 97);
		stack->object = xasprintf("/var/lib/data/segment-%zu", i % 1009);
		stack->state = "live";
		stack->pid = (int32_t)(i % 300) + 1;
		stack->n[STACK_CALLS] = i % 1000 + 1;
		stack->n[STACK_MINOR] = i % 1000 + 1;
		stack->labels = xmalloc(depth * sizeof(*stack->labels));
		stack->nr = depth;
		for (j = 0; j < depth; j++)
			stack->labels[j] = &all[(i >> j) * 2654435761u % pool];
	}
}

int main(void)
{
	size_t room = 0;
	char *line = NULL;

	while (getline(&line, &room, stdin) > 0) {
		const char *what = strtok(line, "\n ");

		if (!strcmp(what, "about"))
			tell_about();
		else if (!strcmp(what, "comment"))
			comments[origin.nr_comments++] = text();
		else if (!strcmp(what, "label"))
			tell_label();
		else if (!strcmp(what, "stack"))
			tell_stack();
		else if (!strcmp(what, "large"))
			make_large();
	}
	if (!pprof_write(stdout, &stacks, &origin) || fflush(stdout)) {
		perror("pprof_write");
		return 1;
	}
	return 0;
}
