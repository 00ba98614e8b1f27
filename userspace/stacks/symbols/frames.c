// SPDX-License-Identifier: GPL-2.0
/*
 * frames.c - finds out which functions the frames of a copy are in, all at once: file by file and
 * process by process, so that each is opened once and few at a time. Called by symbols.c.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/xalloc.h"
#include "stacks/symbols/frames.h"
#include "stacks/symbols/inlines.h"
#include "stacks/symbols/namer.h"

/* Files that are open at the same time; each may have two more that belong to it. */
#define OPEN_MAX_FILES	64
/* Descriptors that are for others. */
#define OTHER_FILES	48

#define DELETED	" (deleted)"

/* Numbers of frames. */
struct frame_list {
	size_t *at;
	size_t nr, room;
};

struct finding {
	struct known *known;
	const struct symbols_wanted *wanted;
	double now;		/* when the copy was made */
	struct frame_list frames;	/* that are not known yet */
	/* Of the files that are open: */
	struct image_search search;
	struct image_files files[OPEN_MAX_FILES];
	struct naming_job jobs[OPEN_MAX_FILES];
	size_t *places[OPEN_MAX_FILES];	/* of each job the frames */
	size_t images[OPEN_MAX_FILES];
	size_t nr;
};

/**
 * frames_describe() - what a frame of a program is known by.
 * @known: what is known
 * @stacks: a copy
 * @stack: one of it
 * @frame: number of a frame of that
 * @wanted: what is asked for
 * @key: set on success
 *
 * Return: false if there is nothing to be known of it.
 */
bool frames_describe(struct known *known, const struct stacks *stacks, const struct stack *stack,
		     size_t frame, const struct symbols_wanted *wanted, struct known_frame *key)
{
	const struct stack_frame *one = &stacks->frames[stack->first + frame];

	memset(key, 0, sizeof(*key));
	key->at = one->at;
	key->exact = one->exact;
	if (wanted->live && stack->pid > 0 && !strcmp(stack->state, "live"))
		key->pid = stack->pid;
	if (one->kind == FRAME_FILE) {
		key->in_file = true;
		key->owner = known_image(known, &stacks->images[one->image]);
		return true;
	}
	key->owner = stack->id;
	return one->kind == FRAME_ADDRESS && !strcmp(one->why, FRAME_NO_FILE);
}

/**
 * frames_is_out_of_date() - whether to look for a frame again: it is at an address without a name,
 * and the program may have written that down since.
 * @known: what is known
 * @frame: of that
 * @pid: of its process; 0 if that does not live
 * @now: when the copy was made that is at hand, in seconds since the boot
 *
 * Return: whether it is.
 */
bool frames_is_out_of_date(const struct known *known, const struct known_frame *frame,
			   int32_t pid, double now)
{
	return frame->nr && !frame->in_file && pid && frame->tried < now &&
	       !known->list[frame->first]->function;
}

/* Collecting them. */

static void remember_pid(struct known_image *image, int32_t pid)
{
	size_t i;

	for (i = 0; i < image->nr_pids; i++)
		if (image->pids[i] == pid)
			return;
	if (pid && image->nr_pids < IMAGE_PIDS)
		image->pids[image->nr_pids++] = pid;
}

static void list_add(struct frame_list *list, size_t number)
{
	list->at = xgrow(list->at, list->nr, &list->room, sizeof(*list->at));
	list->at[list->nr++] = number;
}

static void collect_frame(struct finding *f, const struct known_frame *key)
{
	struct known_frame *frame;
	bool is_new;
	size_t number;

	if (key->in_file)
		remember_pid(known_image_at(f->known, key->owner), key->pid);
	number = known_frame(f->known, key, &is_new);
	frame = known_frame_at(f->known, number);
	if (!is_new && !frames_is_out_of_date(f->known, frame, key->pid, f->now))
		return;
	frame->pid = key->pid;
	frame->tried = f->now;
	list_add(&f->frames, number);
}

static void collect(struct finding *f, const struct stacks *stacks)
{
	struct known_frame key;
	size_t i, j;

	for (i = 0; i < f->known->images.nr; i++)
		known_image_at(f->known, i)->nr_pids = 0;
	for (i = 0; i < stacks->nr_stacks; i++) {
		const struct stack *stack = &stacks->stacks[i];

		for (j = 0; j < stack->nr; j++)
			if (frames_describe(f->known, stacks, stack, j, f->wanted, &key))
				collect_frame(f, &key);
	}
}

static int compare(const void *a, const void *b, void *data)
{
	const struct known *known = data;
	const struct known_frame *one = known_frame_at(known, *(const size_t *)a);
	const struct known_frame *other = known_frame_at(known, *(const size_t *)b);

	if (one->in_file != other->in_file)
		return one->in_file - other->in_file;
	if (one->owner != other->owner)
		return one->owner < other->owner ? -1 : 1;
	if (one->at != other->at)
		return one->at < other->at ? -1 : 1;
	return one->exact - other->exact;
}

/* Labels. */

static struct label draft_of(const struct finding *f, const struct known_frame *frame)
{
	const struct known_image *image;
	struct label draft = { .kind = LABEL_MADE, .at = frame->at, .why = "no file" };

	if (frame->in_file) {
		image = known_image_at(f->known, frame->owner);
		draft.kind = LABEL_FILE;
		draft.path = image->path;
		draft.build_id = image->build_id;
		draft.why = NULL;
	}
	return draft;
}

static bool is_deleted(const struct finding *f, const struct known_frame *frame)
{
	return frame->in_file && known_image_at(f->known, frame->owner)->deleted;
}

static void label_without_name(struct finding *f, size_t number)
{
	struct known_frame *frame = known_frame_at(f->known, number);
	const struct label draft = draft_of(f, frame);
	const struct label *label = labels_get(f->known->labels, &draft, is_deleted(f, frame));

	known_add_labels(f->known, frame, &label, 1);
}

/* Frames in files. */

static void take_names(void *data, size_t job, size_t place,
		       const struct namer_function *functions, size_t nr)
{
	struct finding *f = data;
	struct known_frame *frame = known_frame_at(f->known, f->places[job][place]);
	const struct label *labels[INLINES_MAX];
	size_t i;

	for (i = 0; i < nr; i++) {
		struct label draft = draft_of(f, frame);

		draft.function = functions[i].name;
		draft.inlined = functions[i].inlined && functions[i].name;
		draft.offset = draft.inlined ? 0 : functions[i].offset;
		draft.source = functions[i].source;
		draft.line = functions[i].line;
		labels[i] = labels_get(f->known->labels, &draft, is_deleted(f, frame));
	}
	known_add_labels(f->known, frame, labels, nr);
}

static void take_end(void *data, size_t job, const char *trouble)
{
	struct finding *f = data;
	struct known_image *image = known_image_at(f->known, f->images[job]);

	if (trouble)
		image->trouble = labels_text(f->known->labels, trouble);
}

/* Names what is open, and closes it. */
static void name_open_files(struct finding *f)
{
	const struct namer_taker taker = { .data = f, .take = take_names, .end = take_end };
	size_t i;

	if (f->nr)
		namer_run(f->jobs, f->nr, &taker);
	for (i = 0; i < f->nr; i++) {
		image_close(&f->files[i]);
		free(f->jobs[i].places);
		free(f->places[i]);
	}
	f->nr = 0;
}

/* The path without what the kernel says behind that of a file that has no name; to be freed. */
static char *path_of(const struct known_image *image)
{
	const size_t length = strlen(image->path), end = strlen(DELETED);
	char *path = xstrdup(image->path);

	if (image->deleted && length > end && !strcmp(path + length - end, DELETED))
		path[length - end] = '\0';
	return path;
}

static bool find_file(struct finding *f, struct known_image *image, struct image_files *files)
{
	const struct stack_image about = {
		.dev_major = image->dev_major, .dev_minor = image->dev_minor,
		.inode = image->inode, .deleted = image->deleted,
		.build_id = image->build_id, .path = image->path,
	};
	struct image_wanted wanted = { .image = &about, .nr_pids = image->nr_pids };
	char *path = path_of(image);

	wanted.path = path;
	memcpy(wanted.pids, image->pids, sizeof(wanted.pids));
	image_find(&f->search, &wanted, files);
	free(path);
	if (files->state != IMAGE_FOUND && files->state != IMAGE_SPECIAL)
		image->trouble = image_state_text(files->state);
	return files->state == IMAGE_FOUND;
}

/* Where a frame is as symbols have it: a call that returns to the end of a part is in that part. */
static bool address_of(const struct elffile *elf, const struct known_frame *frame,
		       uint64_t *address)
{
	if (frame->exact)
		return elffile_address(elf, frame->at, address);
	if (!frame->at || !elffile_address(elf, frame->at - 1, address))
		return false;
	++*address;
	return true;
}

/* Frames of one image: has them named with others. */
static void find_frames_of_image(struct finding *f, const size_t *frames, size_t nr)
{
	const size_t number = (size_t)known_frame_at(f->known, *frames)->owner;
	struct known_image *image = known_image_at(f->known, number);
	struct image_files *files = &f->files[f->nr];
	struct naming_job *job = &f->jobs[f->nr];
	size_t i;

	if (!find_file(f, image, files))
		return;
	*job = (struct naming_job) {
		.main = files->main, .debug = files->debug, .alt = files->alt,
		.inlines = f->wanted->inlines, .lines = f->wanted->source,
		.places = xmalloc(nr * sizeof(*job->places)),
	};
	f->places[f->nr] = xmalloc(nr * sizeof(*frames));
	f->images[f->nr] = number;
	for (i = 0; i < nr; i++) {
		const struct known_frame *frame = known_frame_at(f->known, frames[i]);
		struct naming_place *place = &job->places[job->nr];

		place->exact = frame->exact;
		if (address_of(&files->elf, frame, &place->address))
			f->places[f->nr][job->nr++] = frames[i];
	}
	if (!job->nr && files->is_debug)
		image->trouble = "its debug file alone does not tell";
	f->nr++;
}

/* Frames at addresses. */

static void take_address(struct finding *f, size_t number, const struct perfmap_place *place)
{
	struct known_frame *frame = known_frame_at(f->known, number);
	struct label draft = draft_of(f, frame);
	const struct label *label;

	draft.function = place->name;
	draft.offset = place->name ? place->offset : 0;
	if (place->name)
		draft.why = "perf map";
	label = labels_get(f->known->labels, &draft, false);
	known_add_labels(f->known, frame, &label, 1);
}

static void find_frames_of_process(struct finding *f, const size_t *frames, size_t nr)
{
	const struct known_frame *first = known_frame_at(f->known, *frames);
	struct known_process *process = known_process(f->known, first->owner);
	struct perfmap_place *places = xcalloc(nr, sizeof(*places));
	int32_t pid = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		const struct known_frame *frame = known_frame_at(f->known, frames[i]);

		places[i].address = frame->at;
		places[i].exact = frame->exact;
		pid = frame->pid ? frame->pid : pid;
		/* What is new is to be looked for in a map that is as it was, too. */
		if (!frame->nr)
			memset(&process->seen, 0, sizeof(process->seen));
	}
	process->pid = pid;
	if (pid)
		process->trouble = perfmap_find(pid, f->now, &process->seen, places, nr);
	for (i = 0; i < nr; i++) {
		take_address(f, frames[i], &places[i]);
		free(places[i].name);
	}
	free(places);
}

/* How many files may be open. */
static size_t most_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= OTHER_FILES + 3 * OPEN_MAX_FILES)
		return OPEN_MAX_FILES;
	return limit.rlim_cur > OTHER_FILES + 3 ? (size_t)(limit.rlim_cur - OTHER_FILES) / 3 : 1;
}

/* All that is in the list, by its owners. */
static void find_listed(struct finding *f)
{
	const struct frame_list *list = &f->frames;
	const size_t most = most_files();
	size_t begin, end;

	for (begin = 0; begin < list->nr; begin = end) {
		const struct known_frame *first = known_frame_at(f->known, list->at[begin]);

		for (end = begin + 1; end < list->nr; end++) {
			const struct known_frame *next = known_frame_at(f->known, list->at[end]);

			if (next->owner != first->owner || next->in_file != first->in_file)
				break;
		}
		if (first->in_file)
			find_frames_of_image(f, list->at + begin, end - begin);
		else
			find_frames_of_process(f, list->at + begin, end - begin);
		if (f->nr >= most)
			name_open_files(f);
	}
	name_open_files(f);
}

/**
 * frames_find() - find what is not known yet of the frames of a copy.
 * @known: what is known; has labels for all of its frames then
 * @wanted: what is asked for
 * @stacks: the copy
 */
void frames_find(struct known *known, const struct symbols_wanted *wanted,
		 const struct stacks *stacks)
{
	struct finding *f = xcalloc(1, sizeof(*f));
	size_t i;

	f->known = known;
	f->wanted = wanted;
	f->now = stacks->now;
	collect(f, stacks);
	if (f->frames.nr)
		qsort_r(f->frames.at, f->frames.nr, sizeof(*f->frames.at), compare, known);
	images_begin(&f->search, !wanted->live, stacks->realtime);
	find_listed(f);
	images_end(&f->search);
	for (i = 0; i < f->frames.nr; i++)
		if (!known_frame_at(known, f->frames.at[i])->nr)
			label_without_name(f, f->frames.at[i]);
	free(f->frames.at);
	free(f);
}
