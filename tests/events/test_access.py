"""Bearer tokens: only ours, unaltered and in time, are accepted, and a refusal tells nothing about them."""

import base64
import hmac
import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey, RSAKey

from events.access_tokens import ROLES, SEES_PERSONAL_FIELDS, Access, NotAllowed, issue, read, write_tokens
from events.settings import Settings

KEY = bytes(range(32))
NOW = datetime(2026, 3, 30, 8, 0, tzinfo=UTC)
HANDLER = Access("staff:des-01", frozenset({"handler"}), frozenset({"destiny"}))
HEADER = {"alg": "HS256", "typ": "gehoor-access+jwt"}
CLAIMS = {
    "aud": "gehoor",
    "sub": "staff:des-01",
    "roles": ["handler"],
    "organisations": ["destiny"],
    "exp": 1_900_000_000,
}


def signed(header: dict[str, Any] = HEADER, claims: dict[str, Any] = CLAIMS, key: bytes = KEY) -> str:
    return "Bearer " + jws.serialize_compact(
        header, json.dumps(claims), OctKey.import_key(key), ["HS256", "HS384", "HS512"]
    )


def refusal(header_value: str | None, now: datetime = NOW) -> NotAllowed:
    with pytest.raises(NotAllowed) as caught:
        read(KEY, header_value, now)
    return caught.value


def test_a_token_names_actor_roles_and_organisations() -> None:
    """What was put into a token is what is read from it."""
    token = issue(KEY, HANDLER, NOW, timedelta(hours=1))

    assert HANDLER == read(KEY, f"Bearer {token}", NOW)


def test_the_scheme_may_be_written_in_any_case() -> None:
    """HTTP says that "bearer" and "Bearer" are the same."""
    token = issue(KEY, HANDLER, NOW, timedelta(hours=1))

    assert HANDLER == read(KEY, f"bearer   {token} ", NOW)


def test_a_token_ends_at_the_second_it_names() -> None:
    """A token is accepted until its time has passed, and not at that moment itself."""
    token = issue(KEY, HANDLER, NOW, timedelta(hours=1))

    assert HANDLER == read(KEY, f"Bearer {token}", NOW + timedelta(minutes=59, seconds=59))
    assert "token-expired" == refusal(f"Bearer {token}", NOW + timedelta(hours=1)).code


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "token abc"])
def test_without_a_token_the_answer_says_what_to_send(value: str | None) -> None:
    """Somebody who sends no token is told how to send one."""
    refused = refusal(value)

    assert (401, "token-missing") == (refused.status, refused.code)
    assert {"WWW-Authenticate": 'Bearer realm="gehoor"'} == refused.headers


def unsigned(algorithm: str) -> str:
    parts = [{"alg": algorithm, "typ": "gehoor-access+jwt"}, CLAIMS]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return f"Bearer {'.'.join(encoded)}."


def signed_by_rsa() -> str:
    header = {"alg": "RS256", "typ": "gehoor-access+jwt"}
    return "Bearer " + jws.serialize_compact(header, json.dumps(CLAIMS), RSAKey.generate_key(2048), ["RS256"])


def keyed_with_a_public_key() -> str:
    """Signed with HS256 under the text of a public key, by hand, since the library refuses to help."""
    public = RSAKey.generate_key(2048).as_pem(private=False)
    body = unsigned("HS256").removeprefix("Bearer ").rstrip(".")
    mac = hmac.digest(public, body.encode(), "sha256")
    return f"Bearer {body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


ATTACKS = {
    "no algorithm": unsigned("none"),
    "no algorithm, other spelling": unsigned("nOnE"),
    "an empty signature": unsigned("HS256"),
    "another family": signed_by_rsa(),
    "a public key used as secret": keyed_with_a_public_key(),
    "another key": signed(key=b"x" * 32),
    "a longer hash": signed(header={**HEADER, "alg": "HS384"}),
    "the type of another token": signed(header={**HEADER, "typ": "JWT"}),
    "no type": signed(header={"alg": "HS256"}),
    "a key of their own in the header": signed(header={**HEADER, "jwk": {"kty": "oct", "k": "AAAA"}}),
    "a key identifier with a path": signed(header={**HEADER, "kid": "../../dev/null"}),
    "another audience": signed(claims={**CLAIMS, "aud": "elsewhere"}),
    "several audiences": signed(claims={**CLAIMS, "aud": ["gehoor", "elsewhere"]}),
    "no end": signed(claims={name: value for name, value in CLAIMS.items() if name != "exp"}),
    "an end that is text": signed(claims={**CLAIMS, "exp": "never"}),
    "an end beyond numbers": signed(claims={**CLAIMS, "exp": 1e400}),
    "an unknown role": signed(claims={**CLAIMS, "roles": ["god"]}),
    "no role": signed(claims={**CLAIMS, "roles": []}),
    "roles as text": signed(claims={**CLAIMS, "roles": "admin"}),
    "a person as actor": signed(claims={**CLAIMS, "sub": "jan@voorbeeld.example"}),
    "an unknown claim": signed(claims={**CLAIMS, "admin": True}),
    "no organisation": signed(claims={**CLAIMS, "organisations": []}),
    "claims that are a list": "Bearer " + jws.serialize_compact(HEADER, "[]", OctKey.import_key(KEY)),
    "rubbish": "Bearer a.b.c",
    "dots": "Bearer ....",
    "one part": "Bearer abc",
    "not ASCII": "Bearer é.é.é",
    "a huge header": "Bearer " + "a" * 200_000,
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_a_token_that_is_not_ours_is_refused_without_repeating_it(attack: str) -> None:
    """Each known trick gets the same answer, which holds nothing of what was sent."""
    refused = refusal(attack)

    told = f"{refused} {refused.detail} {refused.headers}"
    assert (401, "token-invalid") == (refused.status, refused.code)
    assert attack.removeprefix("Bearer ")[:12] not in told
    assert {"WWW-Authenticate": 'Bearer realm="gehoor", error="invalid_token"'} == refused.headers


@given(place=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=5))
def test_a_token_changed_in_one_place_is_refused(place: int, bit: int) -> None:
    """No single character of a token can be changed."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = issue(KEY, HANDLER, NOW, timedelta(hours=1))
    where = place % (len(token) - 1)  # the last character holds spare bits
    if token[where] == ".":
        altered = token[:where] + token[where + 1 :]
    else:
        other = alphabet[alphabet.index(token[where]) ^ (1 << bit)]
        altered = token[:where] + other + token[where + 1 :]

    assert "token-invalid" == refusal(f"Bearer {altered}").code


@given(st.text(max_size=300))
def test_no_header_can_do_more_than_be_refused(text: str) -> None:
    """Whatever is sent as a token, the answer is a refusal and never a fault."""
    assert 401 == refusal(f"Bearer {text}").status


def test_a_missing_role_is_told_with_the_roles_that_may() -> None:
    """Somebody with the wrong role learns which role it takes."""
    with pytest.raises(NotAllowed) as caught:
        HANDLER.require("quality_manager", "admin")

    assert (403, "role-missing") == (caught.value.status, caught.value.code)
    assert "this takes one of the roles admin, quality_manager" == caught.value.detail
    assert 'Bearer realm="gehoor", error="insufficient_scope"' == caught.value.headers["WWW-Authenticate"]


def test_a_caller_reaches_their_own_organisations_only() -> None:
    """Somebody who works for one organisation does not reach another; the star reaches all."""
    everywhere = Access("staff:ops-1", frozenset({"ops"}), frozenset({"*"}))

    assert (True, False) == (HANDLER.reaches("destiny"), HANDLER.reaches("preact"))
    assert (True, True) == (everywhere.reaches("destiny"), everywhere.reaches("preact"))


def test_personal_fields_are_for_those_who_need_them() -> None:
    """Who works a case or answers for privacy reads personal fields; who watches or verifies does not."""
    may = {
        role for role in ROLES if Access("staff:x", frozenset({role}), frozenset({"*"})).sees_personal_fields
    }

    assert {"admin", "handler", "quality_manager", "board", "privacy_officer"} == may
    assert set(ROLES) == set(SEES_PERSONAL_FIELDS)


@pytest.mark.parametrize("actor", ["", "Jan Jansen", "jan@voorbeeld.example", "a\nb", "x" * 65])
def test_an_actor_is_a_pseudonym(actor: str) -> None:
    """Names and addresses never become the actor, because the actor is stored in clear for ever."""
    with pytest.raises(ValueError, match="an actor is a pseudonym"):
        Access(actor, frozenset({"admin"}), frozenset({"*"}))


def test_the_embedded_set_up_gets_one_token_per_role(tmp_path: Path) -> None:
    """Each role finds a token of its own that only the owner of the folder can read."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "token.key").write_bytes(KEY)

    write_tokens(Settings(home=tmp_path))
    write_tokens(Settings(home=tmp_path))

    files = sorted((tmp_path / "tokens").iterdir())
    assert sorted(ROLES) == [file.name for file in files]
    assert {0o600} == {stat.S_IMODE(file.stat().st_mode) for file in files}
    for role in ROLES:
        token = (tmp_path / "tokens" / role).read_text()
        access = read(KEY, f"Bearer {token}", NOW + timedelta(days=365_000))
        assert Access(f"embedded:{role}", frozenset({role}), frozenset({"*"})) == access
