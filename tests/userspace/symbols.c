// SPDX-License-Identifier: GPL-2.0
/*
 * symbols.c - what symbols.py drives: names the frames that it is told of, one command a line, with
 * tabs between words and the module's escapes in paths. Built and run by symbols.py.
 *
 *   wanted INLINES SOURCE LIVE		begins anew
 *   image MAJOR MINOR INODE DELETED BUILD_ID PATH
 *   time REALTIME			when the copy was made
 *   stack PID ID STATE NOW		and behind it its frames:
 *   file IMAGE AT EXACT | address AT EXACT WHY | kernel SYMBOL
 *   end				prints labels, and forgets images and stacks
 *   many STACKS FRAMES			so many, of random places in all images; prints seconds
 *   demangle NAME | rust NAME
 *   compare FILE			functions by this and by libdwfl, around all symbols
 */
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/text.h"
#include "lib/xalloc.h"
#include "stacks/symbols/demangle.h"
#include "stacks/symbols/functions.h"
#include "stacks/symbols/labels.h"
#include "stacks/symbols/rust.h"
#include "stacks/symbols/symbols.h"

#define WORDS	12

static struct stacks stacks;
static size_t images_room, stacks_room, frames_room;
static struct symbols *symbols;

static uint64_t number(const char *word)
{
	return strtoull(word, NULL, 0);
}

static void add_image(char **word)
{
	stacks.images = xgrow(stacks.images, stacks.nr_images, &images_room,
			      sizeof(*stacks.images));
	text_unescape(word[6]);
	stacks.images[stacks.nr_images] = (struct stack_image) {
		.number = stacks.nr_images + 1,
		.dev_major = (uint32_t)number(word[1]), .dev_minor = (uint32_t)number(word[2]),
		.inode = number(word[3]), .deleted = number(word[4]),
		.build_id = strcmp(word[5], "-") ? xstrdup(word[5]) : NULL,
		.path = xstrdup(word[6]),
	};
	stacks.nr_images++;
}

static void add_stack(char **word)
{
	stacks.stacks = xgrow(stacks.stacks, stacks.nr_stacks, &stacks_room,
			      sizeof(*stacks.stacks));
	stacks.stacks[stacks.nr_stacks++] = (struct stack) {
		.pid = atoi(word[1]), .id = number(word[2]), .state = xstrdup(word[3]),
		.comm = "comm", .object = "[anon]", .first = stacks.nr_frames,
	};
	stacks.now = strtod(word[4], NULL);
}

static struct stack_frame *add_frame(enum stack_frame_kind kind, uint64_t at, bool exact)
{
	struct stack_frame *frame;

	stacks.frames = xgrow(stacks.frames, stacks.nr_frames, &frames_room, sizeof(*frame));
	frame = &stacks.frames[stacks.nr_frames++];
	*frame = (struct stack_frame) { .kind = kind, .at = at, .exact = exact };
	stacks.stacks[stacks.nr_stacks - 1].nr++;
	stacks.stacks[stacks.nr_stacks - 1].nr_kernel += kind == FRAME_KERNEL;
	return frame;
}

static void put(const char *text)
{
	char *shown = text ? text_shown(text, TEXT_RAW) : xstrdup("-");

	printf("\t%s", shown);
	free(shown);
}

static void print_label(size_t stack, size_t frame, const struct label *label)
{
	static const char * const kinds[] = { "file", "made", "kernel", "overflow" };

	printf("%zu\t%zu\t%s", stack, frame, kinds[label->kind]);
	put(label->function);
	printf("\t%#" PRIx64 "\t%d", label->offset, label->inlined);
	put(label->path);
	put(label->build_id);
	printf("\t%#" PRIx64, label->at);
	put(label->why);
	put(label->source);
	printf("\t%u", label->line);
	put(label->full);
	put(label->brief);
	printf("\t%p\n", (const void *)label);
}

static void forget(void)
{
	stacks.nr_images = 0;
	stacks.nr_stacks = 0;
	stacks.nr_frames = 0;
	stacks.realtime = 0;
}

static void print_labels(void)
{
	const struct label *labels[128];
	size_t i, nr;
	uint32_t j;

	for (i = 0; i < stacks.nr_stacks; i++) {
		for (j = 0; j < stacks.stacks[i].nr; j++) {
			const struct label **at = labels;

			nr = symbols_label(symbols, &stacks, &stacks.stacks[i], j, labels, 128);
			for (; nr; nr--)
				print_label(i, j, *at++);
		}
	}
	printf("trouble\t");
	fflush(stdout);
	symbols_print_trouble(symbols, stdout);
	printf("\nend\n");
	forget();
}

static double clock_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void name_many(char **word)
{
	const size_t nr_stacks = number(word[1]), nr_frames = number(word[2]);
	char first[] = "stack", pid[] = "0", id[] = "1", state[] = "exited", now[] = "1";
	char *stack[] = { first, pid, id, state, now };
	const struct label *labels[128];
	size_t i, j, named = 0, all = 0;
	double begin;

	srand(1);
	for (i = 0; i < nr_stacks; i++) {
		add_stack(stack);
		for (j = 0; j < nr_frames; j++)
			add_frame(FRAME_FILE, 0x1000 + (uint64_t)rand() % 0x20000, !j)->image =
				(size_t)rand() % stacks.nr_images;
	}
	begin = clock_seconds();
	for (i = 0; i < nr_stacks; i++) {
		for (j = 0; j < nr_frames; j++) {
			all += symbols_label(symbols, &stacks, &stacks.stacks[i], j, labels, 128);
			named += !!labels[0]->function;
		}
	}
	printf("many\t%zu\t%zu\t%.3f\n", all, named, clock_seconds() - begin);
	forget();
}

static int find_no_file(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			const char *file, const char *link, GElf_Word sum, char **found)
{
	(void)module;
	(void)data;
	(void)name;
	(void)base;
	(void)file;
	(void)link;
	(void)sum;
	(void)found;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = find_no_file,
	.section_address = dwfl_offline_section_address,
};

/*
 * Two names of one place are as good as each other; and behind one without a size there may be what
 * is not in the table.
 */
static bool is_same(Dwfl_Module *module, const struct functions *functions, uint64_t address,
		    bool *named)
{
	const struct function *function = functions_find(functions, address);
	GElf_Off offset;
	GElf_Sym symbol;
	const char *name;

	name = dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);
	*named = function;
	if (name && !symbol.st_size && offset && !functions->whole)
		name = NULL;
	if (!name || !function)
		return !name && !function;
	return address - offset == function->begin;
}

static void compare_functions(const char *path)
{
	struct functions functions;
	Dwfl *dwfl = dwfl_begin(&callbacks);
	size_t all = 0, named = 0, different = 0;
	Dwfl_Module *module;
	GElf_Addr begin;
	GElf_Sym symbol;
	int i, j, nr;

	module = dwfl_report_elf(dwfl, "image", path, -1, 0, true);
	dwfl_report_end(dwfl, NULL, NULL);
	if (!functions_read(&functions, module))
		printf("trouble\t%s\n", dwfl_errmsg(-1));
	nr = dwfl_module_getsymtab(module);
	for (i = 1; i < nr; i += nr / 500 + 1) {
		const char *name = dwfl_module_getsym_info(module, i, &symbol, &begin, NULL, NULL,
							   NULL);
		const uint64_t size = symbol.st_size;
		const uint64_t at[] = { begin - 1, begin, begin + size / 2, begin + size - 1,
					begin + size, begin + size + 5 };

		if (!name || symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS ||
		    GELF_ST_TYPE(symbol.st_info) == STT_TLS)
			continue;
		for (j = 0; j < 6; j++) {
			bool is_named;

			if (!is_same(module, &functions, at[j], &is_named)) {
				different++;
				printf("different\t%#" PRIx64 "\n", at[j]);
			}
			named += is_named;
			all++;
		}
	}
	printf("compared\t%zu\t%zu\t%zu\n", all, named, different);
	functions_free(&functions);
	dwfl_end(dwfl);
}

static void print_name(char *name)
{
	printf("name\t%s\n", name ? name : "-");
	free(name);
}

static void begin_anew(char **word)
{
	const struct symbols_wanted wanted = {
		.inlines = number(word[1]), .source = number(word[2]), .live = number(word[3]),
	};

	symbols_free(symbols);
	symbols = symbols_new(&wanted);
	forget();
}

static void obey(char **word)
{
	if (!strcmp(*word, "wanted"))
		begin_anew(word);
	else if (!strcmp(*word, "image"))
		add_image(word);
	else if (!strcmp(*word, "time"))
		stacks.realtime = strtod(word[1], NULL);
	else if (!strcmp(*word, "stack"))
		add_stack(word);
	else if (!strcmp(*word, "file"))
		add_frame(FRAME_FILE, number(word[2]), number(word[3]))->image = number(word[1]);
	else if (!strcmp(*word, "address"))
		add_frame(FRAME_ADDRESS, number(word[1]), number(word[2]))->why = xstrdup(word[3]);
	else if (!strcmp(*word, "kernel"))
		add_frame(FRAME_KERNEL, 0, true)->symbol = xstrdup(word[1]);
	else if (!strcmp(*word, "end"))
		print_labels();
	else if (!strcmp(*word, "many"))
		name_many(word);
	else if (!strcmp(*word, "rust"))
		print_name(rust_demangle(word[1]));
	else if (!strcmp(*word, "demangle"))
		print_name(demangle(word[1]));
	else if (!strcmp(*word, "compare"))
		compare_functions(word[1]);
	else
		printf("unknown\n");
	fflush(stdout);
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;

	text_init();
	demangle_begin();
	while (getline(&line, &room, stdin) > 0) {
		char *word[WORDS] = { NULL }, *at = line;
		size_t nr;

		line[strcspn(line, "\n")] = '\0';
		for (nr = 0; nr < WORDS && at; nr++)
			word[nr] = strsep(&at, "\t");
		for (; nr < WORDS; nr++)
			word[nr] = (char *)"";
		obey(word);
	}
	symbols_free(symbols);
	free(line);
	return 0;
}
