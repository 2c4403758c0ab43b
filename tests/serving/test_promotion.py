"""Labels move between real versions on real servers; whatever is wrong with a version, the old one goes on."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from contracts.model import CANARY, STABLE
from serving.cli import main
from serving.config import Config
from serving.history import History
from serving.promotion import Promotion, PromotionRefused
from serving.replicas import Replica
from serving.status import status_lines
from serving.store import NoSuchVersion, Served, StoreBusy
from serving.version_checks import EVALUATION, GOLDEN
from tests.serving.promotion_setting import Setting
from tests.serving.store_models import write_manifest

NOWHERE = "http://127.0.0.1:1"


def test_promotion_moves_the_label_on_every_server_and_rollback_moves_it_back(setting: Setting) -> None:
    setting.add(2)
    lines = list(setting.promotion.promote(2))
    assert lines[-1] == "stable is version 2 now."
    assert setting.labelled(STABLE) == [2, 2]
    assert setting.store.served() == Served(frozenset({1, 2}), {STABLE: 2})
    list(setting.promotion.rollback())
    assert setting.labelled(STABLE) == [1, 1]
    assert [move.action for move in History(setting.store.folder).moves()] == ["seed", "promote", "rollback"]


def test_server_that_starts_later_agrees(setting: Setting) -> None:
    setting.add(2)
    list(setting.promotion.promote(2))
    later = setting.start("later")
    with Replica(f"unix:{later.socket}") as replica:
        assert replica.labelled(STABLE) == 2
    later.stop()


def test_canary_gets_its_label_and_loses_it_again(setting: Setting) -> None:
    setting.add(2)
    list(setting.promotion.canary(2))
    assert (setting.labelled(STABLE), setting.labelled(CANARY)) == ([1, 1], [2, 2])
    list(setting.promotion.end_canary())
    assert setting.labelled(CANARY) == [None, None]
    assert setting.store.served() == Served(frozenset({1}), {STABLE: 1})


def test_worse_evaluation_is_refused_unless_forced(setting: Setting) -> None:
    setting.add(2, macro_f1=0.88)
    with pytest.raises(PromotionRefused, match=r"macro-F1 0.880 on x, the live version 0.900; it may be at most 0.01"):
        list(setting.promotion.promote(2))
    assert setting.labelled(STABLE) == [1, 1]
    list(setting.promotion.promote(2, force=True))
    assert setting.labelled(STABLE) == [2, 2]


def test_slightly_worse_evaluation_passes(setting: Setting) -> None:
    setting.add(2, macro_f1=0.895)
    list(setting.promotion.promote(2))
    assert setting.labelled(STABLE) == [2, 2]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ("changed", "is not the file of the manifest"),
        ("missing", "lacks variables"),
        ("extra", "which its manifest does not know"),
        ("golden", "differs by"),
        ("unloadable", "does not load"),
        ("unevaluated", "cannot be read"),
    ],
)
def test_unfit_version_is_refused_and_unloaded_even_when_forced_past_its_figures(
    setting: Setting, damage: str, reason: str
) -> None:
    folder = setting.add(2, golden=[[0.7, 0.1, 0.1, 0.1]] if damage == "golden" else None)
    if damage == "changed":
        (folder / GOLDEN).write_text("[]")
    elif damage == "missing":
        next((folder / "variables").iterdir()).unlink()
    elif damage == "extra":
        (folder / "stray").write_text("")
    elif damage == "unloadable":
        (folder / "saved_model.pb").write_bytes(b"nonsense")
        write_manifest(folder)
    elif damage == "unevaluated":
        (folder / EVALUATION).unlink()
        write_manifest(folder)
    with pytest.raises(PromotionRefused, match=reason):
        list(setting.promotion.promote(2, force=damage not in {"unevaluated"}))
    assert setting.labelled(STABLE) == [1, 1]
    assert setting.store.served() == Served(frozenset({1}), {STABLE: 1})


def test_version_that_failed_can_be_repaired_and_promoted(setting: Setting) -> None:
    folder = setting.add(2)
    whole = (folder / "saved_model.pb").read_bytes()
    (folder / "saved_model.pb").write_bytes(b"nonsense")
    write_manifest(folder)
    with pytest.raises(PromotionRefused):
        list(setting.promotion.promote(2))
    (folder / "saved_model.pb").write_bytes(whole)
    write_manifest(folder)
    list(setting.promotion.promote(2))
    assert setting.labelled(STABLE) == [2, 2]


def test_crash_between_any_two_steps_leaves_the_old_version_and_can_be_finished(setting: Setting) -> None:
    setting.add(2)
    steps = len(list(setting.promotion.promote(2)))
    list(setting.promotion.rollback())
    for crash_after in range(1, steps):
        promotion = setting.promotion.promote(2)
        for _ in range(crash_after):
            next(promotion)
        promotion.close()
        assert setting.labelled(STABLE) == [1, 1]
    list(setting.promotion.promote(2))
    assert setting.labelled(STABLE) == [2, 2]


def test_second_promotion_at_the_same_time_says_so(setting: Setting) -> None:
    setting.add(2)
    first = setting.promotion.promote(2)
    next(first)
    with pytest.raises(StoreBusy, match="Another command is changing the model store"):
        next(Promotion(setting.store, setting.addresses).promote(2))
    assert list(first)[-1] == "stable is version 2 now."


def test_server_that_does_not_answer_stops_the_promotion_before_anything_changes(setting: Setting) -> None:
    setting.add(2)
    promotion = Promotion(setting.store, [*setting.addresses, f"unix:{setting.folder / 'nobody'}"])
    with pytest.raises(PromotionRefused, match="UNAVAILABLE"):
        list(promotion.promote(2))
    assert setting.store.served() == Served(frozenset({1}), {STABLE: 1})


def test_unknown_version_is_refused(setting: Setting) -> None:
    with pytest.raises(NoSuchVersion, match="There is no version 9"):
        list(setting.promotion.promote(9))


def test_rollback_without_a_past_is_refused(setting: Setting) -> None:
    with pytest.raises(PromotionRefused, match="no earlier stable version"):
        list(setting.promotion.rollback())


def test_rollback_undoes_a_move_that_a_crash_kept_from_the_history(setting: Setting) -> None:
    setting.add(2)
    list(setting.promotion.promote(2))
    history = setting.store.folder / "history.jsonl"
    history.write_text(history.read_text().splitlines()[0] + "\n")
    list(setting.promotion.rollback())
    assert setting.labelled(STABLE) == [1, 1]


def test_two_rollbacks_go_back_two_steps(setting: Setting) -> None:
    for number in (2, 3):
        setting.add(number)
        list(setting.promotion.promote(number))
    list(setting.promotion.rollback())
    assert setting.labelled(STABLE) == [2, 2]
    list(setting.promotion.rollback())
    assert setting.labelled(STABLE) == [1, 1]
    with pytest.raises(PromotionRefused):
        list(setting.promotion.rollback())


def test_prune_keeps_what_is_served_and_the_newest(setting: Setting) -> None:
    for number in (2, 3, 4):
        setting.add(number)
    assert list(setting.promotion.prune(1)) == ["Version 2 removed.", "Version 3 removed."]
    assert setting.store.versions() == [1, 4]


def test_status_names_server_version_state_and_labels(setting: Setting) -> None:
    setting.add(2)
    list(setting.promotion.canary(2))
    lines = [line.split("\t") for line in status_lines(setting.store, [*setting.addresses, "unix:/nobody"], NOWHERE)]
    assert [line[1:5] for line in lines[1:3]] == [["2", "AVAILABLE", "canary", "-"], ["1", "AVAILABLE", "stable", "-"]]
    assert lines[-2] == ["unix:/nobody", "does not answer: UNAVAILABLE"]
    assert lines[-1][1].startswith(f"{NOWHERE}/api/v1/model/traffic does not answer")


def test_commands_print_their_steps_and_end_with_1_when_they_refuse(setting: Setting) -> None:
    setting.add(2)
    config = Config(setting.store.folder, setting.folder / "shipped", tuple(setting.addresses), NOWHERE)
    run = CliRunner().invoke
    assert "stable is version 2 now." in run(main, ["promote", "2"], obj=config).output
    refused = run(main, ["promote", "9"], obj=config)
    assert (refused.exit_code, "There is no version 9" in refused.output) == (1, True)
    assert "stable" in run(main, ["list"], obj=config).output
    assert run(main, ["status"], obj=config).output.count("AVAILABLE") == 4
    assert "canary is version 1 now." in run(main, ["canary", "1"], obj=config).output
    assert run(main, ["canary", "--off"], obj=config).exit_code == 0
    assert run(main, ["canary"], obj=config).exit_code == 2
    assert "stable is version 1 now." in run(main, ["rollback"], obj=config).output
    assert run(main, ["prune", "--keep", "0"], obj=config).exit_code == 0
