# What can be done with faultstat. The module's own rules are in Kbuild, which make reaches through the
# kernel's build tree; everything that is downloaded or made for the tests lies in build/.

KDIR ?= /lib/modules/$(shell uname -r)/build
Q = $(if $(filter 1,$(V)),,@)

help_text = \
	"make                the module for the running kernel, and the reader" \
	"make module KDIR=D  the module for the kernel built in D, by LLVM's tools if that was built by them;" \
	"                    CC= and LLVM= name others" \
	"make module HOLDS=1 one that measures how long locks are held, for the suite holds" \
	"make V=1            the same with whole command lines" \
	"make userspace      the reader kfaultstat; with BUNDLE=1 a tarball with all it needs" \
	"make install        install the module for that kernel, and the reader (root)" \
	"make dkms-source    put the sources where dkms builds them from (root; DESTDIR= for packages)" \
	"make demo           boot a kernel in a virtual machine and show what the module counts" \
	"make check          all tests on Debian's 6.1 kernel, the core of them on 5.10, 6.12 and 7.x," \
	"                    the reader's own tests, the module's counting against a model, and the style of the" \
	"                    sources" \
	"make check KERNEL_SERIES=S   all tests on these kernels, say 6.12,7.3 or 6.1-rt" \
	"make check-debug    the tests, scaled down, on a kernel with KASAN and lockdep, and on one with KCSAN" \
	"make check-dkms     build, install, upgrade and remove by the dkms of three Debian releases" \
	"make check-all      all tests on all these kernels, and check-debug and check-dkms" \
	"make bench          instructions per fault, beside perf and bpftrace, and the reader's speed, beside" \
	"                    sort, fincore, vmtouch and pmap; DOCS=1 writes docs/performance.md;" \
	"                    ONLY= some of instructions, reader, residency" \
	"make fuzz           the reader's parser under libFuzzer, then the module's counting against a model, with" \
	"                    new seeds; FUZZ_SECONDS=600 each" \
	"make style          checkpatch, sparse, W=1, shellcheck" \
	"make clean          remove what was built" \
	"make distclean      and what was downloaded"

MAIN_SERIES = 6.1
OTHER_SERIES = 5.10,6.12,7
FLAVOURS = 6.1-rt,7-rt
# Of tests/vm/configs.
CONFIGURED = debug,kcsan,lockstat,breakpoint,bare,no-kprobes,clang,randstruct

# What Kbuild, which quotes nothing, takes for something else than a part of a path: it is the syntax of
# make, of the shell or of the compiler's options. The reader's rules use relative paths and mind nothing.
empty :=
space := $(empty) $(empty)
tab := $(empty)	$(empty)
define newline


endef
comma := ,
hash := \#
specials := ' " $(hash) $$ : % $(comma) = \ & ; ` ( ) | < > * ? [
# Which of them are in a path, in words.
specials_in = $(strip $(if $(findstring $(space),$1),space) $(if $(findstring $(tab),$1),tab) \
	$(if $(findstring $(newline),$1),newline) $(foreach c,$(specials),$(if $(findstring $c,$1),$c)))
with_path = $(filter-out userspace dkms-source clean distclean help,$(or $(MAKECMDGOALS),all))
with_kernel = $(filter all module install,$(or $(MAKECMDGOALS),all))
ifneq ($(and $(with_path),$(call specials_in,$(CURDIR))),)
$(error Kbuild cannot work in a folder whose path contains: $(call specials_in,$(CURDIR)) - \
	move it, or build the reader alone by "make userspace")
endif
# The kernel's own sources and headers are found by relative paths, mostly.
kdir_specials = $(filter-out $(comma) = \%,$(call specials_in,$(KDIR)))
ifneq ($(and $(with_kernel),$(kdir_specials)),)
$(error Kbuild cannot work with a KDIR whose path contains: $(kdir_specials))
endif

# As one word for the shell, whatever is in it.
quote = '$(subst ','\'',$1)'

VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
DKMS_SOURCE = $(DESTDIR)/usr/src/faultstat-$(VERSION)

.PHONY: all module userspace install fuzz dkms-source clean distclean demo check check-all check-debug check-dkms bench style help

all: module userspace

# The compiler is the kernel's if that is one of LLVM's, which Kbuild does not find out by itself, unless the
# caller names another. dkms 3 names clang, but neither its version nor all that belongs to it, and is
# not heard: DKMS=1 says so.
named = $(if $(DKMS),,$(strip $(foreach v,CC LLVM,$(if $(findstring command line,$(origin $v)),$v))))
tools = $(if $(named),,$$($(SHELL) module/compat/compiler.sh $(KDIR)))
kbuild = tools="$(tools)" && $(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR) $$tools

module:
	@test -d $(KDIR) || { echo "no kernel headers at $(KDIR): install them or give KDIR=" >&2; exit 1; }
	+$(Q)$(kbuild) modules

userspace:
	@$(MAKE) --no-print-directory -f userspace/Makefile $(if $(BUNDLE),bundle,program)

install: module userspace
	@$(MAKE) --no-print-directory -f userspace/Makefile install
	+$(Q)$(kbuild) modules_install
	depmod $(if $(INSTALL_MOD_PATH),-b $(call quote,$(INSTALL_MOD_PATH))) -a $$(modinfo -F vermagic faultstat.ko | cut -d' ' -f1)

# By name: what was built here is not for there.
dkms-source:
	find Kbuild Makefile dkms.conf LICENSE module \( -name '*.[ch]' ! -name '*.mod.c' ! -name 'features.h*' \
		-o -name '*.sh' -o -name 'K*' -o -name Makefile -o -name dkms.conf -o -name LICENSE \) -type f \
		-exec install -D -m 644 {} $(call quote,$(DKMS_SOURCE))/{} \;

# Not the kernel's own clean, which would look into build/ and remove the modules of the test kernels.
clean:
	find . \( -path ./build -o -path ./.git \) -prune -o -type f \( -name '*.o' -o -name '*.ko' -o \
		-name '*.mod' -o -name '*.mod.c' -o -name '*.cmd' -o -name '*.o.d' -o -name modules.order \
		-o -name Module.symvers \) -exec rm -f {} +
	rm -rf kfaultstat kfaultstat-*.tar.gz build/userspace build/userspace-sane .tmp_versions module/compat/features.h* build/modules build/selftests build/run build/demo

distclean: clean
	rm -rf build

demo:
	@tests/demo/run

check:
	@tests/vm/run --style --build --userspace --model $(if $(KERNEL_SERIES),--series $(KERNEL_SERIES),\
		--series $(MAIN_SERIES) --series $(OTHER_SERIES) --tags core)

check-debug:
	@tests/vm/run --debug --series kcsan

check-dkms:
	@tests/dkms/run

check-all:
	@status=0; \
	tests/vm/run --style --build --userspace --model --series $(MAIN_SERIES) --tags core,full,long \
		--series $(OTHER_SERIES),$(FLAVOURS),$(CONFIGURED) || status=1; \
	tests/dkms/run || status=1; \
	exit $$status

# KERNEL_SERIES= takes another kernel than 6.1. README= is what DOCS= was called in 1.0.
bench:
	@tests/bench/run $(if $(KERNEL_SERIES),--series $(KERNEL_SERIES)) $(if $(DOCS)$(README),--write) $(ONLY)

fuzz:
	@tests/userspace/fuzz $(or $(FUZZ_SECONDS),600)
	@tests/model/fuzz $(or $(FUZZ_SECONDS),600)

style:
	@tests/style

help:
	@printf '%s\n' $(help_text)
