# deb-inside.sh does what an administrator does with the package.
set -eu
env_file=/etc/postern/postern.env
unit=/usr/lib/systemd/system/postern.service
say() { echo "$1=$2"; }
export DEBIAN_FRONTEND=noninteractive

dpkg --install /run/postern.deb >&2
say account "$(getent passwd postern | cut -d: -f6-)"
say settings "$(stat -c '%a %U' $env_file)"
say folder "$(stat -c '%a %U %G' /var/lib/postern)"
say unit "$(systemd-analyze verify $unit 2>&1 | grep -c postern || true)"

# serve starts what the unit starts, in the way that it says: its folder, its file
# with variables, its account, and no rights beside. Then it is ready, or has ended.
command=$(sed -n 's/^ExecStart=//p' $unit)
mkfifo /run/out
serve() {
	(
		cd "$(sed -n 's/^WorkingDirectory=//p' $unit)"
		umask "$(sed -n 's/^UMask=//p' $unit)"
		set -a
		. "$(sed -n 's/^EnvironmentFile=//p' $unit)"
		# shellcheck disable=SC2086 # a command line
		exec setpriv --reuid="$(sed -n 's/^User=//p' $unit)" --regid="$(sed -n 's/^Group=//p' $unit)" --clear-groups \
			--no-new-privs --inh-caps=-all --bounding-set=-all $command
	) >/run/out 2>/run/err &
	pid=$!
	ready=no
	exec 3</run/out
	while [ $ready = no ] && read -r line <&3; do
		case $line in *"Postern is ready"*) ready=yes ;; esac
	done
	[ $ready = yes ] || cat /run/err >&2
}
stop() {
	ended=0
	kill -TERM $pid
	wait $pid || ended=$?
}

# With nothing told but where to listen, it has a PostgreSQL of its own.
echo "POSTERN_LISTEN='$ADDRESS'" >>$env_file
serve
stop
say private "$ready $ended $(stat -c '%a %U' /var/lib/postern/postgres)"

echo "POSTERN_DATABASE_URL='$DATABASE'" >>$env_file
serve
say ready $ready
say health "$(sh -c "set -a; . $env_file; exec console health --ready" 2>&1)"
say key "$(stat -c '%a %U' /var/lib/postern/secret.key)"
# As the file says.
doctor=$(sed -n 's/^#  *\(sh -c .*console doctor.*\)/\1/p' $env_file)
eval "$doctor" >/run/doctor 2>&1 || true
say doctor "$(grep -c 'ok.*secret key' /run/doctor)"
stop
say ended $ended

dpkg --install /run/postern.deb >&2
say kept "$(grep -c "^POSTERN_LISTEN='$ADDRESS'" $env_file)"
dpkg --purge postern >&2
say purged "$(ls $env_file $unit /usr/bin/console 2>/dev/null | wc -l)"
say left "$(stat -c '%a' /var/lib/postern/secret.key) $(getent passwd postern | cut -d: -f1)"
