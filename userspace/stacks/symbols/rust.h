/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rust.h - names of functions as rustc mangles them.
 */
#ifndef KFAULTSTAT_RUST_H
#define KFAULTSTAT_RUST_H

char *rust_demangle(const char *name);

#endif
