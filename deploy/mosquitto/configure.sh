#!/usr/bin/env bash
# Writes mosquitto.conf and acl into a directory of this machine, with that directory's paths.
# Usage: configure.sh DIRECTORY [PORT [ADDRESS]]
# DIRECTORY also holds what make-certificates.sh and make-credentials.sh write there.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: configure.sh DIRECTORY [PORT [ADDRESS]]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/config" "$1/data" "$1/tls"
directory=$(cd "$1" && pwd)
port=${2:-8883}
address=${3:-}
case $port in '' | *[!0-9]*) echo "configure.sh: port '$port': expected a number" >&2; exit 2 ;; esac
case $directory in *['|&\']*) echo "configure.sh: '$directory': expected a path without | & and backslash" >&2; exit 2 ;; esac
sed -e "s|^listener 8883\$|listener $port${address:+ $address}|" -e "s|/mosquitto/|$directory/|g" \
  "$here/mosquitto.conf" > "$directory/config/mosquitto.conf"
if [ "$(id -u)" = 0 ] && ! id mosquitto >/dev/null 2>&1; then
  # mosquitto started by root becomes the user mosquitto, which is missing here
  echo "user $(id -un)" >> "$directory/config/mosquitto.conf"
fi
cp "$here/acl" "$directory/config/acl"
chmod 0640 "$directory/config/acl"
if [ "$(id -u)" = 0 ] && id mosquitto >/dev/null 2>&1; then
  chown -R mosquitto: "$directory/data"
  chgrp -R mosquitto "$directory/config" "$directory/tls"
  chmod 0750 "$directory/config" "$directory/tls"
fi
echo "$directory/config/mosquitto.conf"
