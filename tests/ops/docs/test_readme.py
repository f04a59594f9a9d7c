"""What the documents say, as far as a test can read it: the README, docs/ and the changelog."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from msgspec import Struct
from packaging.requirements import Requirement

from service import __version__
from service.protocol.close_codes import CloseCode
from service.protocol.codec import decode
from service.protocol.errors import ErrorCode
from service.protocol.messages import (
    ChunkBy,
    ClientMessage,
    ClientMessageType,
    ContentType,
    ControlAction,
    HtmlMode,
    RefusalReason,
    Speed,
)
from service.protocol.server_messages import CompletionMetadata, ServerMessage, SessionLimits, StreamMetadata
from tests.ops.packaging.project import PROJECT, pyproject

README = PROJECT / "README.md"
DOCUMENTS = [README, PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").glob("*.md"))]

PROTOCOL = (PROJECT / "docs" / "protocol.md").read_text()


def each(*documents: Path) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("document", [pytest.param(one, id=one.name) for one in documents])


@each(*DOCUMENTS)
def test_every_link_leads_to_a_file_and_its_heading(document: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)", document.read_text()):
        file = (document.parent / target) if target else document
        assert file.exists(), target
        if anchor:
            assert anchor in set(anchors(file)), f"{target}#{anchor}"


@each(*DOCUMENTS)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", document.read_text(), re.MULTILINE))
    assert named <= targets


@each(*DOCUMENTS)
def test_every_test_that_is_named_exists(document: Path) -> None:
    named = re.findall(r"\btests/[\w/]+(?:\.py)?", document.read_text())
    assert not [one for one in named if not (PROJECT / one).exists()]


def test_the_protocol_tells_of_every_message_and_field() -> None:
    types = {snake(message) for message in get_args(ClientMessage)}
    types |= {str(message.__struct_config__.tag) for message in get_args(ServerMessage)}
    assert not untold(types)
    nested = (SessionLimits, StreamMetadata, CompletionMetadata)
    structs: tuple[type[Struct], ...] = (*get_args(ClientMessage), *get_args(ServerMessage), *nested)
    assert not untold({field for struct in structs for field in struct.__struct_fields__})


def test_the_protocol_tells_of_every_value_and_error_code() -> None:
    vocabulary = (ContentType, Speed, ChunkBy, HtmlMode, ControlAction, RefusalReason)
    assert not untold({str(value) for names in vocabulary for value in names})
    assert not untold({str(code) for code in ErrorCode})


def test_the_protocol_tells_of_every_close_code() -> None:
    assert not untold({str(int(code)) for code in CloseCode if code.reason})


def test_the_protocol_says_what_to_do_about_every_refusal() -> None:
    assert {row[0] for row in rows_under("Reasons for a refusal")} == {f"`{reason}`" for reason in RefusalReason}


def test_every_example_of_the_protocol_is_one() -> None:
    examples = list(protocol_examples())
    shown = {example["type"] for example in examples}
    fields = {str(one.__struct_config__.tag): set(one.__struct_fields__) for one in get_args(ServerMessage)}
    assert shown == fields.keys() | set(ClientMessageType)
    for example in examples:
        if example["type"] in set(ClientMessageType):
            decode(json.dumps(example))
        else:
            msgspec.convert(example, ServerMessage)  # raises for what is missing or of the wrong type
            assert example.keys() <= fields[example["type"]] | {"type"}


def test_every_direct_dependency_has_its_reason() -> None:
    project = pyproject()
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    reasons = set(re.findall(r"^\| `([a-z0-9-]+)` \| \S", (PROJECT / "docs" / "design.md").read_text(), re.MULTILINE))
    assert {Requirement(one).name for one in asked} == reasons


def test_the_changelog_knows_this_version() -> None:
    assert re.search(rf"^## \[?{re.escape(__version__)}\b", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)


def untold(words: set[str]) -> set[str]:
    """Those of ``words`` that docs/protocol.md does not show as code."""
    return {word for word in words if f"`{word}`" not in PROTOCOL}


def rows_under(heading: str) -> list[list[str]]:
    """The cells of the rows of the first table under a heading of docs/protocol.md."""
    (section,) = re.findall(rf"^#+ {heading}\n(.*?)(?=^#|\Z)", PROTOCOL, re.MULTILINE | re.DOTALL)
    _, _, *rows = re.findall(r"^\|(.*)\|$", section, re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")] for row in rows]


def protocol_examples() -> Iterator[dict[str, Any]]:
    """The messages in docs/protocol.md, in order."""
    for block in re.findall(r"^```json\n(.*?)^```", PROTOCOL, re.MULTILINE | re.DOTALL):
        rest = block.strip()
        while rest:
            example, end = json.JSONDecoder().raw_decode(rest)
            yield example
            rest = rest[end:].lstrip()


def snake(message: type[Struct]) -> str:
    """A client's message by its name on the wire."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", message.__name__).lower()


def anchors(document: Path) -> Iterator[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    for heading in re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
