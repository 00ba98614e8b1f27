// SPDX-License-Identifier: GPL-2.0
/*
 * naming.c - which functions are at addresses of a file, by libdw: called by namer.c in a process
 * of its own, for files that anybody may have written. What is found is written as naming.h says.
 *
 * Nothing is opened here but what the job has open, and namer.c sees to it that libdw cannot.
 */
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "lib/xalloc.h"
#include "stacks/symbols/demangle.h"
#include "stacks/symbols/functions.h"
#include "stacks/symbols/inlines.h"
#include "stacks/symbols/naming.h"
#include "stacks/symbols/plt.h"

/* What works on a job. */
struct naming {
	struct naming_job *job;
	FILE *out;
	Dwfl *dwfl;
	Dwfl_Module *module;
	struct functions functions;
	struct plt plt;
	struct inlines *inlines;
	bool lacks;		/* a name */
	const char *last;	/* mangled, and what it stands for */
	char *last_text;
};

/* To libdwfl, which closes it. */
static int hand_over(int *fd)
{
	const int handed = *fd;

	*fd = -1;
	return handed;
}

/*
 * Of what was taken out of the file, or of what that has in common with others: the one is asked
 * for by the name that the file has for it.
 */
static int find_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			  const char *file, const char *link, GElf_Word sum, char **found)
{
	struct naming_job *job = *data;
	GElf_Addr bias;
	GElf_Word own;
	Elf *elf;

	(void)name;
	(void)base;
	(void)file;
	(void)sum;
	(void)found;
	elf = dwfl_module_getelf(module, &bias);
	if (!job || !elf)
		return -1;
	return hand_over(link == dwelf_elf_gnu_debuglink(elf, &own) ? &job->debug : &job->alt);
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,	/* not called: all files are open */
	.find_debuginfo = find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

/* Where it is as it says itself, so that its addresses are those of its tables. */
static bool open_module(struct naming *naming)
{
	void **data;

	naming->dwfl = dwfl_begin(&callbacks);
	if (!naming->dwfl)
		return false;
	dwfl_report_begin(naming->dwfl);
	naming->module = dwfl_report_elf(naming->dwfl, "image", "image",
					 hand_over(&naming->job->main), 0, true);
	if (dwfl_report_end(naming->dwfl, NULL, NULL) || !naming->module)
		return false;
	dwfl_module_info(naming->module, &data, NULL, NULL, NULL, NULL, NULL, NULL);
	*data = naming->job;
	return true;
}

static void put(struct naming *naming, const void *what, size_t size)
{
	fwrite(what, 1, size, naming->out);
}

static uint32_t length_of(const char *text)
{
	const size_t length = text ? strlen(text) : 0;

	return length && length <= NAMING_TEXT ? (uint32_t)length : NAMING_NONE;
}

static void put_function(struct naming *naming, struct naming_function *function, const char *name,
			 const char *source)
{
	function->name = length_of(name);
	function->source = length_of(source);
	put(naming, function, sizeof(*function));
	if (function->name != NAMING_NONE)
		put(naming, name, function->name);
	if (function->source != NAMING_NONE)
		put(naming, source, function->source);
}

static void put_answer(struct naming *naming, size_t place, size_t nr)
{
	const struct naming_answer answer = { .place = (uint32_t)place, .nr = (uint32_t)nr };

	put(naming, &answer, sizeof(answer));
}

/* What a name stands for may be endless: the process ends with its time. */
static char *demangle_in_time(const char *name)
{
	const struct itimerval second = { .it_value = { .tv_sec = 1 } };
	const struct itimerval off = { .it_interval = { 0 } };
	char *text;

	if (*name != '_')
		return NULL;
	setitimer(ITIMER_PROF, &second, NULL);
	text = demangle(name);
	setitimer(ITIMER_PROF, &off, NULL);
	return text;
}

/*
 * As people write it; NULL if it is so already. Behind it may be a version, with @@ that which a
 * program gets that is linked now.
 */
static char *text_of(const char *name, bool plain)
{
	const size_t length = strcspn(name, "@");
	const char *version = strncmp(name + length, "@@", 2) ? name + length : "";
	char *own, *text, *whole;

	if (!name[length])
		return plain ? NULL : demangle_in_time(name);
	own = xasprintf("%.*s", (int)length, name);
	text = plain ? NULL : demangle_in_time(own);
	whole = xasprintf("%s%s", text ? text : own, version);
	free(own);
	free(text);
	return whole;
}

/* The same; valid until the next. Addresses of one function come one after the other. */
static const char *write_out(struct naming *naming, const char *name)
{
	if (!name)
		return NULL;
	if (naming->last != name) {
		free(naming->last_text);
		naming->last_text = text_of(name, naming->job->plain);
		naming->last = name;
	}
	return naming->last_text ? naming->last_text : name;
}

/* The function that is really there. */
static void put_real(struct naming *naming, uint64_t address, const struct naming_place *place,
		     const struct inlines_at *at)
{
	const struct function *function = functions_find(&naming->functions, address);
	struct naming_function answer = { .line = at->line };
	char plt[256];
	uint64_t begin = 0;
	const char *name;

	if (function) {
		name = write_out(naming, function->name);
		begin = function->begin;
	} else if (at->name) {
		name = write_out(naming, at->name);
		begin = at->begin;
	} else {
		name = plt_find(&naming->plt, address, &begin);
		if (name && snprintf(plt, sizeof(plt), "%s@plt", name) < (int)sizeof(plt))
			name = plt;
	}
	naming->lacks = naming->lacks || !name;
	answer.offset = name ? place->address - begin : 0;
	put_function(naming, &answer, name, at->source);
}

static void answer_place(struct naming *naming, size_t number)
{
	const struct naming_place *place = &naming->job->places[number];
	const uint64_t address = place->address - !place->exact;
	struct inlines_at at[INLINES_MAX] = { { 0 } };
	size_t nr = 0, i;

	if (naming->inlines)
		nr = inlines_find(naming->inlines, address, naming->job->lines, at);
	if (!nr)
		nr = 1;
	put_answer(naming, number, naming->job->inlines ? nr : 1);
	for (i = 0; i + 1 < nr && naming->job->inlines; i++) {
		struct naming_function answer = { .line = at[i].line, .inlined = true };

		put_function(naming, &answer, write_out(naming, at[i].name), at[i].source);
	}
	put_real(naming, address, place, &at[nr - 1]);
}

/* Returns what is wrong, or NULL. */
static const char *answer_places(struct naming *naming)
{
	const struct naming_job *job = naming->job;
	bool named;
	GElf_Addr bias;
	size_t i;

	if (!open_module(naming))
		return dwfl_errmsg(-1);
	named = functions_read(&naming->functions, naming->module);
	naming->plt.elf = dwfl_module_getelf(naming->module, &bias);
	if (!naming->plt.elf)
		return dwfl_errmsg(-1);
	if ((job->inlines || job->lines) && !job->plain)
		naming->inlines = inlines_new(naming->module);
	for (i = job->done; i < job->nr; i++)
		answer_place(naming, i);
	if (!naming->lacks)
		return NULL;
	return !named || !naming->functions.whole ? "stripped" : NULL;
}

/**
 * naming_answer() - name the addresses of a file.
 * @job: what is wanted; its files are used up
 * @out: where answers are written
 */
void naming_answer(struct naming_job *job, FILE *out)
{
	struct naming naming = { .job = job, .out = out };
	struct naming_function wrong = { .offset = 0 };
	const char *trouble = answer_places(&naming);

	put_answer(&naming, NAMING_END, 1);
	put_function(&naming, &wrong, trouble, NULL);
	fflush(out);
	inlines_free(naming.inlines);
	functions_free(&naming.functions);
	plt_free(&naming.plt);
	free(naming.last_text);
	if (naming.dwfl)
		dwfl_end(naming.dwfl);
}
