"""Keys of commands are remembered for ninety days; what they did is known by the case itself for ever."""

import asyncpg
import pytest

from service.idempotency_expiry import IdempotencyExpiryLoop
from service.running import Service
from workflow.__main__ import main
from workflow.command_handler import REQUEST_KEYS
from workflow.obligations import NO_MATRIX
from workflow_servers import Desk

pytestmark = pytest.mark.postgres

KEYS = "SELECT key FROM workflow.repeat WHERE scope = 'workflow/staff:aged' ORDER BY key"
ESCALATION = {"to": "des-03", "role": "team lead", "reason": "Wacht al lang."}


async def remember(desk: Desk, **days: int) -> asyncpg.Pool:
    """Write down keys that came so many days ago."""
    admin = await desk.system.pool_of("admin")
    await admin.executemany(
        "INSERT INTO workflow.repeat (scope, key, fingerprint, case_id, response, recorded_at)"
        " VALUES ('workflow/staff:aged', $1, '', gen_random_uuid(), '',"
        " gehoor.clock_now() - make_interval(days => $2))",
        list(days.items()),
    )
    return admin


async def forget(desk: Desk) -> None:
    """Let ninety-one days pass for all keys, and workflow forget them."""
    admin = await desk.system.pool_of("admin")
    await admin.execute("UPDATE workflow.repeat SET recorded_at = recorded_at - interval '91 days'")
    loop = IdempotencyExpiryLoop(desk.platform, REQUEST_KEYS)
    while await loop.run_once():
        pass
    assert 0 == await admin.fetchval("SELECT count(*) FROM workflow.repeat")


async def test_only_keys_older_than_ninety_days_are_forgotten(desk: Desk) -> None:
    """A key of last month still prevents a second effect; one of last year is gone."""
    await forget(desk)
    admin = await remember(desk, yesterday=1, month=30, almost=89, old=91, older=400)
    loop = IdempotencyExpiryLoop(desk.platform, REQUEST_KEYS)

    forgotten = await loop.run_once()
    again = await loop.run_once()

    assert (2, 0) == (forgotten, again)
    assert ["almost", "month", "yesterday"] == [row["key"] for row in await admin.fetch(KEYS)]


async def test_workflow_cannot_forget_or_age_a_young_key(desk: Desk) -> None:
    """Not even workflow itself can take back a key that may still be repeated."""
    admin = await remember(desk, young=5)

    await desk.platform.pool.execute("UPDATE workflow.repeat SET recorded_at = '2000-01-01'")
    await desk.platform.pool.execute("DELETE FROM workflow.repeat")

    assert "young" in [row["key"] for row in await admin.fetch(KEYS)]


async def test_workflow_forgets_by_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to remember to clean up: the running service looks every hour."""
    started: list[Service] = []
    monkeypatch.setattr("workflow.__main__.run", started.append)

    main()

    assert ["keys of requests"] == [make(desk.platform).name for make in started[0].loops]


async def test_a_command_repeated_after_its_key_was_forgotten_is_answered_as_before(desk: Desk) -> None:
    """Whoever sends a command again after half a year hears what it did, and it is not done twice."""
    case_id, reference = await desk.opened("destiny")
    headers = {"if_match": '"3"', "idempotency_key": "late-1"}
    first = await desk.command(reference, "escalate", ESCALATION, **headers)
    await desk.command(reference, "escalate", ESCALATION, if_match='"4"')
    await forget(desk)

    again = await desk.command(reference, "escalate", ESCALATION, **headers)

    assert [NO_MATRIX] == again.json()["notices"]
    assert (200, first.content, first.headers["ETag"]) == (
        again.status_code,
        again.content,
        again.headers["ETag"],
    )
    assert "true" == again.headers["Idempotency-Replayed"]
    assert 5 == (await desk.platform.store.history(case_id)).version


async def test_a_command_about_two_cases_is_known_again_in_both(desk: Desk) -> None:
    """A link that was made half a year ago is not made again, on either side."""
    case_id, reference = await desk.opened("destiny")
    other_id, other = await desk.opened("destiny")
    body = {"other": other, "relation": "same matter"}
    headers = {"if_match": '"3"', "idempotency_key": "late-2"}
    first = await desk.command(reference, "link", body, **headers)
    await forget(desk)

    again = await desk.command(reference, "link", body, **headers)

    assert (200, first.content) == (again.status_code, again.content)
    assert 4 == (await desk.platform.store.history(case_id)).version
    assert 4 == (await desk.platform.store.history(other_id)).version


async def test_another_command_under_a_forgotten_key_is_a_new_one(desk: Desk) -> None:
    """A key that is used anew after half a year names what it is used for now, and nothing is lost."""
    case_id, reference = await desk.opened("destiny")
    await desk.command(reference, "escalate", ESCALATION, if_match='"3"', idempotency_key="late-3")
    await forget(desk)
    body = ESCALATION | {"reason": "Nu echt."}

    stale = await desk.command(reference, "escalate", body, if_match='"3"', idempotency_key="late-3")
    done = await desk.command(reference, "escalate", body, if_match='"4"', idempotency_key="late-3")
    again = await desk.command(reference, "escalate", body, if_match='"4"', idempotency_key="late-3")

    assert (412, 200, 200) == (stale.status_code, done.status_code, again.status_code)
    assert done.content == again.content
    assert 5 == (await desk.platform.store.history(case_id)).version
