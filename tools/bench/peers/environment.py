"""Where the peers live: Python ones in `tools/bench/.venv-peers`, message-db's SQL in `tools/bench/.peers`.

Both are installed when a benchmark first needs them, from pinned versions, and never touch the product's
environment. What cannot be installed is left out of the table, with the reason.
"""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parents[1]
VENV = BENCH / ".venv-peers"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = BENCH / "requirements-peers.txt"
PACKAGES = BENCH / ".peers"
INSTALLS_WITHIN_S = 180


class NotHere(Exception):
    """A peer that cannot be installed on this machine, and why."""


def python() -> Path:
    """Return the interpreter of the peers' environment, made on first use; raises `NotHere`."""
    _refuse_if_unwanted()
    stamp = VENV / ".installed"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return PYTHON
    print("  installing the peers into tools/bench/.venv-peers (only the first time)", flush=True)
    if not PYTHON.exists():
        _run(sys.executable, "-m", "venv", str(VENV))
    install = (str(PYTHON), "-m", "pip", "install", "--quiet", "--require-hashes")
    _run(*install, "--requirement", str(REQUIREMENTS))
    stamp.write_text(wanted)
    return PYTHON


def npm_package(name: str, version: str) -> Path:
    """Return the folder of an npm package, fetched on first use without running its scripts."""
    _refuse_if_unwanted()
    folder = PACKAGES / "node_modules" / name
    manifest = folder / "package.json"
    if not manifest.exists() or json.loads(manifest.read_text())["version"] != version:
        PACKAGES.mkdir(exist_ok=True)
        _run("npm", "install", "--silent", "--no-save", "--ignore-scripts", "--prefix", str(PACKAGES),
             f"{name}@{version}")  # fmt: skip
    return folder


async def ask(script: str, **given: Any) -> Any:
    """Run a script of `bench/peers` in the peers' environment; it gets and gives JSON."""
    process = await asyncio.create_subprocess_exec(
        str(await asyncio.to_thread(python)),
        str(Path(__file__).parent / "scripts" / f"{script}.py"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    answer, complaint = await asyncio.wait_for(process.communicate(json.dumps(given).encode()), 170)
    if process.returncode != 0:
        last = (complaint.decode(errors="replace").strip().splitlines() or ["no output"])[-1]
        raise NotHere(f"{script}: {last[:200]}")
    return json.loads(answer.splitlines()[-1])


def _refuse_if_unwanted() -> None:
    if os.environ.get("PEERS") == "no":
        raise NotHere("PEERS=no")


def _run(*command: str) -> None:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")
    }
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=INSTALLS_WITHIN_S, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotHere(f"{command[0]}: {type(error).__name__}") from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise NotHere(f"{Path(command[0]).name}: {last[:200]}")
