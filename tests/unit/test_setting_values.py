"""Values of settings: lists and addresses."""

import pytest

from service.setting_values import read_origins, read_tags


def test_origins_are_a_list_without_spaces_or_closing_slashes() -> None:
    assert read_origins(" https://a.example/, http://localhost:3000") == {"https://a.example", "http://localhost:3000"}


@pytest.mark.parametrize(
    ("text", "tags"),
    [("think", ("think",)), (" Think, my-tag,a_1 ", ("think", "my-tag", "a_1")), ("none", ()), ("NONE", ())],
)
def test_tags_are_names_in_lower_case(text: str, tags: tuple[str, ...]) -> None:
    assert read_tags(text) == tags


@pytest.mark.parametrize("text", ["", "think,", "<think>", "think/", "1st", "a b", "tag" * 20])
def test_what_is_no_name_of_a_tag_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_tags(text)
