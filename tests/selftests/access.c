// SPDX-License-Identifier: GPL-2.0
/*
 * access.c - who may read what, and what a reader sees: the opener's right in the initial user
 * namespace decides, pids are those of the reader's namespace, and a snapshot is one moment.
 */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

#define NOBODY	65534

/* errno of an open for reading, or 0. */
static int open_error(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* Runs in a child; its exit code is fn's value. */
static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(fn());
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static bool totals_are_anonymous(void)
{
	struct snapshot s;
	bool good;

	if (snapshot_take(&s, FAULTS_TOTALS))
		return false;
	good = !s.nr_rows && !s.columns && s.total.calls > 0;
	snapshot_free(&s);
	return good;
}

static int unprivileged(void)
{
	if (setgid(NOBODY) || setuid(NOBODY))
		return 10;
	if (open_error(FAULTS_PROC) != EPERM)
		return 11;
	/* debugfs itself may turn him away first. */
	if (open_error(FAULTS_DEBUGFS) != EPERM && open_error(FAULTS_DEBUGFS) != EACCES)
		return 12;
	return totals_are_anonymous() ? 0 : 13;
}

TEST_F(loaded, an_unprivileged_reader_gets_the_totals_and_no_more)
{
	EXPECT_EQ(0, in_child(unprivileged));
}

static int container_root(void)
{
	if (unshare(CLONE_NEWUSER))
		return 10;
	if (file_write("/proc/self/setgroups", "deny") || file_write("/proc/self/uid_map", "0 0 1") ||
	    file_write("/proc/self/gid_map", "0 0 1") || setuid(0))
		return 11;
	/* Root in there, with every capability over what is in there. */
	if (open_error(FAULTS_PROC) != EPERM)
		return 12;
	if (open_error(FAULTS_DEBUGFS) != EPERM && open_error(FAULTS_DEBUGFS) != EACCES)
		return 13;
	return totals_are_anonymous() ? 0 : 14;
}

TEST_F(loaded, the_root_of_a_container_gets_the_totals_and_no_more)
{
	EXPECT_EQ(0, in_child(container_root));
}

static int only_perfmon(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (prctl(PR_SET_KEEPCAPS, 1) || setgid(NOBODY) || setuid(NOBODY))
		return 10;
	data[CAP_TO_INDEX(CAP_PERFMON)].effective = CAP_TO_MASK(CAP_PERFMON);
	data[CAP_TO_INDEX(CAP_PERFMON)].permitted = CAP_TO_MASK(CAP_PERFMON);
	if (syscall(SYS_capset, &head, data))
		return 11;
	return open_error(FAULTS_PROC);
}

TEST_F(loaded, cap_perfmon_is_enough)
{
	/* Kernels before 5.8 do not know it. */
	if (prctl(PR_CAPBSET_READ, CAP_PERFMON) < 0)
		SKIP_TEST("this kernel has no CAP_PERFMON");
	EXPECT_EQ(0, in_child(only_perfmon));
}

/* In a new pid namespace, as its first process. */
static int first_of_namespace(void)
{
	struct counts own;
	struct snapshot s;
	size_t i, hidden = 0, strange = 0;
	int bad;

	if (getpid() != 1 || snapshot_undisturbed(&s, FAULTS_PROC))
		return 10;
	snapshot_sum_pid(&s, 1, &own);
	for (i = 0; i < s.nr_rows; i++) {
		const struct row *row = &s.rows[i];

		if (!strcmp(row->state, "hidden")) {
			hidden++;
			if (row->pid || strcmp(row->object, "[hidden]"))
				strange++;
		} else if (row->pid != 1 && !object_is_special(row->object) && row->pid) {
			strange++;
		}
	}
	/* Sums, too: nothing that is hidden is missing. */
	bad = snapshot_violations(&s, 0);
	snapshot_free(&s);
	if (bad)
		return 11;
	if (hidden != 1 || strange)
		return 12;
	return own.calls ? 0 : 13;
}

static int other_namespace(void)
{
	return unshare(CLONE_NEWPID) ? 10 : in_child(first_of_namespace);
}

TEST_F(loaded, another_pid_namespace_sees_its_own_pids_and_one_hidden_row)
{
	EXPECT_EQ(0, in_child(other_namespace));
}

TEST_F(loaded, without_debugfs_the_file_in_proc_is_the_same)
{
	struct snapshot debug, proc;

	ASSERT_EQ(0, snapshot_take(&debug, FAULTS_DEBUGFS));
	ASSERT_EQ(0, umount("/sys/kernel/debug"));
	EXPECT_EQ(ENOENT, open_error(FAULTS_DEBUGFS));
	EXPECT_EQ(0, snapshot_take(&proc, FAULTS_PROC));
	EXPECT_STREQ(debug.columns, proc.columns);
	EXPECT_EQ(debug.nr_headers, proc.nr_headers);
	EXPECT_STREQ(snapshot_header(&debug, "settings"), snapshot_header(&proc, "settings"));
	EXPECT_EQ(0, snapshot_violations(&proc, 0));
	snapshot_free(&debug);
	snapshot_free(&proc);
	ASSERT_EQ(0, mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL));
	EXPECT_EQ(0, open_error(FAULTS_DEBUGFS));
}

#define TEXT_MAX	(1 << 20)

/* All that was counted after the open stays out of it, however long the reading takes. */
TEST_F(loaded, what_is_read_byte_by_byte_under_load_is_one_moment)
{
	struct load *load = load_start(4);
	char *slow = malloc(TEXT_MAX), *fast = malloc(TEXT_MAX);
	struct snapshot s, later;
	ssize_t len = 0, whole;
	int fd;

	ASSERT_NE(NULL, load);
	ASSERT_EQ(0, load_wait_busy(load, 3));
	fd = open(FAULTS_PROC, O_RDONLY);
	ASSERT_LE(0, fd);
	while (len < TEXT_MAX && read(fd, slow + len, 1) == 1) {
		len++;
		if (len % 2000 == 0)
			ASSERT_EQ(0, load_wait_busy(load, 1));
	}
	/* Once more from its beginning, at one go: the same to the byte. */
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	for (whole = 0; whole < TEXT_MAX;) {
		ssize_t n = read(fd, fast + whole, TEXT_MAX - whole);

		ASSERT_LE(0, n);
		if (!n)
			break;
		whole += n;
	}
	close(fd);
	EXPECT_EQ(0, load_stop(load, false));
	ASSERT_EQ(len, whole);
	EXPECT_EQ(0, memcmp(slow, fast, len));
	free(fast);
	ASSERT_EQ(0, snapshot_parse(&s, slow, len));
	EXPECT_LT(0, s.nr_rows);
	ASSERT_EQ(0, snapshot_take(&later, FAULTS_PROC));
	EXPECT_LT(s.lifetime.calls, later.lifetime.calls);
	snapshot_free(&s);
	snapshot_free(&later);
}

TEST_HARNESS_MAIN
