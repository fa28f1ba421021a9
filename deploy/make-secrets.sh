#!/usr/bin/env bash
# Makes the secrets of the compose file that are not there yet. Never overwrites and never prints one.
# Usage: make-secrets.sh [DIRECTORY]      default: deploy/secrets
# The directory is closed to other users of this machine; the files in it are readable, because each container runs under
# a user of its own and sees only the files that are mounted for it.
set -euo pipefail
umask 022
directory=${1:-$(dirname "$0")/secrets}
mkdir -p "$directory"
chmod 0700 "$directory"
made=0

random() { od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n'; }
secret() { # name, then the text on standard input
  if [ -e "$directory/$1" ]; then cat >/dev/null; return; fi
  cat > "$directory/$1.new"
  chmod 0444 "$directory/$1.new"
  mv "$directory/$1.new" "$directory/$1"
  made=$((made + 1))
}
text() { cat "$directory/$1"; }

for name in influx_admin_password influx_token postgres_password postgres_skyground_password postgres_airflow_password \
  redis_password airflow_api_secret_key airflow_jwt_secret airflow_admin_password; do
  secret "$name" < <(random)
done
secret airflow_fernet_key < <(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n')

database() { printf 'postgresql+psycopg://%s:%s@postgres:5432/%s' "$1" "$(text "postgres_$1_password")" "$1"; }
secret state_url < <(database skyground)
secret airflow_database_url < <(database airflow)
secret airflow_celery_broker_url < <(printf 'redis://:%s@redis:6379/0' "$(text redis_password)")
secret airflow_celery_result_url < <(printf 'db+%s' "$(text airflow_database_url)")
secret airflow_passwords.json < <(printf '{"admin": "%s"}\n' "$(text airflow_admin_password)")
secret redis.conf < <(printf 'requirepass %s\n' "$(text redis_password)")

# Given by others: an empty file until an operator fills it in.
secret smtp_password < <(printf '')
chmod 0644 "$directory/smtp_password"
echo "$made new secrets in $directory"
