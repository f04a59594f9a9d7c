#!/usr/bin/env bash
# Install the missing servers and data that the tests use, from Debian packages. The services are not started, neither
# now nor at the next boot: each test run starts its own servers on free ports.
set -euo pipefail

# A command or a file that the tests use, and the package that contains it.
servers=(
	prometheus:prometheus
	prometheus-alertmanager:prometheus-alertmanager
	redis-server:redis-server
	nginx:nginx-light
	chromium:chromium
	/usr/lib/postgresql/15/bin/postgres:postgresql-15
	/usr/share/unicode/auxiliary:unicode-data
)

PATH=$PATH:/usr/sbin:/sbin # not on the PATH of every user
missing=()
for server in "${servers[@]}"; do
	[[ $server == /* && -e ${server%%:*} ]] || command -v "${server%%:*}" >/dev/null || missing+=("${server##*:}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

refuse() {
	echo "Packages that the tests need are not installed, and $1. As root, on Debian and Ubuntu:" >&2
	echo "    apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 1
}

command -v apt-get >/dev/null || refuse 'apt-get is not available'
if [ "$(id -u)" -ne 0 ]; then
	sudo true 2>/dev/null || refuse 'only root can install them'
	exec sudo bash "$0"
fi

log=$(mktemp)
policy=/usr/sbin/policy-rc.d # every package runs it before it starts a service
created_policy=
trap 'rm -f "$log" $created_policy' EXIT
trap 'exit 1' INT TERM
if [ ! -e "$policy" ]; then
	created_policy=$policy
	install -m 755 /dev/stdin "$policy" <<<$'#!/bin/sh\nexit 101 # do not start services'
fi

printf 'Installing %s ... ' "${missing[*]}"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
{ apt-get -q update && apt-get -q -y install --no-install-recommends "${missing[@]}"; } </dev/null >"$log" 2>&1 || {
	echo 'failed:'
	tail -n 20 "$log"
	refuse 'they could not be installed'
} >&2
if command -v systemctl >/dev/null; then
	# Of all new packages: some services belong to a package that was installed as a dependency.
	sed -nE 's/^Selecting previously (un|de)selected package ([^:]+)(:[a-z0-9]+)?\.$/\2/p' "$log" | xargs -r dpkg -L \
		| sed -nE 's#.*/systemd/system/([^/@]+\.(service|timer))$#\1#p' \
		| xargs -r systemctl --quiet disable >/dev/null 2>&1
fi
echo "$SECONDS s"
