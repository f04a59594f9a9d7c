import pytest

from service.content.live.boundaries import parts

TAGS = frozenset({"think"})


def ends(source: str) -> list[int]:
    return [part.end for part in parts(source, "", TAGS)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a", []),
        ("a\n", []),
        ("a\n\n", [3]),
        ("a\n\nb", [3]),
        ("# T\nte", [4]),
        ("a\n# T", []),
        ("a\n# T\n", [2]),
        ("- a\n\n", []),
        ("- a\n\n-", []),
        ("- a\n\nb", [5]),
        ("- a\n\n  b\n", []),
        ("```\na\n\nb\n", []),
        ("```\na\n```\nb", [10]),
        ("a\n| b |\n|-", []),
        ("a\n| b |\n|---|\n", [2]),
        ("$$\n\na\n\n", []),
        ("$$\n\na\n\n$$\n\nb", [11]),
        ("$x$$y$\n\nb\n\n", []),
        ("a\n\n<think>\n\nb\n\n", [3]),
        ("<think>\n\nb\n\n</think>\n\nc\n\n", [22, 25]),
        ("- a\n\n<think>\n", []),
        ("[a]: /b\n\n", [9]),
        ("[a]: /b\n'title\n", []),
    ],
)
def test_a_boundary_is_certain_whatever_follows(source: str, expected: list[int]) -> None:
    assert ends(source) == expected


def test_a_part_has_the_labels_that_a_definition_would_change() -> None:
    (part,) = parts("a [b] and [c](/d), `[e]`, \\[f], [g][H]\n\n", "", TAGS)
    assert part.labels == {"b", "g", "h"}


def test_a_label_that_is_defined_before_is_a_link() -> None:
    (part,) = parts("a [b]\n\n", "[b]: /c\n\n", TAGS)
    assert not part.labels


def test_a_part_has_the_definitions_in_it() -> None:
    definitions = [part.definitions for part in parts("a\n\n[b]: /c\n[d]: /e\n\nf\n\n", "", TAGS)]
    assert definitions == ["", "[b]: /c\n[d]: /e\n\n", ""]


@pytest.mark.parametrize(
    ("source", "is_final", "has_html"),
    [
        ("a\n\n", True, False),
        ("a <b>c\n\n", True, False),
        ("a <T>\n\n", True, False),
        ("a <div>\n\n", True, True),
        ("<div>\n\n", True, True),
        ("a[^1]\n\n", False, False),
        ("> [a]: /b\n\n", False, False),
    ],
)
def test_a_part_that_something_else_changes_is_not_final(source: str, is_final: bool, has_html: bool) -> None:
    (part,) = parts(f"{source}c\n\n", "", TAGS)[:1]
    assert (part.is_final, part.has_html) == (is_final, has_html)
