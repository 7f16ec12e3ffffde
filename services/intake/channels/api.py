"""Intake over HTTP: file a complaint, look where one stands, check a receipt.

A complaint is answered with 201 only when it is committed; the bus plays no part in the answer. Reading a
status page changes nothing. There is no CORS: a browser of another site has no business here.
"""

from time import monotonic
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header, Request, Response
from fastapi.responses import HTMLResponse

from events.errors import MalformedEvent
from events.failpoints import failpoint
from events.identity import new_reference
from events.platform import Platform
from intake.acceptance import Accepted
from intake.channels.messages import adding
from intake.channels.sender import sender_of
from intake.complaint_form import Submission
from intake.group_commit import GroupCommit, TooBusy
from intake.metrics import report_accepted, report_refused
from intake.receipts import Receipts
from intake.recorder import UNRECORDED, ComplaintToRecord, RecordedComplaint, Recorder
from intake.status.page import SECURITY, not_found_page, status_page
from intake.status.progress import CaseProgress, progress_of
from intake.status_links import StatusLinks
from intake.submission import file, find_organisation, fingerprint
from procedures.library import UnknownProcedure, library
from procedures.organisations import admit_demonstrations, organisations
from procedures.pinning import ProcedureChanged
from web import idempotency
from web.answers import install
from web.bodies import BodyGuard, StrictRoute
from web.headers import SecureAnswers
from web.problem_documents import described
from web.problems import Problem
from web.unreadable import answer_unreadable

BODY_LIMIT_BYTES = 512 * 1024
"""Room for every field at its limit with every character spelt as a \\u escape."""

TITLE = "Gehoor intake"
DESCRIPTION = (
    "File a complaint with one of the organisations and get proof that it was received. "
    "Every refusal is an RFC 9457 problem document that names fields and reasons and never a value."
)

_PROBLEMS = {
    400: "The body is not clean UTF-8 or not usable JSON, or a header cannot be used.",
    401: "A token was sent and is not accepted. Without a token everybody may file.",
    403: "A token was sent that is for other organisations.",
    408: "The body did not arrive in time.",
    409: "This Idempotency-Key was used for another complaint.",
    413: "The body is too large.",
    415: "The body is not `application/json` in UTF-8.",
    422: "Some fields are not right, or there is nothing in it. Nothing was stored.",
    503: "Too busy, or the store is away: send it again after the seconds in Retry-After.",
}


class Desk:
    """Where complaints are handed in: everything the routes need, made once."""

    def __init__(self, platform: Platform) -> None:
        settings = platform.settings
        self.platform = platform
        self.receipts = Receipts(settings.secret("receipt.key"))
        self.links = StatusLinks(settings.secret("status.key"), public_url(platform))
        self.fingerprint_key = settings.secret("fingerprint.key")
        self.token_key = settings.secret("token.key")
        recorder = Recorder(platform, self.receipts, self.links)
        self.commits: GroupCommit[ComplaintToRecord, RecordedComplaint] = GroupCommit(
            recorder.record, line=lambda wanted: wanted.filing.organisation.id, shared=UNRECORDED
        )

    async def take(self, submission: Submission, request: Request) -> RecordedComplaint:
        """Record a complaint and tell how it fared; raises `Problem` when nothing of it stands."""
        began_s = monotonic()
        now = self.platform.clock.now()
        organisation = find_organisation(submission)
        sender = sender_of(request, organisation.id, self.token_key, now)
        filing = file(submission, organisation, new_reference(organisation.code), now)
        said = fingerprint(submission, self.fingerprint_key)
        wanted = ComplaintToRecord(
            filing,
            sender.actor,
            sender.repeatable(organisation.id, said, self.fingerprint_key),
            sender.traceparent,
        )
        done = await self._record(wanted)
        if done.outcome == "mismatch":
            raise Problem(
                409,
                "idempotency-key-used",
                "This Idempotency-Key was used for another complaint",
                "Nothing was stored. Use a new key for a new complaint, and the same body for a repeat.",
            )
        report_accepted(done, filing, began_s)
        return done

    async def standing(self, reference: str) -> CaseProgress | None:
        """Tell where a case stands, if there is one; raises `Problem` when the store cannot be read."""
        store = self.platform.store
        try:
            case_id = await store.find(reference)
            return progress_of(await store.history(case_id)) if case_id is not None else None
        except UNRECORDED as error:
            raise _come_back(
                "store-away", "The case cannot be looked up now", "Look again a little later."
            ) from error

    async def _record(self, wanted: ComplaintToRecord) -> RecordedComplaint:
        try:
            await failpoint("intake.parsed")
            return await self.commits.submit(wanted)
        except TooBusy as busy:
            raise _come_back("busy", "Too many complaints at this moment", "Nothing was stored.") from busy
        except UNRECORDED as error:
            raise _come_back(
                "store-away",
                "The complaint could not be recorded now",
                "Send it again with the same Idempotency-Key: then it is recorded once, whatever happened.",
            ) from error


def public_url(platform: Platform) -> str:
    """Give the address that status links begin with; never taken from what a request says about itself."""
    settings = platform.settings
    return settings.public_url or f"http://127.0.0.1:{settings.intake_port}"


def application(platform: Platform) -> FastAPI:
    """Make the application; raises `BrokenProcedure` or `Misconfigured` when it could not serve."""
    library()
    if platform.settings.demonstrations:
        admit_demonstrations()
    organisations()
    app = skeleton()
    app.state.desk = Desk(platform)
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
    app.include_router(filing)
    app.include_router(adding)
    app.include_router(looking)
    app.add_middleware(SecureAnswers)
    app.add_middleware(BodyGuard, limit_bytes=BODY_LIMIT_BYTES)
    answer_unreadable(app, MalformedEvent, UnknownProcedure, ProcedureChanged)
    install(app, report_refused)
    return app


filing = APIRouter(route_class=StrictRoute, tags=["complaints"])
looking = APIRouter(tags=["status"])


@filing.post(
    "/v1/complaints",
    status_code=201,
    response_model=Accepted,
    response_model_exclude_none=True,
    response_description="The complaint is recorded for good, or was already by an earlier, equal request.",
    responses=described(_PROBLEMS),
    summary="File a complaint",
)
async def file_complaint(
    submission: Submission,
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(alias="Idempotency-Key", description=idempotency.EXPLAINED),
    ] = None,
) -> Response:
    """File a complaint; what the procedure asks for and is missing is named in the answer, not refused."""
    desk: Desk = request.app.state.desk
    done = await desk.take(submission, request)
    return Response(
        done.answer,
        201,
        media_type="application/json",
        headers={"Location": done.status_url},
    )


@looking.head("/status/{token}", include_in_schema=False)
@looking.get(
    "/status/{token}",
    response_class=HTMLResponse,
    responses={
        404: {"description": "The link is not good.", "content": {"text/html": {}}},
        **described({503: "The store is away: look again after the seconds in Retry-After."}),
    },
    summary="See where a case stands",
)
async def see_status(token: str, request: Request) -> HTMLResponse:
    """Show where a case stands, in plain words and without personal data, to whoever has its link."""
    desk: Desk = request.app.state.desk
    reference = desk.links.read(token)
    standing = await desk.standing(reference) if reference is not None else None
    if standing is None:
        return HTMLResponse(not_found_page(), 404, headers=SECURITY)
    organisation = organisations()[standing.organisation]
    return HTMLResponse(status_page(standing, organisation), headers=SECURITY)


@looking.get("/.well-known/jwks.json", summary="Get the public key of receipts")
async def key_set(request: Request) -> dict[str, Any]:
    """Give the public key with which anybody can check a receipt, as a JWK set."""
    desk: Desk = request.app.state.desk
    return desk.receipts.key_set()


def _come_back(code: str, title: str, detail: str) -> Problem:
    return Problem(503, code, title, detail, headers={"Retry-After": "2"})
