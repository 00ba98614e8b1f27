// SPDX-License-Identifier: GPL-2.0
/*
 * stacklist.c - prints stacks one by one: as lists, folded onto a line each, as JSON. Called by
 * stacks.c.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "commands/stacks/stackout.h"
#include "lib/text.h"
#include "lib/xalloc.h"

static const char *const counter_names[STACK_COUNTERS] = {
	[STACK_CALLS] = "calls", [STACK_MINOR] = "minor", [STACK_MAJOR] = "major",
	[STACK_UNCOUNTED] = "uncounted",
};

static void put_shown(FILE *out, const char *text)
{
	char *shown = text_shown(text, TEXT_TABLE);

	fputs(shown, out);
	free(shown);
}

static void put_stack(const struct callstack *stack, enum stack_counter what)
{
	size_t i;

	for (i = 0; i < stack->nr; i++) {
		fputs("  ", stdout);
		put_shown(stdout, stack->labels[i]->full);
		putchar('\n');
	}
	if (!stack->nr)
		puts("  [no frames]");
	fputs("    ", stdout);
	put_shown(stdout, stack->comm);
	if (stack->pid)
		printf(" [%" PRId32 "]", stack->pid);
	fputs(" on ", stdout);
	put_shown(stdout, stack->object);
	printf("\n    %" PRIu64 "\n\n", stack->n[what]);
}

/**
 * stacklist_print() - print each stack on lines of its own, the innermost frame first, the heaviest
 * stack first.
 * @stacks: the stacks
 * @most: how many at most
 */
void stacklist_print(const struct callstacks *stacks, size_t most)
{
	size_t i, nr = stacks->nr < most ? stacks->nr : most;

	for (i = 0; i < nr; i++)
		put_stack(&stacks->at[i], stacks->what);
	if (nr < stacks->nr)
		printf("%zu of %zu stacks, those with the most; -a shows all\n", nr, stacks->nr);
}

/* What would be taken for a separator is an underscore or a colon. */
static void put_folded(FILE *out, const char *text)
{
	char *shown = text_shown(text, TEXT_TABLE), *at;

	for (at = shown; *at; at++)
		if (*at == ';')
			*at = ':';
	fputs(shown, out);
	free(shown);
}

/**
 * folded_write() - write a line for each stack: the name of the process, its frames from the
 * outermost on, the object in brackets, with semicolons between; and how many.
 * @out: where to
 * @stacks: the stacks; of a difference both numbers, before and after
 *
 * Return: false if it could not be written.
 */
bool folded_write(FILE *out, const struct callstacks *stacks)
{
	size_t i, at;

	for (i = 0; i < stacks->nr; i++) {
		const struct callstack *stack = &stacks->at[i];
		uint64_t before = stacks->is_difference ? stack->before[stacks->what] : 0;

		if (!stack->n[stacks->what] && !before)
			continue;
		put_folded(out, stack->comm);
		for (at = stack->nr; at; at--) {
			const struct label *label = stack->labels[at - 1];

			putc(';', out);
			put_folded(out, label->brief);
			if (label->kind == LABEL_KERNEL)
				fputs("_[k]", out);
		}
		putc(';', out);
		put_folded(out, stack->object);
		if (stacks->is_difference)
			fprintf(out, " %" PRIu64, before);
		fprintf(out, " %" PRIu64 "\n", stack->n[stacks->what]);
	}
	return !ferror(out);
}

/* JSON. */

static void put_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, "\"%s\": ", name);
	if (text)
		text_put_json(out, text);
	else
		fputs("null", out);
}

static void put_frame(FILE *out, const struct label *label)
{
	static const char *const kinds[] = {
		[LABEL_FILE] = "file", [LABEL_MADE] = "made", [LABEL_KERNEL] = "kernel",
		[LABEL_OVERFLOW] = "overflow",
	};

	fprintf(out, "{\"kind\": \"%s\", ", kinds[label->kind]);
	put_text(out, "function", label->function);
	fprintf(out, ", \"offset\": %" PRIu64 ", \"inlined\": %s, ", label->offset,
		label->inlined ? "true" : "false");
	put_text(out, "path", label->path);
	fputs(", ", out);
	put_text(out, "build_id", label->build_id);
	fprintf(out, ", \"at\": %" PRIu64 ", ", label->at);
	put_text(out, "why", label->why);
	fputs(", ", out);
	put_text(out, "source", label->source);
	fprintf(out, ", \"line\": %u}", label->line);
}

static void put_counts(FILE *out, const uint64_t *n)
{
	int i;

	for (i = 0; i < STACK_COUNTERS; i++)
		fprintf(out, "%s\"%s\": %" PRIu64, i ? ", " : "", counter_names[i], n[i]);
}

static void put_json(FILE *out, const struct callstack *stack, bool is_difference)
{
	size_t i;

	fputs("{", out);
	put_counts(out, stack->n);
	if (is_difference) {
		fputs(", \"before\": {", out);
		put_counts(out, stack->before);
		putc('}', out);
	}
	fputs(", ", out);
	put_text(out, "comm", stack->comm);
	fprintf(out, ", \"pid\": %" PRId32 ", \"id\": %" PRIu64 ", ", stack->pid, stack->id);
	put_text(out, "state", stack->state);
	fputs(", ", out);
	put_text(out, "object", stack->object);
	fputs(", ", out);
	put_text(out, "kernel_end", stack->kernel_end);
	fputs(", ", out);
	put_text(out, "user_end", stack->user_end);
	fputs(", \"frames\": [", out);
	for (i = 0; i < stack->nr; i++) {
		fputs(i ? ", " : "", out);
		put_frame(out, stack->labels[i]);
	}
	fputs("]}", out);
}

/**
 * stackjson_print() - print all as one JSON object.
 * @stacks: the stacks
 * @from: what they were made of
 * @style: whether on one line
 * @before: more members of the object, or NULL
 */
void stackjson_print(const struct callstacks *stacks, const struct stacks *from,
		     const struct style *style, const char *before)
{
	const char *line = style->compact ? "" : "\n", *indent = style->compact ? "" : "   ";
	size_t i;

	printf("{%s%s\"faultstat\": {", line, indent);
	put_text(stdout, "load", from->load);
	printf(", \"now\": %.3f, \"realtime\": %.3f, \"seconds\": %.3f, \"every\": %" PRIu64
	       ", \"hidden\": %" PRIu64 ", \"lost\": {", from->now, from->realtime,
	       stacks->seconds, from->every, from->hidden);
	put_counts(stdout, from->lost);
	printf("}},%s%s", line, indent);
	if (before)
		printf("%s,%s%s", before, line, indent);
	printf("\"stacks\": [");
	for (i = 0; i < stacks->nr; i++) {
		printf("%s%s%s%s", i ? "," : "", line, indent, indent);
		put_json(stdout, &stacks->at[i], stacks->is_difference);
	}
	printf("%s%s]%s}\n", line, indent, line);
}
