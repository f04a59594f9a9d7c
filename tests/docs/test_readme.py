"""What the documents say, as far as a test can read it: the README, docs/ and the changelog."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from msgspec import Struct
from packaging.requirements import Requirement

from observability.reference import DOCUMENT as TELLS
from observability.reference import with_tables
from service import __version__
from service.core.errors import ErrorCode
from service.core.messages import (
    ChunkBy,
    ClientMessage,
    CompletionMetadata,
    ContentType,
    ControlAction,
    HtmlMode,
    ServerMessage,
    SessionLimits,
    Speed,
    StreamMetadata,
)
from tests.docs.settings_table import README, with_table
from tests.packaging.project import PROJECT, pyproject

DOCUMENTS = [README, PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").glob("*.md"))]

PROTOCOL = (PROJECT / "docs" / "protocol.md").read_text()


def each(*documents: Path) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("document", [pytest.param(one, id=one.name) for one in documents])


def test_the_table_of_settings_is_made_from_the_settings() -> None:
    text = README.read_text()
    assert text == with_table(text), "run: .venv/bin/python -m tests.docs.settings_table"


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


def test_the_protocol_tells_of_every_message_and_field() -> None:
    types = {snake(message) for message in get_args(ClientMessage)}
    types |= {str(message.__struct_config__.tag) for message in get_args(ServerMessage)}
    assert not untold(types)
    nested = (SessionLimits, StreamMetadata, CompletionMetadata)
    structs: tuple[type[Struct], ...] = (*get_args(ClientMessage), *get_args(ServerMessage), *nested)
    assert not untold({field for struct in structs for field in struct.__struct_fields__})


def test_the_protocol_tells_of_every_value_and_error_code() -> None:
    assert not untold(
        {str(value) for names in (ContentType, Speed, ChunkBy, HtmlMode, ControlAction) for value in names}
    )
    assert not untold({str(code) for code in ErrorCode})


def test_the_protocol_tells_of_every_close_code() -> None:
    sources = (PROJECT / "service").rglob("*.py")
    ours = {code for source in sources for code in re.findall(r'\b(\d{4}), "', source.read_text())}
    assert ours >= {"1012", "4010", "4101", "4102", "4111"}
    assert not untold(ours | {"1000", "1009"})


def test_the_tables_of_all_that_is_told_are_made_from_the_declarations() -> None:
    text = TELLS.read_text()
    assert text == with_tables(text), "run: .venv/bin/python -m observability.reference"


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


def snake(message: type[Struct]) -> str:
    """A client's message by its name on the wire."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", message.__name__).lower()


def anchors(document: Path) -> Iterator[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    for heading in re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
