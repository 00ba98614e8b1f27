// SPDX-License-Identifier: GPL-2.0
/*
 * functions.c - the functions of a file by its symbol tables, sorted: libdwfl finds the tables (of
 * the file itself, of the one that has what was taken out of it, the small one in .gnu_debugdata,
 * that of the dynamic linker), but looks through all of them for each address. Called by naming.c.
 *
 * Of an address is the function that begins last before it and has not ended there; global ones go
 * before local ones, as dwfl_module_addrinfo() does it. One without a size, as in assembler, is
 * taken where nothing else is: up to what comes next in its section, if the table is whole. In the
 * table of the dynamic linker alone there are functions that are not listed behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "stacks/symbols/functions.h"

static void add(struct function_table *table, const struct function *one)
{
	table->at = xgrow(table->at, table->nr, &table->room, sizeof(*table->at));
	table->at[table->nr++] = *one;
}

/* Of several names people know the one with the fewest of these at its beginning. */
static size_t count_underscores(const char *name)
{
	return strspn(name, "_");
}

static int compare(const void *a, const void *b)
{
	const struct function *one = a, *other = b;
	size_t own, others;

	if (one->begin != other->begin)
		return one->begin < other->begin ? -1 : 1;
	if (one->rank != other->rank)
		return one->rank < other->rank ? -1 : 1;
	/* The smaller one is the more exact one. */
	if (one->end != other->end)
		return one->end > other->end ? -1 : 1;
	own = count_underscores(one->name);
	others = count_underscores(other->name);
	if (own != others)
		return own > others ? -1 : 1;
	return -strcmp(one->name, other->name);
}

static void finish(struct function_table *table)
{
	uint64_t reach = 0;
	size_t i;

	if (table->nr)
		qsort(table->at, table->nr, sizeof(*table->at), compare);
	table->reach = xmalloc(table->nr * sizeof(*table->reach));
	for (i = 0; i < table->nr; i++) {
		if (table->at[i].end > reach)
			reach = table->at[i].end;
		table->reach[i] = reach;
	}
}

/* Marks that say what is code and what is data, as ABIs of some processors have them. */
static bool is_mark(const char *name, GElf_Half machine)
{
	return name[0] == '$' && (machine == EM_ARM || machine == EM_AARCH64 ||
				  machine == EM_RISCV);
}

static unsigned int rank_of(const GElf_Sym *symbol)
{
	const unsigned char binding = GELF_ST_BIND(symbol->st_info);
	const unsigned char type = GELF_ST_TYPE(symbol->st_info);
	const bool is_function = type == STT_FUNC || type == STT_GNU_IFUNC;

	if (binding == STB_LOCAL)
		return 2 + is_function;
	return (binding == STB_GLOBAL ? 6 : binding == STB_WEAK ? 4 : 0) + is_function;
}

static bool is_of_interest(const GElf_Sym *symbol, const char *name, GElf_Half machine)
{
	const unsigned char type = GELF_ST_TYPE(symbol->st_info);

	return name && *name && symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
	       type != STT_SECTION && type != STT_FILE && type != STT_TLS &&
	       !is_mark(name, machine);
}

/* Whether it has the table that strip removes. */
static bool has_symbol_table(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB)
			return true;
	return false;
}

static void take(struct functions *functions, const GElf_Sym *symbol, GElf_Addr begin,
		 const char *name)
{
	struct function one = {
		.begin = begin, .end = begin + symbol->st_size,
		.name = name, .rank = rank_of(symbol),
	};

	if (one.end < begin)
		return;
	if (one.end == begin)
		add(&functions->sizeless, &one);
	else if (GELF_ST_BIND(symbol->st_info) == STB_LOCAL)
		add(&functions->local, &one);
	else
		add(&functions->global, &one);
}

/**
 * functions_read() - read and sort them.
 * @functions: set, to be freed whatever comes
 * @module: reported; it has to stay
 *
 * Return: false if there is no table at all; then dwfl_errmsg() says why.
 */
bool functions_read(struct functions *functions, Dwfl_Module *module)
{
	const int nr = dwfl_module_getsymtab(module);
	Elf *elf = NULL, *last = NULL;
	GElf_Addr bias, begin;
	GElf_Ehdr header;
	GElf_Sym symbol;
	const char *name;
	int i;

	memset(functions, 0, sizeof(*functions));
	functions->module = module;
	if (nr < 0 || !gelf_getehdr(dwfl_module_getelf(module, &bias), &header))
		return false;
	for (i = 1; i < nr; i++) {
		name = dwfl_module_getsym_info(module, i, &symbol, &begin, NULL, &elf, &bias);
		if (elf && elf != last) {
			functions->whole = functions->whole || has_symbol_table(elf);
			last = elf;
		}
		if (is_of_interest(&symbol, name, header.e_machine))
			take(functions, &symbol, begin, name);
	}
	finish(&functions->global);
	finish(&functions->local);
	finish(&functions->sizeless);
	return true;
}

/* How many begin at an address or before. */
static size_t count_up_to(const struct function_table *table, uint64_t address)
{
	size_t low = 0, high = table->nr;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (table->at[middle].begin <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct function *find_around(const struct function_table *table, uint64_t address)
{
	size_t i = count_up_to(table, address);

	for (; i && table->reach[i - 1] > address; i--)
		if (table->at[i - 1].end > address)
			return &table->at[i - 1];
	return NULL;
}

static uint64_t reach_of(const struct function_table *table, uint64_t address)
{
	const size_t nr = count_up_to(table, address);

	return nr ? table->reach[nr - 1] : 0;
}

/* In which section an address is; 0 if in none. */
static size_t section_of(Dwfl_Module *module, uint64_t address)
{
	GElf_Addr at = address, bias;
	Elf_Scn *section = dwfl_module_address_section(module, &at, &bias);

	return section ? elf_ndxscn(section) : 0;
}

static const struct function *find_sizeless(const struct functions *functions, uint64_t address)
{
	const size_t nr = count_up_to(&functions->sizeless, address);
	const struct function *one = nr ? &functions->sizeless.at[nr - 1] : NULL;
	size_t section;

	if (!one || (one->begin != address && !functions->whole) ||
	    one->begin < reach_of(&functions->global, address) ||
	    one->begin < reach_of(&functions->local, address))
		return NULL;
	section = section_of(functions->module, address);
	return section && section == section_of(functions->module, one->begin) ? one : NULL;
}

/**
 * functions_find() - which function is at an address.
 * @functions: read
 * @address: as the tables have it
 *
 * Return: it, or NULL.
 */
const struct function *functions_find(const struct functions *functions, uint64_t address)
{
	const struct function *one = find_around(&functions->global, address);

	if (!one)
		one = find_around(&functions->local, address);
	return one ? one : find_sizeless(functions, address);
}

static void free_table(struct function_table *table)
{
	free(table->at);
	free(table->reach);
}

/**
 * functions_free() - forget them.
 * @functions: read
 */
void functions_free(struct functions *functions)
{
	free_table(&functions->global);
	free_table(&functions->local);
	free_table(&functions->sizeless);
}
