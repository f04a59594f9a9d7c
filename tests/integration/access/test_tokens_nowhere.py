"""No token and no secret is in a log line, a metric, a span or a report."""

import json

from service.asyncapi.conversations import WITH_TOKENS
from tests.backends.kent import Kent
from tests.backends.otlp import OtlpReceiver
from tests.clients.direct import DOCUMENT, get, handshake, joined, stream, until_closed
from tests.conftest import StartServer
from tests.integration.access.users import bearer, entered, token


async def test_tokens_are_exported_nowhere(start_server: StartServer, otlp: OtlpReceiver, kent: Kent) -> None:
    server = start_server(
        **WITH_TOKENS, LOG_LEVEL="DEBUG", OTEL_EXPORTER_OTLP_ENDPOINT=otlp.endpoint, SENTRY_DSN=kent.dsn
    )
    good, next_, foreign, expired, admin = (
        token(),
        token(seconds=900),
        token("u-2"),
        token(seconds=-60),
        token(scope="admin"),
    )
    async with entered(server, "s", good) as client:
        for refresh in (next_, foreign, expired):
            await client.send("auth_refresh", token=refresh)
            await client.receive()
        assert await stream(client, DOCUMENT) == DOCUMENT
        await client.send_frame(json.dumps({"type": "auth_refresh", "token": [next_]}))
        assert (await client.receive())["code"] == "INVALID_MESSAGE"
    for bad in (expired, f"{good}x"):
        await handshake(server, "/ws/stream/s", **bearer(bad))
        async with joined(server, "s", wait_connected=False) as client:
            await client.send("auth", token=bad)
            await until_closed(client)
    async with joined(server, "s", wait_connected=False) as client:
        await client.send_frame(f'{{"type": "auth", "token": "{good}')
        await until_closed(client)
    metrics = (await get(server, "/metrics", **bearer(admin))).text
    assert (await get(server, "/docs", **bearer(expired))).status_code == 401
    server.stop()
    exported = {
        "metrics": metrics,
        "log": json.dumps(server.log) + "".join(server.noise),
        "spans": b"".join(otlp.received).decode(errors="replace"),
        "sentry": json.dumps(kent.items()),
    }
    assert "refused_token" in exported["log"]
    parts = {part for one in (good, next_, foreign, expired, admin) for part in one.split(".")[1:]}
    parts.add(WITH_TOKENS["AUTH_JWT_KEY"])
    assert [(signal, part) for signal, text in exported.items() for part in parts if part in text] == []


async def test_secrets_of_sessions_are_exported_nowhere(start_server: StartServer) -> None:
    server = start_server(LOG_LEVEL="DEBUG")
    async with (
        joined(server, "s", additional_headers={"X-Session-Secret": "of-its-creator"}),
        joined(server, "s", additional_headers={"X-Session-Secret": "guessed-one"}, wait_connected=False) as c,
    ):
        assert (await until_closed(c))[1] == 4124
    server.stop()
    assert "refused_secret" in json.dumps(server.log)
    assert [secret for secret in ("of-its-creator", "guessed-one") if secret in json.dumps(server.log)] == []
