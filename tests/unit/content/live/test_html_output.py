"""Groups of blocks with repeated tags around them, and what has changed since it was taken."""

from service.content.live.html_output import Group, HtmlOutput


def written(output: HtmlOutput, group: Group, block: str) -> None:
    output.begin(group)
    output.write(block)
    output.end_block(group, len(block))


def test_a_group_ends_when_it_is_as_long_as_its_tags() -> None:
    output, group = HtmlOutput(), Group('<div dir="rtl">')
    for block in ("<hr>", "<p>0123456789</p>", "<hr>"):
        written(output, group, block)
    output.end(group)
    output.end(group)
    assert output.take() == (
        0,
        '<div dir="rtl"><hr><p>0123456789</p></div><div dir="rtl"><hr></div>',
    )


def test_without_tags_there_are_no_groups() -> None:
    output, group = HtmlOutput(), Group("")
    written(output, group, "<hr>")
    assert not group.is_open
    output.end(group)
    assert output.take() == (0, "<hr>")


def test_only_what_has_changed_is_taken() -> None:
    output = HtmlOutput()
    output.write("abc")
    assert output.take() == (0, "abc")
    output.write("def")
    output.truncate(4)
    output.write("x")
    assert output.take() == (3, "dx")
    output.truncate(1)
    output.write("y")
    assert (output.length, output.take()) == (2, (1, "y"))
    assert output.take() == (2, "")
