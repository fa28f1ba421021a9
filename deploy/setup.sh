#!/usr/bin/env bash
# Installs what a fresh Debian machine lacks: system packages (as root or by sudo), uv, the locked environment.
# Usage: deploy/setup.sh run|test       'test' adds the browser of the page tests.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:-run}
say() { printf '\033[2m== %s\033[0m\n' "$*" >&2; }

declare -A package_of=([mosquitto]=mosquitto [influxd]=influxdb [fc-list]=fontconfig [openssl]=openssl)
packages=()
for binary in "${!package_of[@]}"; do
  command -v "$binary" >/dev/null 2>&1 || [ -x "/usr/sbin/$binary" ] || packages+=("${package_of[$binary]}")
done
# Captured first: with pipefail, grep -q would end the writer early and look like a failure.
[[ "$(fc-list : family 2>/dev/null)" == *"Noto Sans CJK"* ]] || packages+=(fonts-noto-cjk)
libraries=$(ldconfig -p 2>/dev/null || /sbin/ldconfig -p)
declare -A package_of_library=([libgomp.so.1]=libgomp1 [libpango-1.0.so.0]=libpango-1.0-0 [libpangoft2-1.0.so.0]=libpangoft2-1.0-0 [libharfbuzz-subset.so.0]=libharfbuzz-subset0)
for library in "${!package_of_library[@]}"; do
  [[ "$libraries" == *"$library"* ]] || packages+=("${package_of_library[$library]}")
done
[ -e /etc/ssl/certs/ca-certificates.crt ] || packages+=(ca-certificates)
if ! command -v uv >/dev/null 2>&1 && [ ! -x .cache/uv/bin/uv ]; then
  command -v python3 >/dev/null 2>&1 || packages+=(python3)
  python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || packages+=(python3-venv)
fi
if [ "$purpose" = test ]; then
  command -v chromium >/dev/null 2>&1 || packages+=(chromium)
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
  [ -x /usr/sbin/dovecot ] || packages+=(dovecot-imapd)
  command -v git >/dev/null 2>&1 || packages+=(git)
fi

if [ "${#packages[@]}" -gt 0 ]; then
  if [ "$(id -u)" = 0 ]; then sudo=""; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo="sudo"; else
    echo "skyground needs these Debian packages; install them and call again:" >&2
    echo "  sudo apt-get install --no-install-recommends ${packages[*]}" >&2
    exit 1
  fi
  command -v apt-get >/dev/null 2>&1 || { echo "skyground needs (Debian names): ${packages[*]}; there is no apt-get here, install them by this system's own means" >&2; exit 1; }
  say "installing Debian packages: ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  $sudo apt-get update -qq
  $sudo apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
  if [ ! -x .cache/uv/bin/uv ]; then
    say "installing uv"
    python3 -m venv .cache/uv
    .cache/uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
  fi
  uv=.cache/uv/bin/uv
fi

stamp=.venv/.skyground-stamp
wanted=$(cat requirements.lock pyproject.toml | sha256sum | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
  say "installing the locked Python environment"
  [ -x .venv/bin/python ] || "$uv" venv --quiet --no-python-downloads --python '>=3.11,<3.13' .venv
  "$uv" pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
  "$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
  echo "$wanted" > "$stamp"
fi
