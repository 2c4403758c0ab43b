"""The arrays that columns of profiles are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
"""n values, NaN = unknown."""
Texts = NDArray[np.object_]
"""n texts, None = unknown."""
Flags = NDArray[np.bool_]
