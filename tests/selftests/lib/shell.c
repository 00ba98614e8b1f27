// SPDX-License-Identifier: GPL-2.0
/*
 * shell.c - runs commands by the shell and takes numbers out of what they print. For the
 * suites that look at kfaultstat, the reader.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "note.h"
#include "shell.h"

static char *read_stream(FILE *f)
{
	size_t room = 1 << 16, used = 0, got;
	char *text = malloc(room);

	while (text && (got = fread(text + used, 1, room - used - 1, f)) > 0) {
		used += got;
		if (room - used < 2)
			text = realloc(text, room *= 2);
	}
	if (text)
		text[used] = '\0';
	return text;
}

static void run_and_free(struct shell *sh, char *command)
{
	int status;
	FILE *f;

	sh->status = -1;
	sh->out = NULL;
	fflush(NULL);
	f = command ? popen(command, "re") : NULL;
	if (f) {
		sh->out = read_stream(f);
		status = pclose(f);
		sh->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	if (!sh->out) {
		note("cannot run: %s", command ? command : "?");
		sh->out = strdup("");
	}
	free(command);
}

/**
 * shell_run() - run a command and wait for it.
 * @sh: filled in
 * @format: the command, as for printf
 */
void shell_run(struct shell *sh, const char *format, ...)
{
	char *command = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&command, format, args) < 0)
		command = NULL;
	va_end(args);
	run_and_free(sh, command);
}

/**
 * shell_run_as_nobody() - likewise, as one who has no rights.
 * @sh: filled in
 * @format: the command, which has no quotes, as for printf
 */
void shell_run_as_nobody(struct shell *sh, const char *format, ...)
{
	char *command = NULL, *quoted = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&command, format, args) < 0)
		command = NULL;
	va_end(args);
	if (command && asprintf(&quoted, "su nobody -c '%s 2>&1'", command) < 0)
		quoted = NULL;
	free(command);
	run_and_free(sh, quoted);
}

/**
 * shell_free() - free what a command printed.
 * @sh: run
 */
void shell_free(struct shell *sh)
{
	free(sh->out);
	sh->out = NULL;
}

/**
 * shell_number() - the number behind a key in JSON, from where @text begins.
 * @text: the JSON
 * @key: with its quotes and colon, or any other text
 *
 * Return: the number, or -1 if the key is not there.
 */
long long shell_number(const char *text, const char *key)
{
	const char *at = text ? strstr(text, key) : NULL;

	return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

/**
 * shell_column() - the sum of a column of kfaultstat's raw output.
 * @raw: with the names in its first line that is no comment
 * @column: the name, in capitals
 *
 * Return: the sum, or -1 if there is no such column.
 */
long long shell_column(const char *raw, const char *column)
{
	char *copy = strdup(raw), *line, *word, *lines = NULL, *words;
	int at = -1, i;
	long long sum = 0;

	for (line = strtok_r(copy, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines)) {
		bool names = at < 0;

		if (*line == '#')
			continue;
		words = NULL;
		word = strtok_r(line, " ", &words);
		for (i = 0; word; i++, word = strtok_r(NULL, " ", &words)) {
			if (names && !strcmp(word, column))
				at = i;
			else if (!names && i == at)
				sum += strtoll(word, NULL, 10);
		}
		if (at < 0)
			break;
	}
	free(copy);
	return at < 0 ? -1 : sum;
}

/**
 * shell_file() - a whole small file.
 * @path: its name
 *
 * Return: its text, to be freed; NULL if it cannot be read.
 */
char *shell_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = f ? read_stream(f) : NULL;

	if (f)
		fclose(f);
	return text;
}
