from __future__ import annotations

from contracts.platforms import Platform
from contracts.profile_ref import ProfileRef
from fetcher.lane import Lane, Passenger


def passenger(name: str, **fields: object) -> Passenger:
    return Passenger(ref=ProfileRef(Platform.X, handle=name), deadline=0.0, **{"since": 0.0, **fields})  # type: ignore[arg-type]


def names(passengers: list[Passenger]) -> list[str]:
    return [str(each.ref.handle) for each in passengers]


def test_people_board_first_and_batches_fill_the_rest() -> None:
    lane = Lane()
    lane.add([passenger(f"b{n}", person=False) for n in range(5)])
    lane.add([passenger("p", since=9.0)])
    assert names(lane.board(3)) == ["p", "b0", "b1"]
    assert len(lane) == 3


def test_batches_of_several_clients_board_by_turns() -> None:
    lane = Lane()
    lane.add([passenger(f"a{n}", person=False, client="a") for n in range(4)])
    lane.add([passenger(f"b{n}", person=False, client="b", since=1.0) for n in range(2)])
    assert names(lane.next(4)) == ["a0", "b0", "a1", "b1"]


def test_who_has_a_ticket_boards_before_other_batches() -> None:
    lane = Lane()
    lane.add([passenger("new", person=False), passenger("back", person=False, ticket="t", since=5.0)])
    assert names(lane.board(1)) == ["back"]


def test_who_left_is_not_boarded() -> None:
    lane = Lane()
    one, other = passenger("one"), passenger("other")
    lane.add([one, other])
    assert lane.leave([one]) == [one]
    assert lane.leave([one]) == []
    assert names(lane.board(5)) == ["other"]


def test_an_account_that_a_person_wants_too_boards_with_the_people() -> None:
    lane = Lane()
    lane.add([passenger(f"b{n}", person=False) for n in range(5)])
    assert names(lane.promote([ProfileRef(Platform.X, handle="b3"), ProfileRef(Platform.X, handle="gone")])) == ["b3"]
    assert names(lane.board(1)) == ["b3"]
