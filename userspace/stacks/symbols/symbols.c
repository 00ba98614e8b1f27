// SPDX-License-Identifier: GPL-2.0
/*
 * symbols.c - frames in words: which functions they are in. Called by callstacks.c.
 *
 * When a frame is asked for that is not known yet, frames.c finds all frames of its copy, and
 * known.c remembers them; images.c finds the files, namer.c and perfmap.c the names.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"
#include "lib/xalloc.h"
#include "stacks/symbols/frames.h"
#include "stacks/symbols/symbols.h"

/* Files at most that are named as having no names. */
#define TROUBLES_MAX	4

struct symbols {
	struct symbols_wanted wanted;
	struct labels *labels;
	struct known known;
};

/**
 * symbols_new() - nothing is known yet.
 * @wanted: what is asked for
 *
 * Return: to be freed.
 */
struct symbols *symbols_new(const struct symbols_wanted *wanted)
{
	struct symbols *symbols = xcalloc(1, sizeof(*symbols));

	symbols->wanted = *wanted;
	symbols->labels = labels_new();
	symbols->known.labels = symbols->labels;
	return symbols;
}

/* "function+0x1b", or "?". */
static const struct label *label_kernel(struct symbols *symbols, const char *symbol)
{
	struct label draft = { .kind = LABEL_KERNEL };
	const char *plus = strrchr(symbol, '+');
	char *function = xstrdup(symbol);
	const struct label *label;

	if (plus) {
		function[plus - symbol] = '\0';
		draft.offset = strtoull(plus + 1, NULL, 16);
	}
	if (*function && strcmp(function, "?"))
		draft.function = function;
	label = labels_get(symbols->labels, &draft, false);
	free(function);
	return label;
}

/* Why an address has no file, as people say it. */
static const char *why_of(const struct stack_frame *frame)
{
	if (!strcmp(frame->why, "unknown"))
		return "ended too early";
	if (!strcmp(frame->why, "no-room"))
		return "no room";
	return frame->why;
}

static const struct label *label_address(struct symbols *symbols, const struct stack_frame *frame)
{
	const struct label draft = {
		.kind = LABEL_MADE, .at = frame->at, .why = why_of(frame),
	};

	return labels_get(symbols->labels, &draft, false);
}

static const struct known_frame *find(struct symbols *symbols, const struct stacks *stacks,
				      const struct known_frame *key)
{
	const struct known_frame *frame = known_find_frame(&symbols->known, key);

	if (!frame || frames_is_out_of_date(&symbols->known, frame, key->pid, stacks->now)) {
		frames_find(&symbols->known, &symbols->wanted, stacks);
		frame = known_find_frame(&symbols->known, key);
	}
	return frame;
}

/**
 * symbols_label() - a frame in words.
 * @symbols: made
 * @stacks: a copy, as it was parsed
 * @stack: one of it
 * @frame: number of one of its frames, the innermost is 0
 * @labels: set: the functions there, the innermost first; they stay as long as @symbols
 * @room: how many of them at most
 *
 * Return: how many; one, unless functions are inlined and that is asked for; 0 without room.
 */
size_t symbols_label(struct symbols *symbols, const struct stacks *stacks,
		     const struct stack *stack, size_t frame, const struct label **labels,
		     size_t room)
{
	const struct stack_frame *one = &stacks->frames[stack->first + frame];
	const struct known_frame *known;
	struct known_frame key;
	size_t nr;

	if (!room)
		return 0;
	if (one->kind == FRAME_KERNEL) {
		*labels = label_kernel(symbols, one->symbol);
		return 1;
	}
	if (!frames_describe(&symbols->known, stacks, stack, frame, &symbols->wanted, &key)) {
		*labels = label_address(symbols, one);
		return 1;
	}
	known = find(symbols, stacks, &key);
	nr = known->nr < room ? known->nr : room;
	/* Those that are left out are the inner ones: the function itself is always there. */
	memcpy(labels, symbols->known.list + known->first + (known->nr - nr), nr * sizeof(*labels));
	return nr;
}

/**
 * symbols_overflow() - what stands for stacks that found no room.
 * @symbols: made
 *
 * Return: its label.
 */
const struct label *symbols_overflow(struct symbols *symbols)
{
	static const struct label draft = { .kind = LABEL_OVERFLOW };

	return labels_get(symbols->labels, &draft, false);
}

/* One of them, and what was before it. */
static void print_one(FILE *out, size_t *nr, const char *name, const char *trouble)
{
	char *shown = text_shown(name, TEXT_TABLE), *why = text_shown(trouble, TEXT_TABLE);

	if (*nr < TROUBLES_MAX)
		fprintf(out, "%s%s: %s", *nr ? "; " : "functions without names: ", shown, why);
	++*nr;
	free(shown);
	free(why);
}

/**
 * symbols_print_trouble() - say in one line which files have functions without names, and why;
 * nothing if there are none.
 * @symbols: which
 * @out: where
 */
void symbols_print_trouble(const struct symbols *symbols, FILE *out)
{
	const struct known *known = &symbols->known;
	const struct known_process *process = known->processes.at;
	size_t nr = 0, i;

	for (i = 0; i < known->images.nr; i++) {
		const struct known_image *image = known_image_at(known, i);
		const char *slash = strrchr(image->path, '/');

		/* What the kernel maps is not for anybody to change. */
		if (image->trouble && *image->path != '[')
			print_one(out, &nr, slash && slash[1] ? slash + 1 : image->path,
				  image->trouble);
	}
	for (i = 0; i < known->processes.nr; i++, process++) {
		char name[32];

		snprintf(name, sizeof(name), "process %d", process->pid);
		if (process->trouble)
			print_one(out, &nr, name, process->trouble);
	}
	if (nr > TROUBLES_MAX)
		fprintf(out, "; %zu more", nr - TROUBLES_MAX);
	if (nr)
		fputc('\n', out);
}

/**
 * symbols_free() - forget all of it; labels with it.
 * @symbols: made, or NULL
 */
void symbols_free(struct symbols *symbols)
{
	if (!symbols)
		return;
	known_free(&symbols->known);
	labels_free(symbols->labels);
	free(symbols);
}
