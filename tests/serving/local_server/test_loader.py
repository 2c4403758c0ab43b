"""How the flags become the configuration of TensorFlow's sessions."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.local_server.flags import Flags
from serving.local_server.loader import INTRA_OP_THREADS, session_config


@pytest.mark.parametrize(
    ("flags", "threads"),
    [
        ({}, (INTRA_OP_THREADS, 0)),
        ({"tensorflow_session_parallelism": 3}, (3, 3)),
        ({"tensorflow_session_parallelism": 3, "tensorflow_inter_op_parallelism": 5}, (3, 5)),
    ],
)
def test_flags_set_the_threads(flags: dict[str, int], threads: tuple[int, int]) -> None:
    config = session_config(Flags(**flags))  # type: ignore[arg-type]
    assert (config.intra_op_parallelism_threads, config.inter_op_parallelism_threads) == threads


def test_file_is_taken_but_for_what_a_flag_says(tmp_path: Path) -> None:
    file = tmp_path / "session.config"
    file.write_text("intra_op_parallelism_threads: 4 inter_op_parallelism_threads: 6 allow_soft_placement: true")
    config = session_config(Flags(tensorflow_session_config_file=str(file), tensorflow_inter_op_parallelism=2))
    assert (config.intra_op_parallelism_threads, config.inter_op_parallelism_threads) == (4, 2)
    assert config.allow_soft_placement
