#!/bin/sh
# The command `rollcall` of the worker's image.
exec python -c 'from gateway.cli import main; main(prog_name="rollcall")' "$@"
