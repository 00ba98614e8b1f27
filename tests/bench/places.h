/* SPDX-License-Identifier: GPL-2.0 */
/*
 * places.h - workloads of places.c, by name; each prints its figure.
 */
#ifndef FAULTSTAT_PLACES_H
#define FAULTSTAT_PLACES_H

void rows_1(const char *name);
void rows_2(const char *name);
void rows_100(const char *name);
void rows_full(const char *name);
void reading(const char *name);
void full(const char *name);
void full_shared(const char *name);
void new_row(const char *name);

#endif
