#!/bin/bash
# Runs once, when PostgreSQL's volume is empty: a user and a database for skyground's state and for Airflow's.
set -euo pipefail
for name in skyground airflow; do
  password=$(cat "/run/secrets/postgres_${name}_password")
  # the password goes in by standard input, so that it shows in no process list
  psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<SQL
SET log_statement = 'none';
CREATE ROLE "$name" LOGIN PASSWORD '$password';
CREATE DATABASE "$name" OWNER "$name" ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE "$name" FROM PUBLIC;
SQL
done
