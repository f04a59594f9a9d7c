"""Keys over HTTP: what is an answer, and what is not."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from service.access.claims import ClaimRules
from service.access.principal import AccessRefusal, Principal
from service.identity import fetch_keys as fetching
from service.identity.fetch_keys import MAX_BYTES, FetchFailed, fetch_keys
from service.identity.jwks import RemoteKeys
from service.identity.jwt_authenticator import JwtAuthenticator
from tests.unit.identity.issuer import NOW, jwk, key_of, token
from tests.unit.identity.recording import Recording

KEYS = json.dumps({"keys": [jwk(key_of("ES256"), kid="a")]}).encode()


class _Issuer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/keys")
            self.end_headers()
            return
        body = {"/keys": KEYS, "/large": b" " * (MAX_BYTES + 1)}.get(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - of the library
        """Write no log."""


@pytest.fixture
def issuer() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Issuer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def test_tokens_are_verified_with_the_keys_of_an_address(issuer: str) -> None:
    recorder = Recording()
    keys = RemoteKeys(lambda: fetch_keys(f"{issuer}/keys"), ("ES256",), recorder)
    service = JwtAuthenticator(keys, ("ES256",), ClaimRules("", "streaming", "sub", 86_400.0))
    async with service.running():
        valid = token("ES256", header={"kid": "a"})
        assert isinstance(await service.authenticate(valid, NOW), Principal)
        unknown = token("ES256", header={"kid": "b"})
        assert await service.authenticate(unknown, NOW) is AccessRefusal.INVALID
    assert recorder.changes == []


@pytest.mark.parametrize(
    ("path", "reason"), [("/none", "404"), ("/moved", "302"), ("/large", f"more than {MAX_BYTES} bytes")]
)
async def test_an_error_a_redirect_and_a_flood_are_no_keys(issuer: str, path: str, reason: str) -> None:
    with pytest.raises(FetchFailed, match=reason):
        await fetch_keys(issuer + path)


async def test_a_server_that_refuses_is_silent_or_has_no_certificate_is_an_outage(
    issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setattr(fetching, "TIMEOUT_SECONDS", 0.05)
        with pytest.raises(FetchFailed, match=r"no answer within|timed out"):
            await fetch_keys(f"http://127.0.0.1:{port}/keys")
    monkeypatch.undo()
    with pytest.raises(FetchFailed, match="refused"):
        await fetch_keys(f"http://127.0.0.1:{port}/keys")
    with pytest.raises(FetchFailed, match="SSL"):
        await fetch_keys(f"{issuer.replace('http:', 'https:')}/keys")


async def test_a_cancelled_fetch_leaves_no_exception(issuer: str) -> None:
    fetch = asyncio.create_task(fetch_keys(f"{issuer}/keys"))
    await asyncio.sleep(0)
    fetch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetch
    assert await fetch_keys(f"{issuer}/keys") == KEYS


async def test_keys_without_tls_pass_through_no_proxy(issuer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # no server listens there
    monkeypatch.delenv("no_proxy", raising=False)
    assert await fetch_keys(f"{issuer}/keys") == KEYS
    with pytest.raises(FetchFailed, match="refused"):
        await fetch_keys("https://issuer.example/keys")
