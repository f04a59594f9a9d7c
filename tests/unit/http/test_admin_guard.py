"""Where authentication is on, operators' routes take a token with the scope admin."""

from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from service.access.principal import AccessRefusal, Principal
from service.access.revocation import Revocation
from service.access.scope import Grant, Scope
from service.events import Event, TokenCarrier, TokenRefused, TokensRevoked
from service.http.admin_guard import AdminGuard
from service.http.api_docs import api_docs
from service.http.metrics_route import metrics_route
from service.http.revocations_route import revocations_route
from service.http.static_routes import static_routes
from service.protocol.instant import Instant
from service.session.ports import StoreUnavailable
from service.settings import Settings
from tests.unit.session.conversation import user
from tests.unit.websocket.access_doubles import Tokens, access_control

METRICS_TOKEN = "of-the-operator"
KNOWN: dict[str, Principal | AccessRefusal] = {
    "admin": user(None, "boss", grant=Grant(frozenset({Scope.ADMIN}))),
    "all-but-admin": user(None, grant=Grant(frozenset(Scope) - {Scope.ADMIN})),
    "old": AccessRefusal.EXPIRED,
    "unchecked": AccessRefusal.UNAVAILABLE,
}
GUARDED = ["/metrics", "/docs", "/openapi.json", "/asyncapi.json"]


class Operators:
    """The routes of operators and who used them."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.revoked: list[Revocation] = []
        self.found = 1
        self.unavailable = False
        guard = AdminGuard(access_control(Tokens(KNOWN)), self)
        self.app = FastAPI(openapi_url=None)
        self.app.include_router(metrics_route(lambda _: (b"metrics", "text/plain"), SecretStr(METRICS_TOKEN), guard))
        self.app.include_router(api_docs("Title", guard))
        self.app.include_router(static_routes(Settings(data_dir=Path()), guard))
        self.app.include_router(revocations_route(guard, self.revoke, "i-1", self, lambda: Instant(0, 77.5)))

    def record(self, event: Event) -> None:
        self.events.append(event)

    async def revoke(self, revocation: Revocation) -> int:
        if self.unavailable:
            raise StoreUnavailable
        self.revoked.append(revocation)
        return self.found


@pytest.fixture
def operators() -> Operators:
    return Operators()


@pytest.fixture
async def client(operators: Operators) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(operators.app), base_url="http://test") as client:
        yield client


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", GUARDED)
async def test_an_administrator_reads_them_and_no_other(client: httpx.AsyncClient, path: str) -> None:
    answers = {token: await client.get(path, headers=bearing(token)) for token in [*KNOWN, "guessed"]}
    assert {token: answer.status_code for token, answer in answers.items()} == {
        "admin": 200,
        "all-but-admin": 403,
        "old": 401,
        "unchecked": 503,
        "guessed": 401,
    }
    assert answers["unchecked"].headers["retry-after"] == "5"
    assert answers["guessed"].headers["www-authenticate"] == "Bearer"
    assert "scope admin" in answers["all-but-admin"].json()["detail"]
    assert (await client.get(path)).status_code == 401
    assert (await client.head(path, headers=bearing("admin"))).status_code == 200


@pytest.mark.parametrize("path", GUARDED)
async def test_two_tokens_are_none(client: httpx.AsyncClient, path: str) -> None:
    for second in ("admin", "guessed", METRICS_TOKEN):
        headers = [("Authorization", f"Bearer {token}") for token in ("admin", second)]
        assert (await client.get(path, headers=headers)).status_code == 401


async def test_a_scraper_takes_the_token_of_the_metrics_which_opens_nothing_else(client: httpx.AsyncClient) -> None:
    statuses = [(await client.get(path, headers=bearing(METRICS_TOKEN))).status_code for path in GUARDED]
    assert statuses == [200, 401, 401, 401]


@pytest.mark.parametrize("path", ["/websocket-test", "/static-offline-docs/swagger-ui.css"])
async def test_the_page_and_static_files_are_open(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200


async def test_refusals_are_recorded_without_the_token(operators: Operators, client: httpx.AsyncClient) -> None:
    await client.get("/docs")
    await client.get("/docs", headers=bearing("old"))
    assert operators.events == [
        TokenRefused(AccessRefusal.MISSING, TokenCarrier.HTTP),
        TokenRefused(AccessRefusal.EXPIRED, TokenCarrier.HTTP),
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"token_id": "t-1"}, Revocation(0, "i-1", "t-1", "", 77.5)),
        ({"subject": "u-1"}, Revocation(0, "i-1", "", "u-1", 77.5)),
        ({"subject": "u-1", "issuer": "other"}, Revocation(0, "other", "", "u-1", 77.5)),
    ],
)
async def test_an_administrator_revokes(
    operators: Operators, client: httpx.AsyncClient, body: dict[str, str], expected: Revocation
) -> None:
    answer = await client.post("/revocations", json=body, headers=bearing("admin"))
    assert (answer.status_code, operators.revoked) == (204, [expected])
    assert operators.events == [TokensRevoked(expected.issuer, expected.token_id, expected.subject, "boss")]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"token_id": "t", "subject": "u"},
        {"token_id": ""},
        {"subject": "u", "x": 1},
        {"subject": "u" * 256},
        {"subject": "u\n"},
    ],
)
async def test_what_is_not_one_of_both_revokes_nothing(
    operators: Operators, client: httpx.AsyncClient, body: dict[str, object]
) -> None:
    answer = await client.post("/revocations", json=body, headers=bearing("admin"))
    assert (answer.status_code, operators.revoked) == (422, [])


@pytest.mark.parametrize(("token", "status"), {"all-but-admin": 403, "guessed": 401, "unchecked": 503, "": 401}.items())
async def test_nothing_of_a_body_is_read_before_the_guard_has_let_the_request_pass(
    operators: Operators, token: str, status: int
) -> None:
    """That holds for each route with a body, because only guarded ones have one."""
    paths = operators.app.openapi()["paths"]
    with_body = [(path, method) for path in paths for method in paths[path] if "requestBody" in paths[path][method]]
    assert with_body == [("/revocations", "post")]
    for path, method in with_body:
        answers = await answered(operators.app, method, path, bearing(token) if token else {}, body=None)
        assert answers == [status]
    assert operators.revoked == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 10_000, b'{"subject": "\\ud800"}', b"null", b"[]"])
async def test_what_is_no_object_is_answered_without_a_copy_of_it(
    operators: Operators, client: httpx.AsyncClient, body: bytes
) -> None:
    answer = await client.post("/revocations", content=body, headers=bearing("admin"))
    assert (answer.status_code, operators.revoked) == (422, [])
    assert all(error.keys() <= {"type", "loc", "msg", "ctx"} for error in answer.json()["detail"])


async def test_a_body_that_does_not_end_revokes_nothing(operators: Operators) -> None:
    assert await answered(operators.app, "post", "/revocations", bearing("admin"), iter([b"{"])) == [400]


def test_the_document_of_the_api_describes_the_body(operators: Operators) -> None:
    revocations = operators.app.openapi()["paths"]["/revocations"]["post"]
    schema = revocations["requestBody"]["content"]["application/json"]["schema"]
    assert (list(schema["properties"]), revocations["security"]) == (
        ["token_id", "subject", "issuer"],
        [{"HTTPBearer": []}],
    )


async def answered(
    app: FastAPI, method: str, path: str, headers: dict[str, str], body: Iterator[bytes] | None
) -> list[int]:
    """The statuses of the answers to a request whose body never ends, but by a disconnect; without one none is read."""

    async def receive() -> dict[str, object]:
        assert body is not None, "the body is read"
        part = next(body, None)
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": True}

    statuses: list[int] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await app(
        {
            "type": "http",
            "method": method.upper(),
            "path": path,
            "query_string": b"",
            "headers": [*encoded, (b"content-type", b"application/json")],
        },
        receive,
        send,
    )
    return statuses


async def test_an_unknown_key_and_an_unavailable_store_have_different_answers(
    operators: Operators, client: httpx.AsyncClient
) -> None:
    operators.found = 0
    unknown = await client.post("/revocations", json={"token_id": "k"}, headers=bearing("admin"))
    operators.unavailable = True
    unavailable = await client.post("/revocations", json={"token_id": "k"}, headers=bearing("admin"))
    assert (unknown.status_code, unavailable.status_code, unavailable.headers["retry-after"]) == (404, 503, "5")
    assert not [event for event in operators.events if isinstance(event, TokensRevoked)]
