#!/usr/bin/env bash
# Makes a token that may only read and write data and see buckets and mappings, for the parts of skyground: the one that the
# set-up of InfluxDB makes may do everything. Writes it to FILE and prints nothing of it.
# Usage: token.sh FILE      INFLUX_HOST, INFLUX_ORG, INFLUX_TOKEN as for buckets.sh, which has to run first.
set -euo pipefail
umask 077
: "${INFLUX_HOST:?}" "${INFLUX_ORG:?}" "${INFLUX_TOKEN:?}" "${1:?usage: token.sh FILE}"
[ ! -s "$1" ] || { echo "token.sh: $1 exists; remove it first, so that a token in use is not lost" >&2; exit 1; }
influx auth create --description "skyground parts" --read-buckets --write-buckets --read-dbrps --write-dbrps --read-orgs \
  --json | sed -n 's/^[[:space:]]*"token":[[:space:]]*"\([^"]*\)".*/\1/p' | tr -d '\n' > "$1"
[ -s "$1" ] || { rm -f "$1"; echo "token.sh: influx auth create gave no token" >&2; exit 1; }
chmod 0444 "$1"
echo "token written to $1"
