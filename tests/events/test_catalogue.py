"""The stored format: what is written today is read for ever, and nothing unknown is guessed at."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.bus import asyncapi
from events.canonical import microseconds, prefixed, to_json
from events.catalogue import CATALOGUE, Event, decode, encode
from events.catalogue.upcasters import upcast
from events.errors import MalformedEvent
from events.secrets import SERVICES

GOLDEN = Path(__file__).parent / "golden" / "events"


def moments(first_year: int, last_year: int) -> st.SearchStrategy[datetime]:
    """Any moment of these years, to the microsecond, in UTC."""
    start = datetime.fromtimestamp(0, UTC)
    low = (date(first_year, 1, 1) - start.date()) // timedelta(microseconds=1)
    high = (date(last_year, 1, 1) - start.date()) // timedelta(microseconds=1)
    return st.integers(low, high).map(lambda count: start + timedelta(microseconds=count))


def any_event(event: type[Event]) -> st.SearchStrategy[Event]:
    """Any value an event of this type can hold: microsecond moments, dates, every text."""
    st.register_type_strategy(datetime, moments(1970, 2100))
    st.register_type_strategy(date, st.dates(date(1970, 1, 1), date(2100, 1, 1)))
    st.register_type_strategy(int, st.integers(0, 2**31 - 1))
    return st.builds(event, **{name: st.from_type(hint) for name, hint in fields(event).items()})


def fields(event: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(event)
    return {name: hints[name] for name in event.__struct_fields__}


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_event_comes_back_from_its_bytes(name: str) -> None:
    """Whatever an event says, writing and reading it gives the same event and the same bytes."""

    @settings(max_examples=30, deadline=None)
    @given(any_event(CATALOGUE[name]))
    def comes_back(event: Event) -> None:
        data = encode(event)
        again = decode(name, event.schema_version, data)

        assert event == again
        assert data == encode(again)

    comes_back()


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_golden_event_of_every_version_is_still_read(name: str) -> None:
    """The bytes an earlier version of the software wrote are understood by this one."""
    event = CATALOGUE[name]
    for version in range(1, event.schema_version + 1):
        data = (GOLDEN / f"{name}.v{version}.json").read_bytes().strip()

        read = decode(name, version, data)

        if version == event.schema_version:
            assert data == encode(read)


def test_every_event_says_who_emits_it_and_what_it_means() -> None:
    """The catalogue is complete: an owner and a meaning for each."""
    for name, event in CATALOGUE.items():
        assert event.emitted_by in (*SERVICES, "keys"), name
        assert event.__doc__, name


def test_no_event_holds_a_floating_point_number() -> None:
    """Amounts are whole, because 0.1 is not the same everywhere."""

    def holds_float(hint: Any) -> bool:
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return any(holds_float(inner) for inner in fields(hint).values())
        return hint is float or any(holds_float(inner) for inner in get_args(hint) if get_origin(hint))

    assert [] == [
        name for name, event in CATALOGUE.items() if any(holds_float(hint) for hint in fields(event).values())
    ]


def test_an_unknown_event_is_refused_not_guessed() -> None:
    """An event of a newer software waits for that software."""
    with pytest.raises(MalformedEvent, match="ComplaintFramed"):
        decode("ComplaintFramed", 1, b"{}")


def test_a_newer_version_of_a_known_event_is_refused() -> None:
    """The same name with more in it than we understand waits too."""
    with pytest.raises(MalformedEvent, match="schema version 99"):
        decode("ComplaintReceived", 99, b"{}")


def test_bytes_that_do_not_fit_are_refused() -> None:
    """Half an event is no event."""
    with pytest.raises(MalformedEvent, match="does not fit"):
        decode("ComplaintReceived", 1, b'{"reference":7}')


def test_a_reader_ignores_what_a_newer_writer_added() -> None:
    """A field that was added later does not disturb an older service."""
    data = json.loads((GOLDEN / "TargetMissed.v1.json").read_bytes())

    assert decode("TargetMissed", 1, to_json(data | {"added_later": True})).type == "TargetMissed"


def test_an_older_event_is_lifted_step_by_step() -> None:
    """Each upcaster leads one version up, and the bytes on disk stay as they are."""
    steps = {("Note", 1): lambda v: v | {"b": 2}, ("Note", 2): lambda v: v | {"c": v["a"] + v["b"]}}

    assert b'{"a":1,"b":2,"c":3}' == upcast("Note", 1, b'{"a":1}', steps)


def test_the_asyncapi_document_is_what_the_code_says() -> None:
    """What integrators read is what services send; `python -m events.bus.asyncapi` writes it anew."""
    checked_in = (Path(asyncapi.__file__).parents[1] / "asyncapi.json").read_text()

    assert asyncapi.text() == checked_in


@given(st.lists(st.one_of(st.none(), st.binary(max_size=8)), max_size=5),
       st.lists(st.one_of(st.none(), st.binary(max_size=8)), max_size=5))  # fmt: skip
def test_no_two_lists_of_fields_share_an_encoding(one: list[bytes | None], other: list[bytes | None]) -> None:
    """Nobody can move a letter from one field to the next without changing the hash."""
    assert (one == other) == (prefixed(one) == prefixed(other))


@given(moments(1900, 2200))
def test_moments_keep_every_microsecond(aware: datetime) -> None:
    """Times are hashed exactly, not rounded."""
    assert aware == datetime.fromtimestamp(0, UTC) + (microseconds(aware) * datetime.resolution)
