// SPDX-License-Identifier: GPL-2.0
/*
 * inlines.c - functions that were inlined at an address, and lines of sources, by DWARF. Called by
 * naming.c.
 *
 * Which unit an address is in is taken from the units, for not all compilers write .debug_aranges;
 * which function, from a list of those of the unit. Both are made when they are first asked for:
 * libdw would go through all of a unit for each address. What is in a .dwo file is not found.
 */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "stacks/symbols/inlines.h"

/* How deep functions may be in others, or in classes and namespaces. */
#define DEPTH_MAX	64

/* Addresses that something has, and where that is described. */
struct range {
	uint64_t begin, end;	/* as DWARF has them */
	size_t unit;		/* of a unit: its number */
	Dwarf_Die die;		/* of a function */
};

struct ranges {
	struct range *at;
	size_t nr, room;
	bool done;
};

struct unit {
	Dwarf_Die die;
	struct ranges functions;
};

struct inlines {
	Dwarf_Addr bias;	/* of the module's addresses to those of DWARF */
	struct unit *units;
	size_t nr, room;
	struct ranges ranges;
};

/* All that something has; a begin of 0 is what a linker has removed. */
static void add_ranges(struct ranges *ranges, Dwarf_Die *die, size_t unit)
{
	Dwarf_Addr base, begin, end;
	ptrdiff_t next = 0;

	while ((next = dwarf_ranges(die, next, &base, &begin, &end)) > 0) {
		if (!begin || begin >= end)
			continue;
		ranges->at = xgrow(ranges->at, ranges->nr, &ranges->room, sizeof(*ranges->at));
		ranges->at[ranges->nr++] = (struct range) {
			.begin = begin, .end = end, .unit = unit, .die = *die,
		};
	}
}

static int compare(const void *a, const void *b)
{
	const struct range *one = a, *other = b;

	if (one->begin != other->begin)
		return one->begin < other->begin ? -1 : 1;
	return one->end > other->end ? -1 : one->end < other->end;
}

static void sort_ranges(struct ranges *ranges)
{
	if (ranges->nr)
		qsort(ranges->at, ranges->nr, sizeof(*ranges->at), compare);
	ranges->done = true;
}

/* What begins last before the address; the inner one of functions in functions. */
static const struct range *find_range(const struct ranges *ranges, uint64_t address)
{
	size_t low = 0, high = ranges->nr, tries;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (ranges->at[middle].begin <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (tries = 0; low && tries < DEPTH_MAX; low--, tries++)
		if (ranges->at[low - 1].end > address)
			return &ranges->at[low - 1];
	return NULL;
}

/**
 * inlines_new() - prepare to look for functions.
 * @module: reported; it has to stay
 *
 * Return: to be freed; NULL if there is no DWARF.
 */
struct inlines *inlines_new(Dwfl_Module *module)
{
	struct inlines *inlines;
	Dwarf_Addr bias;
	Dwarf_Die *die = NULL;

	if (!dwfl_module_getdwarf(module, &bias))
		return NULL;
	inlines = xcalloc(1, sizeof(*inlines));
	inlines->bias = bias;
	while ((die = dwfl_module_nextcu(module, die, &bias))) {
		inlines->units = xgrow(inlines->units, inlines->nr, &inlines->room,
				       sizeof(*inlines->units));
		inlines->units[inlines->nr] = (struct unit) { .die = *die };
		add_ranges(&inlines->ranges, die, inlines->nr++);
	}
	sort_ranges(&inlines->ranges);
	return inlines;
}

/* Whether functions may be described below. */
static bool is_around(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_class_type ||
	       tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
	       tag == DW_TAG_interface_type || tag == DW_TAG_enumeration_type ||
	       tag == DW_TAG_subprogram;
}

static void add_functions(struct ranges *functions, Dwarf_Die *parent, unsigned int depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die))
		return;
	do {
		const int tag = dwarf_tag(&die);

		if (tag == DW_TAG_subprogram)
			add_ranges(functions, &die, 0);
		if (is_around(tag))
			add_functions(functions, &die, depth + 1);
	} while (!dwarf_siblingof(&die, &die));
}

static struct unit *find_unit(struct inlines *inlines, uint64_t address)
{
	const struct range *range = find_range(&inlines->ranges, address);
	struct unit *unit = range ? &inlines->units[range->unit] : NULL;

	if (unit && !unit->functions.done) {
		add_functions(&unit->functions, &unit->die, 0);
		sort_ranges(&unit->functions);
	}
	return unit;
}

/* What of a function's blocks is at an address. */
static bool find_child(Dwarf_Die *parent, uint64_t address, Dwarf_Die *die)
{
	if (dwarf_child(parent, die))
		return false;
	do {
		const int tag = dwarf_tag(die);

		if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block ||
		     tag == DW_TAG_try_block || tag == DW_TAG_catch_block) &&
		    dwarf_haspc(die, address) > 0)
			return true;
	} while (!dwarf_siblingof(die, die));
	return false;
}

/* What is inlined at an address, the outermost first; returns how many. */
static size_t find_inlined(const Dwarf_Die *function, uint64_t address, Dwarf_Die *inlined)
{
	Dwarf_Die parent = *function, die;
	unsigned int depth;
	size_t nr = 0;

	for (depth = 0; depth < 4 * DEPTH_MAX && nr < INLINES_MAX - 1; depth++) {
		if (!find_child(&parent, address, &die))
			break;
		if (dwarf_tag(&die) == DW_TAG_inlined_subroutine)
			inlined[nr++] = die;
		parent = die;
	}
	return nr;
}

static const char *name_of(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *name = NULL;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute))
		name = dwarf_formstring(&attribute);
	return name && *name ? name : dwarf_diename(die);
}

static void take_line(Dwarf_Die *unit, uint64_t address, struct inlines_at *at)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, address);
	int number;

	if (!line)
		return;
	at->source = dwarf_linesrc(line, NULL, NULL);
	if (at->source && !dwarf_lineno(line, &number) && number > 0)
		at->line = (unsigned int)number;
}

static bool number_of(Dwarf_Die *die, unsigned int name, Dwarf_Word *number)
{
	Dwarf_Attribute attribute;

	return dwarf_attr(die, name, &attribute) && !dwarf_formudata(&attribute, number);
}

/* Where an inlined function is called. */
static void take_call(Dwarf_Die *unit, Dwarf_Die *inlined, struct inlines_at *at)
{
	Dwarf_Word file, line;
	Dwarf_Files *files;
	size_t nr;

	if (dwarf_getsrcfiles(unit, &files, &nr) || !number_of(inlined, DW_AT_call_file, &file) ||
	    file >= nr)
		return;
	at->source = dwarf_filesrc(files, file, NULL, NULL);
	if (at->source && number_of(inlined, DW_AT_call_line, &line) && line <= INT32_MAX)
		at->line = (unsigned int)line;
}

/**
 * inlines_find() - which functions are at an address.
 * @inlines: prepared
 * @address: the module's
 * @lines: with lines of sources
 * @at: set: the innermost first; those but the last are inlined
 *
 * Return: how many, up to INLINES_MAX; 0 if it is not known.
 */
size_t inlines_find(struct inlines *inlines, uint64_t address, bool lines, struct inlines_at *at)
{
	Dwarf_Die inlined[INLINES_MAX], *die;
	const struct range *function;
	struct unit *unit;
	size_t nr, i;

	address -= inlines->bias;
	unit = find_unit(inlines, address);
	function = unit ? find_range(&unit->functions, address) : NULL;
	if (!function)
		return 0;
	nr = find_inlined(&function->die, address, inlined);
	memset(at, 0, (nr + 1) * sizeof(*at));
	for (i = 0; i <= nr; i++) {
		die = i == nr ? (Dwarf_Die *)&function->die : &inlined[nr - 1 - i];
		at[i].name = name_of(die);
		if (lines && i)
			take_call(&unit->die, &inlined[nr - i], &at[i]);
	}
	if (lines)
		take_line(&unit->die, address, &at[0]);
	at[nr].begin = function->begin + inlines->bias;
	return nr + 1;
}

/**
 * inlines_free() - forget them.
 * @inlines: prepared, or NULL
 */
void inlines_free(struct inlines *inlines)
{
	size_t i;

	if (!inlines)
		return;
	for (i = 0; i < inlines->nr; i++)
		free(inlines->units[i].functions.at);
	free(inlines->units);
	free(inlines->ranges.at);
	free(inlines);
}
