#!/bin/sh
# Compiles pyproject.toml's extras into requirements/<extra>.txt: hashed, for every supported Python,
# Linux on x86-64 and arm64 and macOS on arm64. The development file comes first and constrains the rest, so that
# every file names the same versions. No index address is written. Arguments go to uv (for example --upgrade).
set -eu
PATH=$PWD/.venv/bin:$PATH
cd "$(dirname "$0")/.."
compile() { # output, options...
    out=$1; shift
    uv pip compile pyproject.toml $EXTRA --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
        --no-emit-index-url --no-header --no-annotate --quiet -o "requirements/$out" "$@"
}
EXTRA="--extra dev" compile dev.txt --override requirements/overrides-tensorflow.in "$@"
for extra in serving training; do
    EXTRA="--extra $extra" compile $extra.txt --override requirements/overrides-tensorflow.in -c requirements/dev.txt "$@"
done
for extra in gateway worker fetcher; do
    EXTRA="--extra $extra" compile $extra.txt --excludes requirements/exclude-tensorflow.in -c requirements/dev.txt "$@"
done
uv pip compile requirements/bootstrap.in --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-header --no-annotate --quiet -o requirements/bootstrap.txt "$@"
uv pip compile pyproject.toml --extra manifests --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-header --no-annotate --quiet -o requirements/manifests.txt "$@"
