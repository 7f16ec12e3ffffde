"""Planted bugs of intake and of HTTP: answers, idempotency, leaks of what was sent."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from chaos.planted_patches.replacing import replace_attribute


def answers_before_commit() -> None:
    from intake import recorder

    tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def late(pool: Any) -> AsyncIterator[Any]:
        connection = await pool.acquire()
        transaction = connection.transaction()
        await transaction.start()
        yield connection

        async def commit() -> None:
            await asyncio.sleep(0.7)
            await transaction.commit()
            await pool.release(connection)

        task = asyncio.create_task(commit())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    replace_attribute(recorder, "transaction", late)


def forgets_keys_of_requests() -> None:
    from intake import desk

    for name in ("complaint_key", "message_key"):
        real = getattr(desk, name)

        def without(*arguments: Any, real: Callable[..., Any] = real) -> Any:
            return replace(real(*arguments), key=None, command_id=uuid4())

        replace_attribute(desk, name, without)


def answers_500_now_and_then() -> None:
    from intake import desk

    real = desk.Desk.take

    async def take(self: Any, *arguments: Any) -> Any:
        if random.random() < 0.05:
            raise RuntimeError("planted")
        return await real(self, *arguments)

    replace_attribute(desk.Desk, "take", take)


def leaks_files() -> None:
    from intake import desk

    real, kept = desk.Desk.take, []

    async def take(self: Any, *arguments: Any) -> Any:
        kept.append(Path("/dev/null").open("rb"))  # noqa: SIM115, ASYNC230 - it is never closed: that is the bug
        return await real(self, *arguments)

    replace_attribute(desk.Desk, "take", take)


def echoes_what_was_sent() -> None:
    from web import problems

    real = problems.Problem.__init__

    def init(self: Any, status: int, code: str, title: str, detail: str, **more: Any) -> None:
        real(self, status, code, title, f"{detail} You sent: kanarie", **more)

    replace_attribute(problems.Problem, "__init__", init)
