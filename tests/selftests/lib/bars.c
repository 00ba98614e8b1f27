// SPDX-License-Identifier: GPL-2.0
/*
 * bars.c - reads the limits of tests/bench/bars.txt, which is in the guest.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "bars.h"
#include "note.h"

#define BARS "/tests/data/bars.txt"

/**
 * bar_limit() - what a figure may be at most.
 * @figure: as it is called there
 *
 * Return: the limit, -1 after a note if there is none, which nothing keeps.
 */
long long bar_limit(const char *figure)
{
	char line[256], name[64];
	FILE *bars = fopen(BARS, "r");
	long long limit, found = -1;

	while (bars && found < 0 && fgets(line, sizeof(line), bars))
		if (sscanf(line, "%63s %lld", name, &limit) == 2 && !strcmp(name, figure))
			found = limit;
	if (bars)
		fclose(bars);
	if (found < 0)
		note("no %s in %s", figure, BARS);
	return found;
}
