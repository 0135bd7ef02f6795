#!/bin/sh
# image.sh ROOT TMP SOCKET COMMAND... runs a command of an unpacked image in mounts
# of its own: its files read-only but for the volume, TMP where an engine puts a
# tmpfs, and the socket of a PostgreSQL in it. It runs as IMAGE_USER: root becomes
# it; anybody else is shown as it, in a namespace of users.
set -eu
root=$1 tmp=$2 socket=$3
shift 3
mount --bind "$root" "$root"
mount --bind "$tmp" "$root/tmp"
mount --bind "$root/data" "$root/data"
mount --bind "$socket" "$root/tmp/.s.PGSQL.5432"
mount -o remount,bind,ro "$root"
if [ "${AS_ROOT:-}" = yes ]; then
	exec setpriv --no-new-privs --inh-caps=-all chroot --userspec="$IMAGE_USER" --groups= "$root" "$@"
fi
exec setpriv --no-new-privs unshare --user --map-user="${IMAGE_USER%:*}" --map-group="${IMAGE_USER#*:}" --root="$root" "$@"
