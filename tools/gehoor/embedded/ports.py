"""Ports on 127.0.0.1: which are free, and which to use.

Chosen ports lie below the range the system hands to outgoing connections, so that a port remembered from
the last run is rarely taken by chance.
"""

import random
import socket

from events.errors import Misconfigured

HOST = "127.0.0.1"
_CHOSEN_FROM = range(15_000, 32_000)
_ATTEMPTS = 200


def is_free(port: int) -> bool:
    """Return whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose(preferred: int | None = None, *, avoid: frozenset[int] = frozenset()) -> int:
    """Give a free port, the preferred one when it can be had; raises `Misconfigured` when none is free."""
    if preferred and preferred not in avoid and is_free(preferred):
        return preferred
    for _ in range(_ATTEMPTS):
        port = random.choice(_CHOSEN_FROM)  # noqa: S311 - not a secret
        if port not in avoid and is_free(port):
            return port
    raise Misconfigured(
        f"no free port found on {HOST} after {_ATTEMPTS} attempts; stop something that listens"
    )


def require(variable: str, port: int) -> int:
    """Give the port of a public address; raises `Misconfigured` with the variable when it is taken."""
    if port == 0:
        return choose()
    if not is_free(port):
        reason = "needs administrator rights" if _is_privileged(port) else "is taken by another program"
        raise Misconfigured(
            f"{variable}: port {port} {reason}; stop that program (ss -ltnp 'sport = :{port}' names it) "
            f"or choose another port, for example {variable}={choose()}"
        )
    return port


def _is_privileged(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return True
        except OSError:
            return False
    return False
