/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What the module writes and its readers understand: the version of the text
 * format and the names in it. Columns may be added in a later version of the
 * module without a new format version, anywhere but last; readers go by name.
 */
#ifndef FAULTSTAT_UAPI_H
#define FAULTSTAT_UAPI_H

#define FAULTSTAT_FORMAT	1
#define FAULTSTAT_VERSION	"1.1.0"

#define FAULTSTAT_DEBUGFS	"faultstat"
#define FAULTSTAT_PROC_DIR	"faultstat"
#define FAULTSTAT_PROC_FAULTS	"faults"
#define FAULTSTAT_PROC_TOTALS	"totals"
#define FAULTSTAT_PROC_HEAT	"heat"
#define FAULTSTAT_PROC_MARK	"mark"
#define FAULTSTAT_PROC_STACKS	"stacks"

#define FAULTSTAT_COLUMNS						\
	"comm pid id state ppid calls minor major uncounted pending "	\
	"missed write exec from_user from_kernel from_gup kernel_minor kernel_major dev inode deleted object"

/* Of the file of heat, which counts versions of its own. */
#define FAULTSTAT_HEAT_FORMAT	1
#define FAULTSTAT_HEAT_COLUMNS						\
	"comm pid id state dev inode deleted region_size calls major lost lost_major "	\
	"regions object"

/* Of the file of stacks, likewise. */
#define FAULTSTAT_STACKS_FORMAT	1
#define FAULTSTAT_STACKS_COLUMNS					\
	"calls minor major uncounted comm pid id state dev inode deleted "	\
	"kernel_end user_end frames object"

/* Why a stack ends where it does. */
#define FAULTSTAT_END_NONE	"none"
#define FAULTSTAT_END_BOTTOM	"bottom"
#define FAULTSTAT_END_DEPTH	"depth"
#define FAULTSTAT_END_MEMORY	"memory"
#define FAULTSTAT_END_ODD	"odd"
#define FAULTSTAT_END_REGISTERS	"registers"

/* Why a frame has no file. */
#define FAULTSTAT_PLACE_UNKNOWN	"unknown"
#define FAULTSTAT_PLACE_NO_FILE	"no-file"
#define FAULTSTAT_PLACE_NO_ROOM	"no-room"

/* Values of the column state beside the special rows' own kinds. */
#define FAULTSTAT_STATE_LIVE		"live"
#define FAULTSTAT_STATE_EXEC		"exec"
#define FAULTSTAT_STATE_EXITED		"exited"
#define FAULTSTAT_STATE_FOLDED		"folded"
#define FAULTSTAT_STATE_OVERFLOW	"overflow"
#define FAULTSTAT_STATE_UNSELECTED	"unselected"
#define FAULTSTAT_STATE_HIDDEN		"hidden"

/* Objects that are not files. */
#define FAULTSTAT_OBJECT_HEAP		"[heap]"
#define FAULTSTAT_OBJECT_STACK		"[stack]"
#define FAULTSTAT_OBJECT_ANON		"[anon]"
#define FAULTSTAT_OBJECT_VDSO		"[vdso]"
#define FAULTSTAT_OBJECT_SHM		"[shm]"
#define FAULTSTAT_OBJECT_HUGETLB	"[hugetlb]"
#define FAULTSTAT_OBJECT_MISSED		"[missed]"
#define FAULTSTAT_OBJECT_OTHER		"[other]"
#define FAULTSTAT_OBJECT_OVERFLOW	"[overflow]"
#define FAULTSTAT_OBJECT_UNSELECTED	"[unselected]"
#define FAULTSTAT_OBJECT_HIDDEN		"[hidden]"

#endif
