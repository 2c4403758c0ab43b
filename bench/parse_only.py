"""`python -m bench.parse_only RECORDS`: only reads a file with pyarrow's JSON reader; prints the seconds."""

from __future__ import annotations

import sys
import time

import pyarrow.json

if __name__ == "__main__":
    began = time.perf_counter()
    table = pyarrow.json.read_json(sys.argv[1])
    print(time.perf_counter() - began)
