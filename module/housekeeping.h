/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What main.c hands to the worker.
 */
#ifndef FAULTSTAT_HOUSEKEEPING_H
#define FAULTSTAT_HOUSEKEEPING_H

#include "worker.h"

extern const struct fs_works fs_house_works;

#endif
