#!/usr/bin/env bash
# The real servers that the tests talk to, and the data that they read, installed from Debian's packages where they are
# missing. The services start neither now nor at the next boot: a test runs a server of its own, on a port of its own.
set -euo pipefail

# The command that a test runs, or the file that it reads, and the package that brings it.
servers=(
	prometheus:prometheus
	prometheus-alertmanager:prometheus-alertmanager
	redis-server:redis-server
	nginx:nginx-light
	chromium:chromium
	/usr/lib/postgresql/15/bin/postgres:postgresql-15
	/usr/share/unicode/auxiliary:unicode-data
)

PATH=$PATH:/usr/sbin:/sbin # where some of the commands are, and not on every user's path
missing=()
for server in "${servers[@]}"; do
	[[ $server == /* && -e ${server%%:*} ]] || command -v "${server%%:*}" >/dev/null || missing+=("${server##*:}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

refuse() {
	echo "The tests need what is not installed, and $1. As root, on Debian and Ubuntu:" >&2
	echo "    apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 1
}

command -v apt-get >/dev/null || refuse 'there is no apt-get here to install them'
if [ "$(id -u)" -ne 0 ]; then
	sudo true 2>/dev/null || refuse 'only root can install them'
	exec sudo bash "$0"
fi

log=$(mktemp)
policy=/usr/sbin/policy-rc.d # asked by every package before it starts a service
ours=
trap 'rm -f "$log" $ours' EXIT
trap 'exit 1' INT TERM
if [ ! -e "$policy" ]; then
	ours=$policy
	install -m 755 /dev/stdin "$policy" <<<$'#!/bin/sh\nexit 101 # not now'
fi

printf 'Installing %s ... ' "${missing[*]}"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
{ apt-get -q update && apt-get -q -y install --no-install-recommends "${missing[@]}"; } </dev/null >"$log" 2>&1 || {
	echo 'failed:'
	tail -n 20 "$log"
	refuse 'they could not be installed'
} >&2
if command -v systemctl >/dev/null; then
	# Of all packages that are new: the service of some is in one that they depend on.
	sed -nE 's/^Selecting previously (un|de)selected package ([^:]+)(:[a-z0-9]+)?\.$/\2/p' "$log" | xargs -r dpkg -L \
		| sed -nE 's#.*/systemd/system/([^/@]+\.(service|timer))$#\1#p' \
		| xargs -r systemctl --quiet disable >/dev/null 2>&1
fi
echo "$SECONDS s"
