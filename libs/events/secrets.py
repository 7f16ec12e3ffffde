"""Secrets as files under `$GEHOOR_HOME/secrets`, readable by their owner only.

Each is made once and never overwritten: a home keeps its keys for life. Which database role and which bus
user exists is listed here, because each has exactly one secret.
"""

import os
import secrets as randomness
from collections.abc import Sequence
from pathlib import Path

SERVICES = ("intake", "workflow", "deadlines", "notifier")
CONSUMERS = ("workflow", "deadlines", "notifier")
DATABASE_ROLES = (*SERVICES, "relay", "keeper", "auditor")
KEYS_ROLES = ("intake", "workflow", "notifier", "keeper")
NATS_USERS = (*SERVICES, "relay", "provisioner")
KEYS_32_BYTES = ("master.key", "token.key", "status.key", "fingerprint.key", "message.key")


def ensure(home: Path, readers: Sequence[str] = ("reader",)) -> None:
    """Make every secret that is not there yet; safe to repeat, also while others read.

    `readers` are the bus users of integrators, beside those of the services.
    """
    folder = home / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in KEYS_32_BYTES:
        _write_once(folder / name, randomness.token_bytes(32))
    _write_once(folder / "receipt.key", _new_signing_key())
    passwords = (
        *(f"database-{role}" for role in DATABASE_ROLES),
        *(f"keys-{role}" for role in KEYS_ROLES),
        *(f"nats-{user}" for user in (*NATS_USERS, *readers)),
    )
    for name in passwords:
        _write_once(folder / name, randomness.token_urlsafe(24).encode())


def _new_signing_key() -> bytes:
    # Imported here: the settings import this file for its names, so every command would import cryptography.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_once(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all; somebody else's earlier one stays."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{randomness.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first: its secret holds
    finally:
        draft.unlink()
