"""Settings of the set-up that runs in this home: what the environment does not say, `run.json` does.

Commands that talk to a running system begin here, so that `gehoor history REF` needs no addresses.
"""

from pathlib import Path

from events.errors import Misconfigured
from events.settings import Settings, load
from gehoor.embedded.home import Home, RunRecord


def record(settings: Settings) -> RunRecord:
    """Give what `gehoor up` wrote in this home."""
    return Home(settings.home).read()


def connected(home: Path | None = None) -> Settings:
    """Give settings with every address; raises `Misconfigured` when there is neither a setting nor a run."""
    settings = load()
    if home is not None:
        settings = settings.model_copy(update={"home": home})
    run = record(settings)
    missing = {
        name: getattr(run, name)
        for name in ("database_url", "keys_url", "nats_url", "smtp_url")
        if getattr(settings, name) is None and getattr(run, name) is not None
    }
    settings = settings.model_copy(update={**missing, "home": settings.home.absolute()})
    if settings.database_url is None:
        raise Misconfigured(
            f"nothing has run in {settings.home} yet: start it with `make run` (or `gehoor up`), "
            "or set GEHOOR_HOME to the folder of the running one"
        )
    return settings


def address(settings: Settings, name: str, variable: str) -> str:
    """Give the address of a public part (`intake`, `workflow`); raises `Misconfigured` when nothing runs."""
    found = record(settings).urls.get(name)
    if found is None:
        raise Misconfigured(
            f"{name} runs nowhere that {settings.home} knows of: `make run`, or set {variable}"
        )
    return found
