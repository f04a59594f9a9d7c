"""What makes a request the same request."""

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
def test_content_and_each_option_make_another_request(other: StreamRequest) -> None:
    mine, others = claim_of(REQUEST, OWNER), claim_of(other, OWNER)
    assert mine is not None
    assert others is not None
    assert mine.fingerprint != others.fingerprint
    assert claim_of(replace(REQUEST), OWNER) == mine


def test_what_is_claimed_under_two_tokens_is_opened_by_both() -> None:
    claim = claim_of(REQUEST, OWNER)
    assert claim is not None
    assert owners_of(REQUEST, OWNER) == (OWNER, claim.presented)
    assert owners_of(replace(REQUEST, token=UNSET), OWNER) == (OWNER,)


def test_without_a_name_a_token_changes_nothing() -> None:
    nameless = StreamRequest(content="some words", token="presented")
    assert claim_of(nameless, OWNER) is None
    assert owners_of(nameless, OWNER) == (OWNER,)
