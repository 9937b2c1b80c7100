#!/bin/bash
# A backup into an empty database: deploy/restore.sh FILE. All mail is held afterwards: what was sent after the backup was
# made is due again in it. docs/operations.md says how to go on.
set -euo pipefail
file=${1:?usage: DATABASE_URL=postgresql://... deploy/restore.sh FILE}
: "${DATABASE_URL:?DATABASE_URL is not set}"
python=${PYTHON:-python}
tables=$(psql --no-psqlrc --tuples-only --no-align --dbname "$DATABASE_URL" \
  --command "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
if [ "$tables" != 0 ]; then
  echo "The database of DATABASE_URL holds $tables tables. Restore into an empty one: createdb NAME" >&2
  exit 1
fi
pg_restore --no-owner --no-privileges --exit-on-error --single-transaction --dbname "$DATABASE_URL" "$file"
psql --no-psqlrc --quiet --dbname "$DATABASE_URL" --command "ANALYZE"
cd "$(dirname "$0")/.."
"$python" manage.py migrate --verbosity 0
"$python" manage.py hold_mail --reason "restored from $(basename "$file")" || true # it was held when it was backed up
"$python" manage.py check_queue
