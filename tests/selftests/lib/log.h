/* SPDX-License-Identifier: GPL-2.0 */
/*
 * log.h - what the kernel writes into its log while a test runs.
 */
#ifndef SELFTESTS_LOG_H
#define SELFTESTS_LOG_H

int log_open(void);
int log_lines(int fd, const char *first, const char *second);

#endif
