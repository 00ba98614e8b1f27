// SPDX-License-Identifier: GPL-2.0
/*
 * namer.c - has a child process name addresses. Called by frames.c.
 *
 * Anybody may have written the files, also to harm a tool that root runs; and libdw and demanglers
 * are large: a damaged file may crash them or keep them busy for ever. So the child has the files
 * that were opened for it, can open no other (libdw would follow paths that stand in them), runs as
 * nobody where we are root, and has limits of memory and time. If it dies, or says nothing for too
 * long, another one does that file again without DWARF and demangling; if that dies as well, the
 * file has no names, and all others have theirs. What a child says is checked.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/procfs.h"
#include "lib/xalloc.h"
#include "stacks/symbols/demangle.h"
#include "stacks/symbols/inlines.h"
#include "stacks/symbols/namer.h"

/* Of each file: seconds of a processor, and without a word. */
#define CPU_SECONDS	10
#define SILENT_SECONDS	60
/* Processes that may end early, in one run. */
#define DEATHS_MAX	8
/* Memory, besides what files take. */
#define MEMORY_MIN	0x40000000ull
#define MEMORY_LARGE	0x100000000000ull
#define NOBODY		65534

/* The process, in which all this is called. */

static void limit(int what, rlim_t value)
{
	const struct rlimit limits = { value, value };

	setrlimit(what, &limits);
}

static uint64_t size_of(int fd)
{
	struct stat about;

	return fd >= 0 && !fstat(fd, &about) ? (uint64_t)about.st_size : 0;
}

/* Bytes that are mapped already. */
static uint64_t size_of_self(void)
{
	char *text = procfs_read("/proc/self/statm", NULL);
	const uint64_t pages = text ? strtoull(text, NULL, 10) : 0;

	free(text);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* What files take, and as much again several times, as parts of them may be compressed. */
static void limit_memory(const struct naming_job *jobs, size_t nr)
{
	uint64_t most = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		const uint64_t size = size_of(jobs[i].main) + size_of(jobs[i].debug) +
				      size_of(jobs[i].alt);

		most = size > most ? size : most;
	}
	most = size_of_self() + MEMORY_MIN + 6 * most;
	/* What checks memory has mapped nearly all there is. */
	if (most < MEMORY_LARGE && most < RLIM_INFINITY)
		limit(RLIMIT_AS, (rlim_t)most);
}

static bool is_of_job(const struct naming_job *jobs, size_t nr, int fd)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (fd == jobs[i].main || fd == jobs[i].debug || fd == jobs[i].alt)
			return true;
	return false;
}

/* What else is open is none of ours: a request of the module's may end with its last descriptor. */
static void close_others(const struct naming_job *jobs, size_t nr, int out)
{
	DIR *list = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (list && (entry = readdir(list))) {
		const int fd = atoi(entry->d_name);

		if (fd > 2 && fd != out && fd != dirfd(list) && !is_of_job(jobs, nr, fd))
			close(fd);
	}
	if (list)
		closedir(list);
}

/* Nothing is to be said where people look; and signals do what they do by themselves. */
static void become_quiet(void)
{
	const int nothing = open("/dev/null", O_RDWR);
	sigset_t none;
	int i;

	for (i = 0; i < 3 && nothing >= 0; i++)
		dup2(nothing, i);
	for (i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become_harmless(void)
{
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_NOFILE, 0);
	/* Where there is no such user, it remains what it was. */
	if (!geteuid() && !setgroups(0, NULL) && !setresgid(NOBODY, NOBODY, NOBODY) &&
	    !setresuid(NOBODY, NOBODY, NOBODY))
		limit(RLIMIT_NPROC, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* Behind the change of the user, which takes it off again. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Some more seconds from now. */
static void limit_time(void)
{
	struct rusage usage;
	struct rlimit limits;

	if (getrusage(RUSAGE_SELF, &usage) || getrlimit(RLIMIT_CPU, &limits))
		return;
	limits.rlim_cur = (rlim_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + CPU_SECONDS);
	setrlimit(RLIMIT_CPU, &limits);
}

static void answer_all(struct naming_job *jobs, size_t nr, FILE *out)
{
	size_t i;

	close_others(jobs, nr, fileno(out));
	become_quiet();
	limit_memory(jobs, nr);
	become_harmless();
	for (i = 0; i < nr; i++) {
		limit_time();
		naming_answer(&jobs[i], out);
	}
}

/* On our side. */

struct reader {
	int fd;
	unsigned char part[65536];
	size_t at, nr;		/* in the part */
	bool slow;		/* it said nothing for too long */
};

static bool refill(struct reader *reader)
{
	struct pollfd wait = { .fd = reader->fd, .events = POLLIN };
	ssize_t got;
	int ready;

	do {
		ready = poll(&wait, 1, SILENT_SECONDS * 1000);
	} while (ready < 0 && errno == EINTR);
	reader->slow = !ready;
	if (ready <= 0)
		return false;
	do {
		got = read(reader->fd, reader->part, sizeof(reader->part));
	} while (got < 0 && errno == EINTR);
	reader->at = 0;
	reader->nr = got > 0 ? (size_t)got : 0;
	return reader->nr;
}

static bool take(struct reader *reader, void *what, size_t size)
{
	while (size) {
		size_t some;

		if (reader->at == reader->nr && !refill(reader))
			return false;
		some = reader->nr - reader->at < size ? reader->nr - reader->at : size;
		memcpy(what, reader->part + reader->at, some);
		reader->at += some;
		what = (char *)what + some;
		size -= some;
	}
	return true;
}

/* A string, to be freed; false where there should be one and is not. */
static bool take_text(struct reader *reader, uint32_t length, char **text)
{
	*text = NULL;
	if (length == NAMING_NONE)
		return true;
	if (length > NAMING_TEXT)
		return false;
	*text = xmalloc((size_t)length + 1);
	if (take(reader, *text, length)) {
		(*text)[length] = '\0';
		return true;
	}
	free(*text);
	*text = NULL;
	return false;
}

static bool take_function(struct reader *reader, struct namer_function *function)
{
	struct naming_function said;
	char *name = NULL, *source = NULL;
	bool whole;

	whole = take(reader, &said, sizeof(said)) && take_text(reader, said.name, &name) &&
		take_text(reader, said.source, &source);
	*function = (struct namer_function) { .name = name, .source = source };
	if (whole) {
		function->offset = said.offset;
		function->line = said.line;
		function->inlined = said.inlined;
	}
	return whole;
}

/* One answer, of a place or of the end. */
static bool take_answer(struct reader *reader, struct naming_job *job, size_t number,
			const struct namer_taker *taker, bool *ended)
{
	struct namer_function functions[INLINES_MAX];
	struct naming_answer answer;
	bool whole = true;
	size_t nr = 0, i;

	if (!take(reader, &answer, sizeof(answer)) || !answer.nr || answer.nr > INLINES_MAX)
		return false;
	if (answer.place != NAMING_END && (answer.place != job->done || job->done == job->nr))
		return false;
	while (nr < answer.nr && whole)
		whole = take_function(reader, &functions[nr++]);
	*ended = whole && answer.place == NAMING_END;
	if (*ended)
		taker->end(taker->data, number, functions[0].name);
	else if (whole)
		taker->take(taker->data, number, job->done++, functions, nr);
	for (i = 0; i < nr; i++) {
		free((char *)functions[i].name);
		free((char *)functions[i].source);
	}
	return whole;
}

/* All answers up to where there are no more; returns how many jobs are done. */
static size_t take_answers(struct reader *reader, struct naming_job *jobs, size_t nr,
			   size_t first, const struct namer_taker *taker)
{
	size_t job = first;
	bool ended;

	while (job < nr && take_answer(reader, &jobs[job], job, taker, &ended))
		job += ended;
	return job;
}

/* The process, from the first of the jobs on; negative if there is none. */
static pid_t begin(struct naming_job *jobs, size_t nr, int *answers)
{
	int ends[2];
	pid_t pid;
	FILE *out;

	demangle_begin();
	if (pipe2(ends, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		out = fdopen(ends[1], "w");
		if (out)
			answer_all(jobs, nr, out);
		_exit(0);
	}
	close(ends[1]);
	if (pid < 0)
		close(ends[0]);
	*answers = ends[0];
	return pid;
}

static void end(pid_t pid, const struct reader *reader)
{
	close(reader->fd);
	/* It has nobody to tell anything any more. */
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* What to do with the job at which the process ended early; returns whether it is done. */
static bool settle(struct naming_job *job, size_t number, const struct reader *reader,
		   const struct namer_taker *taker)
{
	if (!job->plain && !reader->slow) {
		job->plain = true;
		return false;
	}
	taker->end(taker->data, number, "cannot be read");
	return true;
}

/* One process: as far as it comes. Returns how many jobs are done; -1 if there is no process. */
static ssize_t run_once(struct naming_job *jobs, size_t nr, size_t first,
			const struct namer_taker *taker)
{
	struct reader *reader = xcalloc(1, sizeof(*reader));
	const pid_t pid = begin(jobs + first, nr - first, &reader->fd);
	size_t job = first;

	if (pid > 0) {
		job = take_answers(reader, jobs, nr, first, taker);
		end(pid, reader);
	}
	if (pid > 0 && job < nr)
		job += settle(&jobs[job], job, reader, taker);
	free(reader);
	return pid > 0 ? (ssize_t)job : -1;
}

/**
 * namer_run() - name addresses.
 * @jobs: what is to be named, with open files, which stay open
 * @nr: how many
 * @taker: is called with each answer: of each job for places in their order, then for its end
 */
void namer_run(struct naming_job *jobs, size_t nr, const struct namer_taker *taker)
{
	const char *why = "not tried, as others cannot be read";
	size_t job = 0, deaths;

	for (deaths = 0; job < nr && deaths < DEATHS_MAX; deaths++) {
		const ssize_t done = run_once(jobs, nr, job, taker);

		if (done < 0) {
			why = "no process can be started to read it";
			break;
		}
		job = (size_t)done;
	}
	for (; job < nr; job++)
		taker->end(taker->data, job, why);
}
