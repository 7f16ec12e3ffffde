"""The workflow API as an application: its routes, its guards, and what they need.

Every caller brings a bearer token. Cases are read in `cases.py`, letters in `letters.py`, and commands are
given in `commands.py`.
"""

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer

from events.platform import Platform
from procedures.library import library
from web.answers import install
from web.bodies import BodyGuard
from web.unavailable import answer_store_away, answer_unreadable
from workflow.api.cases import reading
from workflow.api.commands import commanding
from workflow.api.letters import reading_letters

BODY_LIMIT_BYTES = 64 * 1024
"""A command is a choice and a reason; documents come another way."""


def application(platform: Platform) -> FastAPI:
    """Make the HTTP application; raises `BrokenProcedure` or `Misconfigured` when it could not serve."""
    library()
    app = skeleton()
    app.state.platform = platform
    app.state.token_key = platform.settings.secret("token.key")
    app.state.fingerprint_key = platform.settings.secret("fingerprint.key")
    return app


def skeleton() -> FastAPI:
    """Make the application without its connections: enough for its OpenAPI document."""
    app = FastAPI(
        title="Gehoor workflow",
        version="1",
        description="Cases, and the commands about them. Every call brings a bearer token.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(HTTPBearer(auto_error=False))],
    )
    app.include_router(commanding)
    app.include_router(reading)
    app.include_router(reading_letters)
    answer_store_away(app)
    answer_unreadable(app)
    app.add_middleware(BodyGuard, limit_bytes=BODY_LIMIT_BYTES)
    install(app)
    return app
