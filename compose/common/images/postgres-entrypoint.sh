#!/bin/sh
# The part of the official image's start that the labs rely on: POSTGRES_USER, POSTGRES_PASSWORD,
# POSTGRES_DB, and the SQL files of /docker-entrypoint-initdb.d, applied once to an empty data folder.
set -eu

if [ "$(id -u)" = 0 ]; then
  chown -R postgres:postgres "$PGDATA" /run/postgresql
  chmod 700 "$PGDATA"
  exec /usr/bin/setpriv --reuid=postgres --regid=postgres --clear-groups -- /bin/sh "$0" "$@"
fi

if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  # A shell that is process 1 has to say so, or it cannot be stopped before the server is there.
  trap 'exit 130' INT TERM
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  printf '%s\n' "${POSTGRES_PASSWORD:?must be set}" >/tmp/password
  # The data folder is thrown away when this fails, so nothing need be on disk before the end.
  initdb -D "$PGDATA" -U "$user" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  rm /tmp/password
  printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  # No TCP yet: nobody may take this one for ready.
  pg_ctl -D "$PGDATA" -w -s -o "-c listen_addresses='' -c fsync=off" start
  [ "$database" = postgres ] || psql -q -v ON_ERROR_STOP=1 -U "$user" -d postgres -c "CREATE DATABASE \"$database\""
  for file in /docker-entrypoint-initdb.d/*.sql; do
    [ ! -f "$file" ] || psql -q -v ON_ERROR_STOP=1 -U "$user" -d "$database" -f "$file"
  done
  pg_ctl -D "$PGDATA" -w -s -m fast stop
  trap - INT TERM
fi

[ "$1" != postgres ] || set -- "$@" -c 'listen_addresses=*'
exec "$@"
