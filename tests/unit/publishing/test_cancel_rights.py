"""Producers and readers cancel a stream over HTTP, and no one else."""

import pytest

from service.access.principal import AccessRefusal, Principal
from service.access.scope import Grant
from service.live.records import LiveStatus
from tests.unit.publishing.press import SECRET, Press, create, error
from tests.unit.session.conversation import user


def known(subject: str, *scopes: str, patterns: list[str] | None = None) -> Principal:
    return user(None, subject, grant=Grant.parse(scopes, patterns))


KNOWN: dict[str, Principal | AccessRefusal] = {
    "app": known("app", "publish", patterns=["*/*"]),
    "owner": known("u-1", "watch", "control"),
    "reader": known("u-1", "watch", "stream"),
    "elsewhere": known("u-1", "watch", "control", patterns=["another"]),
    "no entrance": known("u-1", "control"),
    "stranger": known("u-2", "watch", "control"),
    "other app": known("u-2", "publish"),
    "old": AccessRefusal.EXPIRED,
}


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        ("app", 200, ""),
        ("owner", 200, ""),
        ("reader", 403, "forbidden"),
        ("elsewhere", 404, "unknown_stream"),
        ("no entrance", 404, "unknown_stream"),
        ("stranger", 404, "unknown_stream"),
        ("other app", 404, "unknown_stream"),
        ("old", 401, "token_expired"),
        ("", 401, "unauthenticated"),
    ],
)
async def test_with_authentication_the_scope_control_cancels_in_its_own_space(
    token: str, status: int, code: str
) -> None:
    press = Press(KNOWN)
    async with press.client("app") as app:
        stream_id = (await create(app, space="u-1"))["stream_id"]
    async with press.client(token) as client:
        answer = await client.post(f"/streams/{stream_id}/cancel?session_id=s-1")
    assert answer.status_code == status
    cancelled = press.store.records[stream_id].status is LiveStatus.CANCELLED
    assert cancelled is (status == 200)
    if code:
        assert error(answer)["code"] == code


async def test_without_authentication_the_session_is_the_right_of_its_readers() -> None:
    press = Press()
    async with press.client(**{"X-Session-Secret": "right"}) as app:
        reserved = (await create(app, "reserved"))["stream_id"]
    async with press.client() as app:
        stream_id = (await create(app, "s-1"))["stream_id"]
    async with press.client("") as reader:
        unknown = {"http": 404, "code": "unknown_stream"}
        assert error(await reader.post(f"/streams/{stream_id}/cancel?session_id=s-2")) == unknown
        assert error(await reader.post("/streams/nothing/cancel?session_id=s-1")) == unknown
        assert error(await reader.post(f"/streams/{stream_id}/cancel"))["code"] == "unauthenticated"
        refused = await reader.post(f"/streams/{reserved}/cancel?session_id=reserved")
        assert error(refused) == {"http": 403, "code": "session_reserved"}
        headers = {"X-Session-Secret": "right"}
        for path, secret in (
            (f"{reserved}/cancel?session_id=reserved", headers),
            (f"{stream_id}/cancel?session_id=s-1", {}),
        ):
            assert (await reader.post(f"/streams/{path}", headers=secret)).json()["status"] == "cancelled"


async def test_a_wrong_token_is_not_made_right_by_a_session() -> None:
    press = Press()
    async with press.client() as app:
        stream_id = (await create(app, "s-1"))["stream_id"]
    async with press.client(SECRET[:-1]) as client:
        answer = await client.post(f"/streams/{stream_id}/cancel?session_id=s-1")
    assert error(answer)["code"] == "unauthenticated"
