"""Styles by which a link could cover what is outside the content, and the markup around it."""

_LENGTHS = ("-300px", "400px", "9in", "40em", "90vmax", "calc(100px + 300px)", "400%")
_PROPERTIES = (
    "margin",
    "margin-top",
    "margin-left",
    "margin-right",
    "margin-inline-start",
    "margin-block",
    "padding",
    "padding-top",
    "padding-left",
    "padding-block",
    "font-size",
    "line-height",
    "letter-spacing",
    "word-spacing",
    "text-indent",
    "vertical-align",
    "width",
    "min-width",
    "height",
    "min-height",
    "border-spacing",
    "text-underline-offset",
    "top",
)
_LINK = '<a href="https://a.example/" style="{}">x</a>'
_ON_LINK = tuple(f"<p>{_LINK.format(f'{name}: {length}')}</p>" for name in _PROPERTIES for length in _LENGTHS)
_AROUND_LINK = tuple(
    f'<div style="{name}: {length}"><a href="https://a.example/">x</a></div>'
    for name in _PROPERTIES
    for length in _LENGTHS
)
_STYLES = (
    "padding:400px;color:transparent",
    "letter-spacing:-50px;padding:300px",
    "position:fixed;inset:0",
    "position:relative;top:250px",
    "float:left;margin:-200px",
    "transform:scale(50)",
    "translate:0 300px",
    "scale:40",
    "rotate:45deg;padding:200px",
    "zoom:40",
    "display:block;height:600px",
    "display:inline-block;width:3000px;height:600px",
    "opacity:0;padding:300px 0",
    "outline:300px solid red",
    "box-shadow:0 0 0 300px red",
    "text-shadow:0 250px red",
    "border:300px solid transparent",
    "border-top:250px solid red",
    "border-width:300px;border-style:solid",
    "border-style:solid",
    "border:thick double",
    "border-image-outset:300px;border:1px solid",
    "border-radius:900px;padding:90%",
    "font:900px/5 serif",
    "font:16px/90 serif",
    "line-height:0;font-size:48px",
    "line-height:.1",
    "line-height:5000px",
    "font-size:xxx-large;line-height:9",
    "font-size:min(900px,90vw)",
    "font-size:clamp(400px,90vw,900px)",
    "padding:max(300px,1px)",
    "padding:env(x,300px)",
    "padding:var(--x,300px)",
    "padding:1e3px",
    "padding:99999999px",
    "margin-top:-1e3px",
    "margin:-.3e3px 0",
    "margin-top:-300PX",
    "MARGIN-TOP:-300px",
    "margin-top:-300px!important",
    "margin\\2dtop:-300px",
    "margin-top/**/:/**/-300px",
    "margin-top:- 300px",
    "margin-top:calc(-1 * 300px)",
    "text-decoration:underline 400px",
    "text-decoration-thickness:400px;text-decoration-line:underline",
    "text-underline-offset:200px;text-decoration:underline",
    "tab-size:9999",
    "vertical-align:super;font-size:48px;line-height:1",
    "vertical-align:-250px",
    "vertical-align:900%",
    "writing-mode:vertical-rl;padding:200px",
    "column-count:9;column-width:900px",
    "clip-path:none;overflow:visible;height:1px",
    "max-height:1px",
    "aspect-ratio:1/90;width:100%",
    "inset-block-start:200px;position:sticky",
    "anchor-name:--x;position-area:bottom",
    "content:'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'",
    "list-style-type:'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx';display:list-item",
    "text-emphasis:'xxxxxxxxxxxx'",
    "quotes:'xxxxxxxxxxxxxxxxxxxxxxxxx' 'x'",
    "initial-letter:9",
    "-webkit-text-stroke:300px red",
    "-webkit-box-reflect:below 0",
    "filter:drop-shadow(0 250px red)",
    "animation:x 1s;transition:all 1s",
    "direction:rtl;text-indent:-300px",
)


def _nested(depth: int, tag: str, inner: str = '<a href="https://a.example/">x</a>') -> str:
    return tag * depth + inner + f"</{tag[1:].split(maxsplit=1)[0].rstrip('>')}>" * depth


_WITHIN_LINK = '<a href="https://a.example/">{}</a>'.format
_COMBINED = (
    *(f'<a href="https://a.example/"><div style="{style}">x</div></a>' for style in _STYLES),
    *(f'<div style="{style}"><p><a href="https://a.example/">x</a></p></div>' for style in _STYLES),
    _nested(30, '<span style="font-size:1.3em">'),
    _nested(30, '<div style="font-size:150%">'),
    _nested(30, '<span style="font-size:larger">'),
    _nested(30, '<span style="font:200% serif">'),
    _nested(30, '<span style="vertical-align:-40px">'),
    _nested(12, '<span style="letter-spacing:40px">'),
    _nested(10, '<div style="text-indent:200px">'),
    _nested(10, '<div style="line-height:900%">'),
    _nested(10, '<div style="min-height:200px">'),
    _nested(10, '<div style="width:200%">'),
    _nested(10, '<div style="margin-left:10%;width:100%">'),
    _WITHIN_LINK(_nested(10, '<div style="height:900px;width:3000px">', "x")),
    '<div style="font-size:48px;line-height:2"><h1><a href="https://a.example/">x</a></h1></div>',
    '<div><h1 style="padding:5em"><a href="https://a.example/">x</a></h1></div>',
    '<div style="font-size:48px;line-height:10px"><a href="https://a.example/">x</a></div>',
    '<div style="line-height:10px"><span style="font-size:48px"><a href="https://a.example/">x</a></span></div>',
    '<div style="font-size:6px;line-height:100%"><a style="font-size:48px" href="https://a.example/">x</a></div>',
    '<div style="margin-left:36pt;text-indent:-36pt" dir="rtl"><a href="https://a.example/">x</a></div>',
    '<span style="margin-left:36pt;text-indent:-36pt"><div><a href="https://a.example/">x</a></div></span>',
    _WITHIN_LINK('<div style="margin-left:40%;width:100%">x</div>'),
    _WITHIN_LINK('<div style="margin-left:200px;width:600px;padding:90px">x</div>'),
    _WITHIN_LINK('<div style="min-width:3000px">x</div>'),
    _WITHIN_LINK('<hr style="width:3000px;height:900px">'),
    _WITHIN_LINK('<ol style="padding:0;margin:0"><li>x</li></ol>'),
    _WITHIN_LINK('<ul style="padding-left:0;list-style:outside"><li>x</li></ul>'),
    _WITHIN_LINK("<ul><li style=\"list-style-type:'xxxxxxxxxxxxxxxxxxxxxxxxx'\">x</li></ul>"),
    _WITHIN_LINK('<ul><li style="margin-left:-300px">x</li></ul>'),
    _WITHIN_LINK('<ol type="i" start="3888" style="padding:0;font-size:48px"><li>x</li></ol>'),
    _WITHIN_LINK('<ol start="-999999999"><li>x</li><li value="999999999">x</li></ol>'),
    _WITHIN_LINK('<ol style="list-style:lower-roman" start="888"><li>x</li></ol>'),
    _WITHIN_LINK('<ol style="list-style:korean-hangul-formal;font-size:48px" start="999"><li>x</li></ol>'),
    _WITHIN_LINK('<ol type="i" start="20" reversed><li>x</li></ol>'),
    _WITHIN_LINK('<ol type="i"><li value="888">x</li></ol>'),
    _WITHIN_LINK('<table><colgroup><col span="1000" width="9"></colgroup><tr><td>x</td></tr></table>'),
    _WITHIN_LINK("<table><tr><td width=5000 height=9000>x</td></tr></table>"),
    _WITHIN_LINK("<table width=5000 height=9000 border=99 cellspacing=99><tr><td>x</td></tr></table>"),
    _WITHIN_LINK("<hr width=5000 size=900>"),
    '<table style="width:100%;margin-left:40%"><tr><td><a href="https://a.example/">x</a></td></tr></table>',
    _WITHIN_LINK('<table style="width:3000px"><tr><td>x</td></tr></table>'),
    _WITHIN_LINK('<table style="min-width:3000px"><tr><td>x</td></tr></table>'),
    _WITHIN_LINK('<table style="height:900px"><tr><td>x</td></tr></table>'),
    _WITHIN_LINK('<table><tr><td style="width:3000px;height:900px">x</td></tr></table>'),
    _WITHIN_LINK('<table><tr><td style="min-width:3000px">x</td></tr></table>'),
    _WITHIN_LINK('<table><colgroup><col style="min-width:3000px"></colgroup><tr><td>x</td></tr></table>'),
    _WITHIN_LINK('<table style="table-layout:fixed;width:100%"><tr><td style="width:3000px">x</td></tr></table>'),
    _WITHIN_LINK('<table style="border-spacing:300px"><tr><td>x</td></tr></table>'),
    _WITHIN_LINK('<table><caption style="width:3000px;min-width:900px">x</caption><tr><td>y</td></tr></table>'),
    _WITHIN_LINK('<table><tr><td style="padding:300px;width:100%">x</td></tr></table>'),
    '<table><tr style="height:900px"><td style="vertical-align:bottom"><a href="https://a.example/">x</a></table>',
    _WITHIN_LINK('<table style="margin-top:-200px"><tr><td>x</td></tr></table>'),
)
_PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
_IMAGE = '<img alt="x" src="' + _PIXEL + '" style="{}">'
IMAGES = (
    *(
        _WITHIN_LINK(_IMAGE.format(style))
        for style in (
            "width:3000px",
            "width:100%;margin-left:40%",
            "width:100%;padding:90px",
            "width:100%;border:90px solid",
            "height:900px",
            "min-width:3000px;min-height:900px",
            "max-width:none;width:3000px;height:900px",
            "margin-top:-300px;padding:10px",
            "vertical-align:-300px",
            "object-position:0 300px;object-fit:none",
        )
    ),
    _WITHIN_LINK(f'<img alt="x" src="{_PIXEL}" width="5000" height="10">'),
    _WITHIN_LINK(f'<img alt="x" src="{_PIXEL}" width="50" height="9000">'),
)
"""Images may be longer than the container, as text may."""

_ACCUMULATED = (
    _nested(8, "<h1><div>"),
    _nested(8, "<h1><table><tr><td>"),
    "<big>" * 30 + _WITHIN_LINK("x"),
    "<font size=7>" * 30 + _WITHIN_LINK("x"),
    "<sub>" * 60 + _WITHIN_LINK("x"),
    "<sup>" * 60 + _WITHIN_LINK("x"),
    _nested(30, '<span style="padding:300px">'),
    *(
        _nested(10, f'<div style="{style}">')
        for style in (
            "padding:40px",
            "padding:4%",
            "padding-top:1em",
            "margin:60px;padding:1px",
            "margin:1.5em;border:1px solid",
            "border:8px solid",
            "padding-left:90px",
            "margin-left:25%",
            "margin-block:50px;padding-block:10px",
            "border-top:8px solid;padding:.4in",
        )
    ),
)
"""Space that only its sum makes dangerous."""

CASES = (*_ACCUMULATED, *_ON_LINK, *_AROUND_LINK, *(f"<p>{_LINK.format(style)}</p>" for style in _STYLES), *_COMBINED)

_WIDE = _WITHIN_LINK(("x" * 300 + " ") * 9)
WIDE_TEXT = (
    f"<p>{_WIDE}</p>",
    f'<p dir="rtl">{_WIDE}</p>',
    f'<pre dir="rtl">{_WIDE}</pre>',
    _WITHIN_LINK("<ul dir=rtl>" * 60 + "x<br>" * 9),
    _WITHIN_LINK("<blockquote>" * 12 + "xxxxxxx<br>" * 9),
    _WITHIN_LINK(f'<img alt="x" src="{_PIXEL}" width="600" height="600">'),
    _WITHIN_LINK('<ol type="i" style="font-size:48px">' + '<li value="88">x</li>' * 4),
)
"""Content that is wider than its container without a style, which the page has to limit."""
