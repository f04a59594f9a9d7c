"""Links, commands and names in the documents lead to what exists."""

import re
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from observability.registry.metrics import METRICS
from service import __version__
from service.content.prepare import prepare
from service.protocol.limits import Limits
from service.protocol.messages import ContentType, StreamRequest
from tests.ops.packaging.project import PROJECT, pyproject

DOCUMENTS = [
    *(PROJECT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((PROJECT / "docs").rglob("*.md")),
]

README = (PROJECT / "README.md").read_text()

EACH_DOCUMENT = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[str(document.relative_to(PROJECT)) for document in DOCUMENTS]
)


@EACH_DOCUMENT
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)", document.read_text()):
        file = (document.parent / target) if target else document
        assert file.exists(), target
        if anchor:
            assert anchor in set(anchors(file)), f"{target}#{anchor}"


@EACH_DOCUMENT
def test_every_make_target_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", document.read_text(), re.MULTILINE))
    assert named <= targets


@EACH_DOCUMENT
def test_every_test_path_exists(document: Path) -> None:
    paths = re.findall(r"\btests/[\w/]+(?:\.py)?", document.read_text())
    assert [path for path in paths if not (PROJECT / path).exists()] == []


@EACH_DOCUMENT
def test_every_source_path_exists(document: Path) -> None:
    paths = re.findall(
        r"(?<![\w/.-])(?:service|observability|dashboards|alerts|tools)/[\w/]+\.\w+", document.read_text()
    )
    assert [path for path in paths if not (PROJECT / path).exists()] == []


@EACH_DOCUMENT
def test_every_metric_with_a_label_is_declared(document: Path) -> None:
    named = set(re.findall(r"\b(stream\w*?)(?:_bucket)?\{\w+!?=", document.read_text()))
    assert named <= {metric.name for metric in METRICS}


def test_every_direct_dependency_has_its_reason() -> None:
    project = pyproject()
    direct = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    reasons = set(re.findall(r"^\| `([a-z0-9-]+)` \| \S", (PROJECT / "docs" / "design.md").read_text(), re.MULTILINE))
    assert {Requirement(requirement).name for requirement in direct} == reasons


def test_the_changelog_has_a_section_for_this_version() -> None:
    assert re.search(rf"^## \[?{re.escape(__version__)}\b", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_the_demo_of_the_readme_prints_what_the_service_returns() -> None:
    pattern = r"^\$ printf '(.*?)' \\\n.*?\n(.*)\noutcome .*?^chunks +(\d+)\nbytes +(\d+)$"
    demo = re.search(pattern, README, re.MULTILINE | re.DOTALL)
    assert demo is not None
    content, printed, chunks, size = demo.groups()
    request = StreamRequest(content=content.replace("\\n", "\n"), content_type=ContentType.MARKDOWN)
    plan = prepare(request, Limits(), lambda _stage: nullcontext())
    data = list(plan.chunks)
    assert (printed, int(chunks), int(size)) == ("".join(data), len(data), len("".join(data).encode()))


def anchors(document: Path) -> Iterator[str]:
    """The anchors of a document's headings, as GitHub generates them."""
    for heading in re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
