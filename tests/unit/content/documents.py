# ruff: noqa: RUF001 - the documents contain many scripts
"""Generated content: tag soup, documents in the form of an editor, and text in many scripts."""

import re
from collections.abc import Callable
from random import Random

from hypothesis import strategies as st

from service.content.html.elements import names
from service.protocol.messages import ChunkBy, ContentType, HtmlMode, StreamRequest

# Text

SCRIPTS = (
    "The quick brown fox. ",
    "Dr. Müller isst 3.5 Äpfel, z.B. rote. ",
    "Съешь же ещё этих мягких булок. ",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία; ",
    "نص حكيم له سر قاطع وذو شأن عظيم. ",
    "דג סקרן שט בים מאוכזב. ",
    "ऋषियों को सताने वाले दुष्ट। ",
    "இன்று நல்ல நாள். ",
    "统一码（Unicode）是一项业界标准。",
    "いろはにほへと、ちりぬるを。カタカナ ｶﾞ",
    "키스의 고유조건은 입술끼리. ",
    "ภาษาไทยไม่เว้นวรรคระหว่างคำ ",
    "ພາສາລາວບໍ່ມີຍະຫວ່າງ ",
    "ភាសាខ្មែរមិនដកឃ្លា។ ",
    "မြန်မာဘာသာ။ ",
)
ODDITIES = (
    " ",
    "  \t",
    "\n",
    "\r\n",
    "\r",
    "\n \n",
    "\u2029",
    "\u00a0",
    "\u200b",
    "\u200c",
    "\u200d",
    "\u2060",
    "\u00ad",
    "\u2066نص\u2069",
    "\ufeff",
    "\u202e",
    "\u0301",
    "e\u0301\u0323",
    "\u0e33",
    "\u0600",
    "👨‍👩‍👧‍👦",
    "👍🏽",
    "🇩🇪🇫🇷",
    "👩🏽‍🚀",
    "❤️‍🔥",
    "👩‍❤️‍💋‍👨",
    "🇩",
    "☹︎",
    "1️⃣",
    "🏴\U000e0067\U000e0062\U000e007f",
    "각",
    "e" + "\u0301" * 40,
    "क्षि",
    "நி",
    "ཧཱུྃ",
    "\u1100\u1161\u11a8",
    "\0",
    "\x1f",
    "J. R. R. ",
    "e.g. ",
    "“Why?” ",
    "foo-bar_baz",
    "a" * 30,
)
texts = st.lists(st.sampled_from(SCRIPTS + ODDITIES) | st.text(max_size=5), min_size=1, max_size=12).map("".join)
"""Text in a dozen scripts, with the difficult cases of each."""

# Tag soup

_NAMES = sorted(
    names(
        "a b em strong p div span ul ol li table tr td th tbody caption colgroup col h2 pre code blockquote br hr img",
        "input button select option svg math script style textarea title form font center template object iframe",
        "noscript dl dd dt section label details summary ruby rt nobr frameset body html plaintext xmp annotation-xml",
        "mi foreignObject desc u s x-y marquee",
    )
)
_ATTRIBUTES = (
    ' style="color: red; background: url(//x)"',
    ' href="javascript:alert(1)"',
    " href=//x",
    " onclick=x",
    ' title="</b><!--"',
    " title='<script>'",
    ' class="language-a fixed"',
    " target=_blank",
    " type=checkbox",
    ' src="data:image/png;base64,AA=="',
    ' a="',
    ' =">" ',
    " colspan=2",
    " data-type=taskList",
    "/",
    " id=x name=y",
)
_SCRAPS = (
    "a",
    "hello world",
    " ",
    "\n",
    "  \n ",
    "&lt;",
    "&amp;lt;",
    "&nbsp;",
    "<",
    ">",
    '"',
    "&#13;",
    "&#0;",
    "<!-- x -->",
    "<!--",
    "--!>",
    "-->",
    "<![CDATA[x]]>",
    "<?x>",
    "</",
    "你好世界。",
    "e\u0301",
    "\u0301",
    "👨‍👩‍👧",
    "\0",
    "\r\n",
    "One. Two.",
)
_soup_tags = st.builds(
    lambda name, attributes: f"<{name}{''.join(attributes)}>",
    st.sampled_from(_NAMES),
    st.lists(st.sampled_from(_ATTRIBUTES), max_size=2),
)
soups = st.lists(
    _soup_tags | st.sampled_from(_NAMES).map("</{}>".format) | st.sampled_from(_SCRAPS), min_size=1, max_size=25
).map("".join)
"""Malformed HTML."""

# Documents

_words = st.sampled_from(
    [
        "Hello ",
        "world",
        "a &lt; b ",
        "Q&amp;A, ",
        "x.&nbsp;",
        "统一码，",
        "ภาษาไทย",
        "👨‍👩‍👧 ",
        "e\u0301",
        "Dr. No. ",
        "One. ",
    ]
)
_text = st.lists(_words, min_size=1, max_size=4).map("".join)


def _in(*tags: str) -> st.SearchStrategy[str]:
    return st.builds(lambda tag, text: f"<{tag}>{text}</{tag.split()[0]}>", st.sampled_from(tags), _text)


_marked = _in(
    "b",
    "em",
    "strong",
    "u",
    "s",
    "code",
    'a href="https://example.com/?a=1&amp;b=2"',
    'a href="mailto:a@b.c" target="_blank" rel="noopener noreferrer"',
    'span style="color: rgb(255, 0, 0)"',
    'mark data-color="#ffcc00" style="background-color: #ffcc00; color: inherit"',
)
_inline = st.lists(_text | _marked | st.just("<br>"), min_size=1, max_size=5).map("".join)
_leaves = st.one_of(
    st.builds("<p>{}</p>".format, _inline),
    st.builds('<p style="text-align: center">{}</p>'.format, _inline),
    st.builds("<h2>{}</h2>".format, _inline),
    st.sampled_from(
        [
            "<p></p>",
            "<hr>",
            '<img src="/a.png" alt="A &quot;cat&quot;">',
            '<img src="data:image/png;base64,iVBORw0KGgo=">',
            "<pre>  two\n\n  lines &lt;script&gt;</pre>",
            '<pre><code class="language-py">if a &lt; b:\n    pass\n</code></pre>',
            "<pre>\n\nafter an empty line</pre>",
        ]
    ),
)


def _nested(first: str) -> Callable[[st.SearchStrategy[str]], st.SearchStrategy[str]]:
    """Blocks that contain others; a list item begins with ``first``."""

    def nested(blocks: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        some = st.lists(blocks, min_size=1, max_size=3).map("".join)
        item = some.map(first.__add__)
        return st.one_of(
            some.map("<blockquote>{}</blockquote>".format),
            some.map("<div>{}</div>".format),
            some.map("<details><summary>x</summary>{}</details>".format),
            some.map("<section><h2>x</h2>{}</section>".format),
            some.map('<figure><img src="/a.png">{}<figcaption>x</figcaption></figure>'.format),
            item.map("<ul><li>{}</li><li><p>x</p></li></ul>".format),
            item.map('<ol start="3"><li>{}</li></ol>'.format),
            item.map(
                '<ul data-type="taskList"><li data-type="taskItem" data-checked="true"><label><input type="checkbox" '
                'checked=""></label><div>{}</div></li></ul>'.format
            ),
            some.map(
                '<table style="min-width: 75px"><colgroup><col style="width: 25px"></colgroup><tbody><tr><th '
                'colspan="2" rowspan="1">{}</th></tr><tr><td colwidth="100" style="border: 1px solid #ccc">y</td>'
                "<td></td></tr></tbody></table>".format
            ),
        )

    return nested


_LINE_ENDS = re.compile(
    r"<(?:br|/?(?:p|h2|hr|pre|li|ul|ol|div|section|details|summary|figure|figcaption|blockquote|table|t[rdh]|tbody|col\w*))\b"
)
_TAG_OR_TEXT = re.compile(r"<pre.*?</pre>|<[^>]*>|[^<]+", re.DOTALL)


def _canonical(document: str) -> str:
    """Remove the white space that a browser does not show: at the ends of a line, and after other white space."""
    parts = _TAG_OR_TEXT.findall(document)
    for step in (1, -1):
        at_space = True
        for place in range(len(parts))[::step]:
            part = parts[place]
            if part.startswith("<"):
                at_space = _LINE_ENDS.match(part) is not None or (at_space and not part.startswith("<img"))
                continue
            part = re.sub(r"[ \n]+", " ", part)
            if at_space:
                part = part.lstrip(" ") if step > 0 else part.rstrip(" ")
            if part:
                at_space = step > 0 and part.endswith(" ")
            parts[place] = part
    return "".join(parts)


def _documents(blocks: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pieces = st.lists(blocks | _inline | st.sampled_from(["\n", " \n"]), min_size=1, max_size=6)
    return pieces.map("".join).map(_canonical)


documents = _documents(st.recursive(_leaves, _nested(""), max_leaves=4))
"""HTML in the form that the sanitiser writes, which it must not change."""

editor_documents = _documents(st.recursive(_leaves, _nested("<p>i</p>"), max_leaves=4))
"""The same in an editor's schema, where a list item begins with a paragraph."""

_PARTS = re.compile(r"(<[^>]*>|&[a-z]+;)")
_WRITTEN_OTHERWISE = {
    "&lt;": ("&lt;", "&#60;", "&#x3c;", "&LT;"),
    "&gt;": ("&gt;", "&#62;", ">"),
    "&amp;": ("&amp;", "&#38;", "&AMP;"),
    "&nbsp;": ("&nbsp;", "&#160;", "\u00a0"),
}
_TAG_ENDS = (">", " >", "\n>", " onclick='a > b'>", " id=x>", " data-x>")


def _written(document: str, random: Random) -> str:
    """Equivalent spellings of ``document``: other notations, attributes and comments that are removed."""
    pieces: list[str] = []
    preformatted = False
    for part in _PARTS.split(document):
        preformatted = part.startswith("<pre") or (preformatted and part != "</pre>")
        if part.startswith("&"):
            pieces.append(random.choice(_WRITTEN_OTHERWISE[part]))
        elif part.startswith("</"):
            pieces.append(random.choice((part, part.upper(), part[:-1] + " >", part + "<!-- > -->")))
        elif part.startswith("<"):
            name, space, attributes = part[1:-1].partition(" ")
            name = random.choice((name, name.upper(), name.capitalize()))
            if '"' in attributes and "'" not in attributes and random.random() < 0.3:
                attributes = attributes.replace('"', "'")
            pieces.append(f"<{name}{space}{attributes}{random.choice(_TAG_ENDS)}")
        else:
            space = " " if preformatted else random.choice((" ", "\n", " \t ", "\r\n  "))
            pieces.append(part.replace(" ", space))
        if not preformatted and _LINE_ENDS.match(part):
            pieces.append(random.choice(("", "\n", "  ")))
    return random.choice(("", "<!DOCTYPE html>", "<!-- -->")) + "".join(pieces) + random.choice(("", "<!--", "<p"))


written_documents = st.builds(lambda document, random: (document, _written(document, random)), documents, st.randoms())
"""Documents, each with an equivalent spelling."""

# Markdown

_markdown_blocks = st.sampled_from(
    [
        "# Title",
        "Some *text*, ~~old~~ **bold** `code < x` and https://example.com/a_b.",
        "- one\n- two\n  - three",
        "- [x] done\n- [ ] open",
        "1. [ ] not a task list",
        "| a | b |\n|---|:-:|\n| 1 | **2** |",
        "```py\nif a < b:\n    pass\n```",
        "> quote\n> > deeper",
        "<div>raw <b>html</b><script>alert(1)</script></div>",
        "[x](javascript:alert(1)) ![i](data:image/svg+xml,x)",
        "foo_bar_baz\nnext line  \nbroken",
        "---",
        "统一码是标准。 ภาษาไทย",
        "&lt;b&gt; &copy; \\*",
    ]
)
pure_markdowns = st.lists(_markdown_blocks, min_size=1, max_size=6).map("\n\n".join)
markdowns = st.lists(_markdown_blocks | soups, min_size=1, max_size=6).map("\n\n".join)


def request(
    content: str,
    content_type: ContentType = ContentType.HTML,
    chunk_by: ChunkBy = ChunkBy.WORD,
    html_mode: HtmlMode = HtmlMode.FRAGMENT,
) -> StreamRequest:
    return StreamRequest(content=content, content_type=content_type, chunk_by=chunk_by, html_mode=html_mode)
