"""The examples of docs/security.md issue tokens that the service accepts with the settings of the same page."""

import os
import re
import runpy
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from service.access.principal import Principal
from service.access.scope import Scope
from service.events import Event
from service.identity.factory import create_authenticator
from service.identity.jwt_authenticator import JwtAuthenticator
from service.settings import Settings
from tests.conftest import PROJECT
from tests.unit.identity.memory_access_store import MemoryAccessStore
from tools.node import NODE

SECRET = "a secret of at least thirty-two bytes"
TEXT = (PROJECT / "docs" / "security.md").read_text().partition("### Issuing tokens")[2]


def block(language: str, beginning: str = "") -> str:
    """The first example in a language that begins so."""
    found = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return next(str(code) for code in found if code.startswith(beginning))


def printed(*command: str, **environment: str) -> str:
    found = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | environment)
    return found.stdout.strip()


class Unrecorded:
    def record(self, event: Event) -> None: ...


async def issued_to(token: str, **settings: object) -> Principal:
    """The principal of the token, for a service with the audience and the issuer of the page."""
    stated = dict(re.findall(r"`(AUTH_JWT_(?:AUDIENCE|ISSUER))=([^`]+)`", TEXT))
    named = {name.lower(): value for name, value in stated.items()}
    assert len(named) == 2
    service = Settings(auth_mode="jwt", **named, **settings)  # type: ignore[arg-type]
    authenticator = create_authenticator(service, MemoryAccessStore(), Unrecorded())
    assert isinstance(authenticator, JwtAuthenticator)
    principal = await authenticator.authenticate(token, time.time())
    assert isinstance(principal, Principal), principal
    return principal


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With a pair of keys, by the commands of the page."""
    monkeypatch.chdir(tmp_path)
    printed("sh", "-ec", block("sh", "openssl ecparam"))
    return tmp_path


async def accepted(token: str, folder: Path) -> None:
    principal = await issued_to(token, auth_jwt_key_file=folder / "token-key.pub", auth_jwt_algorithms="ES256")
    assert (principal.subject, principal.grant.scopes) == ("u-1", frozenset({Scope.STREAM}))
    assert principal.token_id


async def test_fastapi(folder: Path) -> None:
    (folder / "issuer.py").write_text(block("python"))
    app = runpy.run_path("issuer.py")["app"]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as http:
        await accepted((await http.post("/token")).json()["token"], folder)


async def test_node(folder: Path) -> None:
    (folder / "issuer.mjs").write_text(f'{block("js")}\nconsole.log(token("u-1"));\n')
    await accepted(printed(str(NODE), "issuer.mjs"), folder)


async def test_shell() -> None:
    token = printed("sh", "-ec", block("sh", "encode()"), AUTH_JWT_KEY=SECRET)
    principal = await issued_to(token, auth_jwt_key=SecretStr(SECRET), auth_jwt_algorithms="HS256")
    assert principal.subject == "u-1"
