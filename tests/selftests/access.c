// SPDX-License-Identifier: GPL-2.0
/*
 * access.c - who may read what: the opener's right in the initial user namespace decides, whatever
 * the mode bits say, and pids are those of the reader's namespace. Totals are for everyone.
 */
#include "suite.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "heatfile.h"

#define NOBODY	65534

#ifndef CAP_PERFMON
#define CAP_PERFMON	38
#endif

/* errno of an open, or 0. */
static int open_error(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* Runs in a child; its exit code is fn's value. */
static int in_child(int (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(fn(arg));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* The header and nothing else: no rows, no columns. */
static bool totals_are_anonymous(void)
{
	struct snapshot s;
	bool good = !snapshot_take(&s, FAULTS_TOTALS) && !s.nr_rows && !s.columns &&
		    s.total.calls > 0;

	snapshot_free(&s);
	return good;
}

/* Become somebody with just one capability, or with none (-1). */
static int become(uid_t uid, int capability)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	memset(data, 0, sizeof(data));
	if (prctl(PR_SET_KEEPCAPS, 1) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		return -1;
	if (capability >= 0) {
		data[CAP_TO_INDEX(capability)].effective = CAP_TO_MASK(capability);
		data[CAP_TO_INDEX(capability)].permitted = CAP_TO_MASK(capability);
	}
	return (int)syscall(SYS_capset, &head, data);
}

struct who {
	uid_t uid;
	int capability;
	int error;		/* what all files but the totals shall answer */
};

static int reads_as(void *arg)
{
	const struct who *who = arg;

	if (become(who->uid, who->capability))
		return 10;
	if (open_error(FAULTS_PROC, O_RDONLY) != who->error)
		return 11;
	if (open_error(FAULTS_DEBUGFS, O_RDONLY) != who->error)
		return 12;
	/* By which one asks, without being root. */
	if (open_error(HEAT, O_RDWR) != who->error)
		return 13;
	if (open_error(FAULTS_MARK, O_RDWR) != who->error)
		return 14;
	return totals_are_anonymous() ? 0 : 15;
}

/* debugfs is mounted for root alone; let everybody come as far as the file itself. */
static int debugfs_for_all(bool all)
{
	return mount("debugfs", "/sys/kernel/debug", "debugfs", MS_REMOUNT,
		     all ? "mode=755" : "mode=700");
}

static void expect_reads_as(struct __test_metadata *_metadata, uid_t uid, int capability,
			    int error)
{
	struct who who = { uid, capability, error };

	ASSERT_EQ(0, debugfs_for_all(true));
	EXPECT_EQ(0, in_child(reads_as, &who));
	EXPECT_EQ(0, debugfs_for_all(false));
}

TEST_F(loaded, unprivileged_reader_gets_the_totals_and_no_more)
{
	expect_reads_as(_metadata, NOBODY, -1, EPERM);
}

TEST_F(loaded, root_without_capabilities_gets_the_totals_and_no_more)
{
	expect_reads_as(_metadata, 0, -1, EPERM);
}

TEST_F(loaded, cap_dac_override_is_not_enough)
{
	expect_reads_as(_metadata, NOBODY, CAP_DAC_OVERRIDE, EPERM);
}

TEST_F(loaded, cap_sys_admin_is_enough)
{
	expect_reads_as(_metadata, NOBODY, CAP_SYS_ADMIN, 0);
}

TEST_F(loaded, cap_perfmon_is_enough)
{
	if (prctl(PR_CAPBSET_READ, CAP_PERFMON) < 0)
		SKIP_TEST("the kernel has no CAP_PERFMON");
	expect_reads_as(_metadata, NOBODY, CAP_PERFMON, 0);
}

/* RHEL 7 has user namespaces, and allows none. */
static void container_allow(void)
{
	static const char path[] = "/proc/sys/user/max_user_namespaces";
	char max[32];

	if (!file_read_line(path, max, sizeof(max)) && !atoi(max))
		file_write(path, "100");
}

static int container_root(void *arg)
{
	(void)arg;
	container_allow();
	if (unshare(CLONE_NEWUSER))
		return 10;
	if (file_write("/proc/self/setgroups", "deny") ||
	    file_write("/proc/self/uid_map", "0 0 1") || file_write("/proc/self/gid_map", "0 0 1"))
		return 11;
	/* Root in there, with every capability over what is in there. */
	if (getuid() || prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) != 1)
		return 12;
	if (open_error(FAULTS_PROC, O_RDONLY) != EPERM)
		return 13;
	if (open_error(FAULTS_DEBUGFS, O_RDONLY) != EPERM)
		return 14;
	return totals_are_anonymous() ? 0 : 15;
}

TEST_F(loaded, root_of_a_container_gets_the_totals_and_no_more)
{
	if (access("/proc/self/ns/user", F_OK))
		SKIP_TEST("the kernel has no user namespaces");
	ASSERT_EQ(0, debugfs_for_all(true));
	EXPECT_EQ(0, in_child(container_root, NULL));
	EXPECT_EQ(0, debugfs_for_all(false));
}

static int reads_what_was_opened(void *arg)
{
	char buf[14];

	if (become(NOBODY, -1))
		return 10;
	return read(*(int *)arg, buf, sizeof(buf)) == sizeof(buf) &&
	       !memcmp(buf, "# faultstat 1\n", sizeof(buf)) ? 0 : 11;
}

/* Who opened it counts, not who reads: a service may open it and then drop its rights. */
TEST_F(loaded, opener_decides_not_the_reader)
{
	int fd = open(FAULTS_PROC, O_RDONLY);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, in_child(reads_what_was_opened, &fd));
	close(fd);
}

TEST_F(loaded, files_cannot_be_written)
{
	EXPECT_GT(0, file_write(FAULTS_PROC, "1"));
	EXPECT_GT(0, file_write(FAULTS_TOTALS, "1"));
	EXPECT_GT(0, file_write(FAULTS_DEBUGFS, "1"));
}

/* What the first process of a pid namespace sees, and what it had itself. */
struct view {
	struct gate ready, done;
	pid_t child;		/* as the namespace calls it */
	int error;
	struct counts hidden, total, own, others;
	size_t hidden_rows, strangers;
};

static int touch_and_wait(struct view *v)
{
	char *p = map_anon(123);

	if (!p)
		return 1;
	touch_write(p, 123);
	gate_open(&v->ready);
	return gate_wait(&v->done);
}

static int first_of_namespace(void *arg)
{
	struct view *v = arg;
	struct snapshot s;
	int status;
	pid_t pid;
	size_t i;

	if (getpid() != 1)
		return 10;
	pid = kid_fork();
	if (!pid)
		_exit(touch_and_wait(v));
	v->child = pid;
	if (pid < 0 || gate_wait(&v->ready) || snapshot_take(&s, FAULTS_PROC))
		return 11;
	if (snapshot_violations(&s, 0))
		return 12;
	v->total = s.total;
	snapshot_sum_pid(&s, 1, &v->own);
	snapshot_sum_pid(&s, v->child, &v->others);
	v->hidden_rows = snapshot_sum_object(&s, 0, "[hidden]", &v->hidden);
	for (i = 0; i < s.nr_rows; i++)
		if (s.rows[i].pid != 1 && s.rows[i].pid != v->child &&
		    !object_is_special(s.rows[i].object))
			v->strangers++;
	snapshot_free(&s);
	gate_open(&v->done);
	return waitpid(v->child, &status, 0) != v->child || status ? 13 : 0;
}

static int enter_namespace(void *arg)
{
	return unshare(CLONE_NEWPID) ? 10 : in_child(first_of_namespace, arg);
}

/* Its own processes under its own pids, everybody else in one row, and the sums are the same. */
TEST_F(loaded, another_pid_namespace_has_its_own_pids_and_one_hidden_row)
{
	struct view *v = shared_alloc(sizeof(*v));

	if (access("/proc/self/ns/pid", F_OK))
		SKIP_TEST("the kernel has no pid namespaces");
	ASSERT_EQ(0, gate_init(&v->ready));
	ASSERT_EQ(0, gate_init(&v->done));
	RUN_EXACT(touch_some, NULL);
	EXPECT_EQ(0, in_child(enter_namespace, v));
	EXPECT_EQ(1, v->hidden_rows);
	EXPECT_EQ(0, v->strangers);
	EXPECT_EQ(2, v->child);
	EXPECT_LE(SOME_PAGES, v->hidden.minor);
	EXPECT_LE(123, v->others.minor);
	EXPECT_LT(0, v->own.calls);
	EXPECT_EQ(v->total.calls, v->hidden.calls + v->own.calls + v->others.calls);
	EXPECT_EQ(v->total.minor, v->hidden.minor + v->own.minor + v->others.minor);
}

TEST_HARNESS_MAIN
