"""The status page over HTTP: whoever has the link of a case sees where it stands, and changes nothing."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from intake.desk import Desk
from intake.status.page import SECURITY, not_found_page, status_page
from intake.status.progress import progress_of
from procedures.organisations import organisations
from web.problem_documents import described

looking = APIRouter(tags=["status"])


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
    case_id = await desk.find(reference) if reference is not None else None
    progress = progress_of(await desk.history_of(case_id)) if case_id is not None else None
    if progress is None:
        # The same page for a bad link and for a case that is not there: neither shows which references exist.
        return HTMLResponse(not_found_page(), 404, headers=SECURITY)
    organisation = organisations()[progress.organisation]
    return HTMLResponse(status_page(progress, organisation), headers=SECURITY)
