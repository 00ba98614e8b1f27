/* SPDX-License-Identifier: GPL-2.0 */
/*
 * stackshow.h - what the command stacks shows and writes of what it has counted.
 */
#ifndef KFAULTSTAT_STACKSHOW_H
#define KFAULTSTAT_STACKSHOW_H

#include "commands/options.h"
#include "commands/stacks/stackout.h"
#include "faults/filter.h"
#include "stacks/callstacks.h"

enum stack_form { FORM_TREE, FORM_LIST, FORM_FOLDED, FORM_JSON };

/* A copy, and the same in words. */
struct stack_look {
	struct stacks raw;
	struct callstacks words;
};

struct stackshow {
	/* What is asked for. */
	struct filter filter;	/* only pids, comm and object */
	struct limit limit;
	struct style style;
	enum stack_form form;
	enum stack_counter what;
	enum calltree_by by;
	bool user, kernel;	/* frames */
	bool inlines, source;
	const char *svg, *pprof, *report;	/* files, or NULL */
	int32_t not_pid;	/* 0, or a process that is left out */
	/* What there is. */
	struct symbols *symbols;
	FILE *svg_file, *pprof_file;
	struct stack_look begin, before, now;	/* @begin: of when it was asked for */
	struct callstacks all;	/* for the files; strings are those of the looks */
	double realtime;	/* of its last look */
};

const char *stackshow_frames(const struct stackshow *show);
bool stackshow_begin(struct stackshow *show, bool live);
void stackshow_take(struct stackshow *show, struct stacks *now, bool first);
bool stackshow_interval(struct stackshow *show);
bool stackshow_since_begin(struct stackshow *show);
void stackshow_copies(struct stackshow *show, struct stacks *now, struct stacks *before);
void stackshow_whole(struct stackshow *show, struct stacks *now, double seconds,
		     const char *json);
bool stackshow_write(struct stackshow *show);
void stackshow_end(struct stackshow *show);

#endif
