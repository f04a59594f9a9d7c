"""The token and the secret of a handshake, wherever they are."""

import hashlib
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.events import TokenCarrier
from service.websocket.carriers import Credentials, InvalidSecret, read_credentials, read_secret

TOKENS = st.text("abcXYZ019-_.", min_size=1)
OFFERS = st.lists(st.sampled_from(["streaming.v1", "bearer.t", "secret.cw", "chat", "bearer", "streaming.v2"]))


def authorization(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", value.encode()) for value in values]


@pytest.mark.parametrize(
    ("values", "offered", "expected"),
    [
        ([], [], Credentials()),
        (["Bearer t-1"], [], Credentials(None, TokenCarrier.HEADER, "t-1")),
        (["bearer  t-1 "], ["streaming.v1"], Credentials("streaming.v1", TokenCarrier.HEADER, "t-1")),
        (["Bearer one"], ["streaming.v1", "bearer.two"], Credentials("streaming.v1", TokenCarrier.HEADER, "one")),
        (["Bearer"], [], Credentials(None, TokenCarrier.HEADER, "")),
        (["Bearer one", "Bearer two"], [], Credentials(None, TokenCarrier.HEADER, "")),
        (["Basic dTpw"], [], Credentials()),
        (["Basic dTpw"], ["bearer.t", "streaming.v1"], Credentials("streaming.v1", TokenCarrier.SUBPROTOCOL, "t")),
        ([], ["streaming.v1", "bearer.a", "bearer.b"], Credentials("streaming.v1", TokenCarrier.SUBPROTOCOL, "")),
        ([], ["bearer.a"], Credentials()),
        ([], ["streaming.v1"], Credentials("streaming.v1")),
    ],
)
def test_the_header_comes_before_the_subprotocol(values: list[str], offered: list[str], expected: Credentials) -> None:
    assert read_credentials(authorization(*values), offered) == expected


@given(token=TOKENS, offered=OFFERS)
def test_what_is_accepted_was_offered_and_is_never_a_token(token: str, offered: list[str]) -> None:
    credentials = read_credentials([], [*offered, f"bearer.{token}"])
    assert credentials.subprotocol in {None, "streaming.v1"}
    assert credentials.subprotocol is None or credentials.subprotocol in offered
    assert (credentials.token != "") <= ("streaming.v1" in offered)


@given(secret=st.binary(min_size=1))
def test_both_carriers_of_a_secret_are_equal(secret: bytes) -> None:
    encoded = urlsafe_b64encode(secret).rstrip(b"=").decode()
    digest = hashlib.sha256(secret).digest()
    assert read_secret([(b"x-session-secret", secret)], []) == digest
    assert read_secret([], ["streaming.v1", f"secret.{encoded}"]) == digest


def test_there_may_be_no_secret() -> None:
    assert read_secret([(b"host", b"a")], ["streaming.v1"]) is None
    assert read_secret([], ["secret.cw"]) is None


@pytest.mark.parametrize("offered", [["secret."], ["secret.c"], ["secret.c~"], ["secret.cw", "secret.cw"]])
def test_a_secret_that_cannot_be_read_is_no_missing_one(offered: list[str]) -> None:
    with pytest.raises(InvalidSecret):
        read_secret([], ["streaming.v1", *offered])
