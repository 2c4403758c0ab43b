"""What the process of a job sets for itself as a whole, before its first chunk: a long run of large arrays."""

from __future__ import annotations

import ctypes
import gc
import sys
from importlib.abc import MetaPathFinder

import pyarrow as pa

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's `mallopt` (malloc.h)."""
_KEPT_BYTES = 1 << 30
_LARGEST_BYTES = 32 << 20
"""The most that glibc takes: larger arrays are always given back."""


def prepare() -> None:
    """Keep the memory of arrays that come and go with every chunk, and leave pandas out.

    What was imported stays, so it is not looked through for garbage again and again.
    """
    _keep_memory()
    _leave_pandas_out()
    gc.freeze()


def _keep_memory() -> None:
    """Otherwise each array is fetched from the kernel, which clears every page of it, and given back at once.

    pyarrow then takes its memory by `malloc` too, so that one heap serves all. Without glibc nothing is changed.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option is not None and set_option(_MMAP_THRESHOLD, _LARGEST_BYTES):
        set_option(_TRIM_THRESHOLD, _KEPT_BYTES)
        pa.set_memory_pool(pa.system_memory_pool())


def _leave_pandas_out() -> None:
    """pyarrow imports pandas, if it is there, at the first conversion of anything; nothing here gives it such an array.

    It is told once and for all that there is none.
    """
    if "pandas" not in sys.modules:
        finder = _NoPandas()
        sys.meta_path.insert(0, finder)
        try:
            pa.scalar(0)
        finally:
            sys.meta_path.remove(finder)


class _NoPandas(MetaPathFinder):
    """Finds that there is no pandas."""

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:  # noqa: ARG002 - the protocol's.
        """Raises ModuleNotFoundError for pandas."""
        if fullname == "pandas":
            raise ModuleNotFoundError(name=fullname)
