/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rustprint.h - printing paths, types and values of names that rustc mangles. For rust.c and
 * rustconst.c, which call each other as these stand in each other.
 */
#ifndef KFAULTSTAT_RUSTPRINT_H
#define KFAULTSTAT_RUSTPRINT_H

#include <stdbool.h>
#include <stddef.h>

struct rust;

typedef void (*rust_part)(struct rust *r, bool in_value);

bool rust_enter(struct rust *r);
void rust_leave(struct rust *r);
void rust_print_reference(struct rust *r, rust_part print, bool in_value);
size_t rust_print_list(struct rust *r, void (*print)(struct rust *r), const char *between);
void rust_print_path(struct rust *r, bool in_value);
void rust_print_type(struct rust *r);
void rust_print_const(struct rust *r, bool in_value);

#endif
