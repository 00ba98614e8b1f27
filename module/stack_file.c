// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/faultstat/stacks: reading it shows one snapshot for each open; writing to it which frames
 * of which processes are wanted asks for them as long as the file stays open, as with heat_file.c.
 * Process context.
 *
 *   # faultstat-stacks 1
 *   # load 81f0c2aa at 12.345 now 99.001 realtime 1763776800.123 resets 0
 *   # settings stacks=off stacks_pid= stack_depth=32 stack_every=1
 *   # hook perf_event_mmap kprobe nmissed 0
 *   # stacks frames user rows 2 stacks 3 requests 1 memory 20480 hidden 0
 *   # lost calls 0 minor 0 major 0 uncounted 0
 *   # places known 6 unknown 0 no-file 0 no-room 0
 *   # image 1 dev 254:1 inode 4711 deleted 0 build_id 0f3a... path /usr/bin/search
 *   calls minor major uncounted comm pid id state dev inode deleted kernel_end user_end ...
 *   65536 65535 0 0 search 123 31 live 0:0 0 0 none bottom 1@0x1139,2+0x2724a [anon]
 *
 * Frames have the innermost first, those of the kernel before those of the program. One of the
 * kernel is SYMBOL+OFFSET; one of the program is IMAGE+OFFSET, what a call returns to, or
 * IMAGE@OFFSET, where it was itself, or where a signal came; OFFSET is in the file. Or it is an
 * address and why that has no file: 0x7f0012345678:no-file.
 */
#include <linux/fs.h>
#include <linux/kallsyms.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "code.h"
#include "compat/proc.h"
#include "files.h"
#include "hooks.h"
#include "image.h"
#include "line.h"
#include "name.h"
#include "settings.h"
#include "snapshot.h"
#include "stack_file.h"
#include "stack_request.h"
#include "task.h"
#include "uapi/faultstat.h"

/**
 * struct stack_line - a stack
 * @who: process and object, of the reader's
 * @counts: of it
 * @first: its frames, in the reader's words: addresses, and places behind those of the program
 * @shape: of it
 * @overflow: it stands for those that found no room
 */
struct stack_line {
	u32 who;
	u32 first;
	struct fs_stack_counts counts;
	union fs_walk_shape shape;
	bool overflow;
};

/* A place's reason, or that it has an image. */
#define PLACE_KNOWN	PLACE_REASONS

/* An image that a stack names, as it was then. */
struct image_line {
	struct fs_name *name;
	u64 ino;
	u32 dev;
	bool deleted;
	bool named;
	u8 build_id_size;
	u8 build_id[BUILD_ID_MAX];
};

/* How many of each there are, or have room. */
struct amount {
	unsigned int rows;
	unsigned int lines;
	unsigned int words;
	unsigned int slots;
	unsigned int images;
};

/**
 * struct stack_reader - one open file
 * @have: how much of each there is
 * @whos: processes and objects; their counters are not used
 * @lines: the stacks
 * @words: their frames
 * @images: by number, less one
 * @line_of: by slot, while the snapshot is made: the number of the line, plus one
 * @status: of the table of stacks
 * @settings: of the module
 * @places: of the program's frames, how many have an image, and how many not, by reason
 * @hidden: stacks of processes that the reader's pid namespace does not have
 * @mode: which frames are taken
 * @requests: open files that ask
 * @maps: how mappings are watched
 * @boottime_ns: when the snapshot was made
 * @realtime_ns: likewise
 * @resets: until then
 * @changing: taken by who writes to the file
 * @request: what this file asks for; NULL before it has
 * @mark: of processes with this mark alone; 0: of all
 */
struct stack_reader {
	struct amount have;
	struct fs_snapshot_row *whos;
	struct stack_line *lines;
	u64 *words;
	struct image_line *images;
	u32 *line_of;
	struct fs_stack_status status;
	struct fs_settings settings;
	u64 places[PLACE_KNOWN + 1];
	unsigned int hidden;
	unsigned int mode;
	unsigned int requests;
	struct fs_hook_status maps;
	u64 boottime_ns;
	u64 realtime_ns;
	u64 resets;
	struct mutex changing;	/* of @request */
	struct fs_request *request;
	u64 mark;
};

/* The snapshot. */

static bool count_row(struct fs_row *row, void *data)
{
	struct amount *want = data;
	const struct fs_stack *stack;

	want->rows += !!row->stacks;
	for (stack = READ_ONCE(row->stacks); stack; stack = READ_ONCE(stack->of_row)) {
		cond_resched();
		want->lines++;
		want->words += stack->shape.kernel + 2 * stack->shape.user;
	}
	return true;
}

/* Under fs_table.rows_sem, for writing: as many as there are now. */
static void count_all(struct amount *want)
{
	struct fs_stack_status status;

	memset(want, 0, sizeof(*want));
	if (!fs_stacks_are_on())
		return;
	fs_rows_walk(count_row, want);
	fs_stacks_status(&status);
	want->slots = status.slots;
	want->images = fs_images_count();
}

/* Never by the OOM killer. */
static void *room_for(unsigned int count, size_t size)
{
	void *room = compat_kvmalloc(count * size);

	if (room)
		memset(room, 0, count * size);
	return room;
}

static void reader_forget(struct stack_reader *reader)
{
	unsigned int i;

	for (i = 0; i < reader->have.rows; i++)
		if (reader->whos[i].name)
			fs_name_unpin(reader->whos[i].name);
	for (i = 0; i < reader->have.images; i++)
		if (reader->images[i].name)
			fs_name_unpin(reader->images[i].name);
	kvfree(reader->whos);
	kvfree(reader->lines);
	kvfree(reader->words);
	kvfree(reader->images);
	kvfree(reader->line_of);
	reader->whos = NULL;
	reader->lines = NULL;
	reader->words = NULL;
	reader->images = NULL;
	reader->line_of = NULL;
	memset(&reader->have, 0, sizeof(reader->have));
	memset(reader->places, 0, sizeof(reader->places));
	reader->hidden = 0;
}

/*
 * Some more than there are, for those that come until it is filled; and more yet where it was not
 * enough.
 */
static bool reader_make_room(struct stack_reader *reader, struct amount *room, unsigned int tries)
{
	tries = min(tries, 3U);
	room->rows += (room->rows / 8 + 16) << tries;
	room->lines += (room->lines / 8 + 16) << tries;
	room->words += (room->words / 8 + 256) << tries;
	room->slots += (room->slots / 8 + 16) << tries;
	room->images += (room->images / 8 + 16) << tries;
	reader->whos = room_for(room->rows, sizeof(*reader->whos));
	reader->lines = room_for(room->lines, sizeof(*reader->lines));
	reader->words = room_for(room->words, sizeof(*reader->words));
	reader->images = room_for(room->images, sizeof(*reader->images));
	reader->line_of = room_for(room->slots + 1, sizeof(*reader->line_of));
	return reader->whos && reader->lines && reader->words && reader->images && reader->line_of;
}

struct reading {
	struct stack_reader *reader;
	const struct amount *room;
	struct pid_namespace *ns;
	u64 mark;
};

/*
 * Of a copy: hooks may be writing them. Returns false where one is of an image that has come since
 * there was room made.
 */
static bool name_images(struct reading *reading, u64 *places, unsigned int count)
{
	struct stack_reader *reader = reading->reader;
	u32 image;

	for (; count; count--, places++) {
		image = fs_place_image(*places);
		if (image > reading->room->images)
			return false;
		if (!image && *places >= PLACE_REASONS)
			*places = PLACE_LATER;
		reader->places[image ? PLACE_KNOWN : *places]++;
		if (image)
			reader->images[image - 1].named = true;
	}
	return true;
}

/* Returns false where there is no room. */
static bool read_stack(struct reading *reading, struct fs_stack *stack)
{
	struct stack_reader *reader = reading->reader;
	unsigned int words = stack->shape.kernel + 2 * stack->shape.user;
	struct stack_line *line;
	unsigned int i;

	cond_resched();
	if (reader->have.lines == reading->room->lines ||
	    words > reading->room->words - reader->have.words || stack->slot > reading->room->slots)
		return false;
	line = &reader->lines[reader->have.lines];
	line->who = reader->have.rows - 1;
	line->first = reader->have.words;
	fs_stack_read(stack, &line->counts);
	line->shape = stack->shape;
	line->overflow = stack->overflow;
	for (i = 0; i < words; i++)
		reader->words[line->first + i] = READ_ONCE(stack->frames[i]);
	if (!name_images(reading, reader->words + line->first + fs_walk_frames(&stack->shape),
			 stack->shape.user))
		return false;
	reader->have.words += words;
	reader->line_of[stack->slot] = ++reader->have.lines;
	return true;
}

static bool read_row(struct fs_row *row, void *data)
{
	struct reading *reading = data;
	struct stack_reader *reader = reading->reader;
	struct fs_stack *stack = READ_ONCE(row->stacks);
	struct fs_snapshot_row who = { .kind = row->process->kind };

	if (!stack || (reading->mark && fs_process_mark_id(row->process) != reading->mark))
		return true;
	if (!fs_snapshot_fill_process(&who, row->process, reading->ns)) {
		for (; stack; stack = READ_ONCE(stack->of_row))
			reader->hidden++;
		return true;
	}
	if (reader->have.rows == reading->room->rows)
		return false;
	fs_snapshot_fill_object(&who, row);
	reader->whos[reader->have.rows++] = who;
	for (; stack; stack = READ_ONCE(stack->of_row))
		if (!read_stack(reading, stack))
			return false;
	return true;
}

/* Under a task's shard's lock: a verdict that has come on a call that nothing had settled. */
static void add_open(struct fs_row *row, struct fs_process *process,
		     const struct fs_task_moved *moved, void *data)
{
	const struct reading *reading = data;
	struct stack_reader *reader = reading->reader;
	struct stack_line *line;

	if (!moved->stack || moved->stack > reading->room->slots || !reader->line_of[moved->stack])
		return;
	line = &reader->lines[reader->line_of[moved->stack] - 1];
	/* The call may be of after the stack was read. */
	if (line->counts.n[STACK_MINOR] + line->counts.n[STACK_MAJOR] +
	    line->counts.n[STACK_UNCOUNTED] >= line->counts.n[STACK_CALLS])
		return;
	line->counts.n[moved->verdict == COUNT_MAJOR ? STACK_MAJOR : STACK_MINOR]++;
}

static void read_images(struct stack_reader *reader, unsigned int room)
{
	unsigned int i;

	reader->have.images = min(fs_images_count(), room);
	for (i = 0; i < reader->have.images; i++) {
		const struct fs_image *image = fs_image_by_number(i + 1);
		struct image_line *line = &reader->images[i];

		fs_name_pin(image->name);
		line->name = image->name;
		line->ino = image->ino;
		line->dev = image->dev;
		line->deleted = image->deleted;
		line->build_id_size = image->build_id_size;
		memcpy(line->build_id, image->build_id, sizeof(line->build_id));
	}
}

/*
 * Under fs_table.rows_sem, for writing. Returns false where more has come than there is room for.
 */
static bool reader_read(struct stack_reader *reader, const struct amount *room)
{
	struct reading reading = {
		.reader = reader,
		.room = room,
		.ns = task_active_pid_ns(current),
		.mark = READ_ONCE(reader->mark),
	};
	bool whole;

	if (!fs_stacks_are_on())
		return true;
	fs_task_visit_begin();
	whole = fs_rows_walk(read_row, &reading);
	if (whole)
		fs_task_visit_open(add_open, &reading);
	fs_task_visit_end();
	read_images(reader, room->images);
	return whole;
}

static void read_rest(struct stack_reader *reader)
{
	struct fs_pid_list pids;

	fs_stacks_status(&reader->status);
	fs_requests_status(&fs_stack_requests, &reader->requests, &pids);
	reader->resets = fs_table.resets;
	reader->mode = fs_stacks_are_on() ? fs_stacks_mode() : STACKS_OFF;
	fs_hooks_mappings_status(&reader->maps);
}

#define FILL_TRIES	8

static int reader_fill(struct stack_reader *reader)
{
	struct amount room;
	bool whole = false;
	int tries;

	for (tries = 0; tries < FILL_TRIES && !whole; tries++) {
		reader_forget(reader);
		down_write(&fs_table.rows_sem);
		count_all(&room);
		up_write(&fs_table.rows_sem);
		if (!reader_make_room(reader, &room, tries))
			return -ENOMEM;
		down_write(&fs_table.rows_sem);
		whole = reader_read(reader, &room);
		read_rest(reader);
		up_write(&fs_table.rows_sem);
	}
	reader->boottime_ns = ktime_get_boottime_ns();
	reader->realtime_ns = ktime_to_ns(ktime_get_real());
	fs_settings_copy(&reader->settings);
	kvfree(reader->line_of);
	reader->line_of = NULL;
	return whole ? 0 : -EAGAIN;
}

/* The text. */

static const char * const end_names[WALK_ENDS] = {
	[WALK_NONE]		= FAULTSTAT_END_NONE,
	[WALK_BOTTOM]		= FAULTSTAT_END_BOTTOM,
	[WALK_DEPTH]		= FAULTSTAT_END_DEPTH,
	[WALK_MEMORY]		= FAULTSTAT_END_MEMORY,
	[WALK_ODD]		= FAULTSTAT_END_ODD,
	[WALK_REGISTERS]	= FAULTSTAT_END_REGISTERS,
};

static const char *end_name(u8 end)
{
	return end_names[end < WALK_ENDS ? end : WALK_NONE];
}

static const char * const place_names[PLACE_REASONS] = {
	[PLACE_LATER]		= FAULTSTAT_PLACE_UNKNOWN,
	[PLACE_NO_FILE]		= FAULTSTAT_PLACE_NO_FILE,
	[PLACE_NO_ROOM]		= FAULTSTAT_PLACE_NO_ROOM,
};

static void put_header(struct seq_file *m, const struct stack_reader *reader)
{
	const struct fs_stack_status *status = &reader->status;
	char pids[PIDS_TEXT];
	int i;

	fs_pids_text(&reader->settings.stacks_pid, pids, sizeof(pids));
	seq_printf(m, "# faultstat-stacks %d\n", FAULTSTAT_STACKS_FORMAT);
	fs_files_put_load(m, reader->boottime_ns, reader->realtime_ns, reader->resets);
	seq_printf(m, "# settings stacks=%s stacks_pid=%s stack_depth=%u stack_every=%u\n",
		   fs_settings_stacks_name(reader->settings.stacks), pids,
		   reader->settings.stack_depth, reader->settings.stack_every);
	if (reader->maps.how)
		seq_printf(m, "# hook %s %s nmissed %ld\n", reader->maps.name, reader->maps.how,
			   reader->maps.nmissed);
	else
		seq_printf(m, "# hook %s off: %s\n", reader->maps.name, reader->maps.why);
	seq_printf(m, "# stacks frames %s rows %u stacks %u requests %u memory %llu hidden %u\n",
		   fs_settings_stacks_name(reader->mode), reader->have.rows, reader->have.lines,
		   reader->requests, status->memory, reader->hidden);
	seq_printf(m, "# lost calls %llu minor %llu major %llu uncounted %llu\n",
		   status->lost.n[STACK_CALLS], status->lost.n[STACK_MINOR],
		   status->lost.n[STACK_MAJOR], status->lost.n[STACK_UNCOUNTED]);
	seq_printf(m, "# places known %llu", reader->places[PLACE_KNOWN]);
	for (i = 0; i < PLACE_REASONS; i++)
		seq_printf(m, " %s %llu", place_names[i], reader->places[i]);
	seq_putc(m, '\n');
}

static char *line_hex(char *at, u64 number)
{
	unsigned int digits = number ? fls64(number) / 4 + !!(fls64(number) % 4) : 1;

	*at++ = '0';
	*at++ = 'x';
	while (digits--)
		*at++ = "0123456789abcdef"[number >> 4 * digits & 15];
	return at;
}

/* The longest text of an image but for its path. */
#define IMAGE_SIZE	(160 + 2 * BUILD_ID_MAX)

static char *image_make(char *at, const struct image_line *image, unsigned int number)
{
	unsigned int i;

	at = fs_line_text(at, "# image");
	at = fs_line_number(at, ' ', number);
	at = fs_line_text(at, " dev");
	at = fs_line_number(at, ' ', MAJOR(image->dev));
	at = fs_line_number(at, ':', MINOR(image->dev));
	at = fs_line_text(at, " inode");
	at = fs_line_number(at, ' ', image->ino);
	at = fs_line_text(at, " deleted");
	at = fs_line_number(at, ' ', image->deleted);
	at = fs_line_text(at, " build_id ");
	for (i = 0; i < image->build_id_size; i++) {
		*at++ = "0123456789abcdef"[image->build_id[i] >> 4];
		*at++ = "0123456789abcdef"[image->build_id[i] & 15];
	}
	if (!image->build_id_size)
		*at++ = '-';
	at = fs_line_text(at, " path ");
	at = fs_line_object(at, image->name->text, image->name->length);
	*at++ = '\n';
	return at;
}

static void put_image(struct seq_file *m, const struct image_line *image, unsigned int number)
{
	char *at;

	if (!image->named)
		return;
	/* If it does not fit, seq_file comes again with more memory. */
	if (seq_get_buf(m, &at) < IMAGE_SIZE + 4 * image->name->length)
		seq_commit(m, -1);
	else
		seq_commit(m, image_make(at, image, number) - at);
}

/* Never an address: a symbol of a module that is gone is unknown. */
static char *kernel_frame(char *at, u64 address)
{
	char symbol[KSYM_SYMBOL_LEN], *end;

	sprint_symbol(symbol, address);
	if (!strncmp(symbol, "0x", 2))
		return fs_line_text(at, "?");
	end = strchr(symbol, '/');
	if (end)
		*end = '\0';
	return fs_line_text(at, symbol);
}

static char *user_frame(char *at, char before, u64 address, u64 place)
{
	if (fs_place_image(place)) {
		at = fs_line_number(at, before, fs_place_image(place));
		*at++ = place & PLACE_EXACT ? '@' : '+';
		return line_hex(at, place & PLACE_OFFSET_MASK);
	}
	*at++ = before;
	at = line_hex(at, address);
	*at++ = ':';
	return fs_line_text(at, place_names[place]);
}

static char *frames_make(char *at, const struct stack_reader *reader, const struct stack_line *line)
{
	const u64 *kernel = reader->words + line->first, *user = kernel + line->shape.kernel;
	const u64 *places = user + line->shape.user;
	char before = ' ';
	unsigned int i;

	if (line->overflow)
		return fs_line_text(at, " " FAULTSTAT_OBJECT_OVERFLOW);
	if (!line->shape.kernel && !line->shape.user)
		return fs_line_text(at, " -");
	for (i = 0; i < line->shape.kernel; i++, before = ',') {
		*at++ = before;
		at = kernel_frame(at, kernel[i]);
	}
	for (i = 0; i < line->shape.user; i++, before = ',')
		at = user_frame(at, before, user[i], places[i]);
	return at;
}

/* The longest text of a stack but for frames and object, and of a frame. */
#define LINE_SIZE	(4 * TASK_COMM_LEN + 64 + 16 * 21)
#define FRAME_TEXT	40

static char *line_make(char *at, const struct stack_reader *reader, const struct stack_line *line,
		       const char *object, size_t length)
{
	const struct fs_snapshot_row *who = &reader->whos[line->who];

	/* fs_line_number() begins with a space: the first one has none. */
	at = fs_line_number(at, ' ', line->counts.n[STACK_CALLS]);
	at = fs_line_number(at, ' ', line->counts.n[STACK_MINOR]);
	at = fs_line_number(at, ' ', line->counts.n[STACK_MAJOR]);
	at = fs_line_number(at, ' ', line->counts.n[STACK_UNCOUNTED]);
	*at++ = ' ';
	at = fs_line_comm(at, who->comm[0] ? who->comm : "-");
	at = fs_line_number(at, ' ', who->pid);
	at = fs_line_number(at, ' ', who->id);
	*at++ = ' ';
	at = fs_line_text(at, fs_files_state_name(who->kind));
	at = fs_line_number(at, ' ', MAJOR(who->dev));
	at = fs_line_number(at, ':', MINOR(who->dev));
	at = fs_line_number(at, ' ', who->ino);
	at = fs_line_number(at, ' ', who->deleted);
	*at++ = ' ';
	at = fs_line_text(at, end_name(line->shape.kernel_end));
	*at++ = ' ';
	at = fs_line_text(at, end_name(line->shape.user_end));
	at = frames_make(at, reader, line);
	*at++ = ' ';
	at = fs_line_object(at, object, length);
	*at++ = '\n';
	return at;
}

static void put_line(struct seq_file *m, const struct stack_reader *reader,
		     const struct stack_line *line)
{
	size_t length, size;
	const char *object = fs_snapshot_object(&reader->whos[line->who], &length);
	char *at, *end;

	size = LINE_SIZE + line->shape.user * FRAME_TEXT +
	       line->shape.kernel * KSYM_SYMBOL_LEN + 4 * length;
	if (seq_get_buf(m, &at) < size) {
		seq_commit(m, -1);
		return;
	}
	end = line_make(at, reader, line, object, length);
	memmove(at, at + 1, end - at - 1);
	seq_commit(m, end - at - 1);
}

/* The header is first, then images, the columns, stacks: told by their position, plus one. */
static void *stacks_at(struct stack_reader *reader, loff_t pos)
{
	return pos < 2 + reader->have.images + reader->have.lines ? (void *)(long)(pos + 1) : NULL;
}

static void *stacks_start(struct seq_file *m, loff_t *pos)
{
	return stacks_at(m->private, *pos);
}

static void *stacks_next(struct seq_file *m, void *at, loff_t *pos)
{
	++*pos;
	return stacks_at(m->private, *pos);
}

static void stacks_end(struct seq_file *m, void *at)
{
}

static int stacks_show(struct seq_file *m, void *at)
{
	const struct stack_reader *reader = m->private;
	loff_t pos = (long)at - 1;

	if (!pos)
		put_header(m, reader);
	else if (pos <= reader->have.images)
		put_image(m, &reader->images[pos - 1], pos);
	else if (pos == reader->have.images + 1)
		seq_puts(m, FAULTSTAT_STACKS_COLUMNS "\n");
	else
		put_line(m, reader, &reader->lines[pos - reader->have.images - 2]);
	return 0;
}

static const struct seq_operations stacks_operations = {
	.start	= stacks_start,
	.next	= stacks_next,
	.stop	= stacks_end,
	.show	= stacks_show,
};

/* Asking. */

/**
 * struct wish - what somebody has written to the file
 * @mode: which frames
 * @mark: of processes with this mark; 0: no such
 * @list: of these processes
 */
struct wish {
	unsigned int mode;
	u64 mark;
	struct fs_pid_list list;
};

/* "user ", "kernel " or "both " at the beginning; user if there is none. */
static char *mode_parse(char *text, unsigned int *mode)
{
	size_t length = strcspn(text, " ");
	char *rest = text + length;

	*mode = STACKS_USER;
	if (!*rest)
		return text;
	*rest = '\0';
	for (*mode = STACKS_USER; *mode <= STACKS_BOTH; ++*mode)
		if (!strcmp(text, fs_settings_stacks_name(*mode)))
			return rest + 1;
	return NULL;
}

static int wish_parse(char *text, struct wish *wish)
{
	text = mode_parse(text, &wish->mode);
	if (!text)
		return -EINVAL;
	wish->mark = 0;
	if (strncmp(text, "mark=", 5))
		return fs_pids_request(text, &wish->list);
	wish->list.all = false;
	wish->list.count = 0;
	return kstrtou64(text + 5, 10, &wish->mark) || !wish->mark ? -EINVAL : 0;
}

static int wish_read(const char __user *text, size_t size, struct wish *wish)
{
	char buffer[PIDS_TEXT + 16];
	int err = fs_files_take_text(buffer, sizeof(buffer), text, size);

	if (err)
		return err;
	return strlen(buffer) == size ? wish_parse(buffer, wish) : -EINVAL;
}

static ssize_t stacks_write(struct file *file, const char __user *text, size_t size, loff_t *pos)
{
	struct stack_reader *reader = ((struct seq_file *)file->private_data)->private;
	struct wish *wish = kmalloc(sizeof(*wish), GFP_KERNEL | __GFP_NORETRY);
	int err;

	if (!wish)
		return -ENOMEM;
	err = wish_read(text, size, wish);
	if (!err) {
		mutex_lock(&reader->changing);
		err = fs_request_ask(&fs_stack_requests, &reader->request, &wish->list, wish->mark,
				     wish->mode);
		if (!err)
			WRITE_ONCE(reader->mark, wish->mark);
		mutex_unlock(&reader->changing);
	}
	kfree(wish);
	return err ? err : (ssize_t)size;
}

/* From its beginning the file is read anew, as it is by then. */
static ssize_t stacks_read(struct file *file, char __user *text, size_t size, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	int err = 0;

	if (!*pos) {
		mutex_lock(&m->lock);
		err = reader_fill(m->private);
		mutex_unlock(&m->lock);
	}
	return err ? err : seq_read(file, text, size, pos);
}

static int stacks_open(struct inode *inode, struct file *file)
{
	struct stack_reader *reader;

	if (!fs_files_permit())
		return -EPERM;
	reader = __seq_open_private(file, &stacks_operations, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->changing);
	return 0;
}

static int stacks_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct stack_reader *reader = m->private;

	fs_request_end(&fs_stack_requests, reader->request);
	reader_forget(reader);
	return seq_release_private(inode, file);
}

COMPAT_PROC_OPS(proc_stacks_operations, stacks_open, stacks_read, stacks_write, stacks_release);

/**
 * fs_stack_file_make - makes the file
 * @dir: /proc/faultstat, with which it goes
 *
 * Process context. Returns false where there is no memory.
 */
bool fs_stack_file_make(struct proc_dir_entry *dir)
{
	return proc_create_data(FAULTSTAT_PROC_STACKS, FS_FILES_ASKED, dir, &proc_stacks_operations,
				NULL);
}
