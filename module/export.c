// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/faultstat, /proc/faultstat/faults and /proc/faultstat/totals
 * (heat_file.c has /proc/faultstat/heat): one snapshot for each open, written as text
 * while it is read. Process context.
 *
 *   # faultstat 1
 *   # module 1.1.0 kernel 6.1.0-50-amd64 cpus 2
 *   # load 81f0c2aa at 12.345 now 99.001 realtime 1763776800.123 resets 0
 *   # settings attach=auto max_rows=16384 ... pid=
 *   # hook handle_mm_fault kprobe nmissed 0
 *   # hook NAME off: REASON
 *   # exceptions user 4000 kernel 109
 *   # lifetime calls 4109 minor 4100 major 1 uncounted 5 pending 3 missed 0
 *   # total calls 4109 minor 4100 major 1 uncounted 5 pending 3 missed 0
 *   # table rows 12 processes 5 ended 3 folded 0 overflow 0 memory 212992
 *   # checked processes 3 different 0 unchecked 0
 *   comm pid id state ppid calls minor ... dev inode deleted object
 *   anon2mmap 14655 31 live 13566 4109 4108 ... 0:0 0 0 [anon]
 *
 * comm and object are escaped in octal: control characters, DEL and the backslash,
 * in comm the space as well; the object is last, so its spaces are no trouble.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/utsname.h>
#include "compat/proc.h"
#include "export.h"
#include "files.h"
#include "heat_file.h"
#include "line.h"
#include "mark.h"
#include "mounts.h"
#include "object.h"
#include "settings.h"
#include "snapshot.h"
#include "stack_file.h"
#include "uapi/faultstat.h"

/*
 * What one read() can bring: a page, as seq_file begins with, is read in a hundred
 * calls more. Memory that small is there in one piece on any host.
 */
#define BUFFER_SIZE	(16 << 10)

/* The longest text of a row but its object: comm, state, two pids, 16 numbers, device, flag. */
#define LINE_SIZE	(4 * TASK_COMM_LEN + 16 + 22 * 20)

/* One open file. The header is line 0, the rows follow. */
struct reader {
	struct fs_snapshot *snapshot;
	struct fs_mark *mark;	/* that this file puts on processes, if it can */
	struct fs_settings settings;
	unsigned int cpus;
	bool rows;
	char pids[PIDS_TEXT];
};

static struct dentry *debugfs_file;
static struct proc_dir_entry *proc_dir;

static void put_sums(struct seq_file *m, const char *key, const struct fs_counters *c)
{
	seq_printf(m, "# %s calls %llu minor %llu major %llu uncounted %llu pending %llu missed %llu\n",
		   key, fs_counters_calls(c), fs_counters_minor(c), fs_counters_major(c),
		   c->n[COUNT_UNCOUNTED], fs_counters_pending(c), fs_counters_missed(c));
}

static void put_hooks(struct seq_file *m, const struct fs_snapshot *snapshot)
{
	unsigned int i;

	for (i = 0; i < snapshot->hook_count; i++) {
		const struct fs_hook_status *hook = &snapshot->hooks[i];

		seq_printf(m, "# hook %s ", hook->name);
		if (!hook->how)
			seq_printf(m, "off: %s\n", hook->why);
		else if (hook->nmissed >= 0)
			seq_printf(m, "%s nmissed %ld\n", hook->how, hook->nmissed);
		else
			seq_printf(m, "%s\n", hook->how);
	}
}

static void put_mark(struct seq_file *m, const struct fs_mark *mark)
{
	seq_printf(m, "# mark %llu processes %llu ended %llu kernel_minor %llu kernel_major %llu unchecked %llu\n",
		   mark->id, (u64)atomic64_read(&mark->born), (u64)atomic64_read(&mark->ended),
		   (u64)atomic64_read(&mark->minor), (u64)atomic64_read(&mark->major),
		   (u64)atomic64_read(&mark->unchecked));
}

static void put_header(struct seq_file *m, const struct reader *reader)
{
	const struct fs_snapshot *snapshot = reader->snapshot;
	const struct fs_settings *set = &reader->settings;

	seq_printf(m, "# faultstat %d\n", FAULTSTAT_FORMAT);
	seq_printf(m, "# module %s kernel %s cpus %u\n", FAULTSTAT_VERSION,
		   init_utsname()->release, reader->cpus);
	fs_files_put_load(m, snapshot->boottime_ns, snapshot->realtime_ns, snapshot->resets);
	seq_printf(m, "# settings enabled=%d attach=%s exceptions=%d max_rows=%u max_tasks=%u max_memory=%u keep_exited=%u pid=%s\n",
		   set->enabled, fs_settings_attach_name(set->attach), set->exceptions,
		   set->max_rows, set->max_tasks, set->max_memory, set->keep_exited, reader->pids);
	put_hooks(m, snapshot);
	if (!fs_mounts.known)
		seq_puts(m, "# names begin at the root of their file system\n");
	seq_printf(m, "# exceptions user %llu kernel %llu\n", snapshot->exceptions.user,
		   snapshot->exceptions.kernel);
	put_sums(m, "lifetime", &snapshot->lifetime);
	put_sums(m, "total", &snapshot->total);
	seq_printf(m, "# table rows %u processes %u ended %u folded %llu overflow %llu memory %llu\n",
		   snapshot->table_rows, snapshot->processes, snapshot->ended, snapshot->folded,
		   snapshot->overflow, snapshot->memory);
	seq_printf(m, "# checked processes %llu different %llu unchecked %llu\n",
		   snapshot->check.equal + snapshot->check.different, snapshot->check.different,
		   snapshot->check.unchecked);
	if (reader->mark)
		put_mark(m, reader->mark);
	if (reader->rows)
		seq_puts(m, FAULTSTAT_COLUMNS "\n");
}

/* A number, or "-". */
static char *line_known(char *at, bool known, u64 number)
{
	if (known)
		return fs_line_number(at, ' ', number);
	*at++ = ' ';
	*at++ = '-';
	return at;
}

/* Pids are never negative. In the order of FAULTSTAT_COLUMNS. */
static char *line_make(char *at, const struct fs_snapshot_row *row, u64 calls, const char *object,
		       size_t object_length)
{
	const struct fs_counters *c = &row->counters;
	const u64 verdicts = fs_counters_verdicts(c);

	at = fs_line_comm(at, row->comm[0] ? row->comm : "-");
	at = fs_line_number(at, ' ', row->pid);
	at = fs_line_number(at, ' ', row->id);
	*at++ = ' ';
	at = fs_line_text(at, fs_files_state_name(row->kind));
	at = fs_line_number(at, ' ', row->ppid);
	at = fs_line_number(at, ' ', calls);
	at = fs_line_number(at, ' ', fs_counters_minor(c));
	at = fs_line_number(at, ' ', fs_counters_major(c));
	at = fs_line_number(at, ' ', c->n[COUNT_UNCOUNTED]);
	at = fs_line_number(at, ' ', calls > verdicts ? calls - verdicts : 0);
	at = fs_line_number(at, ' ', fs_counters_missed(c));
	at = fs_line_number(at, ' ', fs_counters_access(c, ACCESS_WRITE));
	at = fs_line_number(at, ' ', fs_counters_access(c, ACCESS_EXEC));
	at = fs_line_number(at, ' ', fs_counters_origin(c, COUNT_USER));
	at = fs_line_number(at, ' ', fs_counters_origin(c, COUNT_KERNEL));
	at = fs_line_number(at, ' ', fs_counters_origin(c, COUNT_GUP));
	at = line_known(at, row->kernel_known, row->kernel.minor);
	at = line_known(at, row->kernel_known, row->kernel.major);
	at = fs_line_number(at, ' ', MAJOR(row->dev));
	at = fs_line_number(at, ':', MINOR(row->dev));
	at = fs_line_number(at, ' ', row->ino);
	at = fs_line_number(at, ' ', row->deleted);
	*at++ = ' ';
	at = fs_line_object(at, object, object_length);
	*at++ = '\n';
	return at;
}

/*
 * Has seq_file call show() once more for this line: by claiming that the buffer was too
 * small. If the buffer holds earlier lines they are read first, else it doubles.
 */
static void put_again(struct seq_file *m)
{
	seq_commit(m, -1);
}

static void put_row(struct seq_file *m, const struct fs_snapshot_order *order)
{
	const struct fs_snapshot_row *row = order->row;
	size_t length;
	const char *object = fs_snapshot_object(row, &length);
	char *line;

	if (seq_get_buf(m, &line) < LINE_SIZE + 4 * length)
		put_again(m);
	else
		seq_commit(m, line_make(line, row, order->calls, object, length) - line);
}

static void *seq_at(struct seq_file *m, loff_t pos)
{
	struct reader *reader = m->private;

	if (!pos)
		return SEQ_START_TOKEN;
	if (!reader->rows || pos > reader->snapshot->count)
		return NULL;
	return &reader->snapshot->order[pos - 1];
}

static void *reader_start(struct seq_file *m, loff_t *pos)
{
	return seq_at(m, *pos);
}

static void *reader_next(struct seq_file *m, void *at, loff_t *pos)
{
	return seq_at(m, ++*pos);
}

static void reader_end(struct seq_file *m, void *at)
{
}

static int reader_show(struct seq_file *m, void *at)
{
	const struct reader *reader = m->private;

	if (at != SEQ_START_TOKEN)
		put_row(m, at);
	else if (reader->rows && m->size < BUFFER_SIZE)
		put_again(m);
	else
		put_header(m, reader);
	return 0;
}

static const struct seq_operations reader_operations = {
	.start	= reader_start,
	.next	= reader_next,
	.stop	= reader_end,
	.show	= reader_show,
};

/* Returns 0 or -ENOMEM, with the last snapshot in place. */
static int reader_look(struct reader *reader)
{
	struct fs_snapshot *snapshot = reader->rows ?
		fs_snapshot_take(task_active_pid_ns(current), reader->mark) :
		fs_snapshot_take_totals();

	if (!snapshot)
		return -ENOMEM;
	fs_snapshot_free(reader->snapshot);
	reader->snapshot = snapshot;
	reader->cpus = num_online_cpus();
	fs_settings_copy(&reader->settings);
	if (reader->rows)
		fs_pids_text(&reader->settings.pid, reader->pids, sizeof(reader->pids));
	return 0;
}

static void reader_free(struct inode *inode, struct file *file, struct reader *reader)
{
	fs_mark_end(reader->mark);
	fs_snapshot_free(reader->snapshot);
	seq_release_private(inode, file);
}

static int reader_open(struct inode *inode, struct file *file, bool rows, bool mark)
{
	struct reader *reader = __seq_open_private(file, &reader_operations, sizeof(*reader));
	int err = 0;

	if (!reader)
		return -ENOMEM;
	reader->rows = rows;
	if (mark)
		reader->mark = fs_mark_begin();
	if (mark && !reader->mark)
		err = -ENOMEM;
	if (!err)
		err = reader_look(reader);
	if (err)
		reader_free(inode, file, reader);
	return err;
}

static int faults_open(struct inode *inode, struct file *file)
{
	return fs_files_permit() ? reader_open(inode, file, true, false) : -EPERM;
}

/* No names, no pids, no addresses: for everyone. */
static int totals_open(struct inode *inode, struct file *file)
{
	return reader_open(inode, file, false, false);
}

static int reader_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	reader_free(inode, file, m->private);
	return 0;
}

/* Marks. */

static int mark_open(struct inode *inode, struct file *file)
{
	return fs_files_permit() ? reader_open(inode, file, true, true) : -EPERM;
}

/* From its beginning the file is read anew, as it is by then. */
static ssize_t mark_read(struct file *file, char __user *text, size_t size, loff_t *pos)
{
	struct seq_file *m = file->private_data;
	int err = 0;

	if (!*pos) {
		mutex_lock(&m->lock);
		err = reader_look(m->private);
		mutex_unlock(&m->lock);
	}
	return err ? err : seq_read(file, text, size, pos);
}

/* A pid, as the writer sees it. */
static ssize_t mark_write(struct file *file, const char __user *text, size_t size, loff_t *pos)
{
	struct reader *reader = ((struct seq_file *)file->private_data)->private;
	char buffer[16];
	pid_t pid;
	int err = fs_files_take_text(buffer, sizeof(buffer), text, size);

	if (err)
		return err;
	if (strlen(buffer) != size || kstrtoint(buffer, 10, &pid) || pid <= 0)
		return -EINVAL;
	err = fs_mark_put_on(reader->mark, pid);
	return err ? err : (ssize_t)size;
}

static const struct file_operations debugfs_operations = {
	.owner		= THIS_MODULE,
	.open		= faults_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= reader_release,
};

COMPAT_PROC_OPS(proc_faults_operations, faults_open, seq_read, NULL, reader_release);
COMPAT_PROC_OPS(proc_totals_operations, totals_open, seq_read, NULL, reader_release);
COMPAT_PROC_OPS(proc_mark_operations, mark_open, mark_read, mark_write, reader_release);

/**
 * fs_export_start - makes the files
 *
 * Process context. debugfs may be absent, unmounted or locked down: then /proc has
 * to do. Mode 0444 and nothing but reading is what a locked-down debugfs opens
 * (fs/debugfs/file.c). Returns 0 or -ENOMEM.
 */
int fs_export_start(void)
{
	fs_files_begin();
	proc_dir = proc_mkdir(FAULTSTAT_PROC_DIR, NULL);
	if (!proc_dir)
		return -ENOMEM;
	if (!proc_create_data(FAULTSTAT_PROC_FAULTS, 0444, proc_dir, &proc_faults_operations,
			      NULL) ||
	    !proc_create_data(FAULTSTAT_PROC_TOTALS, 0444, proc_dir, &proc_totals_operations,
			      NULL) ||
	    !proc_create_data(FAULTSTAT_PROC_MARK, FS_FILES_ASKED, proc_dir, &proc_mark_operations,
			      NULL) ||
	    !fs_heat_file_make(proc_dir) || !fs_stack_file_make(proc_dir)) {
		fs_export_stop();
		return -ENOMEM;
	}
	debugfs_file = debugfs_create_file(FAULTSTAT_DEBUGFS, 0444, NULL, NULL,
					   &debugfs_operations);
	if (PTR_ERR(debugfs_file) == -ENOMEM) {
		fs_export_stop();
		return -ENOMEM;
	}
	return 0;
}

/**
 * fs_export_stop - removes the files; from now on reading one that is open fails
 *
 * Process context; waits for reads that are under way.
 */
void fs_export_stop(void)
{
	if (!IS_ERR_OR_NULL(debugfs_file))
		debugfs_remove(debugfs_file);
	debugfs_file = NULL;
	proc_remove(proc_dir);
	proc_dir = NULL;
}
