"""A job's process keeps its memory and never loads pandas."""

from __future__ import annotations

import subprocess
import sys

_SCRIPT = """
import sys
from gateway.offline.files.process import prepare
prepare()
import pyarrow as pa
assert pa.array([1, 2]).to_numpy().sum() == 3
print("pandas" in sys.modules, pa.default_memory_pool().backend_name)
import pandas
"""


def test_pandas_stays_out_and_memory_is_the_c_librarys() -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "system" if sys.platform == "linux" else "mimalloc"]
