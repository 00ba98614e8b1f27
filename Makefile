# What can be done with faultstat. The module's own rules are in Kbuild, which make reaches through the
# kernel's build tree; everything that is downloaded or made for the tests lies in build/.

KDIR ?= /lib/modules/$(shell uname -r)/build

help_text = \
	"make                the module for the running kernel" \
	"make module KDIR=D  the module for the kernel built in D" \
	"make install        install the module for that kernel (root)" \
	"make demo           boot a kernel in a virtual machine and show what the module counts" \
	"make check          all tests on Debian's 6.1 kernel, and the style of the sources" \
	"make check-debug    the tests on a kernel with KASAN and lockdep" \
	"make check-all      the tests on every kernel we know how to get" \
	"make bench          instructions per fault, beside perf and bpftrace; README=1 writes them there" \
	"make style          checkpatch, sparse, W=1, shellcheck" \
	"make clean          remove what was built" \
	"make distclean      and what was downloaded"

SERIES = 6.1 6.12 5.10

.PHONY: all module install clean distclean demo check check-all check-debug bench style help

all: module

module:
	@test -d "$(KDIR)" || { echo "no kernel headers at $(KDIR): install them or give KDIR=" >&2; exit 1; }
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

install: module
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install
	depmod $(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)) -a $$(modinfo -F vermagic faultstat.ko | cut -d' ' -f1)

# Not the kernel's own clean, which would look into build/ and remove the modules of the test kernels.
clean:
	find . \( -path ./build -o -path ./.git \) -prune -o -type f \( -name '*.o' -o -name '*.ko' -o \
		-name '*.mod' -o -name '*.mod.c' -o -name '*.cmd' -o -name '*.o.d' -o -name modules.order \
		-o -name Module.symvers \) -exec rm -f {} +
	rm -rf .tmp_versions module/compat/features.h* build/modules build/selftests build/run build/demo

distclean: clean
	rm -rf build

demo:
	@tests/demo/run

check:
	@tests/vm/run --style --tags core,full

check-debug:
	@tests/vm/run --debug

check-all:
	@status=0; for series in $(SERIES); do \
		echo "# kernel $$series"; \
		tests/vm/run --series $$series --tags core || status=1; \
	done; exit $$status

# KERNEL_SERIES= takes another kernel than 6.1.
bench:
	@tests/bench/run $(if $(KERNEL_SERIES),--series $(KERNEL_SERIES)) $(if $(README),--readme)

style:
	@tests/style

help:
	@printf '%s\n' $(help_text)
