// SPDX-License-Identifier: GPL-2.0
/*
 * stackfile.c - /proc/faultstat/stacks: asking by it, reading it.
 */
#define _GNU_SOURCE
#include "stackfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "note.h"
#include "snapshot.h"

/**
 * stacks_ask() - ask for the stacks of processes, as long as what is returned is open.
 * @who: as it is written to the file
 *
 * Return: a descriptor, also for stacks_take(); or -1.
 */
int stacks_ask(const char *who)
{
	int fd = open(STACKS, O_RDWR | O_CLOEXEC);

	if (fd >= 0 && write(fd, who, strlen(who)) == (ssize_t)strlen(who))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/**
 * stacks_free() - free them.
 * @s: taken, or all zero
 */
void stacks_free(struct stacks *s)
{
	size_t i;

	for (i = 0; i < s->nr; i++)
		free(s->stack[i].frame);
	free(s->stack);
	free(s->image);
	free(s->text);
	memset(s, 0, sizeof(*s));
}

static const char *image_path(const struct stacks *s, int number)
{
	size_t i;

	for (i = 0; i < s->nr_images; i++)
		if (s->image[i].number == number)
			return s->image[i].path;
	return NULL;
}

static int frame_parse(const struct stacks *s, struct frame *f, char *text)
{
	char *end, *plus;
	long number;

	memset(f, 0, sizeof(*f));
	if (!strncmp(text, "0x", 2)) {
		f->at = strtoull(text, &end, 16);
		f->why = end + 1;
		return *end == ':' && *f->why ? 0 : -1;
	}
	if (*text < '0' || *text > '9') {
		f->symbol = text;
		return 0;
	}
	number = strtol(text, &plus, 10);
	if (strncmp(plus, "+0x", 3) && strncmp(plus, "@0x", 3))
		return -1;
	f->exact = *plus == '@';
	f->at = strtoull(plus + 1, &end, 16);
	f->image = image_path(s, (int)number);
	return !*end && f->image ? 0 : -1;
}

static int frames_parse(const struct stacks *s, struct stack *k, char *list)
{
	char *one, *rest = NULL;

	k->overflow = !strcmp(list, "[overflow]");
	if (k->overflow || !strcmp(list, "-"))
		return 0;
	k->frame = calloc(STACK_DEPTH, sizeof(*k->frame));
	for (one = strtok_r(list, ",", &rest); one && k->frame; one = strtok_r(NULL, ",", &rest))
		if (k->nr == STACK_DEPTH || frame_parse(s, &k->frame[k->nr++], one))
			return -1;
	return k->frame ? 0 : -1;
}

static int stack_parse(const struct stacks *s, struct stack *k, char *line)
{
	char *field[14], *at = line;
	int i;

	/* Then the object, whose spaces are its own. */
	for (i = 0; i < 14; i++) {
		field[i] = strsep(&at, " ");
		if (!at)
			return -1;
	}
	memset(k, 0, sizeof(*k));
	k->calls = atoll(field[0]);
	k->minor = atoll(field[1]);
	k->major = atoll(field[2]);
	k->uncounted = atoll(field[3]);
	k->comm = octal_unescape(field[4]);
	k->pid = atoll(field[5]);
	k->id = atoll(field[6]);
	k->state = field[7];
	k->kernel_end = field[11];
	k->user_end = field[12];
	k->object = octal_unescape(at);
	return frames_parse(s, k, field[13]);
}

static int image_parse(struct stacks *s, char *line)
{
	struct image_of *more = realloc(s->image, (s->nr_images + 1) * sizeof(*more)), *i;
	char *path = strstr(line, " path "), *id = strstr(line, " build_id ");

	if (!more || !path || !id)
		return -1;
	s->image = more;
	i = &more[s->nr_images++];
	i->number = atoi(line + strlen("# image "));
	i->build_id = id + strlen(" build_id ");
	*path = '\0';
	i->path = octal_unescape(path + strlen(" path "));
	return i->number > 0 ? 0 : -1;
}

static int line_parse(struct stacks *s, char *line, size_t *room)
{
	if (!strncmp(line, "# image ", 8))
		return image_parse(s, line);
	if (sscanf(line, "# stacks frames %*s rows %*u stacks %*u requests %lld memory %lld hidden %lld",
		   &s->requests, &s->memory, &s->hidden) == 3)
		return 0;
	if (sscanf(line, "# lost calls %lld minor", &s->lost) == 1)
		return 0;
	if (sscanf(line, "# places known %lld unknown %lld no-file %lld no-room %lld",
		   &s->known, &s->unknown, &s->no_file, &s->no_room) == 4)
		return 0;
	if (!strncmp(line, "# settings ", 11))
		return sscanf(strstr(line, " stack_every="), " stack_every=%lld", &s->every) - 1;
	if (*line == '#' || !strncmp(line, "calls ", 6))
		return 0;
	if (s->nr == *room) {
		*room = *room ? *room * 2 : 64;
		s->stack = realloc(s->stack, *room * sizeof(*s->stack));
		if (!s->stack)
			return -1;
	}
	return stack_parse(s, &s->stack[s->nr++], line);
}

static char *read_all(int fd)
{
	size_t len = 0, room = 1 << 16;
	char *text = malloc(room);
	ssize_t n;

	while (text && (n = pread(fd, text + len, room - len - 1, (off_t)len)) > 0) {
		len += (size_t)n;
		if (room - len < 4096)
			text = realloc(text, room *= 2);
	}
	if (text)
		text[len] = '\0';
	return text && !n ? text : NULL;
}

/**
 * stacks_take() - read and parse the whole file, as it is now.
 * @s: filled; free it with stacks_free()
 * @fd: of stacks_ask(), or of the file opened for reading
 *
 * Return: 0, or -1 after a note, also for a line that is not as it should be.
 */
int stacks_take(struct stacks *s, int fd)
{
	size_t room = 0;
	char *line, *next, *copy;

	memset(s, 0, sizeof(*s));
	s->lost = -1;
	s->known = -1;
	s->hidden = -1;
	s->text = read_all(fd);
	if (!s->text || strncmp(s->text, "# faultstat-stacks 1\n", 21)) {
		note("not a file of stacks: %.60s", s->text ? s->text : strerror(errno));
		return -1;
	}
	for (line = s->text; *line; line = next) {
		next = strchr(line, '\n');
		if (!next) {
			note("the last line has no end");
			return -1;
		}
		*next++ = '\0';
		copy = strndup(line, 200);
		if (line_parse(s, line, &room)) {
			note("not a line of stacks: %s", copy);
			free(copy);
			return -1;
		}
		free(copy);
	}
	return s->lost < 0 || s->known < 0 || s->hidden < 0 ? -1 : 0;
}

/**
 * stacks_print() - say what there is, for a test that fails.
 * @s: taken
 * @pid: of this process alone; 0: of all
 */
void stacks_print(const struct stacks *s, pid_t pid)
{
	size_t i;
	int j;

	for (i = 0; i < s->nr; i++) {
		const struct stack *k = &s->stack[i];

		if (pid && k->pid != pid)
			continue;
		note("%lld %lld %lld %lld %s %lld %s %s, ends %s %s%s", k->calls, k->minor,
		     k->major, k->uncounted, k->comm, k->pid, k->state, k->object, k->kernel_end,
		     k->user_end, k->overflow ? " overflow" : "");
		for (j = 0; j < k->nr; j++)
			note("   %s%s+0x%llx %s", k->frame[j].symbol ? k->frame[j].symbol : "",
			     k->frame[j].image ? k->frame[j].image : "", k->frame[j].at,
			     k->frame[j].why ? k->frame[j].why : "");
	}
}

/**
 * stacks_calls() - calls of a process on an object, over all of its stacks.
 * @s: taken
 * @pid: of the process
 * @object: NULL: on all
 */
long long stacks_calls(const struct stacks *s, pid_t pid, const char *object)
{
	long long calls = 0;
	size_t i;

	for (i = 0; i < s->nr; i++)
		if (s->stack[i].pid == pid && (!object || !strcmp(s->stack[i].object, object)))
			calls += s->stack[i].calls;
	return calls;
}

/**
 * stacks_build_id() - the build-id of a file that some stack names; NULL where none does.
 */
const char *stacks_build_id(const struct stacks *s, const char *path)
{
	size_t i;

	for (i = 0; i < s->nr_images; i++)
		if (!strcmp(s->image[i].path, path))
			return s->image[i].build_id;
	return NULL;
}

/* The sum over the stacks of a row. */
static void row_sum(const struct stacks *s, const struct row *row, struct stack *sum)
{
	size_t i;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < s->nr; i++) {
		const struct stack *k = &s->stack[i];

		if (k->id != row->id || strcmp(k->object, row->object) ||
		    strcmp(k->comm, row->comm))
			continue;
		sum->calls += k->calls;
		sum->minor += k->minor;
		sum->major += k->major;
		sum->uncounted += k->uncounted;
	}
}

/**
 * stacks_equal_faults() - compare what was counted by stack with what was counted by object.
 * @fd: of stacks_ask(), from before the process was born
 * @pid: of the process, which has ended or waits
 *
 * Return: 0, or -1 after a note, where anything differs in any row.
 */
int stacks_equal_faults(int fd, pid_t pid)
{
	struct snapshot faults;
	struct stacks s;
	struct stack sum;
	int wrong = 0;
	size_t i;

	if (snapshot_take(&faults, FAULTS_PROC) || stacks_take(&s, fd))
		return -1;
	for (i = 0; i < faults.nr_rows; i++) {
		const struct row *row = &faults.rows[i];

		if (row->pid != pid)
			continue;
		row_sum(&s, row, &sum);
		if (sum.calls == row->n.calls && sum.minor == row->n.minor &&
		    sum.major == row->n.major && sum.uncounted == row->n.uncounted)
			continue;
		note("%s: by stack calls %lld minor %lld major %lld uncounted %lld, by object %lld %lld %lld %lld",
		     row->object, sum.calls, sum.minor, sum.major, sum.uncounted, row->n.calls,
		     row->n.minor, row->n.major, row->n.uncounted);
		wrong = -1;
	}
	if (wrong)
		stacks_print(&s, pid);
	if (!stacks_calls(&s, pid, NULL)) {
		note("process %d has no stacks", pid);
		wrong = -1;
	}
	snapshot_free(&faults);
	stacks_free(&s);
	return wrong;
}
