"""A server that read the configuration just before it changed is found and told."""

from __future__ import annotations

import pytest

from contracts.model import STABLE
from serving.agreement import Disagreement, agree
from serving.store import Served
from tests.serving.promotion_setting import Setting


def test_server_with_an_old_label_is_told(setting: Setting) -> None:
    setting.add(2)
    list(setting.promotion.promote(2))
    # The second server as it would be, had it read the file before the label moved.
    late = setting.store.configuration(Served(frozenset({1, 2}), {STABLE: 1}))
    setting.servers[1].client.reload_text(late)
    assert setting.labelled(STABLE) == [2, 1]
    clock = iter([0.0, 1.0, 9.0])
    lines = list(agree(setting.store, lambda: setting.addresses, seconds=5, monotonic=clock.__next__, sleep=_nothing))
    assert lines == [f"{setting.addresses[1]} was told.", "2 server(s) serve what the configuration says."]
    assert setting.labelled(STABLE) == [2, 2]


def test_server_that_is_told_when_the_time_is_over_is_looked_at_once_more(setting: Setting) -> None:
    setting.add(2)
    list(setting.promotion.promote(2))
    setting.servers[1].client.reload_text(setting.store.configuration(Served(frozenset({1, 2}), {STABLE: 1})))
    lines = list(agree(setting.store, lambda: setting.addresses, seconds=0, sleep=_nothing))
    assert lines == [f"{setting.addresses[1]} was told.", "2 server(s) serve what the configuration says."]


def test_server_that_never_answers_is_named_at_the_end(setting: Setting) -> None:
    found = [*setting.addresses, "unix:/nowhere"]
    clock = iter([0.0, 9.0])
    with pytest.raises(Disagreement, match=r"unix:/nowhere: does not answer \(UNAVAILABLE\)"):
        list(agree(setting.store, lambda: found, seconds=5, monotonic=clock.__next__, sleep=_nothing))


def _nothing(_: float) -> None:
    """Time is the clock's."""
