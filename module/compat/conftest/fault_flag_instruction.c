// SPDX-License-Identifier: GPL-2.0
/* FAULT_FLAG_INSTRUCTION: since 4.6, and an enumerator since 5.13. */
#include <linux/mm.h>

unsigned int fault_flag_instruction(void);
unsigned int fault_flag_instruction(void)
{
	return FAULT_FLAG_INSTRUCTION;
}
