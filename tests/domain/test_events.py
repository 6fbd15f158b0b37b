from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp_deploy.domain import events, ledger
from gcp_deploy.domain.events import GENESIS, Event, EventType, Lease
from gcp_deploy.errors import Conflict
from tests.fakes import START


def chain(*kinds):
    """Return stored events: pairs of type and version, one minute apart."""
    stored, previous = [], GENESIS
    for number, (kind, version) in enumerate(kinds, 1):
        event = Event(
            number,
            previous,
            START + timedelta(minutes=number),
            kind,
            "churn",
            "run",
            "ada",
            version,
        )
        stored.append(event.encode())
        previous = events.chain_hash(stored[-1])
    return stored


MOVES = st.lists(
    st.tuples(
        st.sampled_from([EventType.PROMOTED, EventType.ROLLED_BACK]), st.sampled_from("1234")
    ),
    max_size=30,
)


@given(st.text(), st.text(), st.dictionaries(st.text(), st.integers()), st.booleans())
def test_an_event_is_read_as_it_is_written(because, actor, data, leased):
    lease = Lease("r", "o", "deploy", START) if leased else None
    event = Event(
        1,
        GENESIS,
        START,
        EventType.STARTED,
        "m",
        "r",
        actor,
        because=because,
        lease=lease,
        data=data,
    )
    assert events.decode(event.encode()) == event


@given(MOVES, st.data())
def test_one_flipped_byte_is_found(moves, data):
    stored = chain(*moves, (EventType.FINISHED, ""))
    number = data.draw(st.integers(0, len(stored) - 2)) if len(stored) > 1 else None
    if number is None:
        return
    place = data.draw(st.integers(0, len(stored[number]) - 1))
    changed = bytearray(stored[number])
    changed[place] ^= 1
    with pytest.raises(Conflict):
        events.read_chain([*stored[:number], bytes(changed), *stored[number + 1 :]])


@given(MOVES)
def test_who_served_when_equals_the_truth_at_any_time(moves):
    told = events.read_chain(chain(*moves))
    state = ledger.fold(told)
    for number in range(len(moves) + 1):
        served = state.serving_at(START + timedelta(minutes=number, seconds=30))
        assert (served.version if served else "") == (moves[number - 1][1] if number else "")


@given(MOVES)
def test_the_default_is_the_last_decision(moves):
    state = ledger.fold(events.read_chain(chain(*moves)))
    assert state.default == (moves[-1][1] if moves else "")


@given(MOVES, st.integers(0, 30))
def test_a_snapshot_stands_for_all_events_before_it(moves, place):
    told = events.read_chain(chain(*moves, (EventType.FINISHED, "")))
    place = min(place, len(told) - 1)
    before = ledger.fold(told[: place + 1])
    carrier = replace(told[place], data={"ledger": ledger.snapshot(before)})
    carrier = events.decode(carrier.encode())
    after = ledger.fold(told[place + 1 :], ledger.restore(carrier))
    whole = ledger.fold(told)
    assert replace(after, decisions=()) == replace(whole, decisions=())
    assert after.last == whole.last


def test_a_snapshot_that_is_none_is_not_believed():
    told = events.read_chain(chain((EventType.FINISHED, "")))
    shapes: list[dict[str, Any]] = [{}, {"ledger": 1}, {"ledger": {}}, {"ledger": {"stack": 3}}]
    for bad in shapes:
        assert ledger.restore(replace(told[0], data=bad)) is None


def test_a_rollback_shortens_the_stack():
    told = chain((EventType.PROMOTED, "1"), (EventType.PROMOTED, "2"), (EventType.ROLLED_BACK, "1"))
    state = ledger.fold(events.read_chain(told))
    assert (state.stack, state.previous) == (("1",), "")


def test_an_event_of_a_later_kind_is_told():
    stored = chain((EventType.PROMOTED, "1"))[0].replace(b'"promoted"', b'"teleported"')
    with pytest.raises(Conflict, match="written by a newer|unreadable"):
        events.decode(stored)
