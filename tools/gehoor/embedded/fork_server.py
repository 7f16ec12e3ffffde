"""Starts services quickly: one process imports what they share, and each service is a fork of it.

Five services each need two seconds of processor time only to import the same libraries; on two cores that is
most of a start. This program imports them once, then forks on request. A fork is a process of its own, in its
own session, with its own log, environment and end; it imports its service's own code itself, so that no
service sees another's. Run as `python -m gehoor.embedded.fork_server FD` with one end of a socket;
`fork_client.py` holds the other. When that end closes, or the supervisor dies, this process ends, and the
kernel sends its forks their stop signal.
"""

import atexit
import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
from importlib import import_module
from typing import Any, NoReturn

SHARED = (
    "service.host",
    "fastapi",
    "holidays",
    "procedures.library",
    "procedures.counting.calendars",
    "joserfc.jws",
    "jinja2",
)
"""What at least two services import, and nothing that belongs to one of them."""

UNLOADED = ("pydantic.v1", "rich")
"""FastAPI and structlog load these when they can, and our services never use them: seven megabytes each."""

LONGEST_REQUEST_BYTES = 256 * 1024
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15


def main() -> None:
    """Import, then serve requests until the other end closes."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    # A handler that does nothing: SIGCHLD without a handler writes nothing to the wake-up pipe, and select
    # would not return when a fork ends.
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    sys.modules.update(dict.fromkeys(UNLOADED))  # type: ignore[arg-type]  # None: importing it fails
    for name in SHARED:
        with contextlib.suppress(ImportError):  # the service that needs it will say so in its own log
            import_module(name)
    # Frozen objects are never visited by the collector: visiting writes to their pages, and each fork would
    # get a copy of all memory that it shares with the others.
    gc.collect()
    gc.freeze()
    while True:
        ready, _, _ = select.select([channel.fileno(), wake_read], [], [])
        if wake_read in ready:
            os.read(wake_read, 4096)
            _report_ended(channel)
        if channel.fileno() in ready:
            request = channel.recv(LONGEST_REQUEST_BYTES)
            if not request:
                return
            pid = _fork(json.loads(request), channel, (wake_read, wake_write))
            channel.send(json.dumps({"started": pid}).encode())


def _report_ended(channel: socket.socket) -> None:
    """Collect every fork that has ended and send its exit code."""
    while True:  # several forks that end at once give one SIGCHLD
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        channel.send(json.dumps({"ended": pid, "code": os.waitstatus_to_exitcode(status)}).encode())


def _fork(request: dict[str, Any], channel: socket.socket, pipe: tuple[int, int]) -> int:
    """Fork, and give the pid of the new process; the fork itself never returns from here."""
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _run_in_fork(request, parent, channel, pipe)
    return pid


def _run_in_fork(
    request: dict[str, Any], parent: int, channel: socket.socket, pipe: tuple[int, int]
) -> NoReturn:
    code = 1
    try:
        # Back to what an ordinary process has: the service installs handlers of its own, and a socket that is
        # open here as well would not close when the fork server ends.
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        channel.close()
        for end in pipe:
            os.close(end)
        _become(request, parent)
        code = _run(request["module"])
    except BaseException:  # noqa: BLE001 - a fork must never return into the server's loop
        traceback.print_exc()
    _end(code)


def _become(request: dict[str, Any], parent: int) -> None:
    """Give the fork its own session, death signal, name, log, environment and folder."""
    os.setsid()  # Ctrl-C in the terminal goes to the supervisor alone, and killpg reaches its helpers
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_PDEATHSIG, request["death_signal"], 0, 0, 0)
    prctl(_PR_SET_NAME, request["name"].encode()[:15], 0, 0, 0)
    # The death signal only comes for a parent that dies after prctl. If it died before, nobody would ever
    # stop this fork.
    if os.getppid() != parent:
        _end(1)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = [request["module"]]


def _run(module: str) -> int:
    """Do what `python -m module` would do, and give the exit code."""
    try:
        package = import_module(module)
        entry = import_module(f"{module}.__main__") if hasattr(package, "__path__") else package
        entry.main()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    return 0


def _end(code: int) -> NoReturn:
    """End this fork without unwinding into the fork server's loop."""
    # os._exit skips exit handlers and buffers, so both are done by hand.
    with contextlib.suppress(Exception):
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
