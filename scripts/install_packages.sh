#!/bin/sh
# Builds /opt/venv from a locked file of requirements, for an image: without pip, and without what no service reads.
set -eu
/usr/local/bin/python -m venv --without-pip /opt/venv
/usr/local/bin/python -m pip --python /opt/venv/bin/python install --quiet --require-hashes --no-deps --requirement "$1"
cd /opt/venv/lib/python3.*/site-packages
find . -depth -type d -name tests ! -path './tensorflow/*' -exec rm -rf {} +
find . -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.c' -o -name '*.h' \) ! -path './tensorflow/*' -delete
# A few packages carry templates that are no Python. TensorFlow's own modules are many and rarely read.
python -m compileall -q -j 0 -x 'tensorflow/|keras/' . >/dev/null || true
