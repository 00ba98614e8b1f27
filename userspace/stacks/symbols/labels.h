/* SPDX-License-Identifier: GPL-2.0 */
/*
 * labels.h - the set of labels: each is there once.
 */
#ifndef KFAULTSTAT_LABELS_H
#define KFAULTSTAT_LABELS_H

#include "stacks/label.h"

struct labels;

struct labels *labels_new(void);
const char *labels_text(struct labels *labels, const char *text);
const struct label *labels_get(struct labels *labels, const struct label *wanted, bool deleted);
void labels_free(struct labels *labels);

#endif
