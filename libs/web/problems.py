"""A refusal or a fault as an RFC 9457 problem: a stable code, a sentence, and the fields that are wrong.

What always holds: no value that somebody sent stands in a problem, because it may be personal or hostile.
This file knows no web framework, so that code which is not HTTP can raise a `Problem` and read its fields.
`web.answers` renders problems, `web.field_errors` makes them of pydantic's errors, and
`web.problem_documents` describes them in an OpenAPI document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

MEDIA_TYPE = "application/problem+json"

MOST_ERRORS = 20
"""So many fields are named in one answer: enough to mend a form, too few to be worth an attack."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field and what is wrong with it, without its value."""

    field: str
    reason: str


class Problem(Exception):
    """An answer to a request that cannot be served: raised anywhere, rendered once by `web.answers`.

    `code` is stable and becomes the type `urn:gehoor:problem:<code>`. `detail` is for a person and names the
    next step. `unread` is true when part of the request's body is still on its way.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, str] | None = None,
        unread: bool = False,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = tuple(errors[:MOST_ERRORS])  # the sender decides how many fields are wrong
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        self.unread = unread

    def document(self) -> dict[str, Any]:
        """Give the members of the problem document."""
        document: dict[str, Any] = {
            "type": f"urn:gehoor:problem:{self.code}",
            "title": self.title,
            "status": self.status,
        }
        if self.detail is not None:
            document["detail"] = self.detail
        if self.errors:
            document["errors"] = [asdict(error) for error in self.errors]
        return document | self.extra


def invalid(errors: Sequence[FieldError]) -> Problem:
    """Return the 422 that names the fields that are wrong."""
    return Problem(
        422,
        "invalid-fields",
        "Some fields are not right",
        "Nothing was stored. Correct the fields named in errors and send it again.",
        errors=errors,
    )
