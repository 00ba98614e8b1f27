// SPDX-License-Identifier: GPL-2.0
/*
 * pprof.c - stacks as a profile in pprof's format, compressed as all who read it expect. Called by
 * the command that puts out stacks.
 *
 * A profile is written in pieces, each a message of its own, since several of them one behind the
 * other are one message: first what it is about, then a sample for each stack, at last the tables
 * of what samples refer to, which are complete only then. What is in a table stands there once; its
 * id is its position + 1, that of a string its position.
 *
 * Addresses are made up: what is known of code is its offset in a file, the same in every process.
 * So each file gets a range of its own, above what programs have, from a multiple of 4 GiB on. The
 * last eight digits of an address are then the offset in the file, and for whoever symbolizes by
 * file or build-id it is as the format has it: address - memory_start + file_offset.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/index.h"
#include "lib/text.h"
#include "lib/xalloc.h"
#include "stacks/pprof/pprof.h"
#include "stacks/pprof/profile.pb-c.h"

#define KERNEL_NAME	"[kernel.kallsyms]"	/* by which readers know that it is no file */
#define FIRST_ADDRESS	0x1000000000000ull
#define RANGE_SHIFT	32		/* ranges begin at multiples of this */
#define OFFSET_MAX	0x10000000000ull	/* no file has code beyond it */
#define PAGE		4096ull		/* what readers align to, whatever the processor has */
#define KERNEL_SHIFT	16		/* bytes of a function of the kernel that are told apart */
#define SAMPLE_LABELS	4		/* of one sample at most */

/* Elements that are each there once, in the order in which they came. */
struct table {
	void *at;
	size_t size;		/* bytes of an element */
	size_t nr, room;
	index_same same;
	struct index index;
	uint64_t *hashes;	/* of the elements */
};

struct function {
	int64_t name, system_name, source;	/* strings */
};

/*
 * What locations are in: the kernel, or a file. Of a file there may be two, for code that is left
 * bare and for the rest, because readers look for names either in all of a mapping or nowhere, and
 * would lose ours where they find none.
 */
struct mapping {
	int64_t path, build_id;	/* strings */
	bool is_kernel;
	bool is_bare;
	bool lacks_source, lacks_line;	/* some of its locations do */
	bool has_inlined;
	uint64_t lowest, highest;	/* offsets of its locations */
	uint64_t base;		/* address of offset 0 */
	uint64_t begin, end;	/* offsets, of whole pages */
};

/* A frame: a function, and before it those that are inlined there. */
struct location {
	const struct label **labels;
	size_t nr;
	bool is_return;		/* the address is what a call returns to */
	size_t mapping;		/* position + 1; 0: it is in none */
	uint64_t offset;	/* in it, or the address */
};

/* Where a profile is put out. */
struct packer {
	FILE *out;
	z_stream stream;
	uint8_t *piece;		/* a message, packed */
	size_t room;		/* for it */
	int error;		/* the first one; 0 so far */
};

struct profile {
	const struct callstacks *stacks;
	const struct pprof_origin *origin;
	uint64_t every;
	char *note;		/* of that */
	struct table strings, functions, mappings, locations;
	uint64_t *ids;		/* of the locations of a sample */
	size_t ids_room;
	struct packer packer;
};

/*
 * Tables
 */

static void table_init(struct table *table, size_t size, index_same same)
{
	*table = (struct table) { .size = size, .same = same };
	index_init(&table->index, 0);
}

static void table_free(struct table *table)
{
	index_free(&table->index);
	free(table->at);
	free(table->hashes);
}

/* For elements that are known to be different. */
static bool never_same(const void *wanted, size_t position, const void *array)
{
	(void)wanted;
	(void)position;
	(void)array;
	return false;
}

static void table_grow(struct table *table)
{
	size_t i;

	table->room = 2 * table->room + 64;
	table->at = xrealloc(table->at, table->room * table->size);
	table->hashes = xrealloc(table->hashes, table->room * sizeof(*table->hashes));
	index_free(&table->index);
	index_init(&table->index, table->room);
	for (i = 0; i < table->nr; i++)
		*index_slot(&table->index, table->hashes[i], never_same, NULL, NULL) =
			(uint32_t)i + 1;
}

/* Its position; where it was not there, it is now, as the last one. */
static size_t table_place(struct table *table, uint64_t hash, const void *element)
{
	uint32_t *slot;

	if (table->nr == table->room)
		table_grow(table);
	slot = index_slot(&table->index, hash, table->same, element, table->at);
	if (!*slot) {
		memcpy((char *)table->at + table->nr * table->size, element, table->size);
		table->hashes[table->nr++] = hash;
		*slot = (uint32_t)table->nr;
	}
	return *slot - 1;
}

static bool string_same(const void *wanted, size_t position, const void *array)
{
	const char *const *text = wanted, *const *all = array;

	return !strcmp(*text, all[position]);
}

static bool function_same(const void *wanted, size_t position, const void *array)
{
	const struct function *one = wanted, *other = (const struct function *)array + position;

	return one->name == other->name && one->system_name == other->system_name &&
	       one->source == other->source;
}

static bool mapping_same(const void *wanted, size_t position, const void *array)
{
	const struct mapping *one = wanted, *other = (const struct mapping *)array + position;

	return one->path == other->path && one->build_id == other->build_id &&
	       one->is_kernel == other->is_kernel && one->is_bare == other->is_bare;
}

static bool location_same(const void *wanted, size_t position, const void *array)
{
	const struct location *one = wanted, *other = (const struct location *)array + position;

	return one->nr == other->nr && one->is_return == other->is_return &&
	       !memcmp(one->labels, other->labels, one->nr * sizeof(*one->labels));
}

/*
 * What is referred to
 */

/* The text must last as long as the profile. NULL is the empty one. */
static int64_t string_of(struct profile *profile, const char *text)
{
	if (!text)
		text = "";
	return (int64_t)table_place(&profile->strings, hash_text(HASH_BEGIN, text), &text);
}

/* Whether a name may be that of a symbol: what is demangled has one of these, or is the same. */
static bool is_symbol(const char *name)
{
	return !name[strcspn(name, " (),:<>[]{}*&~+-/'\"")];
}

/*
 * The id. A system name that is the same as the name is taken for one that is to be demangled yet,
 * and what is between < and > is cut off then, which leaves little of <A as B>::c. So a name that
 * is demangled has no system name, for that is not known.
 */
static uint64_t function_of(struct profile *profile, const struct label *label)
{
	struct function function = {
		.name = string_of(profile, label->function ? label->function : label->full),
		.source = string_of(profile, label->source),
	};
	uint64_t hash;

	if (label->function && is_symbol(label->function))
		function.system_name = function.name;
	hash = hash_number(HASH_BEGIN, (uint64_t)function.name);
	hash = hash_number(hash, (uint64_t)function.system_name);
	hash = hash_number(hash, (uint64_t)function.source);
	return table_place(&profile->functions, hash, &function) + 1;
}

static uint64_t mapping_hash(const struct mapping *mapping)
{
	uint64_t hash = hash_number(HASH_BEGIN, (uint64_t)mapping->path);

	hash = hash_number(hash, (uint64_t)mapping->build_id);
	hash = hash_number(hash, mapping->is_kernel);
	return hash_number(hash, mapping->is_bare);
}

static size_t mapping_of(struct profile *profile, const struct mapping *mapping)
{
	return table_place(&profile->mappings, mapping_hash(mapping), mapping);
}

static struct mapping *mapping_at(const struct profile *profile, size_t position)
{
	return (struct mapping *)profile->mappings.at + position;
}

static bool has_name(const struct location *location)
{
	size_t i;

	for (i = 0; i < location->nr && !location->labels[i]->function; i++)
		;
	return i < location->nr;
}

/*
 * What is known of a function of the kernel is its name, and how far behind its beginning: so
 * functions stand one behind the other, in the order of their ids.
 */
static void place_in_kernel(struct profile *profile, struct location *location)
{
	const struct label *outer = location->labels[location->nr - 1];
	const uint64_t last = (1ull << KERNEL_SHIFT) - 1;
	struct mapping kernel = { .path = string_of(profile, KERNEL_NAME), .is_kernel = true };

	location->offset = function_of(profile, outer) << KERNEL_SHIFT |
			   (outer->offset < last ? outer->offset : last);
	location->mapping = mapping_of(profile, &kernel) + 1;
}

/*
 * An address that a call returns to becomes one of the call, as profiles have it: what is behind
 * the call may belong to another line, or function.
 */
static void place_in_file(struct profile *profile, struct location *location)
{
	const struct label *outer = location->labels[location->nr - 1];
	struct mapping file = {
		.path = string_of(profile, outer->path),
		.build_id = string_of(profile, outer->build_id),
		.is_bare = profile->origin->bare && !has_name(location),
		.lowest = UINT64_MAX,
	};

	location->offset = outer->at - (location->is_return && outer->at);
	location->mapping = mapping_of(profile, &file) + 1;
}

/* The mapping is to have room for it, and to say what is not known of it. */
static void mapping_take(struct mapping *mapping, const struct location *location)
{
	size_t i;

	if (location->offset < mapping->lowest)
		mapping->lowest = location->offset;
	if (location->offset > mapping->highest)
		mapping->highest = location->offset;
	for (i = 0; i < location->nr; i++) {
		mapping->lacks_source |= mapping->is_bare || !location->labels[i]->source;
		mapping->lacks_line |= mapping->is_bare || !location->labels[i]->line;
	}
	mapping->has_inlined |= location->nr > 1;
}

static void location_place(struct profile *profile, struct location *location)
{
	const struct label *outer = location->labels[location->nr - 1];

	if (outer->kind == LABEL_KERNEL)
		place_in_kernel(profile, location);
	else if (outer->kind == LABEL_FILE && outer->path && outer->at < OFFSET_MAX)
		place_in_file(profile, location);
	else
		location->offset = outer->at;
	if (location->mapping)
		mapping_take(mapping_at(profile, location->mapping - 1), location);
}

/* The id. */
static uint64_t location_of(struct profile *profile, const struct location *wanted)
{
	uint64_t hash = hash_number(HASH_BEGIN, wanted->is_return);
	size_t nr = profile->locations.nr, at, i;

	for (i = 0; i < wanted->nr; i++)
		hash = hash_number(hash, (uint64_t)(uintptr_t)wanted->labels[i]);
	at = table_place(&profile->locations, hash, wanted);
	if (at == nr)
		location_place(profile, (struct location *)profile->locations.at + at);
	return at + 1;
}

/*
 * Output
 */

static bool packer_begin(struct packer *packer, FILE *out)
{
	*packer = (struct packer) { .out = out };
	/* 15: as much to look back to as there may be; 16: with gzip's header, without a time. */
	if (deflateInit2(&packer->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
			 Z_DEFAULT_STRATEGY) == Z_OK)
		return true;
	errno = ENOMEM;
	return false;
}

static void packer_compress(struct packer *packer, uint8_t *data, size_t size, int flush)
{
	z_stream *stream = &packer->stream;
	uint8_t chunk[16384];
	size_t ready;

	stream->next_in = data;
	stream->avail_in = (uInt)size;
	do {
		stream->next_out = chunk;
		stream->avail_out = sizeof(chunk);
		deflate(stream, flush);
		ready = sizeof(chunk) - stream->avail_out;
		if (!packer->error && fwrite(chunk, 1, ready, packer->out) != ready)
			packer->error = errno ? errno : EIO;
	} while (!stream->avail_out);
}

static void packer_put(struct packer *packer, const Pprof__Profile *piece)
{
	size_t size = pprof__profile__get_packed_size(piece);

	if (size > packer->room) {
		packer->room = 2 * size;
		packer->piece = xrealloc(packer->piece, packer->room);
	}
	pprof__profile__pack(piece, packer->piece);
	packer_compress(packer, packer->piece, size, Z_NO_FLUSH);
}

static bool packer_end(struct packer *packer)
{
	packer_compress(packer, NULL, 0, Z_FINISH);
	deflateEnd(&packer->stream);
	free(packer->piece);
	errno = packer->error;
	return !packer->error;
}

static uint64_t magnitude(uint64_t value, uint64_t every)
{
	uint64_t scaled;

	if (__builtin_mul_overflow(value, every, &scaled) || scaled > INT64_MAX)
		return INT64_MAX;
	return scaled;
}

/*
 * Where one in so many calls was counted, values are what there would have been with all of them:
 * profiles hold what is most useful to people, and as period what it was multiplied by. The values
 * of a difference may be negative.
 */
static int64_t value_of(const struct profile *profile, const struct callstack *stack,
			enum stack_counter counter)
{
	uint64_t now = stack->n[counter];
	uint64_t before = profile->stacks->is_difference ? stack->before[counter] : 0;

	if (now < before)
		return -(int64_t)magnitude(before - now, profile->every);
	return (int64_t)magnitude(now - before, profile->every);
}

/* Returns whether one of them is not 0. */
static bool values_of(const struct profile *profile, const struct callstack *stack, int64_t *values)
{
	enum stack_counter counter;
	bool any = false;

	for (counter = 0; counter < STACK_COUNTERS; counter++) {
		values[counter] = value_of(profile, stack, counter);
		any |= values[counter] != 0;
	}
	return any;
}

/* How many labels, from the one at @first on, are one frame. */
static size_t frame_size(const struct callstack *stack, size_t first)
{
	size_t at = first;

	while (at + 1 < stack->nr && stack->labels[at]->inlined)
		at++;
	return at - first + 1;
}

/* Sets the ids of its frames; returns how many there are. */
static size_t locations_of(struct profile *profile, const struct callstack *stack)
{
	bool in_program = false;
	size_t first, size, nr = 0;

	if (stack->nr > profile->ids_room) {
		profile->ids_room = 2 * stack->nr;
		profile->ids = xrealloc(profile->ids, profile->ids_room * sizeof(*profile->ids));
	}
	for (first = 0; first < stack->nr; first += size) {
		struct location location = { .labels = &stack->labels[first] };
		enum label_kind kind;

		size = frame_size(stack, first);
		kind = stack->labels[first + size - 1]->kind;
		location.nr = size;
		/* The program's first frame is where it was, others are where it will return to. */
		location.is_return = in_program && kind == LABEL_FILE;
		in_program |= kind != LABEL_KERNEL;
		profile->ids[nr++] = location_of(profile, &location);
	}
	return nr;
}

static size_t label_text(struct profile *profile, Pprof__Label *label, const char *key,
			 const char *text)
{
	if (!text || !*text)
		return 0;
	pprof__label__init(label);
	label->key = string_of(profile, key);
	label->str = string_of(profile, text);
	return 1;
}

static size_t label_number(struct profile *profile, Pprof__Label *label, const char *key,
			   int64_t number)
{
	if (!number)
		return 0;
	pprof__label__init(label);
	label->key = string_of(profile, key);
	label->num = number;
	return 1;
}

static void put_sample(struct profile *profile, const struct callstack *stack)
{
	Pprof__Profile piece = PPROF__PROFILE__INIT;
	Pprof__Sample sample = PPROF__SAMPLE__INIT, *samples = &sample;
	Pprof__Label labels[SAMPLE_LABELS], *label_list[SAMPLE_LABELS];
	int64_t values[STACK_COUNTERS];
	size_t nr = 0, i;

	if (!values_of(profile, stack, values))
		return;
	nr += label_text(profile, &labels[nr], "comm", stack->comm);
	nr += label_number(profile, &labels[nr], "pid", stack->pid);
	nr += label_text(profile, &labels[nr], "state", stack->state);
	nr += label_text(profile, &labels[nr], "object", stack->object);
	for (i = 0; i < nr; i++)
		label_list[i] = &labels[i];
	sample.n_label = nr;
	sample.label = label_list;
	sample.n_value = STACK_COUNTERS;
	sample.value = values;
	sample.n_location_id = locations_of(profile, stack);
	sample.location_id = profile->ids;
	piece.n_sample = 1;
	piece.sample = &samples;
	packer_put(&profile->packer, &piece);
}

static uint64_t page_of(uint64_t offset)
{
	return offset & ~(PAGE - 1);
}

/* The one for code of the same file that is left bare; NULL if there is none. */
static const struct mapping *bare_twin(const struct profile *profile, const struct mapping *mapping)
{
	struct mapping wanted = *mapping;
	uint32_t slot;

	wanted.is_bare = true;
	slot = *index_slot(&profile->mappings.index, mapping_hash(&wanted), mapping_same, &wanted,
			   profile->mappings.at);
	return slot ? mapping_at(profile, slot - 1) : NULL;
}

/*
 * A mapping has the pages of its locations and no more: readers find out what part of the file it
 * is by where it begins and ends. Two of one file with the same pages would be one to them; there
 * the one with names, in which nothing is looked up, has a page more.
 */
static void mappings_lay_out(struct profile *profile)
{
	uint64_t next = FIRST_ADDRESS;
	size_t i;

	for (i = 0; i < profile->mappings.nr; i++) {
		struct mapping *mapping = mapping_at(profile, i);

		mapping->base = next;
		mapping->begin = page_of(mapping->lowest);
		mapping->end = page_of(mapping->highest) + PAGE;
		/* With a page to spare, and another so that no two of them touch. */
		next += (((mapping->end + 2 * PAGE) >> RANGE_SHIFT) + 1) << RANGE_SHIFT;
	}
	for (i = 0; i < profile->mappings.nr; i++) {
		struct mapping *mapping = mapping_at(profile, i);
		const struct mapping *twin = mapping->is_bare ? NULL : bare_twin(profile, mapping);

		if (twin && twin->begin == mapping->begin && twin->end == mapping->end)
			mapping->end += PAGE;
	}
}

static void put_mappings(struct profile *profile)
{
	Pprof__Profile piece = PPROF__PROFILE__INIT;
	Pprof__Mapping message = PPROF__MAPPING__INIT, *messages = &message;
	size_t i;

	piece.n_mapping = 1;
	piece.mapping = &messages;
	for (i = 0; i < profile->mappings.nr; i++) {
		const struct mapping *mapping = mapping_at(profile, i);

		message.id = i + 1;
		message.memory_start = mapping->base + mapping->begin;
		message.memory_limit = mapping->base + mapping->end;
		message.file_offset = mapping->begin;
		message.filename = mapping->path;
		message.build_id = mapping->build_id;
		message.has_functions = !mapping->is_bare;
		message.has_filenames = !mapping->lacks_source;
		message.has_line_numbers = !mapping->lacks_line;
		message.has_inline_frames = mapping->has_inlined;
		packer_put(&profile->packer, &piece);
	}
}

/*
 * Code without a name is called what we show for it: some readers leave out a frame that has no
 * function, and its caller would seem to have called what it did not. So nothing is left to be
 * looked up, and has_functions says so; else go tool pprof would, wrongly: it does not compare
 * build-ids, and takes the beginning of a mapping for that of the file's code.
 */
static void put_location(struct profile *profile, uint64_t id, const struct location *location)
{
	Pprof__Profile piece = PPROF__PROFILE__INIT;
	Pprof__Location message = PPROF__LOCATION__INIT, *messages = &message;
	const struct mapping *mapping = NULL;
	Pprof__Line *lines, **line_list;
	size_t i;

	if (location->mapping)
		mapping = mapping_at(profile, location->mapping - 1);
	message.id = id;
	message.mapping_id = location->mapping;
	message.address = location->offset + (mapping ? mapping->base : 0);
	message.n_line = mapping && mapping->is_bare ? 0 : location->nr;
	lines = xmalloc(location->nr * sizeof(*lines));
	line_list = xmalloc(location->nr * sizeof(*line_list));
	for (i = 0; i < message.n_line; i++) {
		line_list[i] = &lines[i];
		pprof__line__init(&lines[i]);
		lines[i].function_id = function_of(profile, location->labels[i]);
		lines[i].line = location->labels[i]->line;
	}
	message.line = line_list;
	piece.n_location = 1;
	piece.location = &messages;
	packer_put(&profile->packer, &piece);
	free(line_list);
	free(lines);
}

static void put_locations(struct profile *profile)
{
	const struct location *all = profile->locations.at;
	size_t i;

	for (i = 0; i < profile->locations.nr; i++)
		put_location(profile, i + 1, &all[i]);
}

static void put_functions(struct profile *profile)
{
	Pprof__Profile piece = PPROF__PROFILE__INIT;
	Pprof__Function message = PPROF__FUNCTION__INIT, *messages = &message;
	const struct function *all = profile->functions.at;
	size_t i;

	piece.n_function = 1;
	piece.function = &messages;
	for (i = 0; i < profile->functions.nr; i++) {
		message.id = i + 1;
		message.name = all[i].name;
		message.system_name = all[i].system_name;
		message.filename = all[i].source;
		packer_put(&profile->packer, &piece);
	}
}

/* Such as a terminal takes for a command; and what begins an escape, so that all can be undone. */
static bool is_harmless(uint32_t c)
{
	return c >= 0x20 && c != '\\' && (c < 0x7f || c >= 0xa0);
}

/* As valid UTF-8: other bytes, and what is not harmless, are escaped as in the module's files. */
static char *string_shown(const char *text)
{
	char *shown = xmalloc(4 * strlen(text) + 1), *to = shown;

	while (*text) {
		uint32_t c = 0;
		size_t length = text_decode(text, &c);

		if (length && is_harmless(c)) {
			to = mempcpy(to, text, length);
			text += length;
			continue;
		}
		for (length += !length; length; length--)
			to += sprintf(to, "\\%03o", (unsigned char)*text++);
	}
	*to = '\0';
	return shown;
}

static void put_strings(struct profile *profile)
{
	Pprof__Profile piece = PPROF__PROFILE__INIT;
	const char *const *all = profile->strings.at;
	char *shown;
	size_t i;

	piece.n_string_table = 1;
	piece.string_table = &shown;
	for (i = 0; i < profile->strings.nr; i++) {
		shown = string_shown(all[i]);
		packer_put(&profile->packer, &piece);
		free(shown);
	}
}

/* With its whole seconds apart: a double has not the digits for all of it. */
static int64_t nanoseconds(double seconds)
{
	int64_t whole;

	if (!(seconds > 0))
		return 0;
	if (seconds > 9e9)
		return INT64_MAX;
	whole = (int64_t)seconds;
	return whole * 1000000000 + (int64_t)((seconds - (double)whole) * 1e9);
}

/* What counts are called; by what is counted. */
static void put_types(struct profile *profile)
{
	static const char *const names[STACK_COUNTERS] = {
		[STACK_CALLS] = "calls", [STACK_MINOR] = "minor",
		[STACK_MAJOR] = "major", [STACK_UNCOUNTED] = "uncounted",
	};
	Pprof__Profile piece = PPROF__PROFILE__INIT;
	Pprof__ValueType types[STACK_COUNTERS], *list[STACK_COUNTERS];
	size_t i;

	for (i = 0; i < STACK_COUNTERS; i++) {
		list[i] = &types[i];
		pprof__value_type__init(&types[i]);
		types[i].type = string_of(profile, names[i]);
		types[i].unit = string_of(profile, "count");
	}
	piece.n_sample_type = STACK_COUNTERS;
	piece.sample_type = list;
	piece.default_sample_type = types[profile->stacks->what].type;
	piece.period_type = &types[STACK_CALLS];
	piece.period = (int64_t)magnitude(1, profile->every);
	packer_put(&profile->packer, &piece);
}

static void put_comment(struct profile *profile, const char *text)
{
	Pprof__Profile piece = PPROF__PROFILE__INIT;
	int64_t comment = string_of(profile, text);

	piece.n_comment = 1;
	piece.comment = &comment;
	packer_put(&profile->packer, &piece);
}

static void put_origin(struct profile *profile)
{
	const struct pprof_origin *origin = profile->origin;
	Pprof__Profile piece = PPROF__PROFILE__INIT;
	size_t i;

	if (origin->realtime > origin->seconds)
		piece.time_nanos = nanoseconds(origin->realtime - origin->seconds);
	piece.duration_nanos = nanoseconds(origin->seconds);
	packer_put(&profile->packer, &piece);
	for (i = 0; i < origin->nr_comments; i++)
		put_comment(profile, origin->comments[i]);
	if (profile->every > 1)
		put_comment(profile, profile->note);
	if (profile->stacks->is_difference)
		put_comment(profile, "a difference of two copies: counts may be negative");
}

static void profile_init(struct profile *profile, const struct callstacks *stacks,
			 const struct pprof_origin *origin)
{
	*profile = (struct profile) { .stacks = stacks, .origin = origin };
	profile->every = stacks->every ? stacks->every : 1;
	profile->note = xasprintf("one in %" PRIu64 " calls was counted; counts are scaled up",
				  profile->every);
	table_init(&profile->strings, sizeof(char *), string_same);
	table_init(&profile->functions, sizeof(struct function), function_same);
	table_init(&profile->mappings, sizeof(struct mapping), mapping_same);
	table_init(&profile->locations, sizeof(struct location), location_same);
	string_of(profile, "");
}

static void profile_free(struct profile *profile)
{
	table_free(&profile->strings);
	table_free(&profile->functions);
	table_free(&profile->mappings);
	table_free(&profile->locations);
	free(profile->ids);
	free(profile->note);
}

/**
 * pprof_write() - stacks as a profile, compressed with gzip.
 * @out: where to; what stdio keeps back is not flushed
 * @stacks: with counts as they were counted: those of one in so many calls are multiplied here.
 *	Stacks that all counts of are 0 are left out
 * @origin: what else there is to be said
 *
 * The same stacks give the same bytes.
 *
 * Return: true; false with errno if it cannot be written.
 */
bool pprof_write(FILE *out, const struct callstacks *stacks, const struct pprof_origin *origin)
{
	struct profile profile;
	bool is_fine;
	int failure;
	size_t i;

	profile_init(&profile, stacks, origin);
	is_fine = packer_begin(&profile.packer, out);
	if (is_fine) {
		put_types(&profile);
		put_origin(&profile);
		for (i = 0; i < stacks->nr; i++)
			put_sample(&profile, &stacks->at[i]);
		mappings_lay_out(&profile);
		put_mappings(&profile);
		put_locations(&profile);
		put_functions(&profile);
		put_strings(&profile);
		is_fine = packer_end(&profile.packer);
	}
	failure = errno;
	profile_free(&profile);
	errno = failure;
	return is_fine;
}
