"""A server that does not answer: reported in one line with its remedy, for every command alike.

Only what can come of connecting is taken for it; any other error keeps its traceback, because it is ours.
"""

import errno
import socket
import sys

_AWAY = frozenset({errno.ENOENT, errno.EHOSTUNREACH, errno.ENETUNREACH})
_ASYNCIO_WORDS = "Connect call failed"
"""How asyncio words each refusal where a host has several addresses; such an error has no number."""


def suspects() -> tuple[type[Exception], ...]:
    """Give what may come of a server that is away, starts or goes; asyncpg is not imported for it."""
    asyncpg = sys.modules.get("asyncpg")
    if asyncpg is None:
        return (OSError,)
    return (
        OSError,
        asyncpg.PostgresConnectionError,
        asyncpg.CannotConnectNowError,
        asyncpg.AdminShutdownError,
        asyncpg.CrashShutdownError,
    )


def unreachable(problem: BaseException) -> str | None:
    """Describe in one line what could not be reached and what to do; None for any other problem."""
    if isinstance(problem, OSError) and not _of_connecting(problem):
        return None
    if not isinstance(problem, suspects()):
        return None
    reason = " ".join(str(problem).split()) or "no answer in time"
    return (
        f"the store cannot be reached: {reason}; start it with `make run` (or `gehoor up`), "
        "or correct GEHOOR_HOME, GEHOOR_DATABASE_URL or GEHOOR_KEYS_URL"
    )


def _of_connecting(problem: OSError) -> bool:
    if isinstance(problem, ConnectionError | TimeoutError | socket.gaierror):
        return True
    return problem.filename is None and (problem.errno in _AWAY or _ASYNCIO_WORDS in str(problem))
