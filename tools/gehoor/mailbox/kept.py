"""The mails this mailbox keeps: one file each, the newest ones, bounded in number and size.

Always holds: a restart shows the same mails; a mail is never executed, fetched from or sent on. Files are not
fsynced: this is a development aid, and the truth about a letter is in its case.
"""

import json
import secrets
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog

log = structlog.get_logger()

MOST_MAILS = 5_000
MOST_BYTES = 200 * 1024 * 1024
_SUFFIX = ".mail"


@dataclass(slots=True)
class Kept:
    """One mail on disk; `created_at` is when it came, in UTC."""

    id: str
    created_at: datetime
    size: int
    sender: str
    recipients: tuple[str, ...]
    is_read: bool = field(default=False, compare=False)


class MailFolder:
    """Keeps mails under one folder, newest last; all in one thread."""

    def __init__(self, folder: Path, most_mails: int = MOST_MAILS, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_mails = most_mails
        self._most_bytes = most_bytes
        self._mails: OrderedDict[str, Kept] = OrderedDict()  # a dict slows down when its head goes
        self._bytes = 0
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in sorted(folder.glob(f"*{_SUFFIX}")):
            self._remember(path)
        self._forget_oldest()

    def __len__(self) -> int:
        return len(self._mails)

    def __iter__(self) -> Iterator[Kept]:
        """Give the mails, newest first."""
        return reversed(list(self._mails.values()))

    @property
    def unread(self) -> int:
        return sum(not mail.is_read for mail in self._mails.values())

    def add(self, content: bytes, sender: str, recipients: Sequence[str], at: datetime) -> Kept:
        """Keep a mail; the oldest ones go when there are too many."""
        order = int(at.timestamp() * 1_000_000)
        mail = Kept(f"{order:016d}{secrets.token_hex(4)}", at, len(content), sender, tuple(recipients))
        envelope = json.dumps({"sender": sender, "recipients": list(recipients)}).encode()
        self._path(mail.id).write_bytes(envelope + b"\n" + content)
        self._mails[mail.id] = mail
        self._bytes += mail.size
        self._forget_oldest()
        return mail

    def find(self, mail_id: str) -> Kept | None:
        """Find a mail by its identifier; `latest` is the newest."""
        return next(iter(self), None) if mail_id == "latest" else self._mails.get(mail_id)

    def content(self, mail: Kept) -> bytes:
        """Read the bytes as they came over SMTP; empty when somebody deleted the file."""
        try:
            return self._path(mail.id).read_bytes().partition(b"\n")[2]
        except FileNotFoundError:
            return b""

    def delete(self, mail_ids: Sequence[str] = ()) -> None:
        """Delete these mails, or all of them when none is named."""
        for mail_id in list(mail_ids or self._mails):
            mail = self._mails.pop(mail_id, None)
            if mail is not None:
                self._bytes -= mail.size
                self._path(mail.id).unlink(missing_ok=True)

    def _remember(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                first = file.readline()
            envelope = json.loads(first)
            created_at = datetime.fromtimestamp(int(path.stem[:16]) / 1_000_000, UTC)
            size = path.stat().st_size - len(first)
            mail = Kept(path.stem, created_at, size, envelope["sender"], tuple(envelope["recipients"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("mailbox.unreadable_file", file=path.name, error=type(error).__name__)
            return
        self._mails[mail.id] = mail
        self._bytes += size

    def _forget_oldest(self) -> None:
        while len(self._mails) > self._most_mails or (
            self._bytes > self._most_bytes and len(self._mails) > 1
        ):
            self.delete([next(iter(self._mails))])

    def _path(self, mail_id: str) -> Path:
        return self._folder / f"{mail_id}{_SUFFIX}"
