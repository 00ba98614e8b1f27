// SPDX-License-Identifier: GPL-2.0
/*
 * rustconst.c - values in names that rustc mangles: lengths of arrays and generic arguments. Called
 * by rust.c.
 */
#include "stacks/symbols/rustname.h"
#include "stacks/symbols/rustprint.h"

static void print_any_const(struct rust *r)
{
	rust_print_const(r, true);
}

/* A field of a structure: name: value. */
static void print_field(struct rust *r)
{
	struct rust_identifier name;

	rust_take_optional(r, 's');
	name = rust_take_identifier(r);
	rust_put_identifier(r, &name);
	rust_put(r, ": ");
	rust_print_const(r, true);
}

/* A value of a type that has a name. */
static void print_structure(struct rust *r)
{
	rust_print_path(r, true);
	switch (rust_next(r)) {
	case 'U':
		break;
	case 'T':
		rust_put(r, "(");
		rust_print_list(r, print_any_const, ", ");
		rust_put(r, ")");
		break;
	case 'S':
		rust_put(r, " { ");
		rust_print_list(r, print_field, ", ");
		rust_put(r, " }");
		break;
	default:
		r->failed = true;
	}
}

/* What is made of other values. */
static void print_compound(struct rust *r, char tag)
{
	switch (tag) {
	case 'R':
		if (rust_eat(r, 'e')) {
			rust_put_string(r);
			break;
		}
		rust_put(r, "&");
		rust_print_const(r, true);
		break;
	case 'Q':
		rust_put(r, "&mut ");
		rust_print_const(r, true);
		break;
	case 'A':
		rust_put(r, "[");
		rust_print_list(r, print_any_const, ", ");
		rust_put(r, "]");
		break;
	case 'T':
		rust_put(r, "(");
		rust_put(r, rust_print_list(r, print_any_const, ", ") == 1 ? ",)" : ")");
		break;
	case 'V':
		print_structure(r);
		break;
	case 'e':
		rust_put(r, "*");
		rust_put_string(r);
		break;
	default:
		r->failed = true;
	}
}

static void print_const_of(struct rust *r, char tag, bool in_value)
{
	if (tag == 'p') {
		rust_put(r, "_");
	} else if (tag == 'B') {
		rust_print_reference(r, rust_print_const, in_value);
	} else if (!rust_put_number(r, tag)) {
		rust_put(r, in_value ? "" : "{");
		print_compound(r, tag);
		rust_put(r, in_value ? "" : "}");
	}
}

/**
 * rust_print_const() - print a value that is a generic argument, or the length of an array.
 * @r: the name
 * @in_value: it is in another value: else what is more than a number stands in braces
 */
void rust_print_const(struct rust *r, bool in_value)
{
	if (rust_enter(r))
		print_const_of(r, rust_next(r), in_value);
	rust_leave(r);
}
