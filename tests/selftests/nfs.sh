#!/bin/sh
# An NFS server in the guest: nfs.sh start DIR exports DIR to this machine as the root of NFS 4, and nfs.sh stop
# ends that. Ends with 100 where the kernel lacks server or client. No daemon is needed: what mountd would
# answer is written into the kernel's caches beforehand, and NFS 4 has neither lockd nor a protocol to mount by.

load() {
	[ ! -f "/modules/$1" ] || while read -r module; do
		[ -d "/sys/module/$(basename "$module" .ko | tr - _)" ] || insmod "/modules/$module"
	done <"/modules/$1"
}

# One entry of a cache, by one write: the cache, and what it shall know.
know() {
	printf '%s\n' "$2" >"/proc/net/rpc/$1/channel"
}

stop() {
	echo 0 >/proc/fs/nfsd/threads
	# What is in the caches holds the exported folder.
	for cache in nfsd.fh nfsd.export auth.unix.ip; do
		echo 2147483647 >/proc/net/rpc/$cache/flush
	done
	umount /proc/fs/nfsd
}

start() {
	load nfsd
	grep -q 'nfsd$' /proc/filesystems || exit 100
	set -e
	mount -t nfsd nfsd /proc/fs/nfsd
	# The kernel notes here who its clients are.
	mkdir -p /var/lib/nfs/v4recovery
	never=2147483647
	# As in exports(5): fsid=0 (0x2000), no_subtree_check (0x400), async (0x10), insecure (2), rw,
	# no_root_squash; then the anonymous user and group, and the fsid.
	know auth.unix.ip "nfsd 127.0.0.1 $never here"
	know nfsd.export "here $1 $never $((0x2412)) -2 -2 0"
	know nfsd.fh "here 1 \\x00000000 $never $1"
	echo 10 >/proc/fs/nfsd/nfsv4leasetime
	echo 10 >/proc/fs/nfsd/nfsv4gracetime
	echo "-2 -3 +4" >/proc/fs/nfsd/versions
	echo "tcp 2049" >/proc/fs/nfsd/portlist
	echo 2 >/proc/fs/nfsd/threads
	# No client has to reclaim what it held before. A kernel that wants a daemon to keep track of clients
	# refuses, and its ten seconds have to pass.
	echo Y 2>/dev/null >/proc/fs/nfsd/v4_end_grace || true
	load nfsv4
	grep -q 'nfs4$' /proc/filesystems || { stop && exit 100; }
	until grep -q Y /proc/fs/nfsd/v4_end_grace; do
		usleep 100000
	done
}

case $1 in
start) start "$2" ;;
stop) stop ;;
esac
