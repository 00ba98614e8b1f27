/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rustname.h - the parts of names that rustc mangles: letters, numbers, identifiers. For rust.c.
 */
#ifndef KFAULTSTAT_RUSTNAME_H
#define KFAULTSTAT_RUSTNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a mangled name at most, and of what it stands for. */
#define RUST_NAME_MAX	16384
#define RUST_TEXT_MAX	16384

/* A name that is being read, behind its first letters, and what was made of it. */
struct rust {
	const char *name;
	size_t length, at;
	char *text;
	size_t used, room;
	unsigned int depth, steps;
	uint64_t lifetimes;	/* that are bound here */
	bool quiet;		/* nothing is put */
	bool failed;		/* it is no such name, or too large */
};

struct rust_identifier {
	const char *text;	/* in the name */
	size_t length;
	bool encoded;		/* more than ASCII: Punycode */
};

char rust_next(struct rust *r);
bool rust_eat(struct rust *r, char letter);
uint64_t rust_take_base62(struct rust *r);
uint64_t rust_take_optional(struct rust *r, char tag);
struct rust_identifier rust_take_identifier(struct rust *r);

void rust_put(struct rust *r, const char *text);
void rust_format(struct rust *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rust_put_identifier(struct rust *r, const struct rust_identifier *name);
bool rust_put_number(struct rust *r, char type);
void rust_put_string(struct rust *r);
char *rust_finish(struct rust *r);

const char *rust_basic_type(char tag);
char *rust_demangle_old(const char *name);

#endif
