#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Prints the arguments by which Kbuild uses LLVM's tools, of the version that the kernel in KDIR was built
# by; nothing for a kernel that was built by gcc. Called by the Makefile, and so by dkms: compiler.sh KDIR.
# Each tool is named by itself, too: Kbuild knows LLVM=1 since 5.7 and a suffix, LLVM=-19, since 5.18.
set -eu

kdir=$1

# The value of CONFIG_$1.
setting()
{
	for file in include/config/auto.conf .config; do
		if [ -f "$kdir/$file" ]; then
			sed -n "s/^CONFIG_$1=//p" "$kdir/$file" | tr -d '"' | tail -n 1
			return
		fi
	done
}

# The major version of a clang, nothing if it cannot be run.
major_of()
{
	"$1" -dM -E -x c /dev/null 2>/dev/null | sed -n 's/^#define __clang_major__ //p'
}

# The first tool with this suffix that is not there.
missing_with()
{
	if [ "$(major_of "clang$1")" != "$major" ]; then
		echo "clang$1"
	elif [ "$lld" = y ]; then
		for tool in ld.lld llvm-ar llvm-nm llvm-objcopy llvm-objdump llvm-readelf llvm-strip; do
			command -v "$tool$1" >/dev/null 2>&1 || echo "$tool$1"
		done | head -n 1
	fi
}

text=$(setting CC_VERSION_TEXT)
lld=$(setting LD_IS_LLD)
if [ "$(setting CC_IS_CLANG)" = y ]; then
	major=$(setting CLANG_VERSION)
	major=$((major / 10000))
elif [ "$(setting CC_IS_GCC)" = y ] || [ ! -f "$kdir/include/generated/compile.h" ]; then
	exit 0
else
	# Up to 4.17 the configuration does not tell.
	text=$(sed -n 's/^#define LINUX_COMPILER "\(.*\)"/\1/p' "$kdir/include/generated/compile.h")
	major=$(echo "$text" | sed -n 's/.*clang version \([0-9][0-9]*\)\..*/\1/p')
	[ -n "$major" ] || exit 0
fi

for suffix in '' "-$major"; do
	missing=$(missing_with "$suffix")
	[ -n "$missing" ] || break
done
if [ -n "$missing" ]; then
	wanted=clang$suffix
	[ "$lld" != y ] || wanted="$wanted, lld$suffix and llvm$suffix"
	echo "faultstat: this kernel was built by ${text:-clang $major}, and there is no $missing here:" \
		"install $wanted, or name other tools by LLVM= or CC=" >&2
	exit 1
fi

arguments=CC=clang$suffix
if [ "$lld" = y ]; then
	arguments="LLVM=1 $arguments LD=ld.lld$suffix"
	for tool in AR=llvm-ar NM=llvm-nm OBJCOPY=llvm-objcopy OBJDUMP=llvm-objdump READELF=llvm-readelf \
		STRIP=llvm-strip; do
		arguments="$arguments $tool$suffix"
	done
fi
# From 5.13 on it is known who assembled; before, that is Kbuild's choice.
if [ "$(setting AS_IS_LLVM)" = y ]; then
	arguments="$arguments LLVM_IAS=1"
elif [ "$(setting AS_IS_GNU)" = y ]; then
	arguments="$arguments LLVM_IAS=0"
fi
echo "$arguments"
