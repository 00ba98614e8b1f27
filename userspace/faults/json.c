// SPDX-License-Identifier: GPL-2.0
/*
 * json.c - the header of a snapshot, and counters, as JSON. Called by the commands that print
 * rows or sums.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "faults/json.h"
#include "lib/text.h"
#include "lib/xalloc.h"

/**
 * json_counts() - counters as a JSON object.
 * @counts: the counters
 * @number: how many of them, from the first
 *
 * Return: the text, to be freed.
 */
char *json_counts(const struct counts *counts, int number)
{
	char *text = NULL;
	size_t size;
	FILE *out = xmemstream(&text, &size);
	int i;

	for (i = 0; i < number; i++)
		fprintf(out, "%s\"%s\": %" PRIu64, i ? ", " : "{", count_names[i], counts->n[i]);
	putc('}', out);
	fclose(out);
	return text;
}

/**
 * json_snapshot() - what the header of a snapshot says, as a member of a JSON object.
 * @s: the snapshot
 *
 * Return: the text, to be freed.
 */
char *json_snapshot(const struct snapshot *s)
{
	char *lifetime = json_counts(&s->lifetime, MISSED + 1);
	char *total = json_counts(&s->total, MISSED + 1);
	char *text = NULL;
	size_t size;
	FILE *out = xmemstream(&text, &size);

	fputs("   \"faultstat\": {\"module\": ", out);
	text_put_json(out, s->module);
	fputs(", \"kernel\": ", out);
	text_put_json(out, s->kernel);
	fputs(", \"load\": ", out);
	text_put_json(out, s->load);
	fprintf(out, ", \"at\": %.3f, \"now\": %.3f, \"realtime\": %.3f, \"resets\": %" PRIu64,
		s->at, s->now, s->realtime, s->resets);
	fprintf(out, ", \"exceptions\": {\"user\": %" PRIu64 ", \"kernel\": %" PRIu64 "}",
		s->exceptions_user, s->exceptions_kernel);
	fprintf(out, ", \"lifetime\": %s, \"total\": %s", lifetime, total);
	fprintf(out, ", \"table\": {\"rows\": %" PRIu64 ", \"processes\": %" PRIu64
		", \"ended\": %" PRIu64 ", \"folded\": %" PRIu64 ", \"overflow\": %" PRIu64
		", \"memory\": %" PRIu64 "}", s->table_rows, s->processes, s->ended, s->folded,
		s->overflow, s->memory);
	if (s->has_checked)
		fprintf(out, ", \"checked\": {\"processes\": %" PRIu64 ", \"different\": %" PRIu64
			", \"unchecked\": %" PRIu64 "}}", s->checked, s->different, s->unchecked);
	else
		fputs(", \"checked\": null}", out);
	fclose(out);
	free(lifetime);
	free(total);
	return text;
}
