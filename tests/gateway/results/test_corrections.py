from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contracts.columns import Columns
from contracts.features import VALUE_NAMES, raw_values
from gateway.results.corrections import AlreadyDecided, Correction, CorrectionState, NoSuchResult
from gateway.results.disguise import disguise
from tests.gateway.fakes import REF, assessment, profile_of
from tests.gateway.results.conftest import Kept
from training.feedback import read_corrections, write_source


def made(kept: Kept, label: str = "bot") -> Correction:
    return kept.corrections.make("ada", kept.add("ada", assessment()).id, label, "It posts every minute.")


def test_a_correction_waits_for_an_operator(kept: Kept) -> None:
    correction = made(kept)
    assert (correction.state, correction.label, correction.answered_label) == ("pending", "bot", "regular")
    assert correction.handle == "reg_maple"
    assert list(kept.corrections.export()) == []
    decided = kept.corrections.decide(correction.id, CorrectionState.APPROVED, "olga")
    assert decided is not None
    assert (decided.state, decided.decided_by) == ("approved", "olga")
    assert len(list(kept.corrections.export())) == 1


def test_training_reads_what_is_exported(kept: Kept, tmp_path: Path) -> None:
    kept.corrections.decide(made(kept).id, CorrectionState.APPROVED, "olga")
    other = kept.corrections.make("ada", kept.add("ada", assessment(id="77")).id, "fake")
    kept.corrections.decide(other.id, CorrectionState.APPROVED, "olga")
    kept.corrections.decide(made(kept).id, CorrectionState.REJECTED, "olga")
    read = read_corrections("".join(kept.corrections.export()))
    assert [each.label for each in read] == ["bot", "fake"]
    assert list(write_source(read, tmp_path).values()) == [2]


def test_only_the_owner_of_a_result_corrects_it(kept: Kept) -> None:
    result = kept.add("ada", assessment())
    with pytest.raises(NoSuchResult):
        kept.corrections.make("bert", result.id, "bot")
    with pytest.raises(NoSuchResult):
        kept.corrections.make("ada", "none", "bot")


def test_a_second_thought_takes_the_place_of_the_first_until_it_is_decided(kept: Kept) -> None:
    result = kept.add("ada", assessment())
    kept.corrections.make("ada", result.id, "bot")
    again = kept.corrections.make("ada", result.id, "fake")
    assert [each.label for each in kept.corrections.listed(owner="ada")] == ["fake"]
    kept.corrections.decide(again.id, CorrectionState.REJECTED, "olga")
    with pytest.raises(AlreadyDecided):
        kept.corrections.make("ada", result.id, "bot")


def test_owners_see_their_own_and_operators_all(kept: Kept) -> None:
    made(kept)
    kept.corrections.make("bert", kept.add("bert", assessment()).id, "fake")
    assert len(kept.corrections.listed(owner="bert")) == 1
    assert len(kept.corrections.listed()) == 2
    assert kept.corrections.listed(state=CorrectionState.APPROVED) == []


def test_what_a_correction_keeps_names_nobody(kept: Kept) -> None:
    profile = made(kept).profile
    assert profile.username
    assert len(profile.username) == len("reg_maple")
    for text in (profile.username, profile.display_name, profile.biography):
        assert text is not None
        assert not set(text.lower().split()) & {"reg_maple", "invented", "name", "maple", "trees", "bicycles."}
    assert profile.id != "4211"


def test_a_disguise_keeps_the_shapes_that_the_model_reads() -> None:
    profile = profile_of(
        REF,
        username="Ann4_Maple",
        display_name="Ann Maplé 🌳 Żółw",
        biography="Bäume & 自転車! see https://example.com #one @two, since 1999.",
    )
    hidden = disguise(profile, "0" * 40)
    assert hidden.followers == profile.followers
    before, after = (raw_values(Columns.from_profiles([each])) for each in (profile, hidden))
    # Entropy and likeness are taken of folded characters, so they move a little.
    loose = {name for name in VALUE_NAMES if "entropy" in name or name in {"name_handle_likeness", "name_in_handle"}}
    for name in VALUE_NAMES:
        tolerance = 0.5 if name in loose else 1e-9
        np.testing.assert_allclose(after[name], before[name], atol=tolerance, err_msg=name)
