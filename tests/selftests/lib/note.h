/* SPDX-License-Identifier: GPL-2.0 */
/*
 * note.h - what the helpers print beside the test points.
 *
 * Diagnostics are KTAP comments on stdout, flushed at once: the tests fork, and a buffered line
 * would come out twice.
 */
#ifndef SELFTESTS_NOTE_H
#define SELFTESTS_NOTE_H

#include <stdio.h>

#define note(fmt, ...) do { \
	printf("# " fmt "\n", ##__VA_ARGS__); \
	fflush(stdout); \
} while (0)

#endif
