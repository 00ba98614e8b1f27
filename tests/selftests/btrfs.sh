#!/bin/sh
# Mounts the guest's image of btrfs at DIR: btrfs.sh DIR. Ends with 100 where the kernel has no btrfs. The
# module and what it depends on take long to load, and are not loaded before.

if [ -f /modules/btrfs ]; then
	while read -r module; do
		[ -d "/sys/module/$(basename "$module" .ko | tr - _)" ] || insmod "/modules/$module"
	done </modules/btrfs
fi
grep -q btrfs /proc/filesystems || exit 100
mkdir -p "$1" && gunzip -c "${0%/*}/btrfs.gz" >/tmp/btrfs && mount -t btrfs -o loop /tmp/btrfs "$1"
