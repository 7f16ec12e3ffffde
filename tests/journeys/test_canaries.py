"""Personal words are traced through the whole system: they stand in the mails, and nowhere else in clear.

A canary is a word that occurs in no text of ours. It is looked for as it is, in capitals, and as hexadecimal
or base64 digits, in which bytes are shown and wrapped.
"""

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from whole_system import HAPPENS_WITHIN_S, WholeSystem

READ_AT_ONCE = 4 * 1024 * 1024

pytestmark = pytest.mark.journey


def complaint(word: str, **changes: Any) -> dict[str, Any]:
    """Give a complaint with the canary in every field that can hold a word of the sender's own."""
    return {
        "organisation": "supportoplus",
        "channel": "portal",
        "description": f"{word} description",
        "nature": f"{word} nature",
        "remedy_sought": f"{word} remedy",
        "language": f"{word}-lang",
        "references": [f"{word}-1", f"{word}-2"],
        "complainant": {
            "name": f"Noor {word}",
            "company": f"{word} bv",
            "role": f"{word} role",
            "email": f"{word}@{word}.example",
            "phone": f"{word} 06",
            "address": f"{word}straat 1\n0000 AA Voorbeeldstad",
            "reachability": f"{word} morning",
        },
        "about": {"name": f"Willem {word}", "function": f"{word} function"},
        **changes,
    }


def forms(word: str) -> list[bytes]:
    """Give the ways in which the word could lie somewhere: plain, as hexadecimal and as base64 digits."""
    raw = word.encode()
    wrapped = [base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4] for shift in range(3)]
    return [raw, raw.upper(), raw.hex().encode(), *wrapped]


def files_with(word: str, folder: Path, leave_out: frozenset[str] = frozenset()) -> list[str]:
    """List the files under a folder in which the word lies in any form; the named subfolders are not read."""
    wanted = forms(word)
    found = []
    for path in _files(folder, leave_out):
        try:
            with path.open("rb") as file:
                rest = b""
                while part := file.read(READ_AT_ONCE):
                    if any(form in rest + part for form in wanted):
                        found.append(str(path.relative_to(folder)))
                        break
                    rest = part[-200:]
        except FileNotFoundError:
            continue  # it was a temporary file of a server
    return found


def _files(folder: Path, leave_out: frozenset[str]) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in leave_out]
        yield from (path for name in names if (path := Path(place, name)).is_file())


async def tables_with(system: WholeSystem, word: str) -> list[str]:
    """List the tables of both databases in which any row holds the word, in any column and form."""
    patterns = [f"%{form.decode()}%" for form in forms(word)]
    found = []
    for database in ("gehoor", "gehoor_keys"):
        async with system.database(database) as connection:
            tables = await connection.fetch(
                "SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c"
                " JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE c.relkind IN ('r', 'p', 'm')"
                " AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
            )
            assert tables
            for table in tables:
                holds_it = f"SELECT EXISTS (SELECT FROM {table['name']} AS t WHERE t::text LIKE ANY($1))"
                if await connection.fetchval(holds_it, patterns):
                    found.append(f"{database}:{table['name']}")
    return found


async def test_personal_words_are_nowhere_but_in_the_mails(running: WholeSystem) -> None:
    """Words from every personal field, accepted or refused, lie in no log, store, table, metric or answer."""
    word = f"kanarie{uuid4().hex[:12]}"
    told: list[str] = []

    key = f"{word}-key"
    accepted = await running.file(complaint(word), key)
    again = await running.file(complaint(word), key)
    posted = await running.file(complaint(word, complainant={"name": word, "address": f"{word}straat 2"}))
    refused = [
        await running.file(complaint(word, description=f"{word} other"), key),
        await running.file(complaint(word, organisation=word)),
        await running.file(complaint(word, channel=word)),
        await running.file(complaint(word, reported_on=word)),
        await running.file(complaint(word, received_at=word)),
        await running.file(complaint(word, complainant={"email": f"{word} {word}"})),
        await running.file(complaint(word) | {word: word}),
        await running.file(complaint(word), f"{word} {word}"),
        await running.file(complaint(word), headers={"Authorization": f"Bearer {word}"}),
        await running.file(complaint(word), headers={"Content-Type": f"text/{word}"}),
    ]
    hostile = {
        "User-Agent": word, "Referer": f"https://{word}.example/", "Cookie": f"c={word}", "Origin": word,
        "X-Forwarded-For": word, "X-Request-Id": word, "traceparent": f"00-{word}", "tracestate": f"a={word}",
    }  # fmt: skip
    strange = await running.file(complaint(word), headers=hostile)
    async with httpx2.AsyncClient(base_url=running.intake, timeout=HAPPENS_WITHIN_S) as client:
        lost = [
            await client.get(f"/{word}?name={word}"),
            await client.get(f"/status/{word}"),
            await client.post(f"/v1/complaints/{word}", content=word),
        ]
        status = await client.get(accepted.json()["status_url"])
    for answer in (accepted, posted, strange):
        types = ("LetterPrepared",) if answer is posted else ("LetterSent",)
        await running.until_told(answer.json()["reference"], *types)
    staff = await running.case(f"DES-{word}")
    metrics = [
        await metrics_of(running, name) for name in ("intake", "workflow", "deadlines", "notifier", "relay")
    ]
    listed = await running.gehoor(
        "history", accepted.json()["reference"], "--json", GEHOOR_TOKEN=auditor(running)
    )

    assert [201] * 4 == [one.status_code for one in (accepted, again, posted, strange)]
    assert all(400 <= one.status_code < 500 for one in [*refused, *lost, staff]), [
        one.status_code for one in [*refused, *lost, staff]
    ]
    for one in [accepted, again, posted, strange, *refused, *lost, staff, status]:
        told += [one.text, str(one.headers)]
    said = "".join([*told, *metrics, listed.out, listed.err]).lower()
    assert [] == [form for form in forms(word) if form.decode().lower() in said]
    assert [] == await tables_with(running, word)
    assert [] == files_with(word, running.home, leave_out=frozenset({"mailbox"}))
    assert [] == files_with(word, running.home.parent, leave_out=frozenset({"h"}))
    mails = await running.mails_of(accepted.json()["reference"])
    assert [True] * len(mails) == [f"Noor {word}" in mail["Text"] for mail in mails] != []
    assert files_with(word, running.home / "mailbox")


async def test_a_planted_word_would_be_found(running: WholeSystem) -> None:
    """The search is not blind: a word left in a log, a table of text or of bytes, or a store is found."""
    word = f"kanarie{uuid4().hex[:12]}"
    for place, content in (
        ("log/planted.log", word.encode()),
        ("nats/planted", b"x" * (READ_AT_ONCE - 5) + word.encode()),
        ("nats/wrapped", base64.b64encode(f'{{"name": "{word}"}}'.encode())),
    ):
        planted = running.home / place
        planted.write_bytes(content)
        try:
            assert [place] == files_with(word, running.home, leave_out=frozenset({"mailbox"}))
        finally:
            planted.unlink()
    for database in ("gehoor", "gehoor_keys"):
        async with running.database(database) as connection:
            await connection.execute("CREATE SCHEMA planted")
            try:
                await connection.execute("CREATE TABLE planted.texts AS SELECT 1 AS a, $1::text AS b", word)
                await connection.execute(
                    "CREATE TABLE planted.bytes AS SELECT $1::bytea AS a", f"<{word}>".encode()
                )
                found = await tables_with(running, word)
            finally:
                await connection.execute("DROP SCHEMA planted CASCADE")
        assert {f"{database}:planted.texts", f"{database}:planted.bytes"} == set(found)
    assert files_with(word, running.home / "postgres"), "what was written by Postgres is read, too"


async def metrics_of(system: WholeSystem, name: str) -> str:
    """Give the metrics of one service."""
    port = system.record.ports[name]
    async with httpx2.AsyncClient(timeout=HAPPENS_WITHIN_S) as client:
        answer = await client.get(f"http://127.0.0.1:{port}/metrics")
    assert answer.status_code == 200, name
    return answer.text


def auditor(system: WholeSystem) -> str:
    """Give the token of somebody who may not see personal fields."""
    return (system.home / "tokens" / "auditor").read_text().strip()
