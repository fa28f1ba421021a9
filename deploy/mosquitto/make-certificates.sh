#!/usr/bin/env bash
# Makes a certificate authority of our own and the broker's certificate, for a demo or a closed network.
# Usage: make-certificates.sh DIRECTORY NAME_OR_ADDRESS...
# Writes DIRECTORY/{ca.crt,ca.key,server.crt,server.key}. An authority that is there stays; the server's certificate is
# renewed by every call. Keep ca.key off the broker's machine; the stations need ca.crt.
# CERTIFICATE_DAYS: validity of the server's certificate (397). KEY_GROUP: group that may read server.key.
set -euo pipefail
umask 077
[ $# -ge 1 ] || { echo "usage: make-certificates.sh DIRECTORY NAME_OR_ADDRESS..." >&2; exit 2; }
command -v openssl >/dev/null 2>&1 || { echo "make-certificates.sh: openssl is missing (Debian package openssl)" >&2; exit 1; }
directory=$1
shift
days=${CERTIFICATE_DAYS:-397}
mkdir -p "$directory"

alternative="DNS:localhost,IP:127.0.0.1"
for name in "$@"; do
  case $name in
    *[!A-Za-z0-9.:-]* | '') echo "make-certificates.sh: '$name': expected a host name or an address" >&2; exit 2 ;;
    *[!0-9.]*) case $name in *:*) alternative+=",IP:$name" ;; *) alternative+=",DNS:$name" ;; esac ;;
    *) alternative+=",IP:$name" ;;
  esac
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ ! -e "$directory/ca.key" ] || [ ! -e "$directory/ca.crt" ]; then
  openssl ecparam -name prime256v1 -genkey -noout -out "$directory/ca.key"
  openssl req -x509 -new -sha256 -key "$directory/ca.key" -days 3650 -subj "/CN=skyground broker authority" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -out "$directory/ca.crt"
fi
openssl ecparam -name prime256v1 -genkey -noout -out "$work/server.key"
openssl req -new -sha256 -key "$work/server.key" -subj "/CN=${1:-localhost}" -out "$work/server.csr"
cat > "$work/extensions" <<EXTENSIONS
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
subjectAltName=$alternative
EXTENSIONS
openssl x509 -req -sha256 -in "$work/server.csr" -CA "$directory/ca.crt" -CAkey "$directory/ca.key" -CAcreateserial \
  -CAserial "$work/serial" -days "$days" -extfile "$work/extensions" -out "$work/server.crt" 2>/dev/null
mv "$work/server.key" "$directory/server.key"
mv "$work/server.crt" "$directory/server.crt"
chmod 0644 "$directory/ca.crt" "$directory/server.crt"
if [ -n "${KEY_GROUP:-}" ]; then
  chgrp "$KEY_GROUP" "$directory/server.key"
  chmod 0640 "$directory/server.key"
fi
echo "certificate for $alternative, valid $days days, in $directory"
