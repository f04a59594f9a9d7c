"""The commands keys and revoke, and what a process that shares the store sees of them."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from service.access.api_key import KEY_ISSUER
from service.access.ports import AccessStore
from service.access.principal import AccessRefusal, Principal
from service.access.revocation import Revocation
from service.access.scope import Grant
from service.cli import main
from service.cli.exits import Exit
from service.events import Event
from service.identity.key_authenticator import KeyAuthenticator
from service.settings import Settings
from service.stores.factory import create_access_store

LATER = 2_000_000_000.0

Found = TypeVar("Found")
Run = Callable[..., tuple[int, str, str]]


class _Unrecorded:
    def record(self, event: Event) -> None: ...


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for data, without the settings of a developer."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("AUTH_MODE", "key")
    (tmp_path / "data").mkdir()
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command; return its exit code, standard output and standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as ended:
            code = int(ended.code or 0)
        output = capsys.readouterr()
        return code, output.out, output.err

    return call


def in_store(use: Callable[[AccessStore], Awaitable[Found]]) -> Found:
    """What another process finds in the store of the settings."""

    async def ask() -> Found:
        store = create_access_store(Settings(), _Unrecorded()).store
        try:
            return await use(store)
        finally:
            await store.close()

    return asyncio.run(ask())


def principal(key: str) -> Principal | AccessRefusal:
    return in_store(lambda store: KeyAuthenticator(store.find_key).authenticate(key, LATER))


def made(run: Run, *arguments: str) -> tuple[str, str]:
    """The key that ``keys add`` prints, and its id."""
    code, key, report = run("keys", "add", *arguments)
    assert (code, re.fullmatch(r"sk_[A-Za-z0-9_-]{43}\n", key) is not None) == (Exit.DONE, True)
    found = re.match(r"Key (k_[0-9a-f]{16}) of ", report)
    assert found is not None
    assert key.strip() not in report
    return key.strip(), found[1]


def test_a_key_is_valid_as_it_was_made(run: Run) -> None:
    key, key_id = made(run, "ci")
    found = principal(key)
    assert isinstance(found, Principal)
    assert (found.issuer, found.subject, found.space, found.token_id) == (KEY_ISSUER, "ci", "ci", key_id)
    assert (found.grant, found.expires_at) == (Grant.parse(["stream"], ["*"]), None)
    options = ("--space", "team", "--scopes", "watch", "admin", "--sessions", "doc-*", "other/*", "--days", "7")
    other, _ = made(run, "viewer", *options)
    assert principal(other) is AccessRefusal.EXPIRED
    [_, listed] = json.loads(run("keys", "list", "--json")[1])
    assert (listed["space"], listed["scopes"], listed["sessions"]) == ("team", ["watch", "admin"], ["doc-*", "other/*"])
    assert listed["expires_at"] - listed["created_at"] == 7 * 86_400


def test_neither_the_list_nor_the_files_have_a_key(run: Run, folder: Path) -> None:
    keys = [made(run, name)[0] for name in ("ci", "importer")]
    text = run("keys", "list")[1] + run("keys", "list", "--json")[1]
    assert [line.split()[1] for line in text.splitlines()[1:3]] == ["ci", "importer"]
    stored = b"".join(path.read_bytes() for path in (folder / "data").rglob("*") if path.is_file())
    assert b"importer" in stored
    for key in keys:
        assert key not in text
        assert key[3:].encode() not in stored


def test_a_revoked_key_is_refused_and_its_revocation_recorded(run: Run) -> None:
    (key, key_id), (other, _) = made(run, "ci"), made(run, "importer")
    assert run("keys", "revoke", key_id) == (Exit.DONE, f"Key {key_id} is revoked.\n", "")
    assert principal(key) is AccessRefusal.REVOKED
    assert isinstance(principal(other), Principal)
    [revocation] = in_store(lambda store: store.revocations(0))
    assert (revocation.issuer, revocation.token_id) == (KEY_ISSUER, key_id)
    for again in (key_id, "k_unknown"):
        code, _, error = run("keys", "revoke", again)
        assert (code, again in error) == (Exit.FAILED, True)
    assert [line.split()[-1] for line in run("keys", "list")[1].splitlines()[1:]] == ["revoked", "valid"]


def test_revoke_with_keys_marks_each_key_of_the_subject(run: Run) -> None:
    keys = [made(run, "ci")[0] for _ in range(2)]
    assert run("revoke", "--subject", "ci")[0] == Exit.DONE
    assert [principal(key) for key in keys] == [AccessRefusal.REVOKED] * 2
    assert isinstance(principal(made(run, "ci")[0]), Principal), "a key that was made later"
    assert run("revoke", "--subject", "stranger")[0] == Exit.FAILED


def test_revoke_with_tokens_records_the_issuer_of_the_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AUTH_MODE": "jwt",
        "AUTH_JWT_KEY": "of the issuer, and of thirty-two bytes",
        "AUTH_JWT_ALGORITHMS": "HS256",
        "AUTH_JWT_AUDIENCE": "streaming",
        "AUTH_JWT_ISSUER": "https://issuer.example",
    }.items():
        monkeypatch.setenv(name, value)
    assert run("revoke", "--token-id", "t1") == (Exit.DONE, "Token t1 is revoked.\n", "")
    assert run("revoke", "--subject", "user")[0] == Exit.DONE
    code, _, problem = run("revoke", "--subject", "user", "--issuer", "other")
    assert (code, "nothing is revoked" in problem) == (Exit.FAILED, True)

    def shown(one: Revocation) -> tuple[int, str, str, str]:
        return one.sequence, one.issuer, one.token_id, one.subject

    first, second = in_store(lambda store: store.revocations(0))
    assert shown(first)[1:] == ("https://issuer.example", "t1", "")
    assert shown(second)[1:] == ("https://issuer.example", "", "user")
    assert first.sequence < second.sequence


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("keys",), "ACTION"),
        (("keys", "add"), "NAME"),
        (("keys", "add", ""), "1 to 255 printable characters"),
        (("keys", "add", "ci", "--days", "36501"), "at most 36500 days"),
        (("keys", "add", "a\nb"), "1 to 255 printable characters"),
        (("keys", "add", "ci", "--space", ""), "The space of a key"),
        (("keys", "add", "ci", "--scopes", "root"), "root"),
        (("keys", "add", "ci", "--sessions", "a b"), "a b is no pattern of sessions"),
        (("keys", "add", "ci", "--days", "0"), "0"),
        (("revoke",), "--token-id"),
        (("revoke", "--subject", ""), "--subject"),
        (("revoke", "--subject", "a", "--token-id", "b"), "not allowed"),
    ],
)
def test_a_wrong_argument_is_one_sentence(run: Run, arguments: tuple[str, ...], words: str) -> None:
    code, output, error = run(*arguments)
    assert (code, output, error.count("\n"), words in error) == (Exit.USAGE, "", 1, True)


def test_without_authentication_nothing_is_revoked_and_a_key_is_made_with_a_hint(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH_MODE", "none")
    assert run("revoke", "--subject", "a")[::2] == (
        Exit.USAGE,
        "AUTH_MODE=none accepts no tokens: there is nothing to revoke.\n",
    )
    assert "set AUTH_MODE=key" in run("keys", "add", "ci")[2]


def test_a_store_that_cannot_be_used_is_one_sentence(run: Run, folder: Path) -> None:
    (folder / "data").rmdir()
    (folder / "data").write_text("no directory")
    code, output, error = run("keys", "add", "ci")
    assert (code, output) == (Exit.USAGE, "")
    assert error.startswith("The store of keys and revocations cannot be used")
    assert error.count("\n") == 1
