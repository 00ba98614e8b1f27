/* SPDX-License-Identifier: GPL-2.0 */
/*
 * flametext.h - texts of a flame graph: names of any bytes made harmless, counts, shares, and
 * what fits into a box.
 */
#ifndef KFAULTSTAT_FLAMETEXT_H
#define KFAULTSTAT_FLAMETEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

char *flame_shown(const char *text);
size_t flame_columns(const char *shown);
char *flame_shorten(char *shown, size_t columns, bool keep_end);
void flame_put_xml(FILE *out, const char *text);
void flame_put_shown(FILE *out, const char *text);
void flame_put_json(FILE *out, const char *shown);
void flame_put_count(FILE *out, uint64_t count);
void flame_put_share(FILE *out, uint64_t part, uint64_t whole);
void flame_put_change(FILE *out, uint64_t now, uint64_t before);

#endif
