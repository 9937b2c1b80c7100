#!/bin/bash
# A backup into an empty database: deploy/restore.sh FILE. All mail is held afterwards, and what waited in the backup is on
# the list of staff, because it may have been sent since. docs/operations.md says how to go on.
set -euo pipefail
file=$(realpath "${1:?usage: DATABASE_URL=postgresql://... deploy/restore.sh FILE, with the environment of the site}")
: "${DATABASE_URL:?DATABASE_URL is not set}"
python=${PYTHON:-$(command -v python || command -v python3)}
cd "$(dirname "$0")/.."
"$python" manage.py check # before anything is written: what comes after the rows needs the whole environment
tables=$(psql --no-psqlrc --tuples-only --no-align --dbname "$DATABASE_URL" \
  --command "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
if [ "$tables" != 0 ]; then
  echo "The database of DATABASE_URL holds $tables tables. Restore into an empty one: createdb NAME" >&2
  exit 1
fi
pg_restore --no-owner --no-privileges --exit-on-error --single-transaction --dbname "$DATABASE_URL" "$file"
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set why="restored from $(basename "$file")" --dbname "$DATABASE_URL" <<'SQL'
INSERT INTO notifications_pause (paused_at, paused_by, reason, ended_by)
SELECT now(), 'deploy/restore.sh', left(:'why', 200), ''
WHERE NOT EXISTS (SELECT FROM notifications_pause WHERE ended_at IS NULL);
ANALYZE;
SQL
"$python" manage.py migrate --verbosity 0
"$python" manage.py hold_mail --restored
"$python" manage.py check_queue
