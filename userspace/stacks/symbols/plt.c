// SPDX-License-Identifier: GPL-2.0
/*
 * plt.c - the short code by which functions of other files are called, which no symbol table names:
 * each piece jumps to where a slot says, and the dynamic linker knows the slot's function. The jump
 * is read from the code, as linkers differ in how they arrange it. On x86-64 alone. Called by
 * naming.c.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "lib/xalloc.h"
#include "stacks/symbols/plt.h"

#define PIECE	16	/* bytes; in some sections half of that, and they say so */

static void add_slots(struct plt *plt, Elf_Scn *section, const GElf_Shdr *header)
{
	Elf_Data *relocations = elf_getdata(section, NULL);
	Elf_Scn *symbols = elf_getscn(plt->elf, header->sh_link);
	Elf_Data *data = symbols ? elf_getdata(symbols, NULL) : NULL;
	GElf_Shdr of_symbols;
	GElf_Sym symbol;
	GElf_Rela one;
	int i;

	if (!relocations || !data || !gelf_getshdr(symbols, &of_symbols))
		return;
	for (i = 0; gelf_getrela(relocations, i, &one); i++) {
		const char *name = NULL;

		if (gelf_getsym(data, (int)GELF_R_SYM(one.r_info), &symbol))
			name = elf_strptr(plt->elf, of_symbols.sh_link, symbol.st_name);
		if (!name || !*name)
			continue;
		plt->slots = xgrow(plt->slots, plt->nr, &plt->room, sizeof(*plt->slots));
		plt->slots[plt->nr++] = (struct plt_slot) { one.r_offset, name };
	}
}

static int compare(const void *a, const void *b)
{
	const struct plt_slot *one = a, *other = b;

	return one->address < other->address ? -1 : one->address > other->address;
}

static void read_slots(struct plt *plt)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Ehdr elf;

	plt->done = true;
	if (!gelf_getehdr(plt->elf, &elf) || elf.e_machine != EM_X86_64)
		return;
	while ((section = elf_nextscn(plt->elf, section)))
		if (gelf_getshdr(section, &header) && header.sh_type == SHT_RELA &&
		    header.sh_flags & SHF_ALLOC)
			add_slots(plt, section, &header);
	if (plt->nr)
		qsort(plt->slots, plt->nr, sizeof(*plt->slots), compare);
}

/* The section of such code that an address is in, or NULL. */
static Elf_Scn *section_of(Elf *elf, uint64_t address, GElf_Shdr *header)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, header) || header->sh_type != SHT_PROGBITS ||
		    address < header->sh_addr || address - header->sh_addr >= header->sh_size)
			continue;
		name = elf_strptr(elf, names, header->sh_name);
		if (name && !strncmp(name, ".plt", 4))
			return section;
	}
	return NULL;
}

/* The slot of the jump, which is behind a mark for indirect jumps, a prefix, or another number. */
static bool slot_of(const unsigned char *piece, size_t size, uint64_t begin, uint64_t *slot)
{
	static const size_t places[] = { 0, 1, 4, 5, 10 };
	int32_t distance;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		const unsigned char *at = piece + places[i];

		if (places[i] + 6 > size || at[0] != 0xff || at[1] != 0x25)
			continue;
		memcpy(&distance, at + 2, sizeof(distance));
		*slot = begin + places[i] + 6 + (uint64_t)(int64_t)distance;
		return true;
	}
	return false;
}

/**
 * plt_find() - which function the code at an address calls.
 * @plt: all zero but for its file
 * @address: as the file has it
 * @begin: set: where the piece of code begins
 *
 * Return: its name, or NULL.
 */
const char *plt_find(struct plt *plt, uint64_t address, uint64_t *begin)
{
	struct plt_slot wanted = { .name = NULL }, *found;
	GElf_Shdr header;
	Elf_Scn *section;
	Elf_Data *data;
	size_t size, at;

	if (!plt->done)
		read_slots(plt);
	section = plt->nr ? section_of(plt->elf, address, &header) : NULL;
	data = section ? elf_getdata(section, NULL) : NULL;
	if (!data || !data->d_buf)
		return NULL;
	size = header.sh_entsize == PIECE / 2 ? PIECE / 2 : PIECE;
	at = (address - header.sh_addr) & ~(uint64_t)(size - 1);
	if (data->d_size < size || at > data->d_size - size)
		return NULL;
	*begin = header.sh_addr + at;
	if (!slot_of((const unsigned char *)data->d_buf + at, size, *begin, &wanted.address))
		return NULL;
	found = bsearch(&wanted, plt->slots, plt->nr, sizeof(wanted), compare);
	return found ? found->name : NULL;
}

/**
 * plt_free() - forget it.
 * @plt: all zero, or used
 */
void plt_free(struct plt *plt)
{
	free(plt->slots);
}
