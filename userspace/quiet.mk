# SPDX-License-Identifier: GPL-2.0
# Short lines for what is made, as Kbuild's: V=1 shows the commands instead, and -s nothing. Included by the
# Makefiles of the tree; a recipe says $(call say,CC,lib/text.o) before a line that begins with $(Q).

ifeq ($(V),1)
Q =
say =
else
Q = @
say = $(if $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS)))),,@printf '  %-7s %s\n' $1 '$2')
endif
