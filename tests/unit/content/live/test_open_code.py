from service.content.live.open_code import Fence, OpenCode, settled_code

SOURCE, HTML = "```py\na\nb", '<pre><code class="language-py">a\nb'


def test_lines_are_appended_as_they_are() -> None:
    code = OpenCode.of(SOURCE, HTML)
    assert code is not None
    assert code.settled == len(HTML) - 1
    assert code.append(" < c\nd") == " &lt; c\nd"
    assert code.settled == len(HTML) + len(" &lt; c\n")


def test_a_line_that_may_end_the_code_waits() -> None:
    code = OpenCode.of(SOURCE, HTML)
    assert code is not None
    assert code.append("\n``") == "\n"
    assert code.held == len("``")
    assert code.append("x") == "``x"
    assert code.append("\n```") == "\n"
    assert code.append("\n") is None


def test_a_shorter_fence_ends_nothing() -> None:
    fence = Fence.of("````\na\n```\n")
    assert fence is not None
    assert fence.is_open("````\na\n```\n")
    assert not fence.is_open("````\na\n`````  \n")


def test_other_characters_are_converted() -> None:
    code = OpenCode.of(SOURCE, HTML)
    assert code is not None
    assert code.append("\xa0") is None
    assert code.append("\r\n") is None


def test_only_code_that_begins_the_blocks_is_settled() -> None:
    assert settled_code("a\n```\nb\n", "<p>a</p><pre><code>b\n") == 0
    assert settled_code("```\n", "<pre>") == 0
    assert settled_code("```\na\n\r\nb\n", "<pre><code>a\n\nb\n") == len("<pre><code>a\n")
