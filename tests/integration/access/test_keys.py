"""Keys of services: made and revoked on the command line and over HTTP."""

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx

from tests.clients.direct import DOCUMENT, handshake, joined, stream, until_closed
from tests.conftest import StartServer, environment
from tests.integration.access.users import bearer, entered


def keys(folder: Path, *arguments: str) -> str:
    """What the command prints to standard output."""
    command = [sys.executable, "-m", "service", "keys", *arguments]
    settings = environment(AUTH_MODE="key")
    return subprocess.run(command, check=True, cwd=folder, env=settings, capture_output=True, text=True).stdout.strip()


def listed(folder: Path) -> list[str]:
    """The ids of all keys."""
    return [line.split()[0] for line in keys(folder, "list").splitlines() if line.startswith("k_")]


async def test_a_key_opens_connections_until_it_is_revoked_over_http(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(AUTH_MODE="key")
    key, admin = keys(tmp_path, "add", "bot"), keys(tmp_path, "add", "ops", "--scopes", "admin")
    bot = listed(tmp_path)[0]
    assert (await handshake(server, "/ws/stream/s", **bearer(f"{key}x")))[0] == 401
    assert (await handshake(server, "/ws/stream/s", **bearer(admin)))[0] == 403
    async with entered(server, "s", key) as client, joined(server, "s", wait_connected=False) as other:
        assert "auth_expires_at" not in client.connected
        await other.send("auth", token=key)
        assert (await other.receive())["type"] == "connected"
        assert await stream(client, DOCUMENT) == DOCUMENT
        async with httpx.AsyncClient(base_url=server.url, headers=bearer(admin)) as http:
            for key_id, status in (("k_unknown", 404), (bot, 204), (bot, 404)):
                assert (await http.post("/revocations", json={"token_id": key_id})).status_code == status
        for connection in (client, other):
            messages, close = await until_closed(connection)
            assert (messages[-1]["code"], close) == ("TOKEN_REVOKED", 4123)
    assert (await handshake(server, "/ws/stream/s", **bearer(key)))[0] == 401


async def test_a_key_that_is_revoked_on_the_command_line_closes_its_connections(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(AUTH_MODE="key")
    key, ids = keys(tmp_path, "add", "bot"), listed(tmp_path)
    async with entered(server, "s", key) as client:
        await asyncio.to_thread(keys, tmp_path, "revoke", *ids)  # the client reads at the same time
        [error], close = await until_closed(client)
    assert (error["code"], close) == ("TOKEN_REVOKED", 4123)
