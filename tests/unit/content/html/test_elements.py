"""The tables of elements do not contradict one another."""

from service.content.html.elements import (
    BLOCK_ELEMENTS,
    DROPPED_INSIDE,
    DROPPED_WITH_CONTENT,
    ELEMENTS,
    EMBEDS,
    RENAMED,
    TABLE_ELEMENTS,
    TEXT_ELEMENTS,
    names,
)

OF_OTHER_LANGUAGES = names("path set text list line filter min max mode animate g use mi mo mn mrow desc metadata view")


def test_each_element_is_in_one_table() -> None:
    assert len(ELEMENTS) == len(TEXT_ELEMENTS) + len(BLOCK_ELEMENTS) + len(TABLE_ELEMENTS)
    assert not RENAMED.keys() & ELEMENTS
    assert not DROPPED_WITH_CONTENT & (ELEMENTS | RENAMED.keys())
    assert not EMBEDS.keys() & (ELEMENTS | RENAMED.keys())


def test_an_old_element_becomes_one_that_is_kept() -> None:
    assert {renamed.name for renamed in RENAMED.values()} <= ELEMENTS


def test_a_tag_with_a_name_of_svg_or_mathml_keeps_its_content() -> None:
    assert not OF_OTHER_LANGUAGES & (DROPPED_WITH_CONTENT | RENAMED.keys() | ELEMENTS | EMBEDS.keys())
    assert names("script style template title") <= DROPPED_WITH_CONTENT
    assert DROPPED_INSIDE["svg"] & OF_OTHER_LANGUAGES
