/* SPDX-License-Identifier: GPL-2.0 */
/*
 * shell.h - commands as a user gives them, and what they print.
 */
#ifndef SELFTESTS_SHELL_H
#define SELFTESTS_SHELL_H

#include <stdbool.h>
#include <string.h>

/* What a command left behind. */
struct shell {
	int status;	/* exit status, or 128 and a signal */
	char *out;	/* what it printed, errors too */
};

void shell_run(struct shell *sh, const char *format, ...) __attribute__((format(printf, 2, 3)));
void shell_run_as_nobody(struct shell *sh, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void shell_free(struct shell *sh);
long long shell_number(const char *text, const char *key);
long long shell_column(const char *raw, const char *column);
char *shell_file(const char *path);

/* Whether a text, which may be none, has another one in it. */
static inline bool has(const char *text, const char *what)
{
	return text && strstr(text, what);
}

#endif
