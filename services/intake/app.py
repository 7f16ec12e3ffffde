"""The HTTP application of intake: its routes, its guards, and the desk they hand everything to.

There is no CORS: a browser of another site has no business here.
"""

from typing import NoReturn

from fastapi import FastAPI, Request

from events.platform import Platform
from intake.channels.api import checking, filing
from intake.channels.messages import adding
from intake.desk import Desk
from intake.group_commit import TooBusy
from intake.metrics import report_refused
from intake.status.route import looking
from procedures.library import library
from procedures.organisations import admit_demonstrations, organisations
from web.answers import install
from web.bodies import BodyGuard
from web.headers import SecureAnswers
from web.problems import Problem
from web.unavailable import answer_unreadable

BODY_LIMIT_BYTES = 512 * 1024
"""Room for every field at its limit with every character spelt as a \\u escape."""

TITLE = "Gehoor intake"
DESCRIPTION = (
    "File a complaint with one of the organisations and get proof that it was received. "
    "Every refusal is an RFC 9457 problem document that names fields and reasons and never a value."
)


def application(platform: Platform) -> FastAPI:
    """Make the application; raises `BrokenProcedure` or `Misconfigured` when it could not serve."""
    library()
    if platform.settings.demonstrations:
        admit_demonstrations()
    organisations()
    app = skeleton()
    app.state.desk = Desk(platform)
    app.state.token_key = platform.settings.secret("token.key")
    return app


def skeleton() -> FastAPI:
    """Make the application without its desk: enough for its OpenAPI document."""
    app = FastAPI(
        title=TITLE,
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would send a complaint to whatever Host its sender named
    )
    for router in (filing, checking, adding, looking):
        app.include_router(router)
    app.add_exception_handler(TooBusy, _raise_busy)
    answer_unreadable(app)
    # The middleware that is added last is the outermost: `install` also answers what the guard raises.
    app.add_middleware(SecureAnswers)
    app.add_middleware(BodyGuard, limit_bytes=BODY_LIMIT_BYTES)
    install(app, report_refused)
    return app


async def _raise_busy(request: Request, error: Exception) -> NoReturn:
    raise Problem(
        503, "busy", "Too many complaints at this moment", "Nothing was stored.", headers={"Retry-After": "2"}
    ) from error
