/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What asks for heat, and for which processes.
 */
#ifndef FAULTSTAT_HEAT_REQUEST_H
#define FAULTSTAT_HEAT_REQUEST_H

#include <linux/types.h>

struct fs_heat_status;
struct fs_pid_list;
struct heat_request;
struct pid;

/* Open files that may ask at once. */
#define HEAT_REQUESTS_MAX	16

/* In a hook: */
bool fs_heat_selects(struct pid *pid, pid_t nr);
bool fs_heat_is_asked_for(void);
unsigned int fs_heat_changes(void);

/* In process context: */
struct heat_request *fs_heat_request_begin(void);
int fs_heat_request_change(struct heat_request *request, const struct fs_pid_list *pids);
void fs_heat_request_end(struct heat_request *request);
void fs_heat_request_status(struct fs_heat_status *status);
void fs_heat_request_destroy(void);
void fs_heat_select(const struct fs_pid_list *pids);
void fs_heat_reset(void);

#endif
