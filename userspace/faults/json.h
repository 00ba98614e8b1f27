/* SPDX-License-Identifier: GPL-2.0 */
/*
 * json.h - parts of JSON objects: a snapshot's header, and counters.
 */
#ifndef KFAULTSTAT_JSON_H
#define KFAULTSTAT_JSON_H

#include "faults/snapshot.h"

char *json_snapshot(const struct snapshot *s);
char *json_counts(const struct counts *counts, int number);

#endif
