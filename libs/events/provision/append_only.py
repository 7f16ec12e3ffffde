"""What keeps the record append-only: who may append which events, and the triggers that refuse every change.

Both are compared first and changed only where they differ, because a change locks the table of events: every
append would wait for it, and it would wait for every long reader.
"""

from collections.abc import Mapping

import asyncpg
import structlog

from events.catalogue import CATALOGUE
from events.provision.clusters import OWNER
from events.provision.table_locks import to_change

log = structlog.get_logger()

_ROLE_OF = {"keys": "keeper"}
"""The role of an emitter in the catalogue, where it has another name."""

_POLICIES = """
SELECT policyname, permissive, roles::text[], cmd, qual, with_check FROM pg_policies
WHERE schemaname = 'gehoor' AND tablename = 'event'
"""
_ONLY_AS_POLICIES_SAY = "SELECT relrowsecurity FROM pg_class WHERE oid = 'gehoor.event'::regclass"

_UNGUARDED = """
SELECT tables.oid::regclass::text AS "table", names.name AS "trigger", t.oid IS NULL AS missing
FROM (SELECT to_regclass('gehoor.event')::oid AS oid
      UNION SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass('gehoor.event')) tables
CROSS JOIN (VALUES ('event_is_never_changed'), ('event_is_never_emptied')) names(name)
LEFT JOIN pg_trigger t ON t.tgrelid = tables.oid AND t.tgname = names.name
WHERE tables.oid IS NOT NULL AND t.tgenabled IS DISTINCT FROM 'A'
ORDER BY tables.oid, names.name
"""
"""The migration makes both triggers on the parent and on each partition, ENABLE ALWAYS."""

_TRIGGER = {
    "event_is_never_changed": "BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW",
    "event_is_never_emptied": "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT",
}


async def unguarded(connection: asyncpg.Connection) -> list[str]:
    """Return each append-only trigger that is not as it was made; any role that sees events may ask."""
    return [_named(row) for row in await connection.fetch(_UNGUARDED)]


async def grant_appends(url: str) -> None:
    """Let each service append the events it emits and no others, as the catalogue says.

    Raises `Misconfigured` when the table is in use for too long: run it again later.
    """
    async with to_change(url) as connection, connection.transaction():
        found = {row["policyname"]: tuple(row)[1:] for row in await connection.fetch(_POLICIES)}
        wanted = _policies()
        wrong = [name for name, policy in wanted.items() if found.get(name) != policy]
        is_on = await connection.fetchval(_ONLY_AS_POLICIES_SAY)
        if is_on and not wrong:
            return
        await connection.execute(f"SET LOCAL ROLE {OWNER}")
        if not is_on:
            await connection.execute("ALTER TABLE gehoor.event ENABLE ROW LEVEL SECURITY")
        for name in wrong:
            _, (role,), command, using, check = wanted[name]
            await connection.execute(f"DROP POLICY IF EXISTS {name} ON gehoor.event")
            await connection.execute(
                f"CREATE POLICY {name} ON gehoor.event FOR {command} TO {role} "
                + (f"USING ({using})" if using is not None else f"WITH CHECK ({check})")
            )


_Policy = tuple[str, list[str], str, str | None, str | None]
"""As `pg_policies` shows it: permissive, for whom, for what, which rows are seen, which may be added."""


def _policies() -> Mapping[str, _Policy]:
    """Return the policies of the event table by name, written as Postgres shows them.

    Should a version of Postgres show them in another way, they are only made anew each time.
    """
    types: dict[str, list[str]] = {}
    for name, event in CATALOGUE.items():
        types.setdefault(_ROLE_OF.get(event.emitted_by, event.emitted_by), []).append(f"'{name}'::text")
    appending: dict[str, _Policy] = {
        f"appending_{role}": ("PERMISSIVE", [f"gehoor_{role}"], "INSERT", None, _one_of(sorted(names)))
        for role, names in types.items()
    }
    return {"reading": ("PERMISSIVE", ["public"], "SELECT", "true", None), **appending}


def _one_of(types: list[str]) -> str:
    return f"(type = {types[0]})" if len(types) == 1 else f"(type = ANY (ARRAY[{', '.join(types)}]))"


async def guard_the_record(url: str) -> list[str]:
    """Switch the append-only triggers on again where an administrator switched them off or removed them.

    Returns a line for each. Raises `Misconfigured` when the table is in use for too long: run it again later.
    """
    async with to_change(url) as connection, connection.transaction():
        found = await connection.fetch(_UNGUARDED)
        if not found:
            return []
        await connection.execute(f"SET LOCAL ROLE {OWNER}")
        # Asked anew after each change, the parent first: a trigger made there is made on each partition too,
        # but not yet as ALWAYS, and without that a session in replication mode would not fire it.
        while rows := await connection.fetch(_UNGUARDED):
            await _switch_on(connection, rows[0])
    for row in found:
        log.warning("trigger.was_off", table=row["table"], trigger=row["trigger"], missing=row["missing"])
    return [f"{_named(row)}: on again" for row in found]


async def _switch_on(connection: asyncpg.Connection, row: asyncpg.Record) -> None:
    table, trigger = row["table"], row["trigger"]
    if row["missing"]:
        what = _TRIGGER[trigger].format(table=table)
        await connection.execute(f"CREATE TRIGGER {trigger} {what} EXECUTE FUNCTION gehoor.refuse_change()")
    await connection.execute(f"ALTER TABLE ONLY {table} ENABLE ALWAYS TRIGGER {trigger}")


def _named(row: asyncpg.Record) -> str:
    return f"{row['trigger']} on {row['table']} was {'removed' if row['missing'] else 'off'}"
