// SPDX-License-Identifier: GPL-2.0
/*
 * run.c - runs a command, waits for it and for its descendants, and adds up the rusage that the
 * kernel reports. kfaultstat is the subreaper: orphans become its children. Called by stat.c and
 * stacks.c.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/run.h"
#include "lib/pace.h"
#include "lib/text.h"

static volatile sig_atomic_t caught;
static volatile sig_atomic_t running;	/* the command's pid, to hand signals on to */

static void handler(int signal)
{
	if (signal == SIGCHLD)
		return;
	caught = signal;
	/* The terminal sends these two to the command as well. */
	if (signal != SIGINT && signal != SIGQUIT && running)
		kill((pid_t)running, signal);
}

static const int handled[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };

#define NR_HANDLED ARRAY_SIZE(handled)

struct signals {
	struct sigaction old[NR_HANDLED], old_child;
	sigset_t mask;		/* as we found it */
	sigset_t waiting;	/* with those that are handled let in */
};

/* From here on they come while we wait, and at no other time. */
static void signals_take(struct signals *signals)
{
	struct sigaction action = { .sa_handler = handler };
	sigset_t all;
	size_t i;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &signals->mask);
	signals->waiting = signals->mask;
	for (i = 0; i < NR_HANDLED; i++) {
		sigaction(handled[i], NULL, &signals->old[i]);
		if (signals->old[i].sa_handler == SIG_IGN)
			continue;
		sigaction(handled[i], &action, NULL);
		sigdelset(&signals->waiting, handled[i]);
	}
	/* Where it is ignored there is nothing to wait for. */
	sigaction(SIGCHLD, &action, &signals->old_child);
	sigdelset(&signals->waiting, SIGCHLD);
}

/* As we found them. */
static void signals_give_back(const struct signals *signals)
{
	size_t i;

	for (i = 0; i < NR_HANDLED; i++)
		sigaction(handled[i], &signals->old[i], NULL);
	sigaction(SIGCHLD, &signals->old_child, NULL);
}

static double seconds_of(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* The rusage of one that was waited for has in it those that it waited for itself. */
static void add_usage(struct run *run, const struct rusage *usage)
{
	run->minor += (uint64_t)usage->ru_minflt;
	run->major += (uint64_t)usage->ru_majflt;
	run->user += seconds_of(&usage->ru_utime);
	run->system += seconds_of(&usage->ru_stime);
	if (usage->ru_maxrss > run->max_rss_kib)
		run->max_rss_kib = usage->ru_maxrss;
}

/*
 * Until the command has ended, and with @wait_for_all all that it left behind; but who
 * was told to end by a signal does not wait for them.
 */
static void reap(struct run *run, double begun, bool wait_for_all, const sigset_t *waiting)
{
	struct rusage usage;
	bool ended = false;
	int status;
	pid_t pid;

	for (;;) {
		pid = wait4(-1, &status, WNOHANG, &usage);
		if (pid < 0 || (!pid && ended && (!wait_for_all || caught)))
			break;
		if (!pid) {
			sigsuspend(waiting);
			continue;
		}
		add_usage(run, &usage);
		if (pid == run->pid) {
			run->elapsed = clock_now() - begun;
			run->status = status;
			running = 0;
			ended = true;
		}
	}
	run->left = !pid;
}

/* vfork, so that the child has no memory to fault in before it becomes the command. */
static bool command_start(struct run *run, const struct command_line *line,
			  const struct signals *signals)
{
	volatile int failure = 0;
	siginfo_t info;
	pid_t pid;

	run->others_before = !waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT);
	pid = vfork();
	if (!pid) {
		/* We share its memory, but not its signals. */
		signals_give_back(signals);
		signal(SIGPIPE, line->sigpipe);
		sigprocmask(SIG_SETMASK, &signals->mask, NULL);
		execvp(line->arguments[0], line->arguments);
		failure = errno;
		_exit(127);
	}
	if (pid < 0) {
		complain("cannot start a process: %s", strerror(errno));
		return false;
	}
	run->pid = pid;
	run->exec_error = failure;
	return true;
}

/**
 * run_command() - run a command, and wait for it.
 * @run: set, but for @mark
 * @line: its arguments are the command
 * @wait_for_all: for what it leaves running, too
 *
 * Return: EXIT_FINE; EXIT_ERROR after a complaint; 126 or 127 after one if it could not be run.
 */
enum exit_code run_command(struct run *run, const struct command_line *line, bool wait_for_all)
{
	struct signals signals;
	double begin = clock_now();

	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		complain("cannot become a child subreaper: %s", strerror(errno));
	signals_take(&signals);
	if (!command_start(run, line, &signals))
		return EXIT_ERROR;
	running = run->pid;
	reap(run, begin, wait_for_all, &signals.waiting);
	/* What comes while the report is written is meant for us. */
	sigprocmask(SIG_SETMASK, &signals.mask, NULL);
	signals_give_back(&signals);
	if (!run->exec_error)
		return EXIT_FINE;
	complain("%s: %s", line->arguments[0], strerror(run->exec_error));
	return (enum exit_code)(run->exec_error == ENOENT ? 127 : 126);
}

/**
 * run_pass_on() - end as the command did.
 * @run: it has ended
 *
 * If it was interrupted, so are we.
 *
 * Return: what a shell would say of it.
 */
enum exit_code run_pass_on(const struct run *run)
{
	if (caught)
		end_by_signal(caught);
	if (WIFSIGNALED(run->status))
		return (enum exit_code)(128 + WTERMSIG(run->status));
	return (enum exit_code)WEXITSTATUS(run->status);
}
