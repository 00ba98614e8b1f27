// SPDX-License-Identifier: GPL-2.0
/*
 * What files.h says. Process context.
 */
#include <linux/capability.h>
#include <linux/math64.h>
#include <linux/random.h>
#include <linux/uaccess.h>
#include "files.h"
#include "line.h"
#include "snapshot.h"
#include "uapi/faultstat.h"

static u32 load_id;
static u64 load_ns;

static const char * const state_names[] = {
	[PROCESS_LIVE]		= FAULTSTAT_STATE_LIVE,
	[PROCESS_EXEC]		= FAULTSTAT_STATE_EXEC,
	[PROCESS_EXITED]	= FAULTSTAT_STATE_EXITED,
	[PROCESS_FOLDED]	= FAULTSTAT_STATE_FOLDED,
	[PROCESS_OVERFLOW]	= FAULTSTAT_STATE_OVERFLOW,
	[PROCESS_UNSELECTED]	= FAULTSTAT_STATE_UNSELECTED,
	[SNAPSHOT_HIDDEN]	= FAULTSTAT_STATE_HIDDEN,
};

/**
 * fs_files_begin - before any file is there
 *
 * Process context.
 */
void fs_files_begin(void)
{
	fs_line_init();
	get_random_bytes(&load_id, sizeof(load_id));
	load_ns = ktime_get_boottime_ns();
}

/**
 * fs_files_permit - whether current may see names and pids of others
 *
 * Process context. The opener's right, whatever the mode bits say: container root passes
 * those by CAP_DAC_OVERRIDE, but not this, which asks the initial user namespace.
 */
bool fs_files_permit(void)
{
	return capable(CAP_PERFMON) || capable(CAP_SYS_ADMIN);
}

/**
 * fs_files_state_name - how the state of a row is written
 * @kind: of a snapshot's row
 *
 * Any context.
 */
const char *fs_files_state_name(u8 kind)
{
	return state_names[kind];
}

static void put_seconds(struct seq_file *m, const char *key, u64 ns)
{
	u32 rest;
	u64 seconds = div_u64_rem(ns, NSEC_PER_SEC, &rest);

	seq_printf(m, " %s %llu.%03u", key, seconds, rest / (u32)NSEC_PER_MSEC);
}

/**
 * fs_files_take_text - takes what is written to a file in one piece
 * @buffer: result, with a NUL behind it
 * @room: bytes of @buffer
 * @text: of the program
 * @size: bytes of @text
 *
 * Process context. Returns 0; -EINVAL if there is nothing, or more than has room; or -EFAULT.
 */
int fs_files_take_text(char *buffer, size_t room, const char __user *text, size_t size)
{
	if (!size || size >= room)
		return -EINVAL;
	if (copy_from_user(buffer, text, size))
		return -EFAULT;
	buffer[size] = '\0';
	return 0;
}

/**
 * fs_files_put_load - the header's line of which load of the module it is, and when
 * @m: the file
 * @boottime_ns: of the snapshot, as the next
 * @realtime_ns: likewise
 * @resets: until then
 *
 * Process context.
 */
void fs_files_put_load(struct seq_file *m, u64 boottime_ns, u64 realtime_ns, u64 resets)
{
	seq_printf(m, "# load %08x", load_id);
	put_seconds(m, "at", load_ns);
	put_seconds(m, "now", boottime_ns);
	put_seconds(m, "realtime", realtime_ns);
	seq_printf(m, " resets %llu\n", resets);
}
