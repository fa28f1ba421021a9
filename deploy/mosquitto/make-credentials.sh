#!/usr/bin/env bash
# Makes a password for every station of a network file and for our own users, and the broker's password file.
# Usage: make-credentials.sh NETWORK.toml DIRECTORY [--passwords FILE] [--renew USER]...
# Writes DIRECTORY/USER.password, one a user, and the hashed ones that the broker reads to FILE (DIRECTORY/passwords).
# Passwords that exist stay; a station that left the network file loses its access. Nothing secret is ever printed, and
# none is in a command line. PYTHON: a Python of 3.11 or newer. KEY_GROUP: group that may read the hashed file.
set -euo pipefail
umask 077
usage="usage: make-credentials.sh NETWORK.toml DIRECTORY [--passwords FILE] [--renew USER]..."
[ $# -ge 2 ] || { echo "$usage" >&2; exit 2; }
network=$1
directory=$2
passwords=$2/passwords
shift 2
renew=" "
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || { echo "$usage" >&2; exit 2; }
  case $1 in
    --renew) renew+="$2 " ;;
    --passwords) passwords=$2 ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
  shift 2
done
command -v mosquitto_passwd >/dev/null 2>&1 ||
  { echo "make-credentials.sh: mosquitto_passwd is missing (Debian package mosquitto)" >&2; exit 1; }

own_users="collector console gateway health"
stations=$("${PYTHON:-python3}" - "$network" "$own_users" <<'PYTHON'
import re
import sys
import tomllib

name, own_users = sys.argv[1], sys.argv[2].split()
try:
    with open(name, "rb") as file:
        stations = [station["id"] for station in tomllib.load(file).get("station", [])]
except (OSError, tomllib.TOMLDecodeError, KeyError, AttributeError, TypeError) as error:
    sys.exit(f"make-credentials.sh: {name}: not a network file: {error!r}")
for station in stations:
    if not isinstance(station, str) or not re.fullmatch("[a-z0-9-]{1,48}", station):
        sys.exit(f"make-credentials.sh: {name}: station id {station!r}: expected [a-z0-9-]{{1,48}}")
    if station in own_users:
        sys.exit(f"make-credentials.sh: {name}: station id {station!r} is the name of one of our own users")
if not stations:
    sys.exit(f"make-credentials.sh: {name}: no [[station]]")
print(*sorted(set(stations)), sep="\n")
PYTHON
)

for user in $renew; do
  printf '%s\n' $own_users $stations | grep -qxF -- "$user" ||
    { echo "make-credentials.sh: --renew $user: no such station or user" >&2; exit 2; }
done

mkdir -p "$directory"
chmod 0700 "$directory"
work=$(mktemp "$passwords.XXXXXX")
trap 'rm -f "$work" "$work.tmp"' EXIT
made=0
for user in $own_users $stations; do
  file=$directory/$user.password
  if [ ! -s "$file" ] || [[ $renew == *" $user "* ]]; then
    od -An -v -N24 -tx1 /dev/urandom | tr -d ' \n' > "$file"
    made=$((made + 1))
  fi
  printf '%s:%s\n' "$user" "$(cat "$file")" >> "$work"
done
mosquitto_passwd -U "$work"
if grep -qvE '^[a-z0-9-]+:\$[0-9]\$' "$work"; then
  echo "make-credentials.sh: mosquitto_passwd left a line unhashed; nothing was changed" >&2
  exit 1
fi
mv "$work" "$passwords"
if [ -n "${KEY_GROUP:-}" ]; then
  chgrp "$KEY_GROUP" "$passwords"
  chmod 0640 "$passwords"
fi
for user in $own_users; do
  # Containers run under users of their own, which must be able to read what is mounted for them; the directory keeps
  # everybody else of this machine out.
  chmod 0444 "$directory/$user.password"
done

for file in "$directory"/*.password; do
  user=$(basename "$file" .password)
  printf '%s\n' $own_users $stations | grep -qxF -- "$user" || echo "no longer in the network file, no access: $user"
done
echo "$(wc -l < "$passwords") users, $made new passwords, in $directory"
