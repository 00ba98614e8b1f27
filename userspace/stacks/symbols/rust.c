// SPDX-License-Identifier: GPL-2.0
/*
 * rust.c - names of functions as rustc mangles them: the new way, which RFC 2603 defines, and the
 * old one, which looks like C++ and has a hash at its end. Called by demangle.c.
 *
 * A name is what somebody wrote into a file. A back-reference may name what names it twice, so
 * what a short name stands for can be endless: depth, steps and text are bounded.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "stacks/symbols/rust.h"
#include "stacks/symbols/rustname.h"
#include "stacks/symbols/rustprint.h"

#define DEPTH_MAX	160
#define STEPS_MAX	20000

/**
 * rust_enter() - begin to read a part.
 * @r: the name
 *
 * Return: whether there is more to do; rust_leave() follows in any case.
 */
bool rust_enter(struct rust *r)
{
	if (r->depth++ > DEPTH_MAX || r->steps++ > STEPS_MAX)
		r->failed = true;
	return !r->failed;
}

/**
 * rust_leave() - end to read a part.
 * @r: the name
 */
void rust_leave(struct rust *r)
{
	r->depth--;
}

/**
 * rust_print_reference() - print what stands elsewhere in the name, unless nothing is shown.
 * @r: the name, behind the B
 * @print: prints what stands there
 * @in_value: as there
 */
void rust_print_reference(struct rust *r, rust_part print, bool in_value)
{
	const size_t begin = r->at - 1;
	const uint64_t target = rust_take_base62(r);
	const size_t back = r->at;

	if (target >= begin)
		r->failed = true;
	if (r->failed || r->quiet)
		return;
	r->at = (size_t)target;
	print(r, in_value);
	r->at = back;
}

static void print_any_type(struct rust *r, bool in_value)
{
	(void)in_value;
	rust_print_type(r);
}

static void print_lifetime(struct rust *r, uint64_t index)
{
	uint64_t depth;

	if (!index) {
		rust_put(r, "'_");
		return;
	}
	if (index > r->lifetimes) {
		r->failed = true;
		return;
	}
	depth = r->lifetimes - index;
	if (depth < 26)
		rust_format(r, "'%c", (char)('a' + depth));
	else
		rust_format(r, "'_%" PRIu64, depth);
}

/* Begins to bind lifetimes; returns how many, which the caller takes off again. */
static uint64_t open_binder(struct rust *r)
{
	const uint64_t number = rust_take_optional(r, 'G');
	uint64_t i;

	if (number > DEPTH_MAX) {
		r->failed = true;
		return 0;
	}
	for (i = 0; i < number; i++) {
		r->lifetimes++;
		rust_put(r, i ? ", " : "for<");
		print_lifetime(r, 1);
	}
	rust_put(r, number ? "> " : "");
	return number;
}

static void print_generic(struct rust *r)
{
	if (rust_eat(r, 'L'))
		print_lifetime(r, rust_take_base62(r));
	else if (rust_eat(r, 'K'))
		rust_print_const(r, false);
	else
		rust_print_type(r);
}

/**
 * rust_print_list() - print what stands one after the other until an E.
 * @r: the name
 * @print: prints one
 * @between: what is printed between them
 *
 * Return: how many there were.
 */
size_t rust_print_list(struct rust *r, void (*print)(struct rust *r), const char *between)
{
	size_t nr;

	for (nr = 0; !r->failed && !rust_eat(r, 'E'); nr++) {
		rust_put(r, nr ? between : "");
		print(r);
	}
	return nr;
}

/* A name in another one: a closure, a shim, or what has a name of its own. */
static void print_nested(struct rust *r, bool in_value)
{
	const char space = rust_next(r);
	struct rust_identifier name;
	uint64_t which;

	rust_print_path(r, in_value);
	which = rust_take_optional(r, 's');
	name = rust_take_identifier(r);
	if (space >= 'A' && space <= 'Z') {
		rust_put(r, "::{");
		if (space == 'C')
			rust_put(r, "closure");
		else if (space == 'S')
			rust_put(r, "shim");
		else
			rust_format(r, "%c", space);
		rust_put(r, name.length ? ":" : "");
		rust_put_identifier(r, &name);
		rust_format(r, "#%" PRIu64 "}", which);
	} else if (space >= 'a' && space <= 'z') {
		rust_put(r, name.length ? "::" : "");
		rust_put_identifier(r, &name);
	} else {
		r->failed = true;
	}
}

/* Of an implementation: where it stands, which is not shown. */
static void skip_place(struct rust *r)
{
	const bool quiet = r->quiet;

	r->quiet = true;
	rust_take_optional(r, 's');
	rust_print_path(r, false);
	r->quiet = quiet;
}

/* <T>, or <T as Trait>. */
static void print_implementation(struct rust *r, bool has_place, bool has_trait)
{
	if (has_place)
		skip_place(r);
	rust_put(r, "<");
	rust_print_type(r);
	if (has_trait) {
		rust_put(r, " as ");
		rust_print_path(r, false);
	}
	rust_put(r, ">");
}

static void print_crate(struct rust *r)
{
	struct rust_identifier name;

	rust_take_optional(r, 's');
	name = rust_take_identifier(r);
	rust_put_identifier(r, &name);
}

static void print_path_of(struct rust *r, char tag, bool in_value)
{
	switch (tag) {
	case 'C':
		print_crate(r);
		break;
	case 'N':
		print_nested(r, in_value);
		break;
	case 'M':
	case 'X':
	case 'Y':
		print_implementation(r, tag != 'Y', tag != 'M');
		break;
	case 'I':
		rust_print_path(r, in_value);
		rust_put(r, in_value ? "::<" : "<");
		rust_print_list(r, print_generic, ", ");
		rust_put(r, ">");
		break;
	case 'B':
		rust_print_reference(r, rust_print_path, in_value);
		break;
	default:
		r->failed = true;
	}
}

/**
 * rust_print_path() - print a path.
 * @r: the name
 * @in_value: it is that of a value: generics have a :: before
 */
void rust_print_path(struct rust *r, bool in_value)
{
	if (rust_enter(r))
		print_path_of(r, rust_next(r), in_value);
	rust_leave(r);
}

/* A trait with its generics, of which the list stays open; returns whether it is. */
static bool print_open_trait(struct rust *r)
{
	const size_t begin = r->at;
	bool open = false;

	if (!rust_enter(r)) {
		rust_leave(r);
		return false;
	}
	if (rust_eat(r, 'B')) {
		const uint64_t target = rust_take_base62(r);
		const size_t back = r->at;

		if (target >= begin)
			r->failed = true;
		if (!r->failed && !r->quiet) {
			r->at = (size_t)target;
			open = print_open_trait(r);
			r->at = back;
		}
	} else if (rust_eat(r, 'I')) {
		rust_print_path(r, false);
		rust_put(r, "<");
		rust_print_list(r, print_generic, ", ");
		open = true;
	} else {
		rust_print_path(r, false);
	}
	rust_leave(r);
	return open;
}

/* A trait, and what its types are: Iterator<Item = T>. */
static void print_trait(struct rust *r)
{
	bool open = print_open_trait(r);

	while (!r->failed && rust_eat(r, 'p')) {
		struct rust_identifier name = rust_take_identifier(r);

		rust_put(r, open ? ", " : "<");
		open = true;
		rust_put_identifier(r, &name);
		rust_put(r, " = ");
		rust_print_type(r);
	}
	rust_put(r, open ? ">" : "");
}

static void print_dynamic(struct rust *r)
{
	uint64_t bound, lifetime;

	rust_put(r, "dyn ");
	bound = open_binder(r);
	rust_print_list(r, print_trait, " + ");
	r->lifetimes -= bound;
	if (!rust_eat(r, 'L'))
		r->failed = true;
	lifetime = rust_take_base62(r);
	if (lifetime) {
		rust_put(r, " + ");
		print_lifetime(r, lifetime);
	}
}

/* How a function is called: extern "C". */
static void print_convention(struct rust *r)
{
	struct rust_identifier name = { .text = "C", .length = 1 };
	size_t i;

	if (!rust_eat(r, 'C'))
		name = rust_take_identifier(r);
	rust_put(r, "extern \"");
	for (i = 0; i < name.length; i++)
		rust_format(r, "%c", name.text[i] == '_' ? '-' : name.text[i]);
	rust_put(r, "\" ");
}

static void print_function(struct rust *r)
{
	const uint64_t bound = open_binder(r);

	rust_put(r, rust_eat(r, 'U') ? "unsafe " : "");
	if (rust_eat(r, 'K'))
		print_convention(r);
	rust_put(r, "fn(");
	rust_print_list(r, rust_print_type, ", ");
	rust_put(r, ")");
	if (!rust_eat(r, 'u')) {
		rust_put(r, " -> ");
		rust_print_type(r);
	}
	r->lifetimes -= bound;
}

static void print_borrow(struct rust *r, bool is_mutable)
{
	rust_put(r, "&");
	if (rust_eat(r, 'L')) {
		const uint64_t lifetime = rust_take_base62(r);

		if (lifetime) {
			print_lifetime(r, lifetime);
			rust_put(r, " ");
		}
	}
	rust_put(r, is_mutable ? "mut " : "");
	rust_print_type(r);
}

static void print_pointer(struct rust *r, const char *how)
{
	rust_put(r, how);
	rust_print_type(r);
}

static void print_array(struct rust *r, bool has_length)
{
	rust_put(r, "[");
	rust_print_type(r);
	if (has_length) {
		rust_put(r, "; ");
		rust_print_const(r, true);
	}
	rust_put(r, "]");
}

static void print_type_of(struct rust *r, char tag)
{
	switch (tag) {
	case 'R':
	case 'Q':
		print_borrow(r, tag == 'Q');
		break;
	case 'P':
	case 'O':
		print_pointer(r, tag == 'P' ? "*const " : "*mut ");
		break;
	case 'A':
	case 'S':
		print_array(r, tag == 'A');
		break;
	case 'T':
		rust_put(r, "(");
		rust_put(r, rust_print_list(r, rust_print_type, ", ") == 1 ? ",)" : ")");
		break;
	case 'F':
		print_function(r);
		break;
	case 'D':
		print_dynamic(r);
		break;
	case 'B':
		rust_print_reference(r, print_any_type, false);
		break;
	default:
		print_path_of(r, tag, false);
	}
}

/**
 * rust_print_type() - print a type.
 * @r: the name
 */
void rust_print_type(struct rust *r)
{
	const char *basic;
	char tag;

	if (rust_enter(r)) {
		tag = rust_next(r);
		basic = rust_basic_type(tag);
		if (basic)
			rust_put(r, basic);
		else
			print_type_of(r, tag);
	}
	rust_leave(r);
}

/* Behind the name: in which crate it was made, and what LLVM or a linker made of it. */
static void print_rest(struct rust *r)
{
	if (r->at < r->length && r->name[r->at] >= 'A' && r->name[r->at] <= 'Z') {
		r->quiet = true;
		rust_print_path(r, false);
		r->quiet = false;
	}
	if (r->at == r->length || r->failed)
		return;
	if (r->name[r->at] != '.' && r->name[r->at] != '$')
		r->failed = true;
	else if (strncmp(r->name + r->at, ".llvm.", 6))
		rust_put(r, r->name + r->at);
}

static char *demangle_new(const char *name)
{
	struct rust r = { .name = name, .length = strlen(name) };

	/* A number would be of a way that comes later. */
	if (*name < 'A' || *name > 'Z')
		return NULL;
	rust_print_path(&r, true);
	print_rest(&r);
	if (!r.failed && r.used)
		return rust_finish(&r);
	free(r.text);
	return NULL;
}

/**
 * rust_demangle() - the name of a function in Rust.
 * @name: as it is in a symbol table
 *
 * Hashes that tell crates of the same name apart are left out.
 *
 * Return: as people write it, to be freed; NULL if it is no such name.
 */
char *rust_demangle(const char *name)
{
	if (strlen(name) > RUST_NAME_MAX)
		return NULL;
	if (!strncmp(name, "_R", 2))
		return demangle_new(name + 2);
	if (!strncmp(name, "_ZN", 3))
		return rust_demangle_old(name + 3);
	return NULL;
}
