// SPDX-License-Identifier: GPL-2.0
/*
 * flamegraph.c - flame graphs of made stacks. Alone, a test of the tree that they are drawn from:
 * each sum, each end and the order. With a file to write and words for what it is, a picture of the
 * stacks on standard input, for flamegraph.py; says what it took. Run by the script run.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/index.h"
#include "lib/xalloc.h"
#include "stacks/flamegraph/flamegraph.h"
#include "stacks/flamegraph/flametree.h"

#define LABELS		1000000	/* different ones, at most */
#define RANDOM_STACKS	3000

#define expect(condition) do {							\
	if (!(condition)) {							\
		printf("line %d: not so: %s\n", __LINE__, #condition);		\
		exit(1);							\
	}									\
} while (0)

struct known {
	char *token;
	const struct label *label;
};

static struct known *known;
static size_t nr_known, room_known;
static struct index index_known;

static bool same_token(const void *wanted, size_t position, const void *array)
{
	return !strcmp(wanted, ((const struct known *)array)[position].token);
}

/* Bytes in hexadecimal; = is an empty text, - none. */
static char *bytes_of(const char *hex, size_t length)
{
	char *text = xmalloc(length / 2 + 1);
	size_t i;

	if (length == 1 && *hex == '-') {
		free(text);
		return NULL;
	}
	for (i = 0; i < length / 2; i++) {
		char digits[3] = { hex[2 * i], hex[2 * i + 1] };

		text[i] = (char)strtoul(digits, NULL, 16);
	}
	text[i] = '\0';
	return text;
}

/* F, M, K or O for its kind, its brief text, a colon, its path or for M why there is none. */
static const struct label *label_of(const char *token)
{
	static const char kinds[] = "FMKO";
	uint32_t *slot = index_slot(&index_known, hash_text(HASH_BEGIN, token), same_token, token,
				    known);
	const char *colon = strchr(token, ':');
	struct label *label;
	char *where;

	if (*slot)
		return known[*slot - 1].label;
	expect(colon && strchr(kinds, *token));
	label = xcalloc(1, sizeof(*label));
	label->kind = (enum label_kind)(strchr(kinds, *token) - kinds);
	label->brief = bytes_of(token + 1, (size_t)(colon - token) - 1);
	label->full = label->brief;
	where = bytes_of(colon + 1, strlen(colon + 1));
	*(label->kind == LABEL_MADE ? &label->why : &label->path) = where;
	known = xgrow(known, nr_known, &room_known, sizeof(*known));
	known[nr_known] = (struct known){ xstrdup(token), label };
	nr_known++;
	*slot = (uint32_t)nr_known;
	return label;
}

/* A line: faults, faults before, comm, object, why it ends, frames from the innermost. */
static void read_stack(struct callstacks *stacks, size_t *room, char *line)
{
	static const char blanks[] = { ' ', '\n', '\0' };
	struct callstack stack = { 0 };
	const struct label *labels[1024];
	char *token, *left;
	size_t field = 0;

	for (token = strtok_r(line, blanks, &left); token; token = strtok_r(NULL, blanks, &left)) {
		if (field == 0)
			stack.n[stacks->what] = strtoull(token, NULL, 10);
		else if (field == 1)
			stack.before[stacks->what] = strtoull(token, NULL, 10);
		else if (field == 2)
			stack.comm = bytes_of(token, strlen(token));
		else if (field == 3)
			stack.object = bytes_of(token, strlen(token));
		else if (field == 4)
			stack.user_end = xstrdup(token);
		else if (stack.nr < 1024)
			labels[stack.nr++] = label_of(token);
		field++;
	}
	expect(field >= 5);
	stack.labels = xmalloc(stack.nr * sizeof(*labels));
	if (stack.nr)
		memcpy(stack.labels, labels, stack.nr * sizeof(*labels));
	stacks->at = xgrow(stacks->at, stacks->nr, room, sizeof(*stacks->at));
	stacks->at[stacks->nr++] = stack;
}

/* KiB, from /proc/self/status. */
static unsigned long memory_of(const char *key)
{
	FILE *file = fopen("/proc/self/status", "r");
	unsigned long value = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			value = strtoul(line + strlen(key), NULL, 10);
	if (file)
		fclose(file);
	return value;
}

static void draw(const char *path, const struct callstacks *stacks, const char *title,
		 bool by_process)
{
	FILE *out = fopen(path, "w"), *peak = fopen("/proc/self/clear_refs", "w");
	unsigned long before;
	clock_t began;

	/* From now on the largest that we were is what we are. */
	if (peak) {
		fputs("5", peak);
		fclose(peak);
	}
	before = memory_of("VmRSS:");
	began = clock();
	if (!out || !flamegraph_write(out, stacks, title, by_process)) {
		printf("%s: %s\n", path, strerror(errno));
		exit(1);
	}
	printf("milliseconds %ld\n", (long)((clock() - began) / (CLOCKS_PER_SEC / 1000)));
	printf("KiB %lu\n", memory_of("VmHWM:") - before);
	fclose(out);
}

/* Each frame is the sum of those that stand on it, and these are in order. */
static void check_frame(const struct flametree *tree, uint32_t at)
{
	const struct flame *flame = &tree->at[at];
	const char *last = NULL;
	uint64_t n = 0, before = 0;
	uint32_t i;

	expect(flame->end > at && flame->end <= tree->nr && flame->depth < tree->levels);
	for (i = at + 1; i < flame->end; i = tree->at[i].end) {
		const char *text = tree->names[tree->at[i].name].text;

		expect(tree->at[i].depth == flame->depth + 1);
		expect(!last || strcmp(last, text) < 0);
		last = text;
		n += tree->at[i].n;
		before += tree->at[i].before;
	}
	expect(i == flame->end);
	if (tree->names[flame->name].kind == FLAME_OBJECT)
		expect(flame->end == at + 1);
	else
		expect(n == flame->n && before == flame->before);
}

/* The same frame is made of several labels, as its offsets are. */
static void check_tree(bool by_process)
{
	static char briefs[4][2] = { "d", "c", "b", "a" };
	static struct label labels[4][4];
	static const struct label *of[RANDOM_STACKS][12];
	static struct callstack at[RANDOM_STACKS];
	struct callstacks stacks = { .at = at, .nr = RANDOM_STACKS, .is_difference = true };
	uint64_t n = 0, before = 0;
	struct flametree tree;
	size_t i, j;

	for (i = 0; i < 16; i++)
		labels[i / 4][i % 4].brief = briefs[i / 4];
	for (i = 0; i < RANDOM_STACKS; i++) {
		at[i] = (struct callstack){ .comm = i % 3 ? "x" : "y", .labels = of[i] };
		at[i].object = i % 5 ? "[anon]" : "[heap]";
		at[i].nr = (size_t)rand() % 12;
		n += at[i].n[STACK_CALLS] = (uint64_t)rand() % 3;
		before += at[i].before[STACK_CALLS] = (uint64_t)rand() % 3;
		for (j = 0; j < at[i].nr; j++)
			of[i][j] = &labels[rand() % 4][rand() % 4];
	}
	flametree_make(&tree, &stacks, by_process);
	expect(tree.nr_names == 1 + 4 + 2 + (by_process ? 2 : 0));
	expect(tree.at[0].n == n && tree.at[0].before == before);
	expect(tree.at[0].end == tree.nr && tree.levels == 13u + by_process);
	for (i = 0; i < tree.nr; i++)
		check_frame(&tree, (uint32_t)i);
	flametree_free(&tree);
	stacks.nr = 0;
	flametree_make(&tree, &stacks, by_process);
	expect(tree.nr == 1 && tree.at[0].end == 1 && !tree.at[0].n && tree.levels == 1);
	flametree_free(&tree);
}

int main(int argc, char **argv)
{
	struct callstacks stacks = { .every = 1 };
	bool by_process = false;
	char *line = NULL, *title = NULL;
	size_t room = 0, size = 0;
	int i;

	if (argc < 2) {
		check_tree(false);
		check_tree(true);
		return 0;
	}
	for (i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "difference"))
			stacks.is_difference = true;
		else if (!strcmp(argv[i], "processes"))
			by_process = true;
		else if (!strncmp(argv[i], "what=", 5))
			stacks.what = (enum stack_counter)atoi(argv[i] + 5);
		else if (!strncmp(argv[i], "every=", 6))
			stacks.every = strtoull(argv[i] + 6, NULL, 10);
		else if (!strncmp(argv[i], "seconds=", 8))
			stacks.seconds = strtod(argv[i] + 8, NULL);
		else if (!strncmp(argv[i], "title=", 6))
			title = bytes_of(argv[i] + 6, strlen(argv[i] + 6));
	}
	index_init(&index_known, LABELS);
	while (getline(&line, &size, stdin) > 0)
		read_stack(&stacks, &room, line);
	draw(argv[1], &stacks, title, by_process);
	return 0;
}
