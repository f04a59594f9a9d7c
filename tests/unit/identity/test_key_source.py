"""Keys in a file that changes."""

import json
import os
from pathlib import Path

import pytest

from service.identity.key_set import UnusableKeys
from service.identity.key_source import KeyFile
from tests.unit.identity.issuer import jwk, key_of, public
from tests.unit.identity.recording import Clock, Recording

OLD, NEW = key_of("ES256"), key_of("ES256", "next")


def key_file(path: Path) -> tuple[KeyFile, Recording, Clock]:
    recorder, clock = Recording(), Clock()
    return KeyFile(path, ("ES256",), recorder, clock), recorder, clock


async def found(keys: KeyFile, clock: Clock) -> list[object]:
    """The x coordinates of the keys, a second later."""
    clock.seconds += 1
    return [key["x"] for key in await keys.candidates("ES256", None)]


async def test_a_changed_file_is_read_again_also_if_another_takes_its_place(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(public(OLD))
    keys, recorder, clock = key_file(path)
    assert await found(keys, clock) == [jwk(OLD)["x"]]
    path.write_bytes(public(NEW))  # of the same size
    os.utime(path, (0, 1))
    assert await found(keys, clock) == [jwk(NEW)["x"]]
    path.write_text(json.dumps({"keys": [jwk(OLD), jwk(NEW)]}))
    assert await found(keys, clock) == [jwk(OLD)["x"], jwk(NEW)["x"]]
    (tmp_path / "next").write_bytes(public(NEW))
    (tmp_path / "next").replace(path)
    assert await found(keys, clock) == [jwk(NEW)["x"]]
    assert recorder.changes == []


async def test_a_file_that_cannot_be_read_leaves_the_keys_and_is_reported_once(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(public(OLD))
    keys, recorder, clock = key_file(path)
    path.write_text("half of a k")
    assert await found(keys, clock) == [jwk(OLD)["x"]]
    path.unlink()
    assert await found(keys, clock) == [jwk(OLD)["x"]]
    assert recorder.changes == [f"{path}: it is neither PEM nor a JWK nor a JWK set"]
    path.write_bytes(public(NEW))
    assert await found(keys, clock) == [jwk(NEW)["x"]]
    assert recorder.changes[1:] == ["up"]


async def test_the_file_is_looked_at_once_a_second(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(public(OLD))
    keys, _, clock = key_file(path)
    await found(keys, clock)
    path.write_bytes(public(NEW) * 2)
    clock.seconds += 0.9
    assert len(await keys.candidates("ES256", None)) == 1
    clock.seconds += 0.1
    assert len(await keys.candidates("ES256", None)) == 2


def test_a_file_that_cannot_be_read_at_the_start_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableKeys, match="No such file"):
        key_file(tmp_path / "none")
    (tmp_path / "wrong").write_text("{}")
    with pytest.raises(UnusableKeys, match="MissingKeyTypeError"):
        key_file(tmp_path / "wrong")
