/* SPDX-License-Identifier: GPL-2.0 */
/*
 * flamescript.h - what a flame graph brings along for the browser.
 */
#ifndef KFAULTSTAT_FLAMESCRIPT_H
#define KFAULTSTAT_FLAMESCRIPT_H

extern const char flame_style[], flame_script[];

#endif
