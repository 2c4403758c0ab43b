"""`python -m training`."""

from __future__ import annotations

import os

from training.cli import main

if __name__ == "__main__":
    # TensorFlow writes pages of notes about the processor to stderr otherwise.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    main(prog_name="python -m training")
