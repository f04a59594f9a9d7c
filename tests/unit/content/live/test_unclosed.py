import pytest

from service.content.live.unclosed import common_start, unclosed


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a <b>b</b></p>", "<p>a <b>b"),
        ("<p>a</p><hr>", "<p>a</p><hr>"),
        ("<p>a<br></p>", "<p>a<br>"),
        ("<pre><code>a\n</code></pre>", "<pre><code>a"),
        ("<pre><code>\n</code></pre>", "<pre>"),
        (
            "<table><tbody><tr><td>a</td><td></td></tr></tbody></table>",
            "<table><tbody><tr><td>a",
        ),
    ],
)
def test_end_tags_at_the_end_are_left_out(html: str, text: str) -> None:
    assert unclosed(html, ends_line=False, in_code=True) == text


@pytest.mark.parametrize(
    ("old", "new", "start"),
    [
        ("<p>a", "<p>ab", 4),
        ("<p>ac", "<p>ab", 4),
        ("<p>a<b>c", "<p>a<br>", 4),
        ("<p>a &amp;", "<p>a &lt;", 5),
        ("<p>e", "<p>e\u0301", 3),
        ("<p>👨\u200d", "<p>👨\u200d👩", 3),
        ("<p>你", "<p>你好", 4),
    ],
)
def test_a_change_begins_at_no_place_inside_a_tag_a_reference_or_a_grapheme(old: str, new: str, start: int) -> None:
    assert common_start(old, new) == start
