// SPDX-License-Identifier: GPL-2.0
/*
 * stackreader.c - kfaultstat stacks on this kernel: what programs with known functions do
 * (callers.c) has their names, in the right order and with exact counts; whatever ends the reader,
 * nothing is asked for any more.
 */
#include "suite.h"
#include "shell.h"
#include "stackfile.h"
#include "stackjson.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define CALLERS		"/tests/callers"
#define FOLDER		"/tmp/stackreader"
#define OUT		FOLDER "/out"
#define PAGES		300
#define LOOK_MS		30000

/* Functions, the innermost first. */
#define FRAMES(...)	((const char *const []){ __VA_ARGS__, NULL })
#define TOUCHED		"touch_inner", "touch_middle", "touch_outer"
#define OUTER_FIRST	"touch_outer;touch_middle;touch_inner"

FIXTURE(callers)
{
	struct shell sh;
};

FIXTURE_SETUP(callers)
{
	habits_learn();
	ASSERT_EQ(0, module_load(""));
	shell_run(&self->sh, "rm -rf " FOLDER " && cp -r " CALLERS " " FOLDER);
	ASSERT_EQ(0, self->sh.status) {
		note("%s", self->sh.out);
	}
	shell_free(&self->sh);
}

FIXTURE_TEARDOWN(callers)
{
	shell_free(&self->sh);
	loaded_end(_metadata, false, 0);
	shell_run(&self->sh, "rm -rf " FOLDER " /usr/lib/debug/.build-id");
	shell_free(&self->sh);
}

/* What is said of who asks now; -1 if that cannot be read. */
static long long asked_now(void)
{
	char *text = shell_file(STACKS);
	long long n = shell_number(text, " requests ");

	free(text);
	return n;
}

static bool is_asked(void *arg)
{
	(void)arg;
	return asked_now() == 1;
}

static bool is_one_line(const char *text)
{
	const char *end = strchr(text, '\n');

	return !strncmp(text, "kfaultstat: ", 12) && end && !end[1];
}

/* Programs that go on meanwhile. */

struct program {
	const char *path, *what, *pages;
	int out;	/* or -1 */
};

static int program_run(void *arg)
{
	const struct program *p = arg;

	if (p->out >= 0)
		dup2(p->out, STDOUT_FILENO);
	execl(p->path, p->path, p->what, p->pages, (char *)NULL);
	return 127;
}

/* Calls of a process by now. */
static long long calls_of(pid_t pid)
{
	struct counts sum = { 0 };
	struct snapshot s;

	if (!snapshot_take(&s, FAULTS_PROC))
		snapshot_sum_pid(&s, pid, &sum);
	snapshot_free(&s);
	return sum.calls;
}

struct busy {
	pid_t pid;
	long long calls;
};

static bool has_so_many(void *arg)
{
	const struct busy *busy = arg;

	return calls_of(busy->pid) >= busy->calls;
}

/* Until it has made so many calls more. */
static bool wait_for_calls(pid_t pid, long long more)
{
	struct busy busy = { .pid = pid, .calls = calls_of(pid) + more };

	return wait_until(has_so_many, &busy, LOOK_MS);
}

/* One that touches a page each 10 ms, and has begun to. */
static bool slow_start(struct workload *w, const char *path, const char *what)
{
	struct program p = { path, what, "0", -1 };

	return !workload_start(w, program_run, &p) && wait_for_calls(w->pid, 50);
}

/* The reader, with these words behind "stacks", and its output in OUT. */
static pid_t reader_start(const char *const *words)
{
	const char *line[16] = { "kfaultstat", "stacks" };
	pid_t pid;
	int i;

	for (i = 0; words[i] && i < 13; i++)
		line[i + 2] = words[i];
	unlink(OUT);
	fflush(NULL);
	pid = kid_fork();
	if (!pid) {
		int fd = open(OUT, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execvp(line[0], (char *const *)line);
		_exit(127);
	}
	return pid;
}

/* It has asked, has looked once, and waits for a signal or the next look. */
static bool is_waiting(void *arg)
{
	char path[64], line[256];

	snprintf(path, sizeof(path), "/proc/%d/syscall", *(pid_t *)arg);
	return is_asked(NULL) && !file_read_line(path, line, sizeof(line)) &&
	       strtol(line, NULL, 10) == SYS_rt_sigtimedwait;
}

struct ending {
	pid_t pid;
	int status;
};

static bool has_ended(void *arg)
{
	struct ending *ending = arg;

	return waitpid(ending->pid, &ending->status, WNOHANG) == ending->pid;
}

/* How it ended, and nobody asks any more. */
static int reader_end(struct __test_metadata *_metadata, pid_t pid, int number)
{
	struct ending ending = { .pid = pid, .status = -1 };

	if (number)
		kill(pid, number);
	EXPECT_TRUE(wait_until(has_ended, &ending, LOOK_MS)) {
		note("signal %d does not end it", number);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	EXPECT_EQ(0, asked_now());
	return ending.status;
}

/* Commands: what they are called by is right, and so are the sums. */

static void is_equal(struct __test_metadata *_metadata, const char *json)
{
	const char *run = strstr(json, "\"run\": ");
	const char *rusage = run ? strstr(run, "\"rusage\": ") : NULL;

	EXPECT_TRUE(has(run, "\"verdict\": \"equal\""));
	EXPECT_LT(0, shell_number(rusage, "\"minor\": "));
	EXPECT_EQ(shell_number(rusage, "\"minor\": "), stackjson_sum(json, "\"minor\": "));
	EXPECT_EQ(shell_number(rusage, "\"major\": "), stackjson_sum(json, "\"major\": "));
	EXPECT_EQ(0, asked_now());
}

/* Runs a program of ours; what is said of it is in the shell. */
static void run_and_compare(struct __test_metadata *_metadata, struct shell *sh,
			    const char *program, const char *what)
{
	shell_run(sh, "kfaultstat stacks -U -J -- " FOLDER "/%s %s %d", program, what, PAGES);
	EXPECT_EQ(0, sh->status);
	is_equal(_metadata, sh->out);
}

static void are_called(struct __test_metadata *_metadata, const struct shell *sh, long long calls,
		       const char *const *functions)
{
	EXPECT_EQ(calls, stackjson_calls(sh->out, "[anon]", functions)) {
		stackjson_print(sh->out, functions[0]);
	}
}

/* So many calls by these functions, the innermost first. */
#define EXPECT_CALLS(calls, sh, ...) are_called(_metadata, sh, calls, FRAMES(__VA_ARGS__))

TEST_F(callers, functions_have_their_names_in_the_order_of_calls)
{
	run_and_compare(_metadata, &self->sh, "dynamic", "touch");
	EXPECT_CALLS(PAGES, &self->sh, TOUCHED, "run_touch", "main");
	/* There are such names, not any. */
	EXPECT_CALLS(0, &self->sh, "touch_middle");
	EXPECT_TRUE(has(self->sh.out, "\"path\": \"" FOLDER "/dynamic\""));
}

TEST_F(callers, a_static_program_has_names)
{
	run_and_compare(_metadata, &self->sh, "static", "touch");
	EXPECT_CALLS(PAGES, &self->sh, TOUCHED, "run_touch", "main");
	EXPECT_EQ(0, stackjson_without_name(self->sh.out));
}

TEST_F(callers, a_library_has_names_and_what_calls_it)
{
	run_and_compare(_metadata, &self->sh, "dynamic", "library");
	EXPECT_CALLS(PAGES, &self->sh, "called_inner", "called_outer", "run_library", "main");
	EXPECT_TRUE(has(self->sh.out, "\"path\": \"" FOLDER "/libcalled.so\""));
}

TEST_F(callers, threads_have_stacks_of_their_own)
{
	static const char *const programs[] = { "dynamic", "static" };
	int i;

	for (i = 0; i < 2; i++) {
		run_and_compare(_metadata, &self->sh, programs[i], "threads");
		EXPECT_CALLS(PAGES, &self->sh, TOUCHED, "north");
		EXPECT_CALLS(PAGES, &self->sh, TOUCHED, "east");
		EXPECT_CALLS(PAGES, &self->sh, "touch_inner", "touch_middle", "south");
		EXPECT_CALLS(PAGES, &self->sh, "touch_inner", "west");
		shell_free(&self->sh);
	}
}

/* By the library of the compiler, which is in the guest for that. */
TEST_F(callers, mangled_names_are_readable)
{
	run_and_compare(_metadata, &self->sh, "dynamic", "mangled");
	EXPECT_CALLS(PAGES, &self->sh, "touch_inner",
		     "house::room<int>::touch(char volatile*, unsigned long)",
		     "void house::fill<long>(char volatile*, unsigned long)", "run_mangled", "main");
}

TEST_F(callers, source_lines_are_where_the_debug_information_is)
{
	shell_run(&self->sh, "kfaultstat stacks -U -J --source -- " FOLDER "/dynamic touch %d",
		  PAGES);
	EXPECT_CALLS(PAGES, &self->sh, TOUCHED, "run_touch", "main");
	EXPECT_TRUE(has(self->sh.out, "callers.c\", \"line\": "));
}

/* The lines of a tree that say so many calls of a function; what is shown else is sums. */
TEST_F(callers, a_tree_has_a_function_and_its_callers)
{
	static const char *const by[] = { "function", "comm", "process", "object" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(by); i++) {
		shell_run(&self->sh, "kfaultstat stacks -a --by %s -c static -f '?anon?' "
			  "--report " OUT " -- " FOLDER "/static touch %d; cat " OUT, by[i], PAGES);
		EXPECT_EQ(0, self->sh.status);
		EXPECT_TRUE(has(self->sh.out, "-touch_middle+0x") &&
			    has(self->sh.out, "   equal\n")) {
			note("%s", self->sh.out);
		}
		shell_free(&self->sh);
		shell_run(&self->sh, "grep -c '^ *%d  *0  *[0-9.]* .*touch_inner+0x' " OUT, PAGES);
		EXPECT_STREQ("1\n", self->sh.out);
		shell_free(&self->sh);
	}
}

/* Stripped programs. */

/* The build-id as the reader says it. */
static bool build_id_of(const char *json, char id[64])
{
	const char *at = strstr(json, "\"path\": \"" FOLDER "/stripped\", \"build_id\": \"");

	at = at ? strstr(at, "\"build_id\": \"") : NULL;
	return at && sscanf(at, "\"build_id\": \"%63[0-9a-f]", id) == 1;
}

TEST_F(callers, a_stripped_program_has_names_from_its_debug_file)
{
	char id[64];

	/* Without it there is none. */
	shell_run(&self->sh, "mv " FOLDER "/stripped.debug " FOLDER "/kept");
	shell_free(&self->sh);
	run_and_compare(_metadata, &self->sh, "stripped", "touch");
	EXPECT_CALLS(0, &self->sh, "touch_inner");
	ASSERT_TRUE(build_id_of(self->sh.out, id)) {
		stackjson_print(self->sh.out, "build-id");
	}
	shell_free(&self->sh);

	/* By .gnu_debuglink. */
	shell_run(&self->sh, "mv " FOLDER "/kept " FOLDER "/stripped.debug");
	shell_free(&self->sh);
	run_and_compare(_metadata, &self->sh, "stripped", "touch");
	EXPECT_CALLS(PAGES, &self->sh, TOUCHED, "run_touch", "main");
	shell_free(&self->sh);

	/* By build-id. */
	shell_run(&self->sh, "mkdir -p /usr/lib/debug/.build-id/%.2s && "
		  "mv " FOLDER "/stripped.debug /usr/lib/debug/.build-id/%.2s/%s.debug",
		  id, id, id + 2);
	EXPECT_EQ(0, self->sh.status);
	shell_free(&self->sh);
	run_and_compare(_metadata, &self->sh, "stripped", "touch");
	EXPECT_CALLS(PAGES, &self->sh, TOUCHED, "run_touch", "main");
}

/* It has the place, the name and the functions. */
TEST_F(callers, a_debug_file_of_another_build_is_not_taken)
{
	shell_run(&self->sh, "mv " FOLDER "/other.debug " FOLDER "/stripped.debug");
	EXPECT_EQ(0, self->sh.status);
	shell_free(&self->sh);
	run_and_compare(_metadata, &self->sh, "stripped", "touch");
	EXPECT_CALLS(0, &self->sh, "touch_inner");
}

/* Code that a program has made. */

static void look_at_made(struct shell *sh, pid_t pid)
{
	shell_free(sh);
	shell_run(sh, "kfaultstat stacks -p %d -U --list 0.5 1 2>&1", pid);
}

/* What stands above the function that has called that code. */
static void expect_made(struct __test_metadata *_metadata, struct shell *sh, bool named)
{
	static const char with_name[] = "  made_by_hand+0x4 [perf map]\n  call_made+";

	EXPECT_EQ(0, sh->status);
	EXPECT_TRUE(has(sh->out, named ? with_name : " [no file]\n  call_made+")) {
		note("%s", sh->out);
	}
	EXPECT_EQ(named, has(sh->out, "made_by_hand"));
}

TEST_F(callers, made_code_has_the_names_of_a_map_that_can_be_trusted)
{
	struct workload w = { 0 };

	ASSERT_TRUE(slow_start(&w, FOLDER "/dynamic", "made"));
	look_at_made(&self->sh, w.pid);
	expect_made(_metadata, &self->sh, true);

	/* Another user's. */
	shell_free(&self->sh);
	shell_run(&self->sh, "chown 1234 /tmp/perf-%d.map", w.pid);
	EXPECT_EQ(0, self->sh.status);
	look_at_made(&self->sh, w.pid);
	expect_made(_metadata, &self->sh, false);
	EXPECT_TRUE(has(self->sh.out, "perf map of another user")) {
		note("%s", self->sh.out);
	}

	/* A link to a good one. */
	shell_free(&self->sh);
	shell_run(&self->sh, "cd /tmp && chown 0 perf-%d.map && mv perf-%d.map " FOLDER "/map && "
		  "ln -s " FOLDER "/map perf-%d.map", w.pid, w.pid, w.pid);
	EXPECT_EQ(0, self->sh.status);
	look_at_made(&self->sh, w.pid);
	expect_made(_metadata, &self->sh, false);

	/* And it was a good one. */
	shell_free(&self->sh);
	shell_run(&self->sh, "cd /tmp && mv " FOLDER "/map perf-%d.map", w.pid);
	look_at_made(&self->sh, w.pid);
	expect_made(_metadata, &self->sh, true);
	workload_kill(&w);
	shell_free(&self->sh);
	shell_run(&self->sh, "rm -f /tmp/perf-*.map");
}

/* A container. */

struct boxed {
	const char *what;
	pid_t pid;	/* as the test sees it */
	int trouble;	/* an errno */
};

#define BOX	FOLDER "/box"

static void box_enter(struct boxed *boxed)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!chroot(BOX) && !chdir("/"))
		execl("/hidden/program", "program", boxed->what, "0", (char *)NULL);
	boxed->trouble = errno;
	_exit(127);
}

/* Its program is on a file system that nobody else has mounted, and it is the first process. */
static int box_run(void *arg)
{
	struct boxed *boxed = arg;
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("box", BOX, "tmpfs", 0, NULL) || mkdir(BOX "/hidden", 0755) ||
	    mkdir(BOX "/tmp", 01777) || system("cp " FOLDER "/static " BOX "/hidden/program") ||
	    unshare(CLONE_NEWPID)) {
		boxed->trouble = errno;
		return 1;
	}
	pid = fork();
	if (!pid)
		box_enter(boxed);
	boxed->pid = pid;
	return waitpid(pid, &status, 0) != pid;
}

static bool box_is_busy(void *arg)
{
	const struct boxed *boxed = arg;

	return boxed->pid > 0 && calls_of(boxed->pid) >= 50;
}

static void look_into_box(struct __test_metadata *_metadata, struct shell *sh, const char *what)
{
	struct boxed *boxed = shared_alloc(sizeof(*boxed));
	struct workload w = { 0 };

	boxed->what = what;
	ASSERT_EQ(0, workload_start(&w, box_run, boxed));
	ASSERT_TRUE(wait_until(box_is_busy, boxed, LOOK_MS)) {
		note("%c: pid %d, trouble %d", proc_state(w.pid), boxed->pid, boxed->trouble);
	}
	EXPECT_NE(0, access(BOX "/hidden", F_OK));
	EXPECT_NE(0, access("/hidden", F_OK));
	shell_run(sh, "kfaultstat stacks -p %d -U --list 0.5 1 2>&1", boxed->pid);
	EXPECT_EQ(0, sh->status);
	kill(boxed->pid, SIGKILL);
	EXPECT_EQ(0, workload_wait(&w));
	workload_kill(&w);
}

TEST_F(callers, a_program_in_a_container_has_names)
{
	ASSERT_EQ(0, mkdir(BOX, 0755));
	look_into_box(_metadata, &self->sh, "slowly");
	EXPECT_TRUE(has(self->sh.out, "  touch_inner+") && has(self->sh.out, "  run_slowly+") &&
		    has(self->sh.out, " [program]\n")) {
		note("%s", self->sh.out);
	}
	shell_free(&self->sh);
	/* Its map is in its own /tmp, for the pid that it has there. */
	look_into_box(_metadata, &self->sh, "made");
	EXPECT_TRUE(has(self->sh.out, "  made_by_hand+0x4 [perf map]\n  call_made+")) {
		note("%s", self->sh.out);
	}
}

/* Many that are gone. */

TEST_F_TIMEOUT(callers, thousands_of_short_processes_have_names, 500)
{
	const int processes = scaled_up(5000, 10000), each = 3;
	const long long begin = now_ms();

	shell_run(&self->sh, "cd " FOLDER " && kfaultstat stacks -U -J -- ./static many %d ./static touch %d",
		  processes, each);
	EXPECT_EQ(0, self->sh.status);
	is_equal(_metadata, self->sh.out);
	EXPECT_CALLS((long long)processes * each, &self->sh, TOUCHED, "run_touch", "main");
	EXPECT_EQ(0, stackjson_without_name(self->sh.out));
	EXPECT_TRUE(has(self->sh.out, "\"state\": \"folded\""));
	note("%d processes in %lld ms", processes, now_ms() - begin);
}

/* Intervals, and how it ends. */

TEST_F(callers, intervals_have_what_came_in_them)
{
	long long before, during, after, sum;
	struct workload w = { 0 };
	char who[16];
	pid_t reader;

	ASSERT_TRUE(slow_start(&w, FOLDER "/dynamic", "slowly"));
	snprintf(who, sizeof(who), "%d", w.pid);
	before = calls_of(w.pid);
	reader = reader_start(FRAMES("-p", who, "--list", "1", "2"));
	EXPECT_TRUE(wait_until(is_asked, NULL, LOOK_MS));
	during = calls_of(w.pid);
	EXPECT_EQ(0, reader_end(_metadata, reader, 0));
	after = calls_of(w.pid);
	self->sh.out = shell_file(OUT);
	sum = stacklist_sum(self->sh.out);
	note("%lld calls by stack, %lld in all, %lld since it was asked for", sum, after - before,
	     after - during);
	EXPECT_LT(20, sum);
	EXPECT_LE(sum, after - before);
	EXPECT_GE(sum, (after - during) / 2);
	EXPECT_TRUE(has(self->sh.out, "  touch_inner+")) {
		note("%s", self->sh.out);
	}
	workload_kill(&w);
}

TEST_F(callers, killed_it_leaves_nothing_asked_for)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGHUP, SIGINT };
	struct workload w = { 0 };
	char who[16];
	int status;
	size_t i;

	ASSERT_TRUE(slow_start(&w, FOLDER "/dynamic", "slowly"));
	snprintf(who, sizeof(who), "%d", w.pid);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		pid_t reader = reader_start(FRAMES("-p", who, "0.3"));

		ASSERT_TRUE(wait_until(is_waiting, &reader, LOOK_MS));
		EXPECT_TRUE(wait_for_calls(w.pid, 30));
		status = reader_end(_metadata, reader, signals[i]);
		EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signals[i]) {
			note("signal %d: status %x", signals[i], status);
		}
	}
	workload_kill(&w);
}

TEST_F(callers, an_interrupt_shows_what_there_is)
{
	struct workload w = { 0 };
	char who[16];
	pid_t reader;

	ASSERT_TRUE(slow_start(&w, FOLDER "/dynamic", "slowly"));
	snprintf(who, sizeof(who), "%d", w.pid);
	reader = reader_start(FRAMES("-p", who, "-J"));
	ASSERT_TRUE(wait_until(is_waiting, &reader, LOOK_MS));
	EXPECT_TRUE(wait_for_calls(w.pid, 100));
	EXPECT_EQ(0, reader_end(_metadata, reader, SIGINT));
	self->sh.out = shell_file(OUT);
	EXPECT_LT(50, stackjson_calls(self->sh.out, "[anon]", FRAMES(TOUCHED, "run_slowly"))) {
		stackjson_print(self->sh.out, "after SIGINT");
	}
	workload_kill(&w);
}

TEST_F(callers, it_ends_with_the_processes)
{
	struct workload w = { 0 };
	char who[16];
	pid_t reader;

	ASSERT_TRUE(slow_start(&w, FOLDER "/dynamic", "slowly"));
	snprintf(who, sizeof(who), "%d", w.pid);
	reader = reader_start(FRAMES("-p", who, "-J"));
	ASSERT_TRUE(wait_until(is_waiting, &reader, LOOK_MS));
	EXPECT_TRUE(wait_for_calls(w.pid, 50));
	workload_kill(&w);
	EXPECT_EQ(0, reader_end(_metadata, reader, 0));
	self->sh.out = shell_file(OUT);
	/* It is gone, and its functions have names. */
	EXPECT_LT(20, stackjson_calls(self->sh.out, "[anon]", FRAMES(TOUCHED, "run_slowly"))) {
		stackjson_print(self->sh.out, "after its end");
	}
}

/* Files. */

static long long calls_in_table(struct shell *sh)
{
	char *pid = shell_file(FOLDER "/pid");
	long long calls = calls_of((pid_t)strtol(pid ? pid : "0", NULL, 10));

	free(pid);
	shell_free(sh);
	return calls;
}

TEST_F(callers, files_are_written_and_add_up)
{
	char *folded, *svg;

	shell_run(&self->sh, "cd " FOLDER " && kfaultstat stacks --folded --report folded --svg svg "
		  "--pprof pprof -- sh -c 'echo $$ >" FOLDER "/pid; exec ./static touch %d' 2>&1",
		  PAGES);
	EXPECT_EQ(0, self->sh.status);
	EXPECT_STREQ("", self->sh.out);
	folded = shell_file(FOLDER "/folded");
	EXPECT_EQ(PAGES, folded_sum(folded, ";main;run_touch;" OUTER_FIRST ";[anon]")) {
		note("%.2000s", folded);
	}
	/* The process, from its birth on, before it was the shell and after. */
	EXPECT_EQ(calls_in_table(&self->sh), folded_sum(folded, NULL));
	free(folded);
	svg = shell_file(FOLDER "/svg");
	EXPECT_TRUE(has(svg, "<svg") && has(svg, "touch_inner") && has(svg, "</svg>"));
	free(svg);
	/* A profile is packed. */
	shell_run(&self->sh, "gzip -dc " FOLDER "/pprof | grep -c touch_inner");
	EXPECT_EQ(0, self->sh.status);
	EXPECT_EQ(0, asked_now());
}

TEST_F(callers, files_that_cannot_be_written_are_said_in_one_line)
{
	static const char *const options[] = { "--svg", "--pprof", "--report" };
	size_t i;

	ASSERT_EQ(0, chdir(FOLDER));
	for (i = 0; i < ARRAY_SIZE(options); i++) {
		/* Before anything runs. */
		shell_run(&self->sh, "kfaultstat stacks %s /no/folder/file -- touch ran 2>&1",
			  options[i]);
		EXPECT_EQ(1, self->sh.status);
		EXPECT_TRUE(is_one_line(self->sh.out) && has(self->sh.out, "/no/folder/file:")) {
			note("%s", self->sh.out);
		}
		EXPECT_NE(0, access(FOLDER "/ran", F_OK));
		EXPECT_EQ(0, asked_now());
		shell_free(&self->sh);
	}
	for (i = 0; i < 2; i++) {
		shell_run(&self->sh, "kfaultstat stacks %s /dev/full -- true 2>&1 >/dev/null",
			  options[i]);
		EXPECT_EQ(1, self->sh.status);
		EXPECT_TRUE(is_one_line(self->sh.out) && has(self->sh.out, "/dev/full: No space")) {
			note("%s", self->sh.out);
		}
		EXPECT_EQ(0, asked_now());
		shell_free(&self->sh);
	}
}

TEST_F(callers, output_that_cannot_be_written_is_said_in_one_line)
{
	static const char *const forms[] = { "--list", "--folded", "--json", "" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		shell_run(&self->sh, "kfaultstat stacks %s -- true 2>&1 >/dev/full", forms[i]);
		EXPECT_TRUE(self->sh.status == 1 && is_one_line(self->sh.out)) {
			note("status %d: %s", self->sh.status, self->sh.out);
		}
		shell_free(&self->sh);
	}
}

/* Saved copies. */

struct turns {
	struct workload w;
	int out;	/* says that a turn is done */
};

static bool turn_done(const struct turns *t)
{
	char c;

	return read(t->out, &c, 1) == 1;
}

static bool turns_start(struct turns *t, const char *pages)
{
	struct program p = { FOLDER "/dynamic", "turns", pages, -1 };
	int fds[2], ret;

	if (pipe2(fds, O_CLOEXEC))
		return false;
	p.out = fds[1];
	ret = workload_start(&t->w, program_run, &p);
	close(fds[1]);
	t->out = fds[0];
	return !ret && turn_done(t);
}

static bool turn(const struct turns *t)
{
	return !kill(t->w.pid, SIGUSR1) && turn_done(t);
}

static void turns_end(struct turns *t)
{
	workload_kill(&t->w);
	close(t->out);
}

TEST_F(callers, a_copy_has_the_same_frames_as_they_have_live)
{
	char who[16], *live, *copied;
	struct turns t = { 0 };
	pid_t reader;

	ASSERT_TRUE(turns_start(&t, "100"));
	snprintf(who, sizeof(who), "%d", t.w.pid);
	reader = reader_start(FRAMES("-p", who, "-J"));
	ASSERT_TRUE(wait_until(is_waiting, &reader, LOOK_MS));
	EXPECT_TRUE(turn(&t));
	shell_run(&self->sh, "cat " STACKS " >" FOLDER "/copy");
	shell_free(&self->sh);
	EXPECT_EQ(0, reader_end(_metadata, reader, SIGINT));
	turns_end(&t);
	/* What was counted once is shown from the file, where nobody runs any more. */
	shell_run(&self->sh, "kfaultstat stacks -J -i " FOLDER "/copy -p %s", who);
	EXPECT_EQ(0, self->sh.status);
	EXPECT_CALLS(100, &self->sh, TOUCHED, "run_turns", "main");
	copied = stackjson_frames(self->sh.out, FRAMES(TOUCHED, "run_turns"));
	shell_free(&self->sh);
	self->sh.out = shell_file(OUT);
	EXPECT_CALLS(100, &self->sh, TOUCHED, "run_turns", "main");
	live = stackjson_frames(self->sh.out, FRAMES(TOUCHED, "run_turns"));
	EXPECT_TRUE(live && copied);
	EXPECT_STREQ(live ? live : "none", copied ? copied : "none");
	free(live);
	free(copied);
}

TEST_F(callers, a_copy_is_compared_with_an_earlier_one)
{
	static const char line[] = ";" OUTER_FIRST ";[anon] 100 300\n";
	struct turns t = { 0 };
	char who[16];
	int fd;

	ASSERT_TRUE(turns_start(&t, "100"));
	snprintf(who, sizeof(who), "%d", t.w.pid);
	fd = stacks_ask(who);
	ASSERT_LE(0, fd);
	EXPECT_TRUE(turn(&t));
	shell_run(&self->sh, "cat " STACKS " >" FOLDER "/before");
	shell_free(&self->sh);
	EXPECT_TRUE(turn(&t) && turn(&t));
	shell_run(&self->sh, "cat " STACKS " >" FOLDER "/after");
	shell_free(&self->sh);
	close(fd);
	turns_end(&t);
	shell_run(&self->sh, "cd " FOLDER " && kfaultstat stacks -J -i after --before before "
		  "--svg svg");
	EXPECT_EQ(0, self->sh.status);
	EXPECT_CALLS(300, &self->sh, TOUCHED, "run_turns", "main");
	EXPECT_EQ(100, stackjson_before(self->sh.out, FRAMES(TOUCHED)));
	shell_free(&self->sh);
	shell_run(&self->sh, "cd " FOLDER " && kfaultstat stacks --folded --before before -i - <after");
	EXPECT_TRUE(has(self->sh.out, line)) {
		note("%s", self->sh.out);
	}
	shell_free(&self->sh);
	self->sh.out = shell_file(FOLDER "/svg");
	EXPECT_TRUE(has(self->sh.out, "compared") && has(self->sh.out, "touch_inner"));
}

/* What is refused. */

TEST_F(callers, wrong_options_are_said_in_one_line)
{
	static const char *const wrong[] = {
		"-U -K", "-e nonsense", "--by nonsense", "--", "-p $(seq -s , 70)", "-i /dev/null 1",
		"--before /dev/null", "--list --folded", "-w", "-p 1 -- true", "-i /dev/null -- true",
		"-p nonsense", "0", "nonsense", "--nonsense", "1 0",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		shell_run(&self->sh, "kfaultstat stacks %s 2>&1", wrong[i]);
		EXPECT_TRUE(self->sh.status == 2 && is_one_line(self->sh.out)) {
			note("%s: status %d: %s", wrong[i], self->sh.status, self->sh.out);
		}
		shell_free(&self->sh);
	}
	EXPECT_EQ(0, asked_now());
}

TEST_F(callers, commands_that_cannot_run_are_said_as_by_stat)
{
	shell_run(&self->sh, "kfaultstat stacks -- /no/such/program 2>&1");
	EXPECT_EQ(127, self->sh.status);
	EXPECT_STREQ("kfaultstat: /no/such/program: No such file or directory\n", self->sh.out);
	shell_free(&self->sh);
	shell_run(&self->sh, "kfaultstat stacks -- /proc/version 2>&1");
	EXPECT_EQ(126, self->sh.status);
	EXPECT_STREQ("kfaultstat: /proc/version: Permission denied\n", self->sh.out);
	shell_free(&self->sh);
	shell_run(&self->sh, "kfaultstat stacks -- sh -c 'exit 7' >/dev/null 2>&1");
	EXPECT_EQ(7, self->sh.status);
	shell_free(&self->sh);
	shell_run(&self->sh, "kfaultstat stacks -p 4194000 0.1 1 2>&1");
	EXPECT_EQ(1, self->sh.status);
	EXPECT_TRUE(is_one_line(self->sh.out));
	EXPECT_EQ(0, asked_now());
}

TEST_F(callers, who_has_no_right_is_told_in_one_line)
{
	static const char *const commands[] = { "", "0.1 1", "-- true" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		shell_run_as_nobody(&self->sh, "kfaultstat stacks %s", commands[i]);
		EXPECT_NE(0, self->sh.status);
		EXPECT_TRUE(is_one_line(self->sh.out)) {
			note("%s: status %d: %s", commands[i], self->sh.status, self->sh.out);
		}
		shell_free(&self->sh);
	}
}

TEST(without_the_module_it_says_so)
{
	static const char *const commands[] = { "", "0.1 1", "-- touch /tmp/stackreader.ran" };
	struct shell sh;
	size_t i;

	ASSERT_FALSE(module_loaded());
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		shell_run(&sh, "kfaultstat stacks %s 2>&1", commands[i]);
		EXPECT_EQ(3, sh.status);
		EXPECT_TRUE(is_one_line(sh.out) && has(sh.out, "not loaded")) {
			note("%s: status %d: %s", commands[i], sh.status, sh.out);
		}
		shell_free(&sh);
	}
	EXPECT_NE(0, access("/tmp/stackreader.ran", F_OK));
}

TEST_HARNESS_MAIN
