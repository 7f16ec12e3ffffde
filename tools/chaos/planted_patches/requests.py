"""Planted bugs of intake and of HTTP: answers, idempotency, leaks of what was sent."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

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
    from intake.channels import sender

    replace_attribute(sender.Sender, "repeatable", lambda *_: None)


def answers_500_now_and_then() -> None:
    from intake.channels import api

    real = api.Desk.take

    async def take(self: Any, *arguments: Any) -> Any:
        if random.random() < 0.05:
            raise RuntimeError("planted")
        return await real(self, *arguments)

    replace_attribute(api.Desk, "take", take)


def leaks_files() -> None:
    from intake.channels import api

    real, kept = api.Desk.take, []

    async def take(self: Any, *arguments: Any) -> Any:
        kept.append(Path("/dev/null").open("rb"))  # noqa: SIM115, ASYNC230 - it is never closed: that is the bug
        return await real(self, *arguments)

    replace_attribute(api.Desk, "take", take)


def echoes_what_was_sent() -> None:
    from web import problems

    real = problems.Problem.__init__

    def init(self: Any, status: int, code: str, title: str, detail: str, **more: Any) -> None:
        real(self, status, code, title, f"{detail} You sent: kanarie", **more)

    replace_attribute(problems.Problem, "__init__", init)
