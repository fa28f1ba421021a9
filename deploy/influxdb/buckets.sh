#!/usr/bin/env bash
# Makes the buckets of InfluxDB 2.7 and the mappings by which InfluxQL reads them. Harmless when they exist.
# Usage: buckets.sh      INFLUX_HOST, INFLUX_ORG and INFLUX_TOKEN (or INFLUX_TOKEN_FILE) as the CLI `influx` reads them.
# RETENTION_NATIVE, RETENTION_HOURLY, RETENTION_PRODUCT, RETENTION_OPS: how long each is kept, such as 730d; 0: for ever.
set -euo pipefail
: "${INFLUX_HOST:?}" "${INFLUX_ORG:?}"
if [ -z "${INFLUX_TOKEN:-}" ]; then
  INFLUX_TOKEN=$(cat "${INFLUX_TOKEN_FILE:?INFLUX_TOKEN or INFLUX_TOKEN_FILE}")
fi
export INFLUX_HOST INFLUX_ORG INFLUX_TOKEN
database=${INFLUX_DATABASE:-skyground}

bucket_id() { # name -> id, empty when there is no such bucket
  influx bucket list --hide-headers | awk -F '\t' -v name="$1" '{ gsub(/ +$/, "", $2); if ($2 == name) print $1 }'
}
is_mapped() { # bucket id, retention policy; 2.7 also lists the mapping that the bucket's name implies
  influx v1 dbrp list --db "$database" --rp "$2" --hide-headers | grep -qwF -- "$1"
}
ensure() { # retention policy, retention, the flags of the mapping
  local name=$database/$1 id
  id=$(bucket_id "$name")
  if [ -z "$id" ]; then
    influx bucket create --name "$name" --retention "$2" >/dev/null
    id=$(bucket_id "$name")
    echo "made bucket $name, kept $2"
  elif [ "$2" != 0 ]; then
    influx bucket update --id "$id" --retention "$2" >/dev/null
  fi
  if ! is_mapped "$id" "$1"; then
    influx v1 dbrp create --db "$database" --rp "$1" --bucket-id "$id" ${3:-} >/dev/null
    echo "mapped $database.$1 to $name"
  fi
}
ensure native "${RETENTION_NATIVE:-0}" --default
ensure hourly "${RETENTION_HOURLY:-0}"
ensure product "${RETENTION_PRODUCT:-0}"
ensure ops "${RETENTION_OPS:-90d}"
echo "buckets of $database are there"
