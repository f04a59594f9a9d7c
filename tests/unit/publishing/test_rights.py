"""Who may publish into which session."""

from typing import Any

import pytest
from pydantic import SecretStr

from service.access.principal import AccessRefusal, Principal
from service.access.quota import QuotaOwner
from service.access.scope import Grant, Scope
from service.access.session_key import session_key
from service.events import QuotaRefused, TokenCarrier, TokenRefused
from service.protocol.publish_errors import PublishError, PublishErrorCode
from service.protocol.quota_kind import QuotaKind
from service.publishing.rights import OperatorToken, TokenHolders
from tests.unit.publishing.press import SECRET, Press, append, close, create, error
from tests.unit.session.conversation import user
from tests.unit.websocket.access_doubles import Events, Tokens, access_control


def publisher(*patterns: str, scopes: tuple[str, ...] = ("publish",)) -> Principal:
    return user(None, "back-end", grant=Grant.parse(scopes, patterns or None))


KNOWN: dict[str, Principal | AccessRefusal] = {
    "own": publisher(),
    "drafts": publisher("draft-*"),
    "all": publisher("*/*"),
    "reader": user(None, grant=Grant(frozenset(Scope) - {Scope.PUBLISH})),
    "old": AccessRefusal.EXPIRED,
    "revoked": AccessRefusal.REVOKED,
    "unchecked": AccessRefusal.UNAVAILABLE,
}


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("", {"http": 401, "code": "unauthenticated"}),
        ("guessed", {"http": 401, "code": "unauthenticated"}),
        ("old", {"http": 401, "code": "token_expired"}),
        ("revoked", {"http": 401, "code": "token_revoked"}),
        ("reader", {"http": 403, "code": "forbidden"}),
        ("unchecked", {"http": 503, "code": "auth_unavailable", "retry_after_ms": 5000}),
    ],
)
async def test_a_token_that_does_not_publish_is_refused_and_recorded(token: str, expected: dict[str, Any]) -> None:
    press = Press(KNOWN)
    async with press.client(token) as client:
        answer = await client.post("/sessions/s-1/streams", json={"content_type": "text"})
        assert error(answer) == expected
        assert ("www-authenticate" in answer.headers) is (expected["http"] == 401)
    [event] = [event for event in press.events if isinstance(event, TokenRefused)]
    assert event.carrier is TokenCarrier.HTTP


@pytest.mark.parametrize(
    ("token", "session_id", "space", "status"),
    [
        ("own", "s-1", None, 201),
        ("own", "s-1", "back-end", 201),
        ("own", "s-1", "u-1", 403),
        ("own", "s-1", "", 403),
        ("drafts", "draft-1", None, 201),
        ("drafts", "s-1", None, 403),
        ("all", "s-1", "u-1", 201),
        ("all", "s-1", "", 201),
    ],
)
async def test_the_sessions_of_a_token_include_the_session(
    token: str, session_id: str, space: str | None, status: int
) -> None:
    press = Press(KNOWN)
    async with press.client(token) as client:
        body = {"content_type": "text"} | ({} if space is None else {"space": space})
        answer = await client.post(f"/sessions/{session_id}/streams", json=body)
    assert answer.status_code == status
    if status == 201:
        assert press.sessions.opened == [session_key("back-end" if space is None else space, session_id)]
    else:
        assert error(answer) == {"http": 403, "code": "forbidden"}
        assert press.sessions.opened == []


async def test_a_stream_of_a_foreign_session_is_not_found() -> None:
    press = Press(KNOWN)
    async with press.client("all") as client:
        stream_id = (await create(client, space="u-1"))["stream_id"]
    unknown = {"http": 404, "code": "unknown_stream"}
    for token in ("own", "drafts"):
        async with press.client(token) as client:
            assert error(await append(client, stream_id, 0, b"x")) == unknown
            assert error(await close(client, stream_id, 0)) == unknown
            for call in ("touch?epoch=0", "adopt", "cancel"):
                assert error(await client.post(f"/streams/{stream_id}/{call}")) == unknown
            assert error(await client.get(f"/streams/{stream_id}")) == unknown
    async with press.client("all") as client:
        assert (await append(client, stream_id, 0, b"x")).status_code == 200
    assert press.store.sources[stream_id] == b"x"


async def test_without_a_token_of_the_operator_publishing_is_off() -> None:
    press = Press(secret=None)
    for token in ("", SECRET):
        async with press.client(token) as client:
            answer = await client.post("/sessions/s-1/streams", json={"content_type": "text"})
            assert "PUBLISH_TOKEN" in answer.json()["error"]["message"]
            assert error(answer) == {"http": 403, "code": "publishing_off"}


@pytest.mark.parametrize("token", ["", SECRET[:-1], SECRET + "0", "ü" * 16, "\ud800"])
async def test_only_the_token_of_the_operator_publishes(token: str) -> None:
    events = Events()
    guard = OperatorToken(SecretStr(SECRET), events)
    with pytest.raises(PublishError) as refusal:
        await guard.check(token, TokenCarrier.MESSAGE)
    assert refusal.value.code is PublishErrorCode.UNAUTHENTICATED
    reason = AccessRefusal.INVALID if token else AccessRefusal.MISSING
    assert events == [TokenRefused(reason, TokenCarrier.MESSAGE)]
    assert (await guard.check(SECRET, TokenCarrier.MESSAGE)).principal is None


async def test_two_tokens_are_none() -> None:
    press = Press()
    async with press.client("") as client:
        headers = [("Authorization", f"Bearer {SECRET}")] * 2
        answer = await client.post("/sessions/s/streams", json={"content_type": "text"}, headers=headers)
    assert error(answer) == {"http": 401, "code": "unauthenticated"}


async def test_the_holder_of_a_token_is_who_it_was_issued_to() -> None:
    guard = TokenHolders(access_control(Tokens(KNOWN)), Events())
    assert (await guard.check("own", TokenCarrier.HEADER)).principal is KNOWN["own"]


async def test_the_same_key_of_another_producer_is_another_stream() -> None:
    press = Press(KNOWN | {"other": user(None, "other", grant=Grant.parse(["publish"], ["*/*"]))})
    ids = []
    for token in ("all", "other"):
        async with press.client(token, **{"Idempotency-Key": "k"}) as client:
            ids.append((await create(client, space="u-1"))["stream_id"])
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    ("known", "token", "owner"), [(KNOWN, "own", QuotaOwner.PRINCIPAL), (None, SECRET, QuotaOwner.ADDRESS)]
)
async def test_quotas_are_charged_as_for_a_request(
    known: dict[str, Principal | AccessRefusal] | None, token: str, owner: QuotaOwner
) -> None:
    press = Press(known, quotas={QuotaKind.REQUESTS: 2, QuotaKind.SESSIONS: 2})
    async with press.client(token) as client:
        await create(client)
        await create(client)
        answer = await client.post("/sessions/s-1/streams", json={"content_type": "text"})
    assert error(answer) == {"http": 429, "code": "quota_reached", "retry_after_ms": 1235}
    assert answer.headers["retry-after"] == "2"
    [refused] = [event for event in press.events if isinstance(event, QuotaRefused)]
    assert (refused.kind, refused.owner) == (QuotaKind.REQUESTS, owner)
    assert press.sessions.used[session_key("back-end" if known else "", "s-1")] == 2


async def test_a_session_that_is_made_is_charged_too() -> None:
    press = Press(KNOWN, quotas={QuotaKind.REQUESTS: 9, QuotaKind.SESSIONS: 1})
    async with press.client("own") as client:
        await create(client, "first")
        answer = await client.post("/sessions/second/streams", json={"content_type": "text"})
    assert error(answer)["code"] == "quota_reached"
