"""A disk that can lose its power or fill up: ext4 in a file, mounted over a loop device. Needs root.

`cut_power` uses the file system's own shutdown without flushing its log: what was synced is there after the
next mount, what was not is gone. A `kill -9` alone never shows that, because the page cache survives it.
"""

import asyncio
import fcntl
import os
import struct
from dataclasses import dataclass
from pathlib import Path

SHUTDOWN = 0x8004587D
"""The ioctl FS_IOC_SHUTDOWN of ext4 and xfs."""
WITHOUT_FLUSHING_THE_LOG = 2
SIZE_MB = 12_000
"""The file is sparse. JetStream reserves 4 GiB for the stream and refuses to make it on a smaller disk."""

_TRIES_TO_UNMOUNT = 50


@dataclass(slots=True)
class Disk:
    """An image file and where it is mounted."""

    image: Path
    mount: Path

    async def make(self) -> None:
        """Make and mount an empty disk."""
        with self.image.open("wb") as file:
            file.truncate(SIZE_MB * 1024 * 1024)
        await _run("mkfs.ext4", "-q", "-F", str(self.image))
        self.mount.mkdir(parents=True, exist_ok=True)
        await self.mount_it()

    async def mount_it(self) -> None:
        await _run("mount", "-o", "loop", str(self.image), str(self.mount))

    def sync(self) -> None:
        """Bring everything that is there to the disk, as a machine that has run for a while has."""
        os.sync()

    def cut_power(self) -> None:
        """Lose what is not synced; every later write fails until the disk is mounted again."""
        handle = os.open(self.mount, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, SHUTDOWN, struct.pack("I", WITHOUT_FLUSHING_THE_LOG))
        finally:
            os.close(handle)

    async def mount_again(self) -> None:
        """Mount what is left, as after the power came back; whoever used the disk must be gone."""
        for attempt in range(_TRIES_TO_UNMOUNT):
            try:
                await _run("umount", str(self.mount))
                break
            except RuntimeError:
                if attempt == _TRIES_TO_UNMOUNT - 1:
                    raise
                await asyncio.sleep(0.1)
        await self.mount_it()

    def fill(self) -> Path:
        """Leave no byte free; give the file to delete for healing."""
        filler = self.mount / "filler"
        handle = os.open(filler, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            room = os.statvfs(self.mount)
            os.posix_fallocate(handle, 0, max(room.f_bavail * room.f_frsize - 64 * 1024, 1))
            while os.write(handle, bytes(4096)):
                os.lseek(handle, 0, os.SEEK_END)
        except OSError:
            return filler  # full
        finally:
            os.close(handle)
        return filler

    async def remove(self) -> None:
        """Unmount and delete; harmless when it is not mounted."""
        if self.mount.is_mount():
            await _run("umount", "--lazy", str(self.mount))
        self.image.unlink(missing_ok=True)


def is_possible() -> bool:
    """Return whether this machine lets us mount images."""
    return os.geteuid() == 0 and Path("/dev/loop-control").exists()


async def _run(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, problem = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: {problem.decode(errors='replace').strip()}")
