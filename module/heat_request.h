/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What asks for heat: the parameter heat_pid and open files.
 */
#ifndef FAULTSTAT_HEAT_REQUEST_H
#define FAULTSTAT_HEAT_REQUEST_H

#include "request.h"

extern struct fs_requests fs_heat_requests;

void fs_heat_reset(void);

#endif
