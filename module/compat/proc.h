/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A seq_file below /proc, whose operations changed their type in 5.6; without a function
 * to write it is read-only. For export.c and heat_file.c.
 */
#ifndef FAULTSTAT_COMPAT_PROC_H
#define FAULTSTAT_COMPAT_PROC_H

#include <linux/fs.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#ifdef FS_HAVE_PROC_OPS
#define COMPAT_PROC_OPS(name, open_function, read_function, write_function, release_function) \
	static const struct proc_ops name = {				\
		.proc_open	= open_function,			\
		.proc_read	= read_function,			\
		.proc_write	= write_function,			\
		.proc_lseek	= seq_lseek,				\
		.proc_release	= release_function,			\
	}
#else
#define COMPAT_PROC_OPS(name, open_function, read_function, write_function, release_function) \
	static const struct file_operations name = {			\
		.open		= open_function,			\
		.read		= read_function,			\
		.write		= write_function,			\
		.llseek		= seq_lseek,				\
		.release	= release_function,			\
	}
#endif

#endif
