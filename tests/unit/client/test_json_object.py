"""The JSON of any server: an object, or none."""

import pytest

from streaming_content.json_object import json_object


@pytest.mark.parametrize("text", [b"", b"\xff", "<html>", "[]", "null", "1", "[" * 100_000, '{"a":' * 100_000])
def test_what_is_no_object_is_an_empty_one(text: str | bytes) -> None:
    assert json_object(text) == {}


@pytest.mark.parametrize("text", ['{"a": [1]}', b'{"a": [1]}', bytearray(b'{"a": [1]}')])
def test_an_object_is_found(text: str | bytes) -> None:
    assert json_object(text) == {"a": [1]}
