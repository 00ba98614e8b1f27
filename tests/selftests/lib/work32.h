/* SPDX-License-Identifier: GPL-2.0 */
/* work32.h - what work32 and the suite that runs it agree on. */
#ifndef SELFTESTS_WORK32_H
#define SELFTESTS_WORK32_H

#define WORK32_PAGES	300

#endif
