"""Claims and owners of requests."""

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from service.protocol.messages import ChunkBy, ContentType, HtmlMode, Speed, StreamRequest
from service.session.tokens import claim_of, owners_of

REQUEST = StreamRequest(content="some words", request_id="r", token="presented")
OWNER = b"o" * 32


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, content="some word s"),
        replace(REQUEST, content_type=ContentType.HTML),
        replace(REQUEST, speed=Speed.SLOW),
        replace(REQUEST, chunk_by=ChunkBy.SENTENCE),
        replace(REQUEST, html_mode=HtmlMode.INCREMENTAL),
    ],
)
def test_content_and_each_option_change_the_fingerprint(other: StreamRequest) -> None:
    claim, other_claim = claim_of(REQUEST, OWNER), claim_of(other, OWNER)
    assert claim is not None
    assert other_claim is not None
    assert claim.fingerprint != other_claim.fingerprint
    assert claim_of(replace(REQUEST), OWNER) == claim


def test_a_stream_is_owned_by_the_connection_and_by_the_presented_token() -> None:
    claim = claim_of(REQUEST, OWNER)
    assert claim is not None
    assert owners_of(REQUEST, OWNER) == (OWNER, claim.presented)
    assert owners_of(replace(REQUEST, token=UNSET), OWNER) == (OWNER,)


def test_a_token_without_a_request_id_has_no_effect() -> None:
    unnamed = StreamRequest(content="some words", token="presented")
    assert claim_of(unnamed, OWNER) is None
    assert owners_of(unnamed, OWNER) == (OWNER,)
