"""The answer to a complaint that is recorded, made of its first event alone, so always the same."""

from typing import Any

from pydantic import BaseModel, Field

from events.catalogue import ComplaintReceived
from events.record.envelope import Recorded
from intake.receipts import Receipts
from intake.status_links import StatusLinks


class Accepted(BaseModel):
    """The complaint is recorded, for good."""

    reference: str = Field(description="Reference of the case, to quote in every contact.")
    receipt: str = Field(
        description=(
            "Proof of receipt: a compact JWS (EdDSA); its public key is at `/.well-known/jwks.json`."
        )
    )
    status_url: str = Field(
        description="Page that shows where the case stands. Whoever has the link can see it."
    )
    missing: list[str] = Field(
        description=(
            "What the organisation's procedure asks for and was not given; the complaint counts anyway. "
            "Names: description, name, company, role, email, phone, address, reachability, reported_on, "
            "references, about_name, about_function."
        )
    )
    notices: list[str] | None = Field(
        default=None, description="Remarks, present only when there are any; nothing has to be done."
    )


def acceptance_of(received: Recorded, receipts: Receipts, links: StatusLinks) -> dict[str, Any]:
    """Return the content of the 201 for a case that begins with this event."""
    event = received.event
    assert isinstance(event, ComplaintReceived)  # noqa: S101 - intake begins every stream
    answer: dict[str, Any] = {
        "reference": event.reference,
        "receipt": receipts.sign(event.reference, received),
        "status_url": links.url(event.reference),
        "missing": list(event.missing),
    }
    if not event.channel_named:
        unnamed = f"The organisation's procedure does not name the channel {event.channel}"
        answer["notices"] = [f"{unnamed}; the complaint is recorded all the same."]
    return answer
