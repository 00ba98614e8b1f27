/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bars.h - what tests/bench/bars.txt allows.
 */
#ifndef SELFTESTS_BARS_H
#define SELFTESTS_BARS_H

long long bar_limit(const char *figure);

#endif
