// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/faultstat/heat: reading it shows one snapshot for each open; writing a list of
 * processes to it asks for their heat as long as the file stays open, so that nothing
 * that has ended, in whatever way, goes on asking. Process context.
 *
 *   # faultstat-heat 1
 *   # load 81f0c2aa at 12.345 now 99.001 realtime 1763776800.123 resets 0
 *   # settings heat_pid=
 *   # heat rows 2 requests 1 memory 20480 lost 0
 *   comm pid id state dev inode deleted region_size calls major lost ... object
 *   search 123 31 live 254:1 4711 0 4194304 1000 12 0 0 0:900:12,7:100:0 /index/segment
 *
 * A region is INDEX:CALLS:MAJORS; those without a call are left out. Calls and majors of
 * a row are what its regions add up to. The verdict on a task's last call comes with the
 * next, or when the file is opened.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "compat/proc.h"
#include "files.h"
#include "heat.h"
#include "heat_file.h"
#include "heat_request.h"
#include "line.h"
#include "name.h"
#include "snapshot.h"
#include "task.h"
#include "uapi/faultstat.h"

/* The longest text of a row but for object and regions, and of a region. */
#define LINE_SIZE	(4 * TASK_COMM_LEN + 16 + 12 * 21)
#define REGION_SIZE	(4 + 2 * 21)

/**
 * struct heat_line - a row's heat
 * @link: in heat_reader.lines
 * @heat: which it was read from; NULL once nothing is to be added to it
 * @who: process and object; its counters are not used
 * @calls: sum over @regions
 * @major: likewise
 * @lost: as in the heat
 * @lost_major: likewise
 * @shift: log2 of the pages of a region
 * @regions: summed over the CPUs
 */
struct heat_line {
	struct list_head link;
	struct fs_heat *heat;
	struct fs_snapshot_row who;
	u64 calls;
	u64 major;
	u64 lost;
	u64 lost_major;
	u32 shift;
	struct fs_heat_region *regions;
};

/* One open file. */
struct heat_reader {
	struct list_head lines;
	unsigned int count;	/* of @lines */
	struct fs_heat_status status;
	u64 boottime_ns;
	u64 realtime_ns;
	u64 resets;
	struct mutex changing;	/* @request */
	struct fs_request *request;
	char pids[PIDS_TEXT];
};

/* The snapshot. */

static void line_free(struct heat_line *line)
{
	if (line->who.name)
		fs_name_unpin(line->who.name);
	kfree(line->regions);
	kfree(line);
}

/* Returns NULL where the reader may not see it; or no memory is left, which @whole tells. */
static struct heat_line *line_new(struct fs_heat *heat, const struct fs_row *row,
				  struct fs_heat_read *read, struct pid_namespace *ns, bool *whole)
{
	struct fs_snapshot_row who = { .kind = row->process->kind };
	struct heat_line *line;

	if (!fs_snapshot_fill_process(&who, row->process, ns))
		return NULL;
	*whole = false;
	line = kzalloc(sizeof(*line), GFP_KERNEL | __GFP_NORETRY);
	if (!line)
		return NULL;
	line->who = who;
	fs_heat_read(heat, read);
	line->regions = kmemdup(read->regions, sizeof(read->regions), GFP_KERNEL | __GFP_NORETRY);
	if (!line->regions) {
		line_free(line);
		return NULL;
	}
	*whole = true;
	fs_snapshot_fill_object(&line->who, row);
	line->lost = atomic64_read(&heat->lost);
	line->lost_major = atomic64_read(&heat->lost_major);
	line->shift = read->shift;
	line->heat = heat;
	return line;
}

/* Under a task's shard's lock: a verdict that has come on a call that nothing had settled. */
static void add_open(struct fs_row *row, struct fs_process *process,
		     const struct fs_task_moved *moved, void *data)
{
	struct fs_heat *heat = fs_heat_of(row);
	struct heat_line *line = heat ? heat->told : NULL;

	if (!line || moved->verdict != COUNT_MAJOR || !fs_heat_has_call(heat, &moved->heat))
		return;
	/* A page that came after the row was read may be beyond its regions. */
	if (moved->heat.page >> line->shift < HEAT_REGIONS)
		line->regions[moved->heat.page >> line->shift].major++;
}

struct reading {
	struct heat_reader *reader;
	struct fs_heat_read *read;
	struct pid_namespace *ns;
	bool whole;
};

/*
 * From now on verdicts that come are added. One that was settled while the row was being
 * read may be in neither: the next snapshot has it.
 */
static bool read_row(struct fs_row *row, void *data)
{
	struct reading *reading = data;
	struct fs_heat *heat = fs_heat_of(row);
	struct heat_line *line;

	if (!heat)
		return true;
	line = line_new(heat, row, reading->read, reading->ns, &reading->whole);
	if (line) {
		list_add_tail(&line->link, &reading->reader->lines);
		reading->reader->count++;
		line->heat->told = line;
	}
	return reading->whole;
}

/* Under fs_table.rows_sem, for writing. Returns false where there is no memory. */
static bool lines_read(struct heat_reader *reader, struct fs_heat_read *read,
		       struct pid_namespace *ns)
{
	struct reading reading = { .reader = reader, .read = read, .ns = ns, .whole = true };
	struct heat_line *line;

	fs_task_visit_begin();
	fs_rows_walk(read_row, &reading);
	fs_task_visit_open(add_open, NULL);
	fs_task_visit_end();
	list_for_each_entry(line, &reader->lines, link) {
		line->heat->told = NULL;
		line->heat = NULL;
	}
	return reading.whole;
}

static void line_sum(struct heat_line *line)
{
	unsigned int i;

	for (i = 0; i < HEAT_REGIONS; i++) {
		struct fs_heat_region *region = &line->regions[i];

		/* Of a call that came after the calls were read, the verdict may be here. */
		region->major = min(region->major, region->calls);
		line->calls += region->calls;
		line->major += region->major;
	}
}

static int reader_fill(struct heat_reader *reader)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	struct fs_heat_read *read = kmalloc(sizeof(*read), GFP_KERNEL | __GFP_NORETRY);
	struct heat_line *line;
	bool whole;

	if (!read)
		return -ENOMEM;
	down_write(&fs_table.rows_sem);
	whole = lines_read(reader, read, ns);
	fs_heat_status(&reader->status);
	fs_requests_status(&fs_heat_requests, &reader->status.requests,
			   &reader->status.pids);
	reader->resets = fs_table.resets;
	up_write(&fs_table.rows_sem);
	kfree(read);
	reader->boottime_ns = ktime_get_boottime_ns();
	reader->realtime_ns = ktime_to_ns(ktime_get_real());
	list_for_each_entry(line, &reader->lines, link)
		line_sum(line);
	return whole ? 0 : -ENOMEM;
}

/* The text. */

static void put_header(struct seq_file *m, const struct heat_reader *reader)
{
	const struct fs_heat_status *status = &reader->status;

	seq_printf(m, "# faultstat-heat %d\n", FAULTSTAT_HEAT_FORMAT);
	fs_files_put_load(m, reader->boottime_ns, reader->realtime_ns, reader->resets);
	seq_printf(m, "# settings heat_pid=%s\n", reader->pids);
	seq_printf(m, "# heat rows %u requests %u memory %llu lost %llu\n", reader->count,
		   status->requests, status->memory, status->lost);
	seq_puts(m, FAULTSTAT_HEAT_COLUMNS "\n");
}

/* In the order of FAULTSTAT_HEAT_COLUMNS. */
static char *line_make(char *at, const struct heat_line *line, const char *object, size_t length)
{
	const struct fs_snapshot_row *who = &line->who;
	const struct fs_heat_region *region;
	char before = ' ';
	unsigned int i;

	at = fs_line_comm(at, who->comm[0] ? who->comm : "-");
	at = fs_line_number(at, ' ', who->pid);
	at = fs_line_number(at, ' ', who->id);
	*at++ = ' ';
	at = fs_line_text(at, fs_files_state_name(who->kind));
	at = fs_line_number(at, ' ', MAJOR(who->dev));
	at = fs_line_number(at, ':', MINOR(who->dev));
	at = fs_line_number(at, ' ', who->ino);
	at = fs_line_number(at, ' ', who->deleted);
	at = fs_line_number(at, ' ', (u64)PAGE_SIZE << line->shift);
	at = fs_line_number(at, ' ', line->calls);
	at = fs_line_number(at, ' ', line->major);
	at = fs_line_number(at, ' ', line->lost);
	at = fs_line_number(at, ' ', line->lost_major);
	for (i = 0; i < HEAT_REGIONS; i++) {
		region = &line->regions[i];
		if (!region->calls && !region->major)
			continue;
		at = fs_line_number(at, before, i);
		at = fs_line_number(at, ':', region->calls);
		at = fs_line_number(at, ':', region->major);
		before = ',';
	}
	if (before == ' ')
		at = fs_line_text(at, " -");
	*at++ = ' ';
	at = fs_line_object(at, object, length);
	*at++ = '\n';
	return at;
}

static void put_line(struct seq_file *m, const struct heat_line *line)
{
	size_t length;
	const char *object = fs_snapshot_object(&line->who, &length);
	char *at;

	/* If it does not fit, seq_file comes again with more memory. */
	if (seq_get_buf(m, &at) < LINE_SIZE + HEAT_REGIONS * REGION_SIZE + 4 * length)
		seq_commit(m, -1);
	else
		seq_commit(m, line_make(at, line, object, length) - at);
}

/* The head of the list stands for the header. */
static void *heat_start(struct seq_file *m, loff_t *pos)
{
	struct heat_reader *reader = m->private;

	return seq_list_start_head(&reader->lines, *pos);
}

static void *heat_next(struct seq_file *m, void *at, loff_t *pos)
{
	struct heat_reader *reader = m->private;

	return seq_list_next(at, &reader->lines, pos);
}

static void heat_end(struct seq_file *m, void *at)
{
}

static int heat_show(struct seq_file *m, void *at)
{
	const struct heat_reader *reader = m->private;

	if (at == &reader->lines)
		put_header(m, reader);
	else
		put_line(m, list_entry(at, struct heat_line, link));
	return 0;
}

static const struct seq_operations heat_operations = {
	.start	= heat_start,
	.next	= heat_next,
	.stop	= heat_end,
	.show	= heat_show,
};

/* Asking. */

static int request_parse(const char __user *text, size_t size, struct fs_pid_list *list)
{
	char buffer[PIDS_TEXT + 2];
	int err = fs_files_take_text(buffer, sizeof(buffer), text, size);

	if (err)
		return err;
	if (strlen(buffer) != size && !sysfs_streq(buffer, "all"))
		return -EINVAL;
	return fs_pids_request(buffer, list);
}

static ssize_t heat_write(struct file *file, const char __user *text, size_t size, loff_t *pos)
{
	struct heat_reader *reader = ((struct seq_file *)file->private_data)->private;
	struct fs_pid_list *list = kmalloc(sizeof(*list), GFP_KERNEL | __GFP_NORETRY);
	int err;

	if (!list)
		return -ENOMEM;
	err = request_parse(text, size, list);
	if (!err) {
		mutex_lock(&reader->changing);
		err = fs_request_ask(&fs_heat_requests, &reader->request, list, 0, 0);
		mutex_unlock(&reader->changing);
	}
	kfree(list);
	return err ? err : (ssize_t)size;
}

static void reader_free(struct heat_reader *reader)
{
	struct heat_line *line, *next;

	fs_request_end(&fs_heat_requests, reader->request);
	list_for_each_entry_safe(line, next, &reader->lines, link)
		line_free(line);
}

static int heat_open(struct inode *inode, struct file *file)
{
	struct heat_reader *reader;
	int err = 0;

	if (!fs_files_permit())
		return -EPERM;
	reader = __seq_open_private(file, &heat_operations, sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	INIT_LIST_HEAD(&reader->lines);
	mutex_init(&reader->changing);
	if (file->f_mode & FMODE_READ)
		err = reader_fill(reader);
	fs_pids_text(&reader->status.pids, reader->pids, sizeof(reader->pids));
	if (err) {
		reader_free(reader);
		seq_release_private(inode, file);
	}
	return err;
}

static int heat_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	reader_free(m->private);
	return seq_release_private(inode, file);
}

COMPAT_PROC_OPS(proc_heat_operations, heat_open, seq_read, heat_write, heat_release);

/**
 * fs_heat_file_make - makes the file
 * @dir: /proc/faultstat, with which it goes
 *
 * Process context. Returns false where there is no memory.
 */
bool fs_heat_file_make(struct proc_dir_entry *dir)
{
	return proc_create_data(FAULTSTAT_PROC_HEAT, FS_FILES_ASKED, dir, &proc_heat_operations,
				NULL);
}
