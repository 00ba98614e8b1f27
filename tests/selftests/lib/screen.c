// SPDX-License-Identifier: GPL-2.0
/*
 * screen.c - runs a program on a pseudo terminal, types for it and waits for what it writes.
 * For the suites that look at kfaultstat top.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "note.h"
#include "screen.h"
#include "workload.h"

#define WAIT_MS	20000

struct screen {
	pid_t pid;
	int fd;
	size_t used;
	const char *wanted;
	char text[1 << 20];
};

/**
 * screen_start() - run a program on a terminal.
 * @command: its words, and NULL at the end
 *
 * Return: to be given to screen_end(); NULL if there is no terminal to be had.
 */
struct screen *screen_start(const char *const *command)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	struct screen *screen = calloc(1, sizeof(*screen));

	if (!screen)
		return NULL;
	fflush(NULL);
	screen->pid = forkpty(&screen->fd, NULL, NULL, &size);
	if (!screen->pid) {
		setenv("TERM", "linux", 1);
		execvp(command[0], (char *const *)command);
		_exit(99);
	}
	if (screen->pid < 0) {
		free(screen);
		return NULL;
	}
	fcntl(screen->fd, F_SETFL, O_NONBLOCK);
	return screen;
}

static bool shows(void *arg)
{
	struct screen *screen = arg;
	ssize_t got = read(screen->fd, screen->text + screen->used,
			   sizeof(screen->text) - 1 - screen->used);

	if (got > 0)
		screen->used += (size_t)got;
	screen->text[screen->used] = '\0';
	return strstr(screen->text, screen->wanted);
}

/** screen_wait() - wait until the program writes something that it has not written before now. */
bool screen_wait(struct screen *screen, const char *wanted)
{
	screen->used = 0;
	screen->wanted = wanted;
	if (wait_until(shows, screen, WAIT_MS))
		return true;
	note("no \"%s\" on the screen: %.500s", wanted, screen->text);
	return false;
}

/** screen_press() - type. */
bool screen_press(struct screen *screen, const char *keys)
{
	return write(screen->fd, keys, strlen(keys)) == (ssize_t)strlen(keys);
}

/** screen_end() - wait for the program's end. Return: its exit status, 128 and a signal, or -1. */
int screen_end(struct screen *screen)
{
	int status = -1;

	if (waitpid(screen->pid, &status, 0) == screen->pid)
		status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	close(screen->fd);
	free(screen);
	return status;
}
