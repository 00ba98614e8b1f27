// SPDX-License-Identifier: GPL-2.0
/*
 * stackjson.c - what kfaultstat stacks prints: JSON with a line for each stack, lists, folded
 * lines.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "note.h"
#include "shell.h"
#include "stackjson.h"

/* A copy of the next line that is a stack, to be freed; @at goes on behind it. NULL at the end. */
static char *next_stack(const char **at)
{
	while (*at && **at) {
		const char *line = *at + strspn(*at, " "), *end = strchrnul(line, '\n');

		*at = *end ? end + 1 : end;
		if (!strncmp(line, "{\"calls\": ", 10))
			return strndup(line, (size_t)(end - line));
	}
	return NULL;
}

/* Whether the innermost frames are these, with NULL at their end. */
static bool begins_with(const char *stack, const char *const *functions)
{
	static const char key[] = "\"function\": \"";
	const char *at = strstr(stack, "\"frames\": ");

	for (; at && *functions; functions++) {
		const size_t length = strlen(*functions);

		at = strstr(at, "\"function\": ");
		if (!at || strncmp(at, key, strlen(key)))
			return false;
		at += strlen(key);
		if (strncmp(at, *functions, length) || at[length] != '"')
			return false;
	}
	return at;
}

static bool is_on(const char *stack, const char *object)
{
	const char *at = strstr(stack, "\"object\": \"");
	const size_t length = object ? strlen(object) : 0;

	if (!object)
		return true;
	at = at ? at + strlen("\"object\": \"") : NULL;
	return at && !strncmp(at, object, length) && at[length] == '"';
}

/**
 * stackjson_sum() - the sum over all stacks.
 * @json: what was printed
 * @key: a counter, with its quotes and colon
 */
long long stackjson_sum(const char *json, const char *key)
{
	long long sum = 0;
	char *stack;

	while ((stack = next_stack(&json))) {
		sum += shell_number(stack, key);
		free(stack);
	}
	return sum;
}

/**
 * stackjson_calls() - calls by stacks whose innermost frames are these.
 * @json: what was printed
 * @object: of this one; NULL: of any
 * @functions: the innermost first, NULL at the end
 */
long long stackjson_calls(const char *json, const char *object, const char *const *functions)
{
	long long calls = 0;
	char *stack;

	while ((stack = next_stack(&json))) {
		if (is_on(stack, object) && begins_with(stack, functions))
			calls += shell_number(stack, "\"calls\": ");
		free(stack);
	}
	return calls;
}

/**
 * stackjson_before() - what such stacks had in the earlier copy of two.
 * @json: what was printed
 * @functions: as for stackjson_calls()
 */
long long stackjson_before(const char *json, const char *const *functions)
{
	long long calls = 0;
	char *stack;

	while ((stack = next_stack(&json))) {
		if (begins_with(stack, functions))
			calls += shell_number(stack, "\"before\": {\"calls\": ");
		free(stack);
	}
	return calls;
}

/**
 * stackjson_without_name() - calls by stacks that have frames, and not the name of the first.
 * @json: what was printed
 */
long long stackjson_without_name(const char *json)
{
	long long calls = 0;
	char *stack, *first;

	while ((stack = next_stack(&json))) {
		first = strstr(stack, "\"function\": ");
		if (first && !strncmp(first, "\"function\": null", 16)) {
			note("no name: %.300s", stack);
			calls += shell_number(stack, "\"calls\": ");
		}
		free(stack);
	}
	return calls;
}

/**
 * stackjson_frames() - all that is said of the frames of the first such stack.
 * @json: what was printed
 * @functions: as for stackjson_calls()
 *
 * Return: the text, to be freed; NULL if there is no such stack.
 */
char *stackjson_frames(const char *json, const char *const *functions)
{
	char *stack, *frames = NULL;

	while (!frames && (stack = next_stack(&json))) {
		if (begins_with(stack, functions))
			frames = strdup(strstr(stack, "\"frames\": "));
		free(stack);
	}
	return frames;
}

/**
 * stackjson_print() - say what there is, for a test that fails.
 * @json: what was printed
 * @what: that was wanted
 */
void stackjson_print(const char *json, const char *what)
{
	const char *run = json ? strstr(json, "\"run\": ") : NULL;
	char *stack;
	int shown = 0;

	note("%s: %.*s", what, run ? (int)strcspn(run, "\n") : 6, run ? run : "no run");
	while (shown++ < 12 && (stack = next_stack(&json))) {
		note("%.1000s", stack);
		free(stack);
	}
	if (shown == 1)
		note("no stacks");
}

/**
 * stacklist_sum() - the sum of what --list prints: lines with nothing but a number.
 * @list: what was printed
 */
long long stacklist_sum(const char *list)
{
	long long sum = 0;
	const char *line = list;
	char *end;

	while (line && *line) {
		const long long n = strtoll(line, &end, 10);

		if (end != line && *end == '\n')
			sum += n;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return sum;
}

/**
 * folded_sum() - the sum of folded lines: the last word of each.
 * @folded: what was printed
 * @ends: only of lines that have this before the number; NULL: of all
 *
 * Return: the sum; -1 if a line is none, or there are none.
 */
long long folded_sum(const char *folded, const char *ends)
{
	char *copy = strdup(folded ? folded : ""), *line, *rest = NULL, *space, *end;
	long long sum = 0, lines = 0;

	for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		space = strrchr(line, ' ');
		if (!space || !strchr(line, ';') || strtoll(space + 1, &end, 10) < 0 || *end) {
			sum = -1;
			break;
		}
		*space = '\0';
		lines++;
		if (!ends || (strlen(line) >= strlen(ends) &&
			      !strcmp(line + strlen(line) - strlen(ends), ends)))
			sum += strtoll(space + 1, NULL, 10);
	}
	free(copy);
	return lines ? sum : -1;
}
