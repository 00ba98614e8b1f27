// SPDX-License-Identifier: GPL-2.0
/*
 * workload.c - processes whose faults are known to the kernel, compared with the module's rows.
 *
 * A workload is a function run in a forked child. The test waits until the child is a zombie,
 * reads the kernel's figures, takes a snapshot, compares, reaps it, and compares once more when
 * the module has seen the end of the process. Everything waits with a bound.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "note.h"
#include "workload.h"

#define END_SEEN_MS	60000	/* the task is freed a grace period after it was reaped */

static pid_t *started;
static size_t nr_started;

/**
 * now_ms() - milliseconds of a clock that only goes forward.
 */
long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/**
 * short_rest() - let others run between two looks at a condition.
 */
void short_rest(void)
{
	struct timespec ts = { 0, 5 * 1000 * 1000 };

	nanosleep(&ts, NULL);
}

/**
 * wait_until() - wait for a condition, not for a time.
 * @done: the condition
 * @arg: its argument
 * @ms: the bound
 *
 * Return: false if it did not come true.
 */
bool wait_until(bool (*done)(void *arg), void *arg, int ms)
{
	long long end = now_ms() + ms;

	while (!done(arg)) {
		if (now_ms() > end)
			return false;
		short_rest();
	}
	return true;
}

/**
 * scaled() - a count, a tenth of it where the kernel is slow (TEST_SCALE=small).
 * @full: the count on an ordinary kernel
 */
int scaled(int full)
{
	const char *scale = getenv("TEST_SCALE");

	return scale && !strcmp(scale, "small") ? (full + 9) / 10 : full;
}

/**
 * scaled_up() - how much of a test is done, where it may take minutes as well.
 * @full: as for scaled()
 * @most: where the time for it is given
 */
int scaled_up(int full, int most)
{
	const char *scale = getenv("TEST_SCALE");

	return scale && !strcmp(scale, "long") ? most : scaled(full);
}

/**
 * shared_alloc() - zeroed memory that children write and the test reads.
 * @size: in bytes
 *
 * Return: the memory; there is no other way out.
 */
void *shared_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		note("mmap: %s", strerror(errno));
		exit(1);
	}
	return p;
}

/**
 * gate_init() - make a gate, closed.
 * @g: the gate
 *
 * Return: 0 or -1.
 */
int gate_init(struct gate *g)
{
	return pipe(g->fds);
}

/**
 * gate_open() - let one waiter pass, now or when it comes.
 * @g: the gate
 */
void gate_open(struct gate *g)
{
	if (write(g->fds[1], "", 1) != 1)
		note("gate: %s", strerror(errno));
}

/**
 * gate_wait() - wait until somebody opens the gate.
 * @g: the gate
 *
 * Return: 0, or -1 if everybody who could have is gone.
 */
int gate_wait(struct gate *g)
{
	char c;
	ssize_t n;

	do
		n = read(g->fds[0], &c, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : -1;
}

/* What follows "pid (comm) " in /proc/PID/stat; comm may hold anything. */
static char *proc_stat(pid_t pid, char *buf, size_t size)
{
	char path[64], *p;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return NULL;
	buf[n] = '\0';
	p = strrchr(buf, ')');
	return p && p[1] ? p + 2 : NULL;
}

/**
 * proc_faults() - the kernel's figures for one thread group, ended threads included.
 * @pid: the process, or a zombie
 * @minor: field 10 of /proc/PID/stat
 * @major: field 12
 *
 * Return: 0, or -1 if there is no such process.
 */
int proc_faults(pid_t pid, long long *minor, long long *major)
{
	char buf[1024], *p = proc_stat(pid, buf, sizeof(buf));

	return p && sscanf(p, "%*c %*d %*d %*d %*d %*d %*u %lld %*u %lld", minor, major) == 2 ?
		0 : -1;
}

/**
 * proc_state() - the state letter of a process.
 * @pid: the process
 *
 * Return: as in /proc/PID/stat, 0 if there is no such process.
 */
char proc_state(pid_t pid)
{
	char buf[1024], *p = proc_stat(pid, buf, sizeof(buf));

	return p ? *p : 0;
}

/**
 * workload_start() - fork a child that runs a function and exits.
 * @w: which must be zeroed but for what is set before
 * @fn: the function; its return value becomes the exit code
 * @arg: its argument
 *
 * Return: 0 or -1.
 */
int workload_start(struct workload *w, workload_fn fn, void *arg)
{
	struct rlimit no_core = { 0, 0 };
	pid_t *more, test = getpid(), pid;

	more = realloc(started, (nr_started + 1) * sizeof(*started));
	if (!more)
		return -1;
	started = more;
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		note("fork: %s", strerror(errno));
		return -1;
	}
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != test)
			_exit(1);
		setrlimit(RLIMIT_CORE, &no_core);
		_exit(fn(arg));
	}
	/* Not by the child as well: the workload may be in memory they share. */
	w->pid = pid;
	started[nr_started++] = pid;
	return 0;
}

static int reap(pid_t pid)
{
	size_t i;

	for (i = 0; i < nr_started; i++)
		if (started[i] == pid)
			started[i] = started[--nr_started];
	return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

/**
 * workload_wait() - wait until a workload is a zombie, and read its figures.
 * @w: a started workload; it is not reaped
 *
 * Return: 0, or -1 after a note if it did not end as it should have.
 */
int workload_wait(struct workload *w)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	while (waitid(P_PID, (id_t)w->pid, &info, WEXITED | WNOWAIT) < 0) {
		if (errno != EINTR) {
			note("waitid: %s", strerror(errno));
			return -1;
		}
	}
	w->code = info.si_code;
	w->status = info.si_status;
	if (proc_faults(w->pid, &w->minor, &w->major)) {
		note("no /proc/%d/stat of the zombie", w->pid);
		return -1;
	}
	if (w->signal ? w->code == CLD_EXITED || w->status != w->signal :
			w->code != CLD_EXITED || w->status) {
		note("pid %d ended with %s %d", w->pid,
		     w->code == CLD_EXITED ? "exit code" : "signal", w->status);
		return -1;
	}
	return 0;
}

static int faults_compare(pid_t pid, long long minor, long long major, long long missed,
			  const struct snapshot *s, struct counts *rows)
{
	size_t nr = snapshot_sum_pid(s, pid, rows);

	/* Who never faulted has no row. */
	if ((nr || !(minor + major)) && rows->minor == minor && rows->major == major &&
	    (missed < 0 || rows->missed <= missed))
		return 0;
	note("pid %d: the kernel counted minor %lld major %lld, %zu rows say minor %lld major %lld, missed %lld",
	     pid, minor, major, nr, rows->minor, rows->major, rows->missed);
	snapshot_print(s, pid);
	return -1;
}

/**
 * workload_compare() - the sum of a process's rows is the kernel's own figure, to the fault.
 * @w: a workload whose figures were read and that took no fault since
 * @s: a snapshot taken after that
 *
 * Return: 0, or -1 after a note with the rows.
 */
int workload_compare(struct workload *w, const struct snapshot *s)
{
	return faults_compare(w->pid, w->minor, w->major, w->missed, s, &w->rows);
}

/**
 * workload_compare_live() - compare a process that is asleep.
 * @w: a workload that waits at a gate
 *
 * Return: 0, or -1 after a note.
 */
int workload_compare_live(struct workload *w)
{
	struct snapshot s;
	int ret = -1;

	if (proc_faults(w->pid, &w->minor, &w->major))
		return -1;
	if (!snapshot_take(&s, faults_file()))
		ret = workload_compare(w, &s);
	snapshot_free(&s);
	return ret;
}

struct end_seen {
	pid_t pid;
	struct snapshot s;
};

static bool end_seen(void *arg)
{
	struct end_seen *e = arg;
	size_t i;

	snapshot_free(&e->s);
	if (snapshot_take(&e->s, FAULTS_PROC))
		return false;
	for (i = 0; i < e->s.nr_rows; i++)
		if (e->s.rows[i].pid == e->pid && !strcmp(e->s.rows[i].state, "live"))
			return false;
	return true;
}

/* The module saw the process end: nothing is live, nothing open, and the sums are the same. */
static int compare_ended(struct workload *w)
{
	struct end_seen e = { .pid = w->pid };
	int ret = -1;

	if (!wait_until(end_seen, &e, END_SEEN_MS)) {
		note("pid %d was reaped, its rows are still live", w->pid);
		snapshot_print(&e.s, w->pid);
	} else if (!workload_compare(w, &e.s)) {
		ret = w->rows.pending ? -1 : 0;
		if (ret) {
			note("pid %d has ended with %lld calls pending", w->pid, w->rows.pending);
			snapshot_print(&e.s, w->pid);
		}
	}
	snapshot_free(&e.s);
	return ret;
}

/**
 * workload_finish() - wait for a workload, compare it as a zombie, and again when it is gone.
 * @w: a started workload
 *
 * Return: 0 if the process ended as it should have and every figure is equal.
 */
int workload_finish(struct workload *w)
{
	int ret = workload_wait(w), ended;
	struct snapshot s;

	if (snapshot_take(&s, faults_file()) || workload_compare(w, &s))
		ret = -1;
	snapshot_free(&s);
	if (reap(w->pid))
		return -1;
	ended = compare_ended(w);
	return ret ? ret : ended;
}

/**
 * workload_run() - start a workload and finish it.
 * @w: a zeroed workload, or one with its expectations set
 * @fn: the function
 * @arg: its argument
 *
 * Return: 0 if everything is equal.
 */
int workload_run(struct workload *w, workload_fn fn, void *arg)
{
	if (workload_start(w, fn, arg))
		return -1;
	return workload_finish(w);
}

/**
 * workload_kill() - end a workload whose figures nobody wants any more.
 * @w: a started workload
 */
void workload_kill(struct workload *w)
{
	kill(w->pid, SIGKILL);
	reap(w->pid);
}

/**
 * workload_kill_all() - end what a failed test left running, so that the machine is at rest.
 */
void workload_kill_all(void)
{
	while (nr_started) {
		kill(started[0], SIGKILL);
		reap(started[0]);
	}
}

/**
 * kid_fork() - fork within a workload; the child dies with its parent.
 *
 * Return: as fork().
 */
pid_t kid_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/**
 * kid_wait() - wait for a descendant and keep its figures.
 * @kid: where they go
 * @pid: a child that has waited for no child of its own
 *
 * Return: 0, or -1 if there is none.
 */
int kid_wait(struct kid *kid, pid_t pid)
{
	struct rusage ru;
	pid_t ret;

	do
		ret = wait4(pid, &kid->status, 0, &ru);
	while (ret < 0 && errno == EINTR);
	if (ret != pid)
		return -1;
	kid->minor = ru.ru_minflt;
	kid->major = ru.ru_majflt;
	kid->pid = pid;
	return 0;
}

/**
 * kids_compare() - compare descendants that have ended.
 * @kids: their figures
 * @nr: how many
 * @s: a snapshot taken after they ended
 *
 * Return: how many differ or did not exit with 0.
 */
int kids_compare(const struct kid *kids, int nr, const struct snapshot *s)
{
	struct counts rows;
	int i, wrong = 0;

	for (i = 0; i < nr && wrong < 5; i++) {
		if (!kids[i].pid || !WIFEXITED(kids[i].status) || WEXITSTATUS(kids[i].status)) {
			note("descendant %d, pid %d: wait status %#x", i, kids[i].pid,
			     (unsigned int)kids[i].status);
			wrong++;
		} else if (faults_compare(kids[i].pid, kids[i].minor, kids[i].major, 0, s, &rows)) {
			wrong++;
		}
	}
	return wrong;
}

/**
 * kids_compare_now() - compare descendants with a snapshot of now.
 * @kids: their figures
 * @nr: how many
 *
 * Return: how many differ, or -1.
 */
int kids_compare_now(const struct kid *kids, int nr)
{
	struct snapshot s;
	int ret = -1;

	if (!snapshot_take(&s, faults_file()))
		ret = kids_compare(kids, nr, &s);
	snapshot_free(&s);
	return ret;
}

/**
 * run_work32() - become the 32-bit program; for workload_run().
 * @arg: an int, shared with the test: what execl() failed with.
 *
 * Return: 0 where the kernel runs no such programs, and else not 0 if it fails.
 */
int run_work32(void *arg)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/work32", suite_dir());
	execl(path, "work32", NULL);
	*(int *)arg = errno;
	return errno == ENOEXEC ? 0 : 127;
}
