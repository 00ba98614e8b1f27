// SPDX-License-Identifier: GPL-2.0
/*
 * params.c - every bad value of every parameter is EINVAL, the old value stays, and one line in
 * the log says what is allowed; good values are taken and shown.
 */
#include "suite.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

struct values {
	const char *name;
	bool at_run_time;
	const char *good[6];
	const char *bad[20];
};

/* Out of range by one and by far, not a number, a number and more, nothing, spaces. */
static const struct values all_values[] = {
	{ "enabled", true, { "0", "1" },
	  { "2", "-1", "", " ", "abc", "11x", "999999999999999999999" } },
	{ "exceptions", true, { "0", "1" },
	  { "2", "-1", "", " ", "abc", "11x", "999999999999999999999" } },
	{ "attach", true, { "kprobe", "auto" },
	  { "", " ", "kprob", "kprobes", "1", "ftrace,kprobe", "perf" } },
	{ "reset", true, { NULL }, { "0", "2", "-1", "", "abc", "10x" } },
	{ "keep_exited", true, { "0", "1", "1000", "5000" },
	  { "-1", "", " ", "abc", "10x", "1.5", "0x", "4294967296", "999999999999999999999" } },
	{ "pid", true, { "1", "1,2,3", "" },
	  { "0", "-1", "abc", "1,x", "12x", "1;2", "1,,2", "1,", ",1", "4294967297",
	    "999999999999999999999" } },
	{ "heat_pid", true, { "1", "1,2,3", "all", "" },
	  { "0", "-1", "abc", "1,x", "12x", "1;2", "1,,2", "1,", ",1", "alle", "1,all", "4294967297",
	    "999999999999999999999" } },
	{ "stacks", true, { "user", "kernel", "both", "off" },
	  { "", " ", "use", "users", "on", "1", "user,kernel" } },
	{ "stacks_pid", true, { "1", "1,2,3", "all", "" },
	  { "0", "-1", "abc", "1,x", "12x", "1;2", "1,,2", "1,", ",1", "alle", "1,all", "4294967297",
	    "999999999999999999999" } },
	{ "stack_depth", true, { "1", "127", "32" },
	  { "0", "128", "-1", "", " ", "abc", "10x", "1.5", "4294967328",
	    "999999999999999999999" } },
	{ "stack_every", true, { "10", "1000000", "1" },
	  { "0", "1000001", "-1", "", " ", "abc", "10x", "4294967297",
	    "999999999999999999999" } },
	{ "max_rows", false, { "16", "17", "1000", "16384" },
	  { "15", "-1", "", "abc", "16x", "4294967312", "999999999999999999999" } },
	{ "max_tasks", false, { "16", "1000" },
	  { "15", "-1", "", "abc", "16x", "4294967312", "999999999999999999999" } },
	{ "max_memory", false, { "1", "64" },
	  { "16385", "-1", "", "abc", "1x", "4294967297", "999999999999999999999" } },
};

static int log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* New lines of the log that are the module's own and name the parameter. */
static int log_lines(int fd, const char *name)
{
	char record[1024];
	int nr = 0;
	ssize_t n;

	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		char *text;

		if (n < 0)
			continue;
		record[n] = '\0';
		text = strchr(record, ';');
		if (text && !strncmp(text + 1, "faultstat: ", 11) && strstr(text, name))
			nr++;
	}
	return nr;
}

TEST_F(loaded, a_bad_value_is_refused_at_run_time)
{
	char before[256], after[256];
	size_t i, j;
	int fd = log_open();

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(all_values); i++) {
		const struct values *v = &all_values[i];

		for (j = 0; v->at_run_time && j < 20 && v->bad[j]; j++) {
			ASSERT_EQ(0, param_get(v->name, before, sizeof(before)));
			log_lines(fd, v->name);
			EXPECT_EQ(-EINVAL, param_set(v->name, v->bad[j])) {
				note("%s='%s' was not refused", v->name, v->bad[j]);
			}
			EXPECT_EQ(1, log_lines(fd, v->name)) {
				note("lines in the log for %s='%s'", v->name, v->bad[j]);
			}
			ASSERT_EQ(0, param_get(v->name, after, sizeof(after)));
			EXPECT_STREQ(before, after);
		}
	}
	close(fd);
}

static bool writable(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "/sys/module/faultstat/parameters/%s", name);
	return !stat(path, &st) && st.st_mode & 0200;
}

TEST_F(loaded, a_good_value_is_taken_at_run_time)
{
	char value[256];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(all_values); i++) {
		const struct values *v = &all_values[i];

		EXPECT_EQ(v->at_run_time, writable(v->name));
		for (j = 0; v->at_run_time && j < 6 && v->good[j]; j++) {
			EXPECT_EQ(0, param_set(v->name, v->good[j])) {
				note("%s='%s' was refused", v->name, v->good[j]);
			}
			ASSERT_EQ(0, param_get(v->name, value, sizeof(value)));
			EXPECT_STREQ(v->good[j], value);
		}
	}
	self->check = CHECK_NO_EXCEPTIONS;
}

/* Written with a newline, as echo does. */
TEST_F(loaded, a_newline_after_a_value_is_allowed)
{
	char value[64];

	EXPECT_EQ(0, param_set("keep_exited", "77\n"));
	ASSERT_EQ(0, param_get("keep_exited", value, sizeof(value)));
	EXPECT_STREQ("77", value);
	EXPECT_EQ(0, param_set("pid", "1,2\n"));
	EXPECT_EQ(0, param_set("pid", "\n"));
	ASSERT_EQ(0, param_get("pid", value, sizeof(value)));
	EXPECT_STREQ("", value);
	EXPECT_EQ(0, param_set("attach", "kprobe\n"));
	EXPECT_EQ(0, param_set("enabled", "1\n"));
	EXPECT_EQ(0, param_set("reset", "1\n"));
}

/* A list that is longer than any buffer for it is refused or taken, but not cut. */
TEST_F(loaded, a_long_list_of_pids_is_taken_whole_or_refused)
{
	static char list[8 * 400], value[8 * 400];
	size_t len = 0;
	int i, ret;

	for (i = 0; i < 400; i++)
		len += (size_t)sprintf(list + len, "%s%d", i ? "," : "", 10000 + i);
	ret = param_set("pid", list);
	ASSERT_EQ(0, param_get("pid", value, sizeof(value)));
	if (ret) {
		EXPECT_EQ(-EINVAL, ret);
		EXPECT_STREQ("", value);
	} else {
		EXPECT_STREQ(list, value);
	}
}

FIXTURE(not_loaded)
{
	int log;
};

FIXTURE_SETUP(not_loaded)
{
	self->log = log_open();
	ASSERT_LE(0, self->log);
}

FIXTURE_TEARDOWN(not_loaded)
{
	close(self->log);
	loaded_end(_metadata, true, CHECK_NO_EXCEPTIONS);
}

TEST_F(not_loaded, a_bad_value_is_refused_at_load)
{
	char params[128];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(all_values); i++) {
		const struct values *v = &all_values[i];

		for (j = 0; j < 20 && v->bad[j]; j++) {
			/* The kernel itself takes quotes around a value with spaces. */
			snprintf(params, sizeof(params), "%s=\"%s\"", v->name, v->bad[j]);
			log_lines(self->log, v->name);
			EXPECT_EQ(-EINVAL, module_load(params)) {
				note("%s was not refused", params);
			}
			EXPECT_LE(1, log_lines(self->log, v->name)) {
				note("no line in the log for %s", params);
			}
			EXPECT_FALSE(module_loaded());
		}
	}
}

TEST_F(not_loaded, a_good_value_is_taken_at_load)
{
	char params[128], value[256];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(all_values); i++) {
		const struct values *v = &all_values[i];

		for (j = 0; j < 6 && v->good[j]; j++) {
			snprintf(params, sizeof(params), "%s=%s", v->name, v->good[j]);
			ASSERT_EQ(0, module_load(params)) {
				note("%s was refused", params);
			}
			ASSERT_EQ(0, param_get(v->name, value, sizeof(value)));
			EXPECT_STREQ(v->good[j], value);
		}
	}
}

static long param_number(const char *name)
{
	char value[64];

	return param_get(name, value, sizeof(value)) ? -1 : atol(value);
}

/* As docs/format.md says: limits that grow with the host. */
TEST_F(not_loaded, limits_of_zero_follow_the_host)
{
	struct sysinfo host;
	long mib, rows;

	ASSERT_EQ(0, sysinfo(&host));
	mib = (long)((unsigned long long)host.totalram * host.mem_unit >> 30);
	mib = mib < 64 ? 64 : mib > 1024 ? 1024 : mib;
	rows = mib * 256 > 131072 ? 131072 : mib * 256;
	ASSERT_EQ(0, module_load("max_memory=0 max_rows=0 max_tasks=0"));
	EXPECT_EQ(mib, param_number("max_memory"));
	EXPECT_EQ(rows, param_number("max_rows"));
	EXPECT_EQ(32768, param_number("max_tasks"));
	ASSERT_EQ(0, module_load("max_memory=300"));
	EXPECT_EQ(76800, param_number("max_rows"));
	ASSERT_EQ(0, module_load("max_memory=1"));
	EXPECT_EQ(16384, param_number("max_rows"));
}

/* Every parameter explains itself to modinfo, and there is none that is not known here. */
TEST_F(not_loaded, every_parameter_is_described)
{
	const char *path = getenv("FAULTSTAT_KO");
	size_t len, i, nr = 0;
	char *ko, *at;

	len = read_whole(path ? path : "/faultstat.ko", &ko, NULL);
	ASSERT_LT(0, len);
	for (i = 0; i < ARRAY_SIZE(all_values); i++) {
		char key[64];

		snprintf(key, sizeof(key), "parm=%s:", all_values[i].name);
		at = memmem(ko, len, key, strlen(key));
		EXPECT_NE(NULL, at) {
			note("no description of %s", all_values[i].name);
		}
		/* More than a word. */
		EXPECT_TRUE(at && strlen(at + strlen(key)) > 10);
	}
	for (at = ko; (at = memmem(at, len - (size_t)(at - ko), "\0parm=", 6)); at++)
		nr++;
	EXPECT_EQ(ARRAY_SIZE(all_values), nr);
	free(ko);
}

TEST_HARNESS_MAIN
