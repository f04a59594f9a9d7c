"""Markup that a scanner and a tree parser may read otherwise: quotes, brackets, remembered tags, renamed elements."""

from service.content.html.elements import RENAMED
from tests.unit.content.attacks.payload import IMAGE, RUN

_LONGEST_REMEMBERED = 1000


def _of_length(length: int, start: str, end: str) -> str:
    return start + "a" * (length - len(start) - len(end)) + end


# Elements whose start or end changes how a tree parser reads what follows.
_STATES = (
    *("noscript", "style", "script", "title", "textarea", "xmp", "plaintext", "iframe", "noembed", "noframes"),
    *("select", "option", "button", "table", "caption", "colgroup", "template", "svg", "math", "form", "frameset"),
)
_INTEGRATION = (
    "mi",
    "mtext",
    "annotation-xml encoding=text/html",
    "foreignObject",
    "desc",
    "title",
    "mglyph",
    "malignmark",
)

ATTACKS: dict[str, tuple[str, ...]] = {
    "a tag in another context": tuple(
        f"<p title='a'>x</p>{context}<p title='a'>{IMAGE}</p><p title='a'>x</p>"
        for context in (
            *(
                "<style>",
                "<style></style>",
                "<!--",
                "<!-->",
                "<title><p title='a'></title>",
                "<b title='",
                '<b title="',
            ),
            *(
                "<b title=<p",
                "<b <p",
                "</b <p",
                "<textarea><p title='a'></textarea>",
                "<svg>",
                "<math><mtext>",
                "<select>",
            ),
            *("<xmp><p title='a'></xmp>", "<noscript><p title='a'></noscript>", "<![CDATA[", "<?", "<", "</", "<!"),
        )
    ),
    "brackets in values": tuple(
        attack
        for quote in ("'", '"', "", "`")
        for attack in (
            f"<p title={quote}>{IMAGE}{quote}>x</p>",
            f"<p title={quote}<{quote}>x</p>{IMAGE}<p title={quote}<{quote}>",
            f"<p title={quote}><p title={quote}>{IMAGE}</p>",
            f"<p title={quote}</p>{quote}{IMAGE}>x</p>",
            f"<p title={quote}<b title={quote}>{IMAGE}{quote}>",
            f"<p/title={quote}/>{quote}/{IMAGE}>",
            f"<p title ={quote}>{quote} title= {quote}{IMAGE}{quote}>x",
            f"</p title={quote}>{IMAGE}{quote}>{IMAGE}",
            f"</style title={quote}>{quote}><style>{quote}>{IMAGE}</style>",
            f"<x-y title={quote}>{IMAGE}{quote}>x</x-y title={quote}>{IMAGE}{quote}>",
        )
    ),
    "comments and declarations": tuple(
        f"{start}{IMAGE}{end}{IMAGE}"
        for start in (
            "<!",
            "<!-",
            "<!--",
            "<!-->",
            "<!--->",
            "<!--!>",
            "<!--<!",
            "<!--<!--",
            "</",
            "</ ",
            "</>",
            "<?",
            "<!D",
        )
        for end in (">", "->", "-->", "--!>", "--!", "--", "--!-->", "-- >", "]]>", "?>")
    ),
    "control characters": tuple(
        attack
        for control in ("\0", "\r", "\f", "\x0b", "\x1f", "\x7f", "\x85", "\u2028", "\ufeff", "\u0130", "\u212a")
        for attack in (
            f"<{control}img src=x onerror={RUN}>",
            f"<im{control}g src=x onerror={RUN}>",
            f"<img{control}src=x{control}onerror={RUN}>",
            f"<img src=x on{control}error={RUN}>",
            f"<a href='java{control}script:{RUN}'>x</a>",
            f"<style></style{control}>{IMAGE}</style>",
            f"<title></titl{control}e>{IMAGE}</title>",
            f"<!--{control}>{IMAGE}--{control}>{IMAGE}-->",
            f"<p title{control}='>{IMAGE}'>",
            f"<s{control}cript>{RUN}</s{control}cript><script>{RUN}</script>",
        )
    ),
    "tags of a thousand characters": tuple(
        f"{tag}{IMAGE}</p>{tag}{IMAGE}</p>"
        for length in range(_LONGEST_REMEMBERED - 1, _LONGEST_REMEMBERED + 4)
        for tag in (
            _of_length(length, "<p title='", "'>"),
            _of_length(length, "<p title='>", f"{IMAGE}'>"),
            _of_length(length, "<p title=", f" onclick={RUN}>"),
            _of_length(length, "<style title='", "'>"),
            _of_length(length, "</p title='", "'>"),
            _of_length(length, "<p ", f"=''onclick={RUN}>"),
        )
    ),
    "renamed elements": tuple(
        attack
        for name in sorted(RENAMED)
        for attack in (
            f"<{name}><{name}></{name}><p title='</{name}>{IMAGE}'></{name}>",
            f"<{name} onclick={RUN} href='javascript:{RUN}' src=x onerror={RUN} style='position:fixed'>x</{name}>",
            f"<{name}></{RENAMED[name].name}>{IMAGE}</{name}><{RENAMED[name].name}></{name}>{IMAGE}",
            f"<svg><{name}><style></{name}></svg>{IMAGE}</style>",
            f"<math><mi><{name}><mglyph><style></{name}>{IMAGE}</style>",
            f"<select><{name}><script>{RUN}</script></{name}></select>",
            f"<table><{name}><tr><td>{IMAGE}</{name}><style></table>{IMAGE}</style>",
            f"<{name} style='display:none'>{IMAGE}</{name}>{IMAGE}",
        )
    ),
    "changes of state": tuple(
        attack
        for name in _STATES
        for other in ("style", "noscript", "textarea", "select", "table", "template", "svg", "math")
        for attack in (
            f"<{name}><{other}></{name}>{IMAGE}</{other}>",
            f"<svg><{name}><{other}></svg><p title='</{name}></{other}>{IMAGE}'>",
        )
    ),
    "points of integration": tuple(
        attack
        for outer in ("svg", "math")
        for point in _INTEGRATION
        for attack in (
            f"<{outer}><{point}><style><!--</style><a title='--&gt;{IMAGE}'>",
            f"<{outer}><{point}><{outer}><{point}><style><path id='</style>{IMAGE}'>",
            f"<{outer}><{point}><table><mglyph><style><{outer}><table id='</table>'>{IMAGE}",
            f"<{outer}><{point}><textarea></{outer}><p title='</textarea>{IMAGE}'>",
            f"<{outer}><{point}></p><noscript><p title='</noscript>{IMAGE}'>",
            f"<form><{outer}><{point}></form><form><mglyph><xmp></{outer}>{IMAGE}</xmp>",
            f"<{outer}></p><{point}><br><iframe></{outer}>{IMAGE}</iframe>",
            f"<{outer}><{point} hidden><title></{point.split()[0]}>{IMAGE}</title>",
        )
    ),
}
