/* SPDX-License-Identifier: GPL-2.0 */
/*
 * deep.h - workloads whose faults have callers.
 */
#ifndef FAULTSTAT_DEEP_H
#define FAULTSTAT_DEEP_H

void deep(const char *name);
void deep_ways(const char *name);

#endif
