"""`python -m bench.plain.scoring RECORDS ROWS`: the plain way to score a file; prints records per second.

One JSON record at a time, features by `DataFrame.apply`, `model.predict` for each 1,000.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from bench.plain.row_features import WIDTH, row_features, small_network

_ROWS = 1000


def main(path: str, rows: int) -> None:
    """Score the first `rows` records; loading TensorFlow and the first prediction do not count."""
    model = small_network()
    model.predict(np.zeros((_ROWS, WIDTH)), verbose=0)
    began = time.perf_counter()
    records = []
    with Path(path).open(encoding="utf-8") as file:
        for _, line in zip(range(rows), file, strict=False):
            records.append(json.loads(line))
    frame = pd.DataFrame(records)
    features = frame.apply(row_features, axis=1, result_type="expand").to_numpy(np.float32)
    answers = [model.predict(features[start : start + _ROWS], verbose=0) for start in range(0, rows, _ROWS)]
    frame["label"] = np.concatenate(answers).argmax(1)
    frame[["id", "label"]].to_csv(f"{path}.plain.csv", index=False)
    print(rows / (time.perf_counter() - began))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
