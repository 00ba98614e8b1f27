// SPDX-License-Identifier: GPL-2.0
/*
 * elffile.c - what a file of code says of itself: what of it is mapped where, its build-id, whether
 * it has names, and where those are that were taken out of it. Called by images.c and debugfile.c,
 * of files that anybody may have written, and that may change meanwhile: it reads a few parts of
 * bounded size, checks each number, and follows none twice.
 */
#include <elf.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/text.h"
#include "lib/xalloc.h"
#include "stacks/symbols/elffile.h"

/* Headers at most that are looked at, and bytes of notes and of names of sections. */
#define SEGMENTS_MAX	512
#define SECTIONS_MAX	65536
#define NOTES_MAX	65536
#define NAMES_MAX	0x100000
/* A file that is read as a whole, for its sum. */
#define SUM_MAX		(2ull << 30)

struct reading {
	struct elffile *elf;
	int fd;
	uint64_t segments, sections;	/* where they are */
	size_t nr_segments, nr_sections, names;
	char *section_names;
	size_t section_names_size;
};

static uint16_t get16(const struct reading *r, uint16_t value)
{
	return r->elf->is_big ? be16toh(value) : le16toh(value);
}

static uint32_t get32(const struct reading *r, uint32_t value)
{
	return r->elf->is_big ? be32toh(value) : le32toh(value);
}

static uint64_t get64(const struct reading *r, uint64_t value)
{
	return r->elf->is_big ? be64toh(value) : le64toh(value);
}

/* A part of the file, whole or not at all. */
static bool read_part(const struct reading *r, uint64_t offset, void *part, size_t size)
{
	size_t done = 0;

	if (offset > r->elf->size || size > r->elf->size - offset)
		return false;
	while (done < size) {
		const ssize_t got = pread(r->fd, (char *)part + done, size - done,
					  (off_t)(offset + done));

		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return true;
}

static void put_hex(char *text, const unsigned char *bytes, size_t nr)
{
	for (; nr; nr--, bytes++) {
		*text++ = "0123456789abcdef"[*bytes >> 4];
		*text++ = "0123456789abcdef"[*bytes & 15];
	}
	*text = '\0';
}

static bool read_header_64(struct reading *r)
{
	Elf64_Ehdr header;

	if (!read_part(r, 0, &header, sizeof(header)))
		return false;
	r->elf->machine = get16(r, header.e_machine);
	r->names = get16(r, header.e_shstrndx);
	if (get16(r, header.e_phentsize) == sizeof(Elf64_Phdr)) {
		r->segments = get64(r, header.e_phoff);
		r->nr_segments = get16(r, header.e_phnum);
	}
	if (get16(r, header.e_shentsize) == sizeof(Elf64_Shdr)) {
		r->sections = get64(r, header.e_shoff);
		r->nr_sections = get16(r, header.e_shnum);
	}
	return true;
}

static bool read_header_32(struct reading *r)
{
	Elf32_Ehdr header;

	if (!read_part(r, 0, &header, sizeof(header)))
		return false;
	r->elf->machine = get16(r, header.e_machine);
	r->names = get16(r, header.e_shstrndx);
	if (get16(r, header.e_phentsize) == sizeof(Elf32_Phdr)) {
		r->segments = get32(r, header.e_phoff);
		r->nr_segments = get16(r, header.e_phnum);
	}
	if (get16(r, header.e_shentsize) == sizeof(Elf32_Shdr)) {
		r->sections = get32(r, header.e_shoff);
		r->nr_sections = get16(r, header.e_shnum);
	}
	return true;
}

static bool read_header(struct reading *r)
{
	unsigned char ident[EI_NIDENT];

	if (!read_part(r, 0, ident, sizeof(ident)) || memcmp(ident, ELFMAG, SELFMAG) ||
	    (ident[EI_CLASS] != ELFCLASS64 && ident[EI_CLASS] != ELFCLASS32) ||
	    (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB))
		return false;
	r->elf->is_64 = ident[EI_CLASS] == ELFCLASS64;
	r->elf->is_big = ident[EI_DATA] == ELFDATA2MSB;
	return r->elf->is_64 ? read_header_64(r) : read_header_32(r);
}

static bool read_segment(const struct reading *r, size_t number, Elf64_Phdr *segment)
{
	Elf32_Phdr narrow;

	if (r->elf->is_64) {
		if (!read_part(r, r->segments + number * sizeof(*segment), segment,
			       sizeof(*segment)))
			return false;
		segment->p_type = get32(r, segment->p_type);
		segment->p_flags = get32(r, segment->p_flags);
		segment->p_offset = get64(r, segment->p_offset);
		segment->p_vaddr = get64(r, segment->p_vaddr);
		segment->p_filesz = get64(r, segment->p_filesz);
		segment->p_align = get64(r, segment->p_align);
		return true;
	}
	if (!read_part(r, r->segments + number * sizeof(narrow), &narrow, sizeof(narrow)))
		return false;
	segment->p_type = get32(r, narrow.p_type);
	segment->p_flags = get32(r, narrow.p_flags);
	segment->p_offset = get32(r, narrow.p_offset);
	segment->p_vaddr = get32(r, narrow.p_vaddr);
	segment->p_filesz = get32(r, narrow.p_filesz);
	segment->p_align = get32(r, narrow.p_align);
	return true;
}

static bool read_section(const struct reading *r, size_t number, Elf64_Shdr *section)
{
	Elf32_Shdr narrow;

	if (r->elf->is_64) {
		if (!read_part(r, r->sections + number * sizeof(*section), section,
			       sizeof(*section)))
			return false;
		section->sh_name = get32(r, section->sh_name);
		section->sh_type = get32(r, section->sh_type);
		section->sh_link = get32(r, section->sh_link);
		section->sh_offset = get64(r, section->sh_offset);
		section->sh_size = get64(r, section->sh_size);
		section->sh_addralign = get64(r, section->sh_addralign);
		return true;
	}
	if (!read_part(r, r->sections + number * sizeof(narrow), &narrow, sizeof(narrow)))
		return false;
	section->sh_name = get32(r, narrow.sh_name);
	section->sh_type = get32(r, narrow.sh_type);
	section->sh_link = get32(r, narrow.sh_link);
	section->sh_offset = get32(r, narrow.sh_offset);
	section->sh_size = get32(r, narrow.sh_size);
	section->sh_addralign = get32(r, narrow.sh_addralign);
	return true;
}

/* Notes one after the other; they begin at multiples of @align, and so does what is in them. */
static void take_notes(const struct reading *r, const unsigned char *at, size_t size, size_t align)
{
	while (size >= sizeof(Elf32_Nhdr)) {
		size_t name, text, whole;
		Elf32_Nhdr note;

		memcpy(&note, at, sizeof(note));
		name = get32(r, note.n_namesz);
		text = get32(r, note.n_descsz);
		if (name > NOTES_MAX || text > NOTES_MAX)
			return;
		name = (sizeof(note) + name + align - 1) & ~(align - 1);
		whole = (name + text + align - 1) & ~(align - 1);
		if (name + text > size)
			return;
		if (get32(r, note.n_type) == NT_GNU_BUILD_ID && get32(r, note.n_namesz) == 4 &&
		    !memcmp(at + sizeof(note), "GNU", 4) && text && text <= ELFFILE_ID) {
			put_hex(r->elf->build_id, at + name, text);
			return;
		}
		if (whole > size)
			return;
		at += whole;
		size -= whole;
	}
}

static void read_notes(const struct reading *r, uint64_t offset, uint64_t size, uint64_t align)
{
	unsigned char *notes;

	if (*r->elf->build_id || !size)
		return;
	if (size > NOTES_MAX)
		size = NOTES_MAX;
	notes = xmalloc(size);
	if (read_part(r, offset, notes, size))
		take_notes(r, notes, size, align == 8 ? 8 : 4);
	free(notes);
}

static void read_segments(const struct reading *r)
{
	const size_t most = r->nr_segments < SEGMENTS_MAX ? r->nr_segments : SEGMENTS_MAX;
	struct elffile *elf = r->elf;
	Elf64_Phdr segment;
	size_t i;

	for (i = 0; i < most && read_segment(r, i, &segment); i++) {
		if (segment.p_type == PT_NOTE)
			read_notes(r, segment.p_offset, segment.p_filesz, segment.p_align);
		if (segment.p_type == PT_LOAD && elf->nr_loads < ELFFILE_LOADS)
			elf->loads[elf->nr_loads++] = (struct elffile_load) {
				.offset = segment.p_offset,
				.size = segment.p_filesz,
				.address = segment.p_vaddr,
				.code = segment.p_flags & PF_X,
			};
	}
}

/* The name of a section; empty if it is none. */
static const char *name_of(const struct reading *r, const Elf64_Shdr *section)
{
	return section->sh_name < r->section_names_size ? r->section_names + section->sh_name : "";
}

/* A text with bytes behind it; returns the text's length, or 0. */
static size_t read_link(const struct reading *r, const Elf64_Shdr *section, char *text,
			unsigned char *behind, size_t *size, size_t align)
{
	char whole[ELFFILE_LINK + ELFFILE_ID + 8];
	size_t length, begin;

	if (section->sh_size > sizeof(whole) ||
	    !read_part(r, section->sh_offset, whole, section->sh_size))
		return 0;
	length = strnlen(whole, section->sh_size);
	begin = (length + align) & ~(align - 1);
	if (!length || length >= ELFFILE_LINK || begin >= section->sh_size ||
	    section->sh_size - begin > ELFFILE_ID)
		return 0;
	*size = section->sh_size - begin;
	memcpy(text, whole, length + 1);
	memcpy(behind, whole + begin, *size);
	return length;
}

static void take_debug_link(const struct reading *r, const Elf64_Shdr *section)
{
	unsigned char behind[ELFFILE_ID];
	size_t size;

	/* It is looked for in certain folders, and is a name only. */
	if (!read_link(r, section, r->elf->link, behind, &size, 4) || size < 4 ||
	    strchr(r->elf->link, '/') || !strcmp(r->elf->link, "..")) {
		*r->elf->link = '\0';
		return;
	}
	memcpy(&r->elf->link_sum, behind, sizeof(r->elf->link_sum));
	r->elf->link_sum = get32(r, r->elf->link_sum);
}

static void take_alt_link(const struct reading *r, const Elf64_Shdr *section)
{
	unsigned char behind[ELFFILE_ID];
	size_t size;

	if (read_link(r, section, r->elf->alt, behind, &size, 1))
		put_hex(r->elf->alt_id, behind, size);
	else
		*r->elf->alt = '\0';
}

static void take_section(const struct reading *r, const Elf64_Shdr *section)
{
	const char *name = name_of(r, section);

	if (section->sh_type == SHT_NOBITS)
		return;
	if (section->sh_type == SHT_NOTE)
		read_notes(r, section->sh_offset, section->sh_size, section->sh_addralign);
	if (section->sh_type == SHT_SYMTAB && section->sh_size)
		r->elf->has_symbols = true;
	if (!strcmp(name, ".debug_info") || !strcmp(name, ".zdebug_info"))
		r->elf->has_dwarf = true;
	if (!strcmp(name, ".gnu_debuglink"))
		take_debug_link(r, section);
	if (!strcmp(name, ".gnu_debugaltlink"))
		take_alt_link(r, section);
}

static void read_section_names(struct reading *r)
{
	Elf64_Shdr section;

	if (!read_section(r, r->names, &section) || section.sh_type == SHT_NOBITS ||
	    !section.sh_size || section.sh_size > NAMES_MAX)
		return;
	r->section_names = xmalloc(section.sh_size);
	if (!read_part(r, section.sh_offset, r->section_names, section.sh_size))
		return;
	r->section_names[section.sh_size - 1] = '\0';
	r->section_names_size = section.sh_size;
}

static void read_sections(struct reading *r)
{
	Elf64_Shdr section;
	size_t i;

	if (!r->sections || !read_section(r, 0, &section))
		return;
	/* What does not fit into the header is in the first section, which is none. */
	if (!r->nr_sections)
		r->nr_sections = section.sh_size < SECTIONS_MAX ? section.sh_size : SECTIONS_MAX;
	if (r->names == SHN_XINDEX)
		r->names = section.sh_link;
	read_section_names(r);
	for (i = 1; i < r->nr_sections && read_section(r, i, &section); i++)
		take_section(r, &section);
	free(r->section_names);
}

/**
 * elffile_read() - look at a file.
 * @elf: set
 * @fd: the file, a regular one
 *
 * What is behind the headers may be damaged: what is not found is as if it was not there.
 *
 * Return: false if it is no ELF file.
 */
bool elffile_read(struct elffile *elf, int fd)
{
	struct reading reading = { .elf = elf, .fd = fd };
	struct stat about;

	memset(elf, 0, sizeof(*elf));
	if (fstat(fd, &about) || !S_ISREG(about.st_mode) || about.st_size <= 0)
		return false;
	elf->size = (uint64_t)about.st_size;
	if (!read_header(&reading))
		return false;
	read_segments(&reading);
	read_sections(&reading);
	return true;
}

/**
 * elffile_address() - where a part of the file is, as symbols have it.
 * @elf: read
 * @offset: in the file, bytes
 * @address: set on success
 *
 * Return: false if it is not mapped.
 */
bool elffile_address(const struct elffile *elf, uint64_t offset, uint64_t *address)
{
	const struct elffile_load *best = NULL;
	size_t i;

	for (i = 0; i < elf->nr_loads; i++) {
		const struct elffile_load *load = &elf->loads[i];

		if (offset >= load->offset && offset - load->offset < load->size &&
		    (!best || (load->code && !best->code)))
			best = load;
	}
	if (best)
		*address = offset - best->offset + best->address;
	return best;
}

static uint32_t sum_part(uint32_t sum, const unsigned char *at, size_t size)
{
	static uint32_t table[256];
	unsigned int i, bit;

	for (i = 0; !table[255] && i < 256; i++)
		for (table[i] = i, bit = 0; bit < 8; bit++)
			table[i] = table[i] & 1 ? table[i] >> 1 ^ 0xedb88320 : table[i] >> 1;
	for (; size; size--)
		sum = table[(sum ^ *at++) & 0xff] ^ sum >> 8;
	return sum;
}

/**
 * elffile_sum() - the sum by which .gnu_debuglink knows a file: CRC-32.
 * @fd: the file
 * @sum: set on success
 *
 * Return: false if it cannot be read, or is too large for that.
 */
bool elffile_sum(int fd, uint32_t *sum)
{
	unsigned char part[65536];
	uint64_t done = 0;
	ssize_t got;

	*sum = ~0u;
	while ((got = pread(fd, part, sizeof(part), (off_t)done)) > 0 && done < SUM_MAX) {
		*sum = sum_part(*sum, part, (size_t)got);
		done += (uint64_t)got;
	}
	*sum = ~*sum;
	return !got;
}
