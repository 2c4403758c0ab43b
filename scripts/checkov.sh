#!/bin/sh
# Reads the rendered manifests with checkov, in an environment of its own (requirements/manifests.txt) below the user's
# cache. k8s/checkov.yaml holds the exceptions, each with its reason.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
home=${XDG_CACHE_HOME:-$HOME/.cache}/rollcall-checkov/$(sha256sum requirements/manifests.txt | cut -c1-12)
if [ ! -x "$home/bin/checkov" ]; then
    echo "Setting up checkov in $home (once) ..."
    rm -rf "$home"
    $python -m venv "$home"
    .venv/bin/uv pip install --quiet --python "$home/bin/python" --require-hashes --no-deps -r requirements/manifests.txt ||
        "$home/bin/python" -m pip install --quiet --require-hashes --no-deps -r requirements/manifests.txt
fi
rendered=$(mktemp -d)
trap 'rm -rf "$rendered"' EXIT
for overlay in k8s/overlays/*/; do
    .venv/bin/kubectl kustomize "$overlay" >"$rendered/$(basename "$overlay").yaml"
done
cp k8s/jobs/*.yaml "$rendered"
"$home/bin/checkov" --config-file k8s/checkov.yaml --skip-download --directory "$rendered"
echo "checkov has nothing to say but for the exceptions in k8s/checkov.yaml."
