"""What users add to a full run: tokens and keys, refusals, quotas and revocations."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from tests.backends.redis import Redis
from tests.clients.direct import WITHOUT_KEEP_ALIVE, handshake, request, stream
from tests.conftest import RunningServer, environment
from tests.integration.access.users import bearer, entered
from tests.integration.observability.breaking import BREAK
from tests.integration.observability.full_run import LONG, Signals, scrape
from tests.unit.identity import issuer
from tests.waiting import eventually

SCRAPER = "of-the-scraper"
ISSUED: dict[str, object] = {
    "AUTH_MODE": "jwt",
    "AUTH_JWT_ALGORITHMS": "ES256",
    "AUTH_JWT_ISSUER": issuer.CLAIMS["iss"],
    "AUTH_JWT_AUDIENCE": issuer.CLAIMS["aud"],
    "METRICS_TOKEN": SCRAPER,
}
"""For tokens of the issuer, whose keys are elsewhere."""
USERS: dict[str, object] = {
    **ISSUED,
    "LOG_LEVEL": "DEBUG",
    "QUOTA_REQUESTS": 3,
    "CLIENT_REPORTS": "on",
    "MEMORY_LIMIT": 2**30,
    "DATABASE_URL": "postgresql://127.0.0.1:9/usage",  # no server listens there
}
SERVICES: dict[str, object] = {"AUTH_MODE": "key", "METRICS_TOKEN": SCRAPER, "LOG_LEVEL": "DEBUG"}


def token(kid: str | None = None, **claims: Any) -> str:  # noqa: ANN401 - JSON
    """A token of the issuer, by its key, whatever ``kid`` it names."""
    now = time.time()
    header = {} if kid is None else {"kid": kid}
    return issuer.token("ES256", header=header, **{"iat": now - 1, "exp": now + 3600, **claims})


@contextmanager
def published_keys() -> Iterator[str]:
    """The address of the JWK set of the issuer."""
    content = json.dumps({"keys": [issuer.jwk(issuer.key_of("ES256"), kid="current")]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/keys"
        server.shutdown()


async def meet_users(server: RunningServer, redis: Redis, signals: Signals) -> None:
    """The server is a breaking one with ``USERS`` and the keys of the issuer; its quotas are in ``redis``."""
    async with entered(server, "article", token()) as client:
        await stream(client, "A text.")
        await request(client, f"{BREAK}please")
        await client.receive_until("error")
        await request(client, LONG, speed="slow")
        await client.receive_until("chunk")
        await request(client, "One more.")
        assert (await client.receive_until("error"))[-1]["scope"] == "requests"
        await client.send("stream_control", action="cancel")
        await client.receive_until("stream_cancelled")
    assert (await handshake(server, "/ws/stream/article", **bearer(token(aud="another"))))[0] == 401
    admin = bearer(token(sub="operator", scope="admin"))
    async with httpx.AsyncClient(base_url=server.url, limits=WITHOUT_KEEP_ALIVE, headers=admin) as http:
        for revoked in ({"token_id": "stolen"}, {"subject": "signed-out"}):
            assert (await http.post("/revocations", json=revoked)).status_code == 204
    redis.stop()

    async def admitted_without_a_charge() -> bool:
        await handshake(server, "/ws/stream/article", **bearer(token()))
        return any(line.get("dependency") == "access_store" for line in server.log)

    await eventually(admitted_without_a_charge)
    await handshake(server, "/ws/stream/article", **bearer(token()))
    signals.scrapes.append(await scrape(server, SCRAPER))
    server.stop()
    signals.lines += server.log


async def meet_services(server: RunningServer, folder: Path, signals: Signals) -> None:
    """The server is in ``folder``, with ``SERVICES``."""
    command = [sys.executable, "-m", "service", "keys", "add", "importer"]
    made = subprocess.run(  # noqa: ASYNC221 - nothing else runs
        command, check=True, cwd=folder, env=environment(AUTH_MODE="key"), capture_output=True, text=True
    )
    key = made.stdout.strip()
    assert key not in made.stderr
    async with entered(server, "import", key):
        signals.scrapes.append(await scrape(server, SCRAPER))
    server.stop()
    logged: list[dict[str, Any]] = [json.loads(line) for line in made.stderr.splitlines() if line.startswith("{")]
    signals.lines += [*server.log, *logged]
