#!/bin/sh
# image.sh ROOT TMP DATA SOCKET COMMAND... runs a command of an unpacked image in
# mounts of its own: its files read-only, TMP and DATA where an engine puts a tmpfs
# and a volume, and the socket of a PostgreSQL in /tmp. It runs as the image's
# account: root becomes it; anybody else is shown as it, in a namespace of users.
set -eu
root=$1 tmp=$2 data=$3 socket=$4
shift 4
mount --bind "$root" "$root"
mount --bind "$tmp" "$root/tmp"
mount --bind "$data" "$root/data"
mount --bind "$socket" "$root/tmp/.s.PGSQL.5432"
mount -o remount,bind,ro "$root"
if [ "${AS_ROOT:-}" = yes ]; then
	exec setpriv --no-new-privs --inh-caps=-all chroot --userspec=10001:10001 --groups= "$root" "$@"
fi
exec setpriv --no-new-privs unshare --user --map-user=10001 --map-group=10001 --root="$root" "$@"
