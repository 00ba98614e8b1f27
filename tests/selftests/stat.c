// SPDX-License-Identifier: GPL-2.0
/*
 * stat.c - `kfaultstat stat` says "equal" for real programs, and then the module's sum is
 * the kernel's rusage; it never says so where the table had no room for what it counts.
 */
#include "suite.h"
#include "shell.h"

#include <signal.h>
#include <sys/wait.h>

#define REPORT	"/tmp/stat.json"

/* Runs a command under stat; its report, to be freed, and what stat's exit status was. */
static char *stat_json(struct shell *sh, const char *options, const char *command)
{
	unlink(REPORT);
	shell_run(sh, "kfaultstat stat -J %s --report " REPORT " -- %s 2>&1", options, command);
	return shell_file(REPORT);
}

/* The verdict is "equal", and so are the numbers; counted here once more. */
static bool is_equal(const char *json)
{
	const char *rusage = json ? strstr(json, "\"rusage\":") : NULL;
	const char *ours = json ? strstr(json, "\"faultstat\":") : NULL;

	return has(json, "\"verdict\": \"equal\"") && ours && rusage &&
	       shell_number(ours, "\"minor\": ") == shell_number(rusage, "\"minor\": ") &&
	       shell_number(ours, "\"major\": ") == shell_number(rusage, "\"major\": ") &&
	       shell_number(ours, "\"minor\": ") > 0;
}

static void show(const char *what, const struct shell *sh, const char *json)
{
	const char *line = json ? strstr(json, "\"stat\":") : NULL;

	note("%s: status %d, %.600s", what, sh->status, line ? line : "no report");
	note("%.300s", sh->out);
}

struct program {
	const char *name;
	const char *command;
	int processes;		/* at least */
};

/* In a folder of its own with files of random and of plain text. */
static const struct program programs[] = {
	{ "true", "/bin/true", 1 },
	{ "bash, a loop with subshells",
	  "bash -c 'for i in 1 2 3 4 5 6; do x=$(echo $i); (true); done'", 12 },
	{ "bash, a pipeline", "bash -c 'cat text | sort | uniq -c | sort -n >/dev/null'", 5 },
	{ "sh, background jobs", "sh -c 'for i in 1 2 3 4; do cat random >/dev/null & done; wait'",
	  5 },
	{ "tar, packing", "tar cf packed.tar tree", 1 },
	{ "tar, unpacking through gzip",
	  "bash -c 'tar czf p.tgz tree && mkdir -p out && tar xzf p.tgz -C out'", 4 },
	{ "sort, two threads", "sort --parallel=2 -S 8M text -o sorted", 1 },
	{ "xz, two threads", "xz -T2 -0 -kf --block-size=1MiB random", 1 },
	{ "xz, unpacking", "bash -c 'xz -0 -kf text && xz -dc text.xz >/dev/null'", 2 },
	{ "gzip", "gzip -kf random", 1 },
	{ "perl", "perl -e 'my %h; $h{$_ % 5000} .= $_ for 1..60000; print scalar keys %h'", 1 },
	{ "perl, forking",
	  "perl -e 'for (1..8) { if (!fork) { my @a = (1) x 50000; exit } } 1 while wait > 0'", 9 },
	{ "make -j4", "make -s -j4 -f Jobs", 20 },
	{ "find -exec", "find tree -type f -name '*1*' -exec cat {} ';' -quit", 1 },
	{ "grep -r", "grep -rc . tree", 1 },
	{ "sed", "sed -e s/a/b/g text", 1 },
	{ "mawk", "mawk '{ n[$1]++ } END { for (w in n) s += n[w]; print s }' text", 1 },
	{ "dd, direct I/O", "dd if=random of=copy bs=64k oflag=direct", 1 },
	{ "sha256sum", "sha256sum random text", 1 },
	{ "cp -r", "cp -r tree copied", 1 },
	{ "diff -r", "diff -r tree tree", 1 },
	{ "xargs -P4", "bash -c 'find tree -type f | xargs -P4 -n8 cat >/dev/null'", 4 },
	{ "strace -f", "strace -f -o trace bash -c 'cat text >/dev/null; true'", 2 },
	{ "orphans that end in time", "bash -c '(setsid sort text >/dev/null &) ; sleep 1.5'", 3 },
	{ "a process group killed", "bash -c 'sleep 100 & kill -9 $!; wait; true'", 2 },
};

FIXTURE(programs)
{
	struct shell sh;
	bool traced;	/* strace reads memory for which the kernel counts in its owner */
};

FIXTURE_SETUP(programs)
{
	/* The real ones, not those of busybox. */
	ASSERT_EQ(0, setenv("PATH", "/usr/bin:/bin:/sbin:/usr/sbin", 1));
	habits_learn();
	ASSERT_EQ(0, module_load(""));
	ASSERT_NE(NULL, test_disk());
	shell_run(&self->sh,
		  "rm -rf %s/programs && mkdir -p %s/programs/tree && cd %s/programs && "
		  "dd if=/dev/urandom of=random bs=64k count=48 2>/dev/null && "
		  "od -An -v -tx2 -w8 random | head -n 60000 >text && "
		  "for i in $(seq 40); do head -c 9000 random >tree/$i; done && "
		  "(echo 'all: $(addprefix j,1 2 3 4 5 6 7 8 9 10)'; echo 'j%%: ; @sort text >/dev/null; cat tree/1 >/dev/null') >Jobs",
		  test_disk(), test_disk(), test_disk());
	ASSERT_EQ(0, self->sh.status) {
		note("%s", self->sh.out);
	}
	ASSERT_EQ(0, chdir(test_disk()) || chdir("programs"));
	shell_free(&self->sh);
}

FIXTURE_TEARDOWN(programs)
{
	EXPECT_EQ(0, chdir("/tmp"));
	loaded_end(_metadata, self->traced, 0);
}

TEST_F(programs, twenty_programs_are_equal_to_rusage)
{
	size_t i;

	self->traced = faults_counted_by_callers();
	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		const struct program *p = &programs[i];
		char *json = stat_json(&self->sh, "", p->command);

		EXPECT_TRUE(is_equal(json)) {
			show(p->name, &self->sh, json);
		}
		EXPECT_LE(p->processes, shell_number(json, "\"processes\": ")) {
			show(p->name, &self->sh, json);
		}
		EXPECT_EQ(0, self->sh.status) {
			show(p->name, &self->sh, json);
		}
		free(json);
		shell_free(&self->sh);
	}
}

/* The program itself comes from the disk. */
TEST_F(programs, a_cold_program_has_majors_and_is_equal)
{
	char *json;

	shell_run(&self->sh, "cp /usr/bin/perl ./perl && sync");
	ASSERT_EQ(0, self->sh.status);
	ASSERT_EQ(0, caches_drop());
	json = stat_json(&self->sh, "", "./perl -e 'print \"$_\\n\" for sort 1..20000'");
	EXPECT_TRUE(is_equal(json)) {
		show("cold perl", &self->sh, json);
	}
	EXPECT_LT(0, shell_number(strstr(json, "\"rusage\":"), "\"major\": "));
	EXPECT_TRUE(has(json, "/programs/perl\""));
	free(json);
	shell_free(&self->sh);
}

/* Unrelated processes come and go meanwhile, and every pid is used again and again. */
TEST_F(programs, pids_that_are_used_again_are_told_apart)
{
	char old[32];
	char *json;

	/* The others fold away what they leave; ours shall stay. */
	ASSERT_EQ(0, param_set("keep_exited", "8000"));
	ASSERT_EQ(0, file_read_line("/proc/sys/kernel/pid_max", old, sizeof(old)));
	ASSERT_EQ(0, file_write("/proc/sys/kernel/pid_max", "500"));
	/* Few of them: what fills the table is folded early, and stat says incomplete. */
	shell_run(&self->sh,
		  "(while [ ! -e stop ]; do (cat /dev/null; (true)); sleep 1; done; : >stopped) >/dev/null 2>&1 &");
	json = stat_json(&self->sh, "", "bash -c 'for i in $(seq 110); do (cat /dev/null; (true)); done'");
	file_write("stop", "");
	EXPECT_TRUE(is_equal(json)) {
		show("pids used again", &self->sh, json);
	}
	EXPECT_LE(300, shell_number(json, "\"processes\": "));
	EXPECT_EQ(0, file_write("/proc/sys/kernel/pid_max", old));
	free(json);
	shell_free(&self->sh);
	/* At rest the sums are equal, and not before. */
	shell_run(&self->sh, "touch stop; until [ -e stopped ]; do sleep 0.1; done; sleep 1");
	shell_free(&self->sh);
}

TEST_F(programs, stat_passes_on_status_and_output)
{
	shell_run(&self->sh, "kfaultstat stat -- sh -c 'exit 7' 2>&1");
	EXPECT_EQ(7, self->sh.status);
	EXPECT_TRUE(has(self->sh.out, "rusage"));
	shell_run(&self->sh, "kfaultstat stat sh -c 'kill -9 $$' 2>&1");
	EXPECT_EQ(128 + SIGKILL, self->sh.status);
	shell_run(&self->sh, "kfaultstat stat /no/such/program 2>&1");
	EXPECT_EQ(127, self->sh.status);
	EXPECT_STREQ("kfaultstat: /no/such/program: No such file or directory\n", self->sh.out);
	shell_run(&self->sh, "kfaultstat stat /proc/version 2>&1");
	EXPECT_EQ(126, self->sh.status);
	EXPECT_STREQ("kfaultstat: /proc/version: Permission denied\n", self->sh.out);
	/* What the command reads and prints is its own. */
	shell_run(&self->sh, "echo hello | kfaultstat stat cat 2>/dev/null");
	EXPECT_STREQ("hello\n", self->sh.out);
	/* A table that cannot be had is known before the command is run. */
	shell_run(&self->sh, "kfaultstat stat --report /no/folder/file touch ran 2>&1; test ! -e ran");
	EXPECT_EQ(0, self->sh.status);
}

static bool is_up(void *arg)
{
	(void)arg;
	return !access("up", F_OK);
}

/* A signal to the whole group, as from a terminal; returns how stat ended. */
static int interrupted(int number, bool group, const char *command)
{
	int status = -1;
	pid_t pid;

	unlink("up");
	unlink(REPORT);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		setpgid(0, 0);
		/* Who is started with & has it ignored, and no shell takes that back. */
		signal(SIGINT, SIG_DFL);
		execlp("kfaultstat", "kfaultstat", "stat", "-J", "--report", REPORT, "bash", "-c",
		       command, (char *)NULL);
		_exit(99);
	}
	if (pid < 0 || !wait_until(is_up, NULL, 60000))
		return -1;
	kill(group ? -pid : pid, number);
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

TEST_F(programs, an_interrupt_ends_the_command_then_stat_reports)
{
	/* bash drops a signal that comes while it waits for a child that ends well. */
	int status = interrupted(SIGINT, true, ": >up; exec sleep 100");
	char *json = shell_file(REPORT);

	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	EXPECT_TRUE(is_equal(json));
	EXPECT_EQ(SIGINT, shell_number(json, "\"signal\": "));
	free(json);

	/* One that has something to do before it ends is not cut short. */
	status = interrupted(SIGINT, true, "trap 'sleep 1; exit 3' INT; : >up; while :; do sleep 0.1; done");
	json = shell_file(REPORT);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	EXPECT_TRUE(is_equal(json));
	EXPECT_EQ(3, shell_number(json, "\"exit\": "));
	free(json);

	/* Who ends us alone ends the command with us. */
	status = interrupted(SIGTERM, false, ": >up; exec sleep 100");
	json = shell_file(REPORT);
	EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	EXPECT_TRUE(is_equal(json));
	free(json);
}

TEST_F(programs, descendants_that_go_on_make_it_incomplete_unless_waited_for)
{
	const char *command = "bash -c '(setsid sleep 2 &) ; true'";
	char *json = stat_json(&self->sh, "", command);

	EXPECT_TRUE(has(json, "\"verdict\": \"incomplete\"") && has(json, "still run")) {
		show("left behind", &self->sh, json);
	}
	free(json);
	json = stat_json(&self->sh, "--wait", command);
	EXPECT_TRUE(is_equal(json)) {
		show("waited for", &self->sh, json);
	}
	free(json);
}

/*
 * Children that nobody waits for are in no rusage, but the kernel counted them, and so did the
 * table.
 */
TEST_F(programs, children_that_are_ignored_are_compared_by_process)
{
	char *json = stat_json(&self->sh, "",
			       "perl -e '$SIG{CHLD} = \"IGNORE\"; if (!fork) { my @a = (1) x 90000; exit } sleep 1'");

	const char *ours = json ? strstr(json, "\"faultstat\": {\"calls\"") : NULL;
	const char *kernel = json ? strstr(json, "\"kernel\": {") : NULL;
	const char *rusage = json ? strstr(json, "\"rusage\":") : NULL;

	EXPECT_TRUE(has(json, "\"verdict\": \"equal\"") && has(json, "\"compared\": \"kernel\"")) {
		show("ignored", &self->sh, json);
	}
	ASSERT_TRUE(ours && kernel && rusage);
	EXPECT_EQ(shell_number(ours, "\"minor\": "), shell_number(kernel, "\"minor\": "));
	EXPECT_EQ(shell_number(ours, "\"major\": "), shell_number(kernel, "\"major\": "));
	EXPECT_LT(shell_number(rusage, "\"minor\": "), shell_number(kernel, "\"minor\": "));
	free(json);
}

TEST_F(programs, a_reset_meanwhile_makes_it_incomplete)
{
	char *json = stat_json(&self->sh, "", "sh -c 'cat text >/dev/null; kfaultstat reset; cat text >/dev/null'");

	EXPECT_TRUE(has(json, "\"verdict\": \"incomplete\"") && has(json, "were reset")) {
		show("reset", &self->sh, json);
	}
	free(json);
}

TEST_F(programs, processes_that_are_not_selected_make_it_incomplete)
{
	char *json;

	ASSERT_EQ(0, param_set("pid", "1"));
	json = stat_json(&self->sh, "", "cat text");
	EXPECT_TRUE(has(json, "\"verdict\": \"incomplete\"") && has(json, "parameter pid")) {
		show("not selected", &self->sh, json);
	}
	free(json);
}

TEST_F(programs, make_with_folded_jobs_is_equal)
{
	char *json;

	ASSERT_EQ(0, param_set("keep_exited", "5"));
	json = stat_json(&self->sh, "", "make -s -j4 -f Jobs");
	EXPECT_TRUE(is_equal(json)) {
		show("folded", &self->sh, json);
	}
	free(json);
	ASSERT_EQ(0, param_set("keep_exited", "1000"));
	json = stat_json(&self->sh, "", "make -s -j4 -f Jobs");
	EXPECT_TRUE(is_equal(json)) {
		show("kept", &self->sh, json);
	}
	free(json);
}

/* More processes than are kept, on a host that does the same. */
TEST_F_TIMEOUT(programs, a_build_beside_others_is_equal, 1200)
{
	int processes = scaled_up(1500, 20000);
	char *json;

	ASSERT_EQ(0, param_set("keep_exited", "50"));
	shell_run(&self->sh,
		  "(echo \"all: $(seq %d | sed 's/^/j/' | tr '\\n' ' ')\"; echo 'j%%: ; @true') >Many; "
		  "(while [ ! -e stop ]; do (true); done; : >stopped) >/dev/null 2>&1 &",
		  processes);
	shell_free(&self->sh);
	json = stat_json(&self->sh, "", "make -s -j2 -f Many");
	file_write("stop", "");
	EXPECT_TRUE(is_equal(json)) {
		show("beside others", &self->sh, json);
	}
	EXPECT_LE(processes, shell_number(json, "\"processes\": "));
	free(json);
	shell_free(&self->sh);
	shell_run(&self->sh, "touch stop; until [ -e stopped ]; do sleep 0.1; done; sleep 1");
}

TEST_F(programs, off_refuses_before_the_command_runs)
{
	shell_run(&self->sh, "kfaultstat off && kfaultstat stat touch ran 2>&1");
	EXPECT_EQ(1, self->sh.status);
	EXPECT_TRUE(has(self->sh.out, "kfaultstat on"));
	EXPECT_NE(0, access("ran", F_OK));
	shell_run(&self->sh, "kfaultstat on");
	EXPECT_EQ(0, self->sh.status);
	EXPECT_EQ(0, param_set("pid", ""));
}

TEST(a_full_table_is_incomplete)
{
	struct shell sh;
	char *json;

	ASSERT_EQ(0, module_load("max_rows=32 keep_exited=1000"));
	json = stat_json(&sh, "", "bash -c 'for i in $(seq 30); do (cat /proc/version; (true)); done'");
	EXPECT_TRUE(has(json, "\"verdict\": \"incomplete\"")) {
		show("full", &sh, json);
	}
	free(json);
	shell_free(&sh);
	EXPECT_EQ(0, module_unload_soon());
}

TEST_HARNESS_MAIN
