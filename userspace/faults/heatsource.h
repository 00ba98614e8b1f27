/* SPDX-License-Identifier: GPL-2.0 */
/*
 * heatsource.h - sources of heat: the loaded module, which counts it on request, or a saved
 * copy.
 */
#ifndef KFAULTSTAT_HEATSOURCE_H
#define KFAULTSTAT_HEATSOURCE_H

#include "faults/heat.h"
#include "lib/message.h"

#define HEAT_PIDS_MAX	64	/* that the module takes in one request */

struct heat_request {
	int fd;			/* as long as it is open, heat is counted */
	size_t nr;
	int32_t pids[HEAT_PIDS_MAX];
};

/* All zero at first. */
struct heat_requests {
	struct heat_request *at;
	size_t nr;
};

enum exit_code heat_read(struct heat *heat, const char *input, char **error);
enum exit_code heat_want(struct heat_requests *requests, const int32_t *pids, size_t nr,
			 char **error);
void heat_want_none(struct heat_requests *requests);

#endif
