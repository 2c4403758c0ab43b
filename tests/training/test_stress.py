"""Renamed accounts and other scripts are other texts with the same facts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from training.dataset import Dataset
from training.stress import change_script, rename, rename_as_others, stress

FRAME = pd.DataFrame({"username": ["Kalo_77", None], "display_name": ["Kalo", None], "biography": ["tea, maps", ""]})


def test_a_new_handle_keeps_length_digits_and_case() -> None:
    renamed = rename(FRAME)["username"]
    assert renamed[0] == "Rhsv_77"
    assert renamed.isna().tolist() == [False, True]


def test_an_account_takes_the_names_of_an_invented_one_with_their_measures() -> None:
    measured = FRAME.assign(username_length=[7.0, 9.0], username_digits=[2.0, 1.0], username_digit_share=[0.28, 0.1])
    renamed = rename_as_others(measured)
    assert renamed["username"][0] not in {"Kalo_77", None}
    assert renamed["username"].isna().tolist() == [False, True]
    assert renamed["username_length"].isna().tolist() == [True, False]


def test_another_script_changes_letters_only() -> None:
    changed = change_script(FRAME)
    assert changed["biography"].tolist() == ["теа, мапс", ""]
    assert changed["username"][0] == "Kalo_77"
    assert changed["display_name"].isna().tolist() == [False, True]


def test_a_model_that_reads_the_handle_flips(dataset: Dataset) -> None:
    def by_first_letter(rows: Dataset) -> np.ndarray:
        known = [str(name)[:1] for name in rows.frame["username"]]
        return np.array([[0.9, 0.1, 0, 0] if letter < "n" else [0.1, 0.9, 0, 0] for letter in known])

    flips = stress(by_first_letter, dataset, 0.8)
    assert flips["confident"] == len(dataset)
    assert flips["renamed"] > 0
    assert flips["other script"] == 0


def test_only_confident_labels_count(dataset: Dataset) -> None:
    flips = stress(lambda rows: np.full((len(rows), 4), 0.25), dataset, 0.8)
    assert flips == {
        "confident": 0,
        "aged by 12 years": 0.0,
        "renamed": 0.0,
        "named as invented others": 0.0,
        "other script": 0.0,
    }
