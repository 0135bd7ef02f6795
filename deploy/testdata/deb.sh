#!/bin/sh
# deb.sh FOLDER DEB SOCKET installs the package into a copy of this machine's files
# that lasts as long as the command: what is written goes to FOLDER, in memory. The
# lines "name=value" that it prints are for the test.
set -eu
folder=$1 deb=$2 socket=$3
mount -t tmpfs tmpfs "$folder"
mkdir "$folder/upper" "$folder/work" "$folder/root"
root=$folder/root
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$root"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
cp "$deb" "$root/run/postern.deb"
cp "$(dirname "$0")/deb-inside.sh" "$root/run/inside.sh"
mkdir "$root/run/postgresql"
: >"$root/run/postgresql/.s.PGSQL.5432"
mount --bind "$socket" "$root/run/postgresql/.s.PGSQL.5432"
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin ADDRESS="$ADDRESS" DATABASE="$DATABASE" sh /run/inside.sh
