#!/bin/bash
# The whole database into one file: deploy/backup.sh FILE. Needs DATABASE_URL, and pg_dump of the server's version or later.
set -euo pipefail
file=${1:?usage: DATABASE_URL=postgresql://... deploy/backup.sh FILE}
: "${DATABASE_URL:?DATABASE_URL is not set}"
umask 077
trap 'rm -f "$file.part"' EXIT
pg_dump --format=custom --no-owner --no-privileges --lock-wait-timeout=60s --file "$file.part" "$DATABASE_URL"
pg_restore --list "$file.part" >/dev/null # it can be read
mv "$file.part" "$file"
echo "$file: $(du -h "$file" | cut -f1)"
