"""From what a complainant adds to the fact `ComplainantWrote`: pure, by the same rules as a complaint itself.

What was added goes into the encrypted part as stated; in clear stand names of fields only. What the
procedure asks for and is still missing is named again, never demanded.
"""

import hmac
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cases.state import Case
from events.canonical import to_json
from events.catalogue import ABOUT, COMPLAINANT, ComplainantWrote
from events.catalogue.words import Channel
from events.record.envelope import NewEvent
from intake.complaint_form import MOST_REFERENCES, About, Complainant, ReceivedAt, Reference
from intake.moments import received
from intake.submission import filled, given_in
from procedures.counting.zones import zone_named
from procedures.library import in_force
from procedures.pinning import pinned
from procedures.procedure import Procedure
from web.moments import ImpossibleMoment
from web.problems import FieldError, Problem, invalid
from web.text import COMPLAINT_FORM as TEXT_RULES
from web.text import running

_SAYS_NOTHING = frozenset({"channel", "received_at"})


class Addition(BaseModel):
    """What somebody adds to a complaint, as it is sent to `POST /v1/complaints/{reference}/messages`."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    message: Annotated[str, Field(max_length=TEXT_RULES.most_characters), AfterValidator(running)] | None = (
        Field(default=None, description="What they want to say, in their own words.")
    )
    description: (
        Annotated[str, Field(max_length=TEXT_RULES.most_characters), AfterValidator(running)] | None
    ) = Field(default=None, description="The description of what happened, where it was missing.")
    complainant: Complainant | None = Field(default=None, description="What was missing about who complains.")
    references: Annotated[list[Reference], Field(max_length=MOST_REFERENCES)] | None = Field(
        default=None, description="Contract, order, ticket or invoice numbers."
    )
    about: About | None = Field(default=None, description="The person complained about.")
    channel: Channel | None = Field(
        default=None,
        description="How it came in; only with a token of the organisation, else it is `portal`.",
    )
    received_at: ReceivedAt = Field(
        default=None,
        description="When the organisation received it, if earlier than now; only with a token of theirs.",
    )


def written(addition: Addition, case: Case, by_link: bool, now: Any) -> NewEvent:
    """Turn an addition into the event that is appended; raises `Problem` naming the fields.

    Whoever holds the link speaks for themselves and now: channel and moment are the organisation's to state.
    Raises what `pinned` raises when the case waits for the procedure that it runs under.
    """
    stated: dict[str, Any] = filled(addition.model_dump())
    if not stated.keys() - _SAYS_NOTHING:
        raise Problem(
            422,
            "nothing-in-it",
            "There is nothing in this message",
            "Send at least one thing, for example a message. Nothing was stored.",
            errors=[FieldError("message", "is empty, and so is everything else")],
        )
    if by_link and (wrong := [name for name in ("channel", "received_at") if name in stated]):
        raise invalid([FieldError(name, "is only for channels that send a token") for name in wrong])
    try:
        at = received(addition.received_at, now, zone_named(_procedure(case).zone))
    except ImpossibleMoment as impossible:
        raise invalid([FieldError("received_at", str(impossible))]) from None
    given = given_in(stated)
    event = ComplainantWrote(
        channel=addition.channel or "portal",
        sent_by="link" if by_link else "channel",
        given=given,
        missing=_procedure(case).missing({*case.life.receiving.given, *given}),
    )
    complainant = dict(stated.get("complainant", {}))
    complainant |= {name: stated[name] for name in ("message", "description", "references") if name in stated}
    personal = {COMPLAINANT: complainant, ABOUT: stated.get("about", {})}
    return NewEvent(event, at, {slot: fields for slot, fields in personal.items() if fields})


def fingerprint(addition: Addition, reference: str, key: bytes) -> bytes:
    """Tell whether two additions say the same about the same case, without keeping what they say."""
    said = to_json([reference, filled(addition.model_dump())])
    return hmac.digest(key, b"addition\x00" + said, "sha256")


def _procedure(case: Case) -> Procedure:
    if case.opened is None:
        return in_force(case.organisation, case.received.received_on)
    return pinned(case.opened, case.life.versioning.version, case.life.versioning.digest)
