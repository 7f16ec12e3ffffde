"""What happens to input that is wrong, hostile or both: a clear answer, and nothing stored."""

import json
from collections.abc import Callable
from time import perf_counter
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake_desk import BODY, Desk

PROBLEM = "application/problem+json"


def with_field(path: str, value: object) -> bytes:
    """Give the canonical complaint with one field changed, as bytes."""
    content: dict[str, Any] = json.loads(json.dumps(BODY))
    *parents, last = path.split(".")
    place = content
    for parent in parents:
        place = place.setdefault(parent, {})
    place[last] = value
    return json.dumps(content).encode()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("organisation", "onbekend", "organisation"),
        ("organisation", 7, "organisation"),
        ("channel", "fax", "channel"),
        ("channel", None, "channel"),
        ("description", 12, "description"),
        ("description", "x" * 20_001, "description"),
        ("description", "a\u0000b", "description"),
        ("description", "\ud800", "description"),
        ("beschrijving", "x", "beschrijving"),
        ("Niet Zo'n Naam", "x", "(an unknown field)"),
        ("0612345678", "x", "(an unknown field)"),
        ("complainant", [], "complainant"),
        ("complainant.email", "geen adres", "complainant.email"),
        ("complainant.email", "eva@example.org\r\nBcc: x@example.org", "complainant.email"),
        ("complainant.name", "Eva\r\nBcc: x@example.org", "complainant.name"),
        ("complainant.phone", "0" * 41, "complainant.phone"),
        ("complainant.email_address", "eva@example.org", "complainant.email_address"),
        ("about.name", {"first": "x"}, "about.name"),
        ("references", "ORDER-1", "references"),
        ("references", ["x"] * 21, "references"),
        ("references", ["x" * 101], "references.0"),
        ("received_at", "morgen", "received_at"),
        ("received_at", 1774857600, "received_at"),
        ("received_at", "2999-01-01", "received_at"),
        ("received_at", "1999-01-01", "received_at"),
        ("reported_on", "2026-02-30", "reported_on"),
        ("reported_on", "2999-01-01", "reported_on"),
        ("reported_on", "0001-01-01", "reported_on"),
        ("nature", "x" * 65, "nature"),
        ("language", True, "language"),
    ],
)
async def test_a_wrong_field_is_named_with_its_reason_and_nothing_is_stored(
    desk: Desk, path: str, value: object, field: str
) -> None:
    """The sender sees which field to correct and why."""
    stored = await desk.stored()

    answer = await desk.post(with_field(path, value))

    content = answer.json()
    assert (422, PROBLEM) == (answer.status_code, answer.headers["content-type"])
    assert "urn:gehoor:problem:invalid-fields" == content["type"]
    assert [field] == [error["field"] for error in content["errors"]]
    assert all(error["reason"] for error in content["errors"])
    assert stored == await desk.stored()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{}", 422, "invalid-fields"),
        (b"[]", 422, "invalid-fields"),
        (b"null", 422, "invalid-fields"),
        (b"7", 422, "invalid-fields"),
        (b'{"organisation": "bc", "channel": "api"}', 422, "nothing-in-it"),
        (b'{"organisation": "bc", "channel": "api", "description": " "}', 422, "nothing-in-it"),
        (b"description=hello", 400, "json"),
        (b'{"organisation": ', 400, "json"),
        (b'{"organisation": "bc", "organisation": "bc", "channel": "api", "description": "x"}', 400, "json"),
        (b'{"a": {"b": 1, "b": 2}}', 400, "json"),
        (b'{"description": NaN}', 400, "json"),
        (b'{"description": ' + b"9" * 5000 + b"}", 400, "json"),
        (b"[" * 500_000, 400, "json"),
        (b"[" * 200_000 + b"]" * 200_000, 400, "json"),
        (b'{"a":' * 80_000 + b"1" + b"}" * 80_000, 400, "json"),
        (json.dumps({f"f{i}": i for i in range(1000)}).encode(), 400, "json"),
        (b'{"description": "a\x00b"}', 400, "nul-byte"),
        (b'{"description": "caf\xe9"}', 400, "encoding"),
        (b'{"description": "\xed\xa0\x80"}', 400, "encoding"),
        (b'{"description": "\xc0\xaf"}', 400, "encoding"),
        ('{"description": "x"}'.encode("utf-16"), 400, "nul-byte"),
        (b"x" * 600_000, 413, "too-large"),
    ],
)
async def test_a_body_that_is_not_a_complaint_is_refused_quickly(
    desk: Desk, body: bytes, status: int, code: str
) -> None:
    """Broken, ambiguous or enormous bodies get an answer at once, and nothing is stored."""
    stored = await desk.stored()
    began_s = perf_counter()

    answer = await desk.post(body)

    assert perf_counter() - began_s < 1
    assert (status, PROBLEM) == (answer.status_code, answer.headers["content-type"])
    assert f"urn:gehoor:problem:{code}" == answer.json()["type"]
    assert stored == await desk.stored()


@pytest.mark.postgres
@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=iso-8859-1"},
        {"Content-Type": ""},
        {"Content-Encoding": "gzip"},
    ],
)
async def test_another_kind_of_content_is_refused(desk: Desk, headers: dict[str, str]) -> None:
    """Only JSON in UTF-8 is taken, and the answer says so."""
    answer = await desk.post(json.dumps(BODY).encode(), **headers)

    assert (415, PROBLEM) == (answer.status_code, answer.headers["content-type"])


@pytest.mark.postgres
@pytest.mark.parametrize("charset", ["", "; charset=utf-8", '; charset="UTF-8"', "; profile=x"])
async def test_json_in_utf_8_is_taken_however_it_is_called(desk: Desk, charset: str) -> None:
    """A byte order mark at the start, as some systems write it, does no harm."""
    body = b"\xef\xbb\xbf" + json.dumps(BODY, ensure_ascii=False).encode()

    answer = await desk.post(body, **{"Content-Type": f"application/json{charset}"})

    assert 201 == answer.status_code


@pytest.mark.postgres
@pytest.mark.parametrize(
    "key", ["", " ", "a b", "a\tb", "x" * 256, "k\xe9y", "' OR 1=1 --\x7f", "=?UTF-8?Q?=0A?= x"]
)
async def test_a_hostile_idempotency_key_is_refused_by_name(desk: Desk, key: str) -> None:
    """A key that could mean something else somewhere is not used."""
    stored = await desk.stored()

    answer = await desk.client.post(
        "/v1/complaints", json=BODY, headers=[(b"Idempotency-Key", key.encode("latin-1"))]
    )

    assert (400, PROBLEM) == (answer.status_code, answer.headers["content-type"])
    assert "Idempotency-Key" in answer.json()["title"]
    assert stored == await desk.stored()


@pytest.mark.postgres
@pytest.mark.parametrize(
    "key", ["x", "x" * 255, "'; DROP TABLE gehoor.event; --".replace(" ", "_"), "{}%s$1"]
)
async def test_an_odd_but_visible_key_is_just_a_key(desk: Desk, key: str) -> None:
    """What only looks dangerous is used as it is, and again gives the same answer."""
    first = await desk.file(key)

    assert (201, first.content) == ((again := await desk.file(key)).status_code, again.content)


@pytest.mark.postgres
async def test_two_keys_are_refused(desk: Desk) -> None:
    """Nobody can know which of two keys was meant."""
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]

    answer = await desk.client.post("/v1/complaints", json=BODY, headers=headers)

    assert 400 == answer.status_code


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/complaints", 405), ("DELETE", "/v1/complaints", 405), ("GET", "/canary", 404),
     ("GET", "/docs", 404), ("GET", "/v1/complaints/%2e%2e/x", 404), ("GET", "/%00", 404),
     ("POST", "/v1/complaints/", 404)],
)  # fmt: skip
async def test_a_wrong_address_or_method_is_a_problem_document(
    desk: Desk, method: str, path: str, status: int
) -> None:
    """Even who is lost gets an answer in the same form."""
    answer = await desk.client.request(method, path)

    assert (status, PROBLEM) == (answer.status_code, answer.headers["content-type"])
    assert "canary" not in answer.text


@pytest.mark.postgres
async def test_other_sites_are_not_allowed_in(desk: Desk) -> None:
    """A browser is told nothing that would let another site file or read complaints."""
    answer = await desk.client.post("/v1/complaints", json=BODY, headers={"Origin": "https://evil.example"})

    assert "access-control-allow-origin" not in answer.headers
    assert "nosniff" == answer.headers["x-content-type-options"]
    assert "no-store" == answer.headers["cache-control"]


@pytest.mark.postgres
async def test_an_unexpected_error_gives_a_number_and_no_detail(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The user gets a number to ask with; neither answer nor log repeats what went through the code."""

    def broken(*_: object) -> None:
        raise RuntimeError("canary-in-exception")

    monkeypatch.setattr("intake.desk.fingerprint", broken)

    answer = await desk.file()

    logged = capsys.readouterr()
    assert (500, PROBLEM) == (answer.status_code, answer.headers["content-type"])
    assert answer.json()["id"] in logged.out + logged.err
    assert "RuntimeError" in logged.out + logged.err
    assert "canary" not in answer.text + logged.out + logged.err


_TEXT = st.text(max_size=40)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=8,
)
_NAMES = st.sampled_from(
    ["organisation", "channel", "description", "complainant", "references", "about", "nature",
     "remedy_sought", "language", "reported_on", "received_at", "name", "email", "phone"]
)  # fmt: skip
_LIKELY = _JSON | st.dictionaries(_NAMES, _JSON, max_size=6) | st.sampled_from(["bc", "api", "2026-01-01"])


@pytest.mark.postgres
@given(changes=st.dictionaries(_NAMES | _TEXT, _LIKELY, max_size=5))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_json_whatever_breaks_intake(desk: Desk, changes: dict[str, Any]) -> None:
    """Whatever values stand in the fields, the answer is 201 or a refusal that names a reason."""
    answer = await desk.post(json.dumps({**BODY, **changes}).encode())

    assert answer.status_code in (201, 400, 422)
    if answer.status_code != 201:
        assert answer.json()["type"].startswith("urn:gehoor:problem:")


@pytest.mark.postgres
@given(body=st.binary(max_size=300))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_bytes_whatever_break_intake(desk: Desk, body: bytes) -> None:
    """Random bytes are refused in the same orderly way."""
    answer = await desk.post(body)

    assert answer.status_code in (400, 422)


@pytest.mark.postgres
async def test_personal_words_stand_in_no_log_no_error_and_no_clear_column(
    desk: Desk, capsys: pytest.CaptureFixture[str], new_key: Callable[[], str]
) -> None:
    """A word in each personal field, accepted or refused, is found nowhere but encrypted."""
    personal: dict[str, Any] = {
        "description": "canary", "remedy_sought": "canary", "nature": "canary", "language": "canary",
        "references": ["canary"],
        "complainant": {
            "name": "canary", "company": "canary", "role": "canary", "email": "canary@canary.example",
            "phone": "canary", "address": "canary", "reachability": "canary",
        },
        "about": {"name": "canary", "function": "canary"},
    }  # fmt: skip
    key = new_key() + "-canary"

    accepted = [await desk.file(key, **personal), await desk.file(key, **personal)]
    refused = [
        await desk.file(key, **{**personal, "description": "canary again"}),
        await desk.file(**{**personal, "organisation": "canary"}),
        await desk.file(**{**personal, "reported_on": "canary"}),
        await desk.file(**{**personal, "Canary": "canary"}),
        await desk.file(**{**personal, "complainant": {"email": "canary"}}),
        await desk.file("canary canary", **personal),
    ]
    status = await desk.client.get(accepted[0].json()["status_url"])

    assert [201, 201, 409, 422, 422, 422, 422, 400] == [one.status_code for one in accepted + refused]
    told = "".join(one.text for one in [*accepted, *refused, status]) + "".join(capsys.readouterr())
    assert "canary" not in told.lower()
    assert "complaint.accepted" in told
    assert "complaint.refused" in told
    assert [] == await columns_with(desk, "canary")


async def columns_with(desk: Desk, word: str) -> list[str]:
    """Search every column of every table of both databases for a word, as text and as bytes."""
    found = []
    for url in (desk.system.database_url, desk.system.keys_url):
        connection = await asyncpg.connect(url)
        try:
            tables = await connection.fetch(
                "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name"
                " FROM information_schema.tables"
                " WHERE table_type = 'BASE TABLE'"
                " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
            )
            for table in tables:
                hits = await connection.fetchval(
                    f"SELECT count(*) FROM {table['name']} AS t"
                    " WHERE t::text ILIKE '%' || $1 || '%' OR t::text LIKE '%' || $2 || '%'",
                    word,
                    word.encode().hex(),
                )
                if hits:
                    found.append(table["name"])
        finally:
            await connection.close()
    return found
