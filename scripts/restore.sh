#!/bin/sh
# Brings the containers to the state in a file of scripts/backup.sh: scripts/restore.sh FILE.tar (`make restore FILE=...`).
# Deletions made since the backup hold: its tombstones are added to those that are there.
set -eu
umask 077
compose=${COMPOSE:-docker-compose}
wait_s=60

fail() {
    echo "restore: $1" >&2
    exit 1
}

file=${1:-}
[ -n "$file" ] || fail "name the file to read: make restore FILE=rollcall.tar"
[ -r "$file" ] || fail "$file cannot be read."
$compose config --services </dev/null | grep -qx postgres || fail "the minimal system is restored by hand: docs/containers.md."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
tar -C "$work" -xf "$file" postgres.dump redis.rdb models.tar tombstones.jsonl 2>/dev/null ||
    fail "$file is no whole backup: it must hold postgres.dump, redis.rdb, models.tar and tombstones.jsonl."
tar -tf "$work/models.tar" >/dev/null || fail "the model store in $file is damaged."
[ "$(head -c 5 "$work/redis.rdb")" = REDIS ] || fail "the Redis data in $file is damaged."

$compose up -d postgres </dev/null
waited=0
until $compose exec -T postgres pg_isready --quiet --username=rollcall --dbname=rollcall --host=127.0.0.1 </dev/null; do
    waited=$((waited + 1))
    [ "$waited" -lt "$wait_s" ] || fail "PostgreSQL was not ready within $wait_s s; see: $compose logs postgres"
    sleep 1
done

echo "PostgreSQL ..."
# Into a database beside the old one, so that a damaged file leaves everything as it was.
postgres() {
    $compose exec -T postgres "$@"
}
postgres dropdb --username=rollcall --if-exists rollcall_restored </dev/null
postgres createdb --username=rollcall rollcall_restored </dev/null
postgres pg_restore --username=rollcall --dbname=rollcall_restored --exit-on-error --no-owner <"$work/postgres.dump" ||
    fail "the database in $file is damaged; nothing was changed."
$compose stop gateway worker fetcher model-server redis </dev/null
postgres dropdb --username=rollcall --maintenance-db=postgres --if-exists --force rollcall </dev/null
postgres psql --username=rollcall --dbname=postgres --quiet --set=ON_ERROR_STOP=1 \
    --command='ALTER DATABASE rollcall_restored RENAME TO rollcall' </dev/null

echo "Redis ..."
# Redis starts from its append-only files; a snapshot may be the first of them.
$compose run --rm -T --no-deps --entrypoint sh redis -c 'set -e
    rm -rf /data/appendonlydir && mkdir /data/appendonlydir && cd /data/appendonlydir
    cat >appendonly.aof.1.base.rdb
    echo "file appendonly.aof.1.base.rdb seq 1 type b" >appendonly.aof.manifest' <"$work/redis.rdb" ||
    fail "the data of Redis could not be written; start again: make restore FILE=$file"
echo "Model store ..."
$compose run --rm -T --no-deps tools sh -c 'find /models -mindepth 1 -delete && tar -C /models -xf -' <"$work/models.tar" ||
    fail "the model store could not be written; start again: make restore FILE=$file"
echo "Tombstones ..."
# shellcheck disable=SC2016 # The container's own variables.
$compose run --rm -T --no-deps gateway sh -c 'umask 077; cat >>"$TOMBSTONES_FILE"' <"$work/tombstones.jsonl" ||
    fail "the tombstones could not be written; start again: make restore FILE=$file"
if [ -r "$file.key" ]; then
    # A key of the operator's own, below secrets/, is not ours to change.
    # shellcheck disable=SC2016
    $compose run --rm -T --no-deps gateway sh -c 'case $SECRET_KEY_FILE in
        /run/secrets/*) cat >/dev/null ;;
        *) umask 077; cat >"$SECRET_KEY_FILE.new" && mv "$SECRET_KEY_FILE.new" "$SECRET_KEY_FILE" ;;
        esac' <"$file.key" || fail "the secret key could not be written."
else
    echo "There is no $file.key: deletions hold only if the secret key in use is that of the backup." >&2
fi
# The gateway applies the tombstones before it answers.
$compose up -d </dev/null
echo "Restored from $file. Redis counts the windows and the day's money as used: expect waits of one window."
