"""A running service: keys of the issuer that rotate, and revocations by the command line."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.conftest import RunningServer, environment
from tests.unit.identity.issuer import jwk, key_of, signed
from tests.waiting import LIMIT_SECONDS, eventually

OLD, NEW = jwk(key_of("ES256"), kid="old"), jwk(key_of("ES256", "next"), kid="new")


class Deployment:
    """A service that reads the keys of its issuer from a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.publish(OLD)
        self.settings: dict[str, object] = {
            "DATA_DIR": folder,
            "AUTH_MODE": "jwt",
            "AUTH_JWT_KEY_FILE": folder / "keys.json",
            "AUTH_JWT_ALGORITHMS": "ES256",
            "AUTH_JWT_AUDIENCE": "streaming",
        }
        self.server = RunningServer(folder, self.settings)

    def publish(self, *keys: dict[str, Any]) -> None:
        (self._folder / "next").write_text(json.dumps({"keys": keys}))
        (self._folder / "next").replace(self._folder / "keys.json")

    def connect(self, token: str) -> connect:
        host, port = self.server.address
        return connect(f"ws://{host}:{port}/ws/stream/s", additional_headers={"Authorization": f"Bearer {token}"})

    def run(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "service", *arguments]
        subprocess.run(command, cwd=self._folder, env=environment(**self.settings), check=True, capture_output=True)


def token(kid: str, by: str, **claims: object) -> str:
    now = time.time()
    payload = {"aud": "streaming", "sub": "user", "scope": "stream", "iat": now, "exp": now + 600, **claims}
    return signed({"alg": "ES256", "kid": kid}, json.dumps(payload).encode(), key_of("ES256", by), "ES256")


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    started = Deployment(tmp_path)
    yield started
    started.server.process.terminate()
    started.server.process.wait()


async def status(attempt: connect) -> int:
    """The status of the handshake; 101 if it succeeds."""
    try:
        async with attempt:
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def closed(connection: ClientConnection) -> int | None:
    """The code with which the service closes the connection."""
    async with asyncio.timeout(LIMIT_SECONDS):
        await connection.wait_closed()
    return connection.close_code


async def test_a_rotated_key_is_accepted_without_a_closed_connection(deployment: Deployment) -> None:
    async with deployment.connect(token("old", "issuer")) as connection:
        await connection.recv()
        assert await status(deployment.connect(token("new", "next"))) == 401

        async def accepted() -> bool:
            return await status(deployment.connect(token("new", "next"))) == 101

        deployment.publish(OLD, NEW)
        await eventually(accepted)
        deployment.publish(NEW)

        async def withdrawn() -> bool:
            return await status(deployment.connect(token("old", "issuer"))) == 401

        await eventually(withdrawn)
        await connection.send(json.dumps({"type": "stream_request", "content": "hello"}))
        assert json.loads(await connection.recv())["type"] == "stream_start"


async def test_a_revocation_by_the_command_line_closes_the_connections_of_the_user(deployment: Deployment) -> None:
    revoked, other = token("old", "issuer"), token("old", "issuer", sub="other")
    async with deployment.connect(revoked) as one, deployment.connect(other) as another:
        await asyncio.to_thread(deployment.run, "revoke", "--subject", "user")
        assert await closed(one) == 4123
        assert await status(deployment.connect(revoked)) == 401
        await another.send(json.dumps({"type": "stream_request", "content": "hello"}))
        types = [json.loads(await another.recv())["type"] for _ in range(2)]
        assert "error" not in types
