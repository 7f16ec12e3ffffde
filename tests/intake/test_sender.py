"""Whose key a request is, and the identity of what it does: both are stored, so both stay as they are."""

from uuid import UUID

import pytest

from events.identity import command_id_of
from intake.sender import COMPLAINANT_BY_LINK, Sender, Writer, complaint_key, message_key
from web.idempotency_keys import UnusableKey, command_of, hidden

SECRET = b"a secret of thirty-two bytes ....."
SAID = b"fingerprint"
CASE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


@pytest.mark.parametrize(
    ("sender", "scope", "as_ever"),
    [
        (Sender(key="key-1"), "intake/organisation/bc", "219c6fa2-d0ee-508b-a064-d7b8638e1fd4"),
        (Sender("client:crm", "key-1"), "intake/client:crm", "05a2959f-7a55-5069-9710-6c260ad5b408"),
    ],
)
def test_a_key_of_a_complaint_belongs_to_the_client_else_to_the_organisation(
    sender: Sender, scope: str, as_ever: str
) -> None:
    """Its identity is made of the key alone, because every complaint begins a case of its own."""
    key = complaint_key(sender, "bc", SAID, SECRET)

    assert (scope, hidden(SECRET, "key-1"), SAID) == (key.scope, key.key, key.fingerprint)
    assert command_id_of("intake", scope, hidden(SECRET, "key-1")) == key.command_id == UUID(as_ever)


@pytest.mark.parametrize(
    ("actor", "by_link", "scope", "as_ever"),
    [
        (
            COMPLAINANT_BY_LINK,
            True,
            f"intake/organisation/case/{CASE}",
            "f878960d-ee6c-5028-afa8-0753d4ec23b6",
        ),
        ("staff:anna", False, "intake/staff:anna", "f50646fe-6bc3-5388-805d-e6eb1c39defe"),
    ],
)
def test_a_key_of_a_message_belongs_to_the_case_by_link_else_to_the_client(
    actor: str, by_link: bool, scope: str, as_ever: str
) -> None:
    """Its identity holds the words too, so that other words under a forgotten key are a new message."""
    writer = Writer(CASE, "BC-7K3M9-QXW2R-B", by_link, Sender(actor, "key-1"))

    key = message_key(writer, SAID, SECRET)

    assert scope == key.scope
    assert command_of("intake", scope, hidden(SECRET, "key-1"), SAID) == key.command_id == UUID(as_ever)


def test_without_a_key_every_request_is_a_new_one() -> None:
    """Two complaints without a key never meet, also when they say the same."""
    one, other = (complaint_key(Sender(), "bc", SAID, SECRET) for _ in range(2))

    assert (None, None) == (one.key, other.key)
    assert one.command_id != other.command_id


def test_a_channel_that_makes_its_own_keys_is_told_when_one_cannot_be_used() -> None:
    """A mail's identity may hold spaces or be too long: the channel learns it before anything is stored."""
    with pytest.raises(UnusableKey):
        complaint_key(Sender(key="<a message id>"), "bc", SAID, SECRET)
