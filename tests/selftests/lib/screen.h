/* SPDX-License-Identifier: GPL-2.0 */
/*
 * screen.h - a program on a terminal of its own of 80x24, and what it writes there.
 */
#ifndef SELFTESTS_SCREEN_H
#define SELFTESTS_SCREEN_H

#include <stdbool.h>

struct screen;

struct screen *screen_start(const char *const *command);
bool screen_wait(struct screen *screen, const char *wanted);
bool screen_press(struct screen *screen, const char *keys);
int screen_end(struct screen *screen);

#endif
