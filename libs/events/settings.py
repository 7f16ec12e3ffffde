"""Settings from the environment, checked once at start; a wrong value is refused with its name.

All variables begin with `GEHOOR_`. In the embedded set-up the supervisor fills them for its children; with
servers of your own you set the addresses, and `gehoor provision` writes the passwords as files under
`$GEHOOR_HOME/secrets`.
"""

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from events.errors import Misconfigured
from events.secrets import NATS_USERS

_PREFIX = "GEHOOR_"

Port = Annotated[int, Field(ge=0, le=65535)]

LogLevel = Annotated[
    Literal["CRITICAL", "FATAL", "ERROR", "WARNING", "WARN", "INFO", "DEBUG", "NOTSET"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]
"""The names that Python's logging knows, in small letters or capitals."""


def _scheme(*allowed: str) -> AfterValidator:
    def check(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in allowed or not parts.hostname:
            raise ValueError(f"must look like {allowed[0]}://host:port/…")
        return value

    return AfterValidator(check)


def _readers(value: str) -> str:
    entries = value.split(",")
    names = [entry.partition("=")[0] for entry in entries]
    fit = all(re.fullmatch(r"[a-z][a-z0-9]{0,19}(=[a-z][a-z0-9-]{0,39})?", entry) for entry in entries)
    if not fit or len(set(names)) < len(names):
        raise ValueError(
            "must be different names of small letters and digits, separated by commas, each alone or with "
            "its organisation: reader,erp=ingressus"
        )
    if taken := set(names) & set(NATS_USERS):
        raise ValueError(f"{', '.join(sorted(taken))} is a user of Gehoor itself: choose another name")
    return value


class Settings(BaseModel):
    """Every setting of a process of Gehoor. Ports: 0 lets the system choose a free one.

    Made directly, it holds what it is given and defaults; only `load` reads the environment.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    home: Path = Path("var")
    database_url: Annotated[str, _scheme("postgresql", "postgres")] | None = None
    keys_url: Annotated[str, _scheme("postgresql", "postgres")] | None = None
    nats_url: Annotated[str, _scheme("nats", "tls")] | None = None
    smtp_url: Annotated[str, _scheme("smtp", "smtps")] | None = None
    master_key_file: Path | None = None
    public_url: Annotated[str, _scheme("http", "https")] | None = None
    bind: str = "127.0.0.1"
    replica: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,80}$")] | None = None
    readers: Annotated[str, AfterValidator(_readers)] = "reader"
    intake_port: Port = 8080
    console_port: Port = 8081
    workflow_port: Port = 8082
    mailbox_port: Port = 8025
    mailbox_smtp_port: Port = 1025
    health_port: Port = 0
    nats_replicas: Annotated[int, Field(ge=1, le=5)] = 1
    nats_stream_mib: Annotated[int, Field(ge=8, le=1_048_576)] = 4096
    clock_start: datetime | None = None
    clock_speed: Annotated[float, Field(gt=0, le=86_400)] | None = None
    demonstrations: bool = False
    log_level: LogLevel = "INFO"

    @field_validator("clock_start")
    @classmethod
    def _check_clock_start(cls, start: datetime | None) -> datetime | None:
        if start is not None and start.tzinfo is None:
            raise ValueError("needs an offset, for example 2026-03-30T08:00:00+02:00")
        return start

    @field_validator("demonstrations")
    @classmethod
    def _check_demonstrations(cls, wanted: bool, info: ValidationInfo) -> bool:
        """`gehoor up` sets it for its own services; a database of somebody's own takes no made-up cases."""
        host = urlsplit(info.data.get("database_url") or "").hostname
        if wanted and host is not None and host not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError(
                f"demonstrations exist in the embedded set-up only, and the database is at {host}: unset it"
            )
        return wanted

    @property
    def reader_scopes(self) -> dict[str, str | None]:
        """Who else reads the events, and of which organisation alone (None: of all).

        One bus user and one durable each.
        """
        entries = (entry.partition("=") for entry in self.readers.split(","))
        return {name: organisation or None for name, _, organisation in entries}

    @property
    def reader_names(self) -> tuple[str, ...]:
        return tuple(self.reader_scopes)

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    def database_for(self, role: str) -> str:
        """Give the event store's address with this role's name and its password from the secrets."""
        return self._address("GEHOOR_DATABASE_URL", self.database_url, f"gehoor_{role}", f"database-{role}")

    def keys_for(self, role: str) -> str:
        """Give the key store's address with this role's name and its password from the secrets."""
        return self._address("GEHOOR_KEYS_URL", self.keys_url, f"gehoor_{role}", f"keys-{role}")

    def nats_for(self, user: str) -> str:
        """Give the bus's address with this user's name and its password from the secrets."""
        return self._address("GEHOOR_NATS_URL", self.nats_url, user, f"nats-{user}")

    def secret(self, name: str) -> bytes:
        """Read one secret file; raises `Misconfigured` when it is not there."""
        path = self.secrets / name
        try:
            return path.read_bytes()
        except OSError as error:
            raise Misconfigured(
                f"{path}: {error.strerror}; run `gehoor provision`, or copy the secrets there"
            ) from error

    def master_key(self) -> bytes:
        """Read the 32-byte key that wraps every person's key; raises `Misconfigured` naming the file."""
        path = self.master_key_file or self.secrets / "master.key"
        try:
            key = path.read_bytes()
        except OSError as error:
            raise Misconfigured(f"GEHOOR_MASTER_KEY_FILE: {path}: {error.strerror}") from error
        if len(key) != 32:
            raise Misconfigured(f"GEHOOR_MASTER_KEY_FILE: {path} must hold 32 bytes, it holds {len(key)}")
        return key

    def _address(self, variable: str, base: str | None, user: str, secret: str) -> str:
        if base is None:
            raise Misconfigured(f"{variable} is not set: give the server's address, or use `gehoor up`")
        parts = urlsplit(base)
        password = quote(self.secret(secret).decode().strip(), safe="")
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        netloc = f"{quote(user, safe='')}:{password}@{host}" + (f":{parts.port}" if parts.port else "")
        return urlunsplit(parts._replace(netloc=netloc))


def load() -> Settings:
    """Read the settings from the environment; raises `Misconfigured` naming each wrong variable."""
    try:
        return Settings.model_validate(_from_environment())
    except ValidationError as error:
        problems = "; ".join(
            f"GEHOOR_{'_'.join(map(str, problem['loc'])).upper()}: {problem['msg']}"
            for problem in error.errors()
        )
        raise Misconfigured(problems) from error


def _from_environment() -> dict[str, str]:
    """Give the variables `GEHOOR_*` by the name of their setting, in small letters.

    Read here and not by pydantic-settings: that package costs a command a tenth of a second to import.
    """
    return {
        name[len(_PREFIX) :].lower(): value
        for name, value in os.environ.items()
        if name.upper().startswith(_PREFIX)  # gehoor_home is understood like GEHOOR_HOME
    }
