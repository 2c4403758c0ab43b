#!/bin/sh
# Writes the state of the containers into one file: scripts/backup.sh FILE.tar (`make backup FILE=...`).
# PostgreSQL, Redis, the model store and the tombstones. The secret key goes into FILE.tar.key: keep that elsewhere.
set -eu
umask 077
compose=${COMPOSE:-docker-compose}

fail() {
    echo "backup: $1" >&2
    exit 1
}

file=${1:-}
[ -n "$file" ] || fail "name the file to write: make backup FILE=rollcall.tar"
[ ! -e "$file" ] || fail "$file is there already; name another file."
[ -d "$(dirname "$file")" ] || fail "the folder of $file does not exist."
$compose config --services </dev/null | grep -qx postgres || fail "the minimal system is saved by hand: docs/containers.md."
[ -n "$($compose ps -q postgres </dev/null)" ] || fail "the containers do not run; start them with: make up"

work=$(mktemp -d "$(dirname "$file")/.backup.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

echo "PostgreSQL ..."
$compose exec -T postgres pg_dump --username=rollcall --format=custom rollcall </dev/null >"$work/postgres.dump" ||
    fail "PostgreSQL could not be read; is it up? $compose ps"
echo "Redis ..."
# To a file first: on a pipe redis-cli leaves the marker of the transfer's end behind the data.
$compose exec -T redis sh -c 'redis-cli --rdb /data/backup.rdb >/dev/null 2>&1 && cat /data/backup.rdb; rm -f /data/backup.rdb' \
    </dev/null >"$work/redis.rdb"
[ "$(head -c 5 "$work/redis.rdb")" = REDIS ] || fail "Redis could not be read; is it up? $compose ps"
echo "Model store ..."
$compose run --rm -T --no-deps tools tar -C /models -cf - . </dev/null >"$work/models.tar" ||
    fail "the model store could not be read."
# Last: what is deleted meanwhile is in the dump, and then named here.
echo "Tombstones ..."
# shellcheck disable=SC2016 # The container's own variables.
$compose run --rm -T --no-deps gateway sh -c '[ ! -e "$TOMBSTONES_FILE" ] || cat "$TOMBSTONES_FILE"' \
    </dev/null >"$work/tombstones.jsonl" || fail "the tombstones could not be read."
# shellcheck disable=SC2016
$compose run --rm -T --no-deps gateway sh -c 'cat "$SECRET_KEY_FILE"' </dev/null >"$work/key" ||
    fail "the secret key could not be read."

tar -C "$work" -cf "$work/whole.tar" postgres.dump redis.rdb models.tar tombstones.jsonl
mv "$work/key" "$file.key"
mv "$work/whole.tar" "$file"
echo "Saved in $file; the secret key in $file.key. Keep the two in different places."
