"""Links of documents as they are on the site."""

import pytest

from tools.site.links import linked, place_on_site, relink

FOLDERS = frozenset({"deploy"})


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("docs/protocol.md", "protocol.md"),
        ("docs/how-to/react.md", "how-to/react.md"),
        ("clients/js/README.md", "javascript.md"),
        ("deploy/nginx/streaming.conf", "files/deploy/nginx/streaming.conf"),
    ],
)
def test_each_file_has_a_place(path: str, place: str) -> None:
    assert place_on_site(path) == place


@pytest.mark.parametrize(
    ("document", "link", "shown"),
    [
        ("docs/protocol.md", "[a](../clients/js/README.md#in-react)", "[a](javascript.md#in-react)"),
        ("docs/how-to/react.md", "[a](../../clients/js/README.md)", "[a](../javascript.md)"),
        ("clients/js/README.md", "[a\nb](../../docs/protocol.md#x)", "[a\nb](protocol.md#x)"),
        ("README.md", "![a](docs/pictures/live.png)", "![a](pictures/live.png)"),
        ("README.md", "[a](#b), [c](https://example.com)", "[a](#b), [c](https://example.com)"),
        ("README.md", "the [`files`](deploy) here", "the `files` here"),
        ("README.md", "[a](LICENSE)\n```\n[a](LICENSE)\n```\n", "[a](files/LICENSE)\n```\n[a](LICENSE)\n```\n"),
    ],
)
def test_links_lead_to_the_same_on_the_site(document: str, link: str, shown: str) -> None:
    assert relink(link, document, FOLDERS) == shown


def test_what_a_document_links_to() -> None:
    text = "[a](x.md#b) [c](#d) [e](../f) [g](https://example.com)\n~~~\n[h](i)\n~~~\n"
    assert linked(text, "docs/y.md") == {"docs/x.md", "f"}
