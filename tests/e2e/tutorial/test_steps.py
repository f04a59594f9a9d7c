"""The steps of a tutorial are read from its text."""

import pytest

from tests.e2e.tutorial.steps import Command, Write, steps


def test_blocks_are_commands_or_files() -> None:
    text = "Do:\n\n```sh\nmake run\n```\n\nThen\n\n`a/b.js`:\n\n```js\nlet c;\n\nd();\n```\n"
    assert list(steps(text)) == [Command("make run\n"), Write("a/b.js", "let c;\n\nd();\n")]


def test_a_block_that_readers_cannot_use_is_an_error() -> None:
    with pytest.raises(ValueError, match="no path: let c"):
        list(steps("Look:\n\n```js\nlet c;\n```\n"))
