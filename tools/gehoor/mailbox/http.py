"""The HTTP side of the mailbox: a page, and the paths of Mailpit's API that tests and tools use.

Always holds: only a browser on this machine gets an answer (the Host header is checked, so that no web page
elsewhere can read mails through it); a mail's HTML is shown without scripts and without anything loaded.
"""

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from events.version import VERSION
from gehoor.mailbox.kept import MOST_BYTES, MOST_MAILS, Kept, MailFolder
from gehoor.mailbox.reading import summary, whole

MOST_LISTED = 1_000
_PAGE = Path(__file__).with_name("page.html")
_SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


class MailPages:
    """Answers from one folder of mails; summaries are read once and kept."""

    def __init__(self, folder: MailFolder) -> None:
        self._folder = folder
        self._summaries: dict[str, dict[str, Any]] = {}

    async def list_messages(self, request: Request) -> Response:
        start, limit = _number(request, "start", 0), _number(request, "limit", 50)
        if start is None or limit is None:
            return PlainTextResponse("start and limit must be whole numbers of 0 or more", status_code=400)
        mails = list(self._folder)[start : start + min(limit, MOST_LISTED)]
        unread = self._folder.unread
        body = {
            "total": len(self._folder),
            "unread": unread,
            "count": len(mails),
            "messages_count": len(self._folder),
            "messages_unread": unread,
            "start": start,
            "tags": [],
            "messages": [self._summary(mail) for mail in mails],
        }
        return JSONResponse(body, headers=_SAFE)

    async def delete_messages(self, request: Request) -> Response:
        ids: object = []
        if await request.body():
            try:
                ids = (await request.json()).get("IDs") or []
            except (ValueError, AttributeError):
                return PlainTextResponse('the body must be empty or {"IDs": […]}', status_code=400)
        if not isinstance(ids, list) or not all(isinstance(mail_id, str) for mail_id in ids):
            return PlainTextResponse("IDs must be a list of texts", status_code=400)
        self._folder.delete(ids)
        self._summaries.clear()
        return PlainTextResponse("ok", headers=_SAFE)

    async def message(self, request: Request) -> Response:
        mail = self._find(request)
        if mail is None:
            return _missing()
        mail.is_read = True
        return JSONResponse(whole(mail, self._folder.content(mail)), headers=_SAFE)

    async def raw(self, request: Request) -> Response:
        mail = self._find(request)
        if mail is None:
            return _missing()
        return Response(self._folder.content(mail), media_type="text/plain; charset=utf-8", headers=_SAFE)

    async def html(self, request: Request) -> Response:
        mail = self._find(request)
        if mail is None:
            return _missing()
        body = whole(mail, self._folder.content(mail))["HTML"]
        return HTMLResponse(body, headers={**_SAFE, "Content-Security-Policy": _MAIL_POLICY})

    async def page(self, request: Request) -> Response:
        text = _PAGE.read_text("utf-8").replace("MOST_MAILS", f"{MOST_MAILS:,}")
        text = text.replace("MOST_MEGABYTES", str(MOST_BYTES // 1024 // 1024))
        return HTMLResponse(text, headers={**_SAFE, "Content-Security-Policy": _PAGE_POLICY})

    async def alive(self, request: Request) -> Response:
        return PlainTextResponse("ok", headers=_SAFE)

    async def ready(self, request: Request) -> Response:
        return JSONResponse({"status": "ready", "service": "mailbox", "version": VERSION}, headers=_SAFE)

    def _find(self, request: Request) -> Kept | None:
        return self._folder.find(request.path_params["id"])

    def _summary(self, mail: Kept) -> dict[str, Any]:
        found = self._summaries.get(mail.id)
        if found is None:
            found = summary(mail, self._folder.content(mail))
            if len(self._summaries) > MOST_MAILS:
                self._summaries.clear()
            self._summaries[mail.id] = found
        return {**found, "Read": mail.is_read}


def application(folder: MailFolder) -> Starlette:
    """Make the web application over a folder of mails."""
    pages = MailPages(folder)
    return Starlette(
        routes=[
            Route("/", pages.page),
            Route("/page.js", _file("page.js", "text/javascript")),
            Route("/page.css", _file("page.css", "text/css")),
            Route("/view/{id}.html", pages.html),
            Route("/api/v1/messages", pages.list_messages, methods=["GET"]),
            Route("/api/v1/messages", pages.delete_messages, methods=["DELETE"]),
            Route("/api/v1/message/{id}", pages.message),
            Route("/api/v1/message/{id}/raw", pages.raw),
            Route("/livez", pages.alive),
            Route("/readyz", pages.ready),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "[::1]"])],
    )


def _file(name: str, media_type: str) -> Any:
    async def answer(request: Request) -> Response:
        return Response(Path(__file__).with_name(name).read_bytes(), media_type=media_type, headers=_SAFE)

    return answer


def _number(request: Request, name: str, otherwise: int) -> int | None:
    text = request.query_params.get(name, str(otherwise))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _missing() -> Response:
    return PlainTextResponse("there is no such message", status_code=404, headers=_SAFE)
