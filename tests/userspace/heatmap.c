// SPDX-License-Identifier: GPL-2.0
/*
 * heatmap.c - the memory of a picture: however many intervals there are, and however large
 * regions become, each fault is in one cell of those that are kept. Run by the script run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/regions/heatmap.h"

#define INTERVALS	5000
#define REGIONS		64

#define expect(condition) do {							\
	if (!(condition)) {							\
		printf("line %d: not so: %s\n", __LINE__, #condition);		\
		exit(1);							\
	}									\
} while (0)

static struct heatmap map;

/* One interval: a fault in each region, and one of them a major one. */
static void add(unsigned int turn, unsigned int shift, size_t nr)
{
	static const struct region_request request = { .nr_paths = 1 };
	struct region regions[REGIONS] = { { 0 } };
	struct region_file file = {
		.path = (char *)"/a/file", .extent = 4096, .shift = shift, .nr = nr,
		.at = regions, .has_cached = true,
	};
	struct region_files files = { .request = &request, .at = &file, .nr = 1 };
	struct heat heat = { .now = turn + 1, .realtime = turn + 1 };
	size_t i;

	for (i = 0; i < nr; i++) {
		regions[i].pages = 4096 / nr;
		regions[i].heat.calls = turn % 7 + i;
		file.heat.calls += regions[i].heat.calls;
	}
	regions[turn % nr].heat.major = 1;
	heatmap_add(&map, &files, &heat, 1);
}

static void check(uint64_t calls, uint64_t major)
{
	uint64_t found_calls = 0, found_major = 0;
	const struct heatmap_file *file = &map.files[0];
	size_t i;

	expect(map.nr == 1);
	expect(map.nr_columns && map.nr_columns <= HEATMAP_COLUMNS);
	for (i = 0; i < file->nr; i++) {
		found_calls += file->cells[i].count.calls;
		found_major += file->cells[i].count.major;
		expect(file->cells[i].column < map.nr_columns);
		expect(file->cells[i].region < 4096u >> file->shift);
	}
	expect(found_calls == calls && found_major == major);
	expect(file->total.calls == calls && file->total.major == major);
	for (i = 1; i < map.nr_columns; i++) {
		double end = map.columns[i - 1].begin + map.columns[i - 1].seconds;

		expect(map.columns[i].begin > end - 0.001 && map.columns[i].begin < end + 0.001);
	}
}

int main(void)
{
	uint64_t calls = 0, major = 0;
	unsigned int turn;
	size_t size, i;
	char *text;

	for (turn = 0; turn < INTERVALS; turn++) {
		/* They double in the middle; once they are small again, as if forgotten. */
		size_t nr = turn < INTERVALS / 2 || turn == INTERVALS - 9 ? REGIONS : REGIONS / 2;

		add(turn, nr == REGIONS ? 6 : 7, nr);
		for (i = 0; i < nr; i++)
			calls += turn % 7 + i;
		major++;
		if (turn % 100 == 0 || turn + 20 > INTERVALS)
			check(calls, major);
	}
	expect(map.columns[map.nr_columns - 1].begin + map.columns[map.nr_columns - 1].seconds ==
	       INTERVALS);
	text = heatmap_svg(&map, &size);
	expect(text && strstr(text, "</svg>") && size < 4000000);
	free(text);
	heatmap_free(&map);
	return 0;
}
